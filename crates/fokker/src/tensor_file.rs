//! Files of tensors in single precision (safetensors).
//!
//! Our own have one text in their metadata, a [sealed](crate::seal) JSON object, whose digest is of the tensors, too: names, shapes and
//! bytes. One entry of metadata, because the library writes several in no fixed order, and equal files are to have equal bytes.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView, View};
use sha2::{Digest, Sha256};

use crate::data::write_atomically;
use crate::seal::{seal, unsealed};
use crate::{Error, memory};

/// What a file of our own is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Model,
    Checkpoint,
}

impl Kind {
    /// The entry of the metadata that has the text, and what messages call the file.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Model => ("fokker", "model"),
            Self::Checkpoint => ("fokker-checkpoint", "checkpoint"),
        }
    }
}

/// All bytes of a file, as far as there may be memory for them.
pub(crate) fn read_bytes(path: &Path) -> Result<Vec<u8>, Error> {
    memory::read(path).map_err(|source| Error::read(path, source))
}

/// Writes tensors under their names, and the metadata that others expect, whole or not at all.
pub(crate) fn write_tensors<'a>(
    path: &Path, tensors: impl IntoIterator<Item = (&'a str, Floats<'a>)>, metadata: HashMap<String, String>,
) -> Result<(), Error> {
    let bytes = safetensors::serialize(tensors, Some(metadata))
        .map_err(|error| Error::File { path: path.into(), reason: error.to_string() })?;
    write_atomically(path, |out| out.write_all(&bytes)).map_err(|source| Error::Write { path: path.into(), source })
}

/// Writes tensors of our own and a text that belongs to them.
pub(crate) fn write_sealed(
    path: &Path, kind: Kind, mut tensors: Vec<(&str, Floats<'_>)>, text: &str,
) -> Result<(), Error> {
    tensors.sort_by_key(|(name, _)| *name);
    let parts = tensors.iter().map(|(name, tensor)| (*name, tensor.shape, tensor.data()));
    let sealed = seal(text, digest(parts));
    write_tensors(path, tensors, HashMap::from([(kind.names().0.to_owned(), sealed)]))
}

/// The tensors of a file of our own, and its text; the error says what is wrong.
pub(crate) fn open_sealed(bytes: &[u8], kind: Kind) -> Result<(SafeTensors<'_>, String), String> {
    let (entry, name) = kind.names();
    let (_, metadata) =
        SafeTensors::read_metadata(bytes).map_err(|error| format!("not a safetensors file: {error}"))?;
    let text = metadata.metadata().as_ref().and_then(|entries| entries.get(entry));
    let text = text.ok_or_else(|| format!("no `{entry}` entry in its metadata: not a fokker {name}"))?;
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
    let of_tensors = || {
        let mut all = tensors.tensors();
        all.sort_by(|(one, _), (other, _)| one.cmp(other));
        digest(all.iter().map(|(name, tensor)| (name.as_str(), tensor.shape(), tensor.data().into())))
    };
    let text = unsealed(text, of_tensors).ok_or("damaged: its SHA-256 is not that of its contents")?;
    Ok((tensors, text))
}

/// The digest of tensors in the order of their names.
fn digest<'a>(tensors: impl Iterator<Item = (&'a str, &'a [usize], Cow<'a, [u8]>)>) -> Sha256 {
    tensors.fold(Sha256::new(), |digest, (name, shape, data)| {
        digest.chain_update(format!("{name}{shape:?}")).chain_update(data)
    })
}

/// Values as a tensor to be written.
pub(crate) struct Floats<'a> {
    values: &'a [f32],
    shape: &'a [usize],
}

/// Values of a shape as a tensor to be written.
pub(crate) fn view<'a>(values: &'a [f32], shape: &'a [usize]) -> Floats<'a> {
    Floats { values, shape }
}

impl View for Floats<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        self.values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>().into()
    }

    fn data_len(&self) -> usize {
        self.values.len() * 4
    }
}

/// A tensor's f32 values.
pub(crate) fn floats(tensor: &TensorView<'_>) -> Result<Vec<f32>, String> {
    if tensor.dtype() != Dtype::F32 {
        return Err(format!("{:?} values; only F32 are read", tensor.dtype()));
    }
    let values: Vec<f32> =
        tensor.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    if values.iter().any(|v| !v.is_finite()) {
        return Err("holds a value that is not finite".into());
    }
    Ok(values)
}
