//! Files of tensors in single precision (safetensors).

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

use safetensors::tensor::{Dtype, TensorView, View};

use crate::data::write_atomically;
use crate::{Error, memory};

/// All bytes of a file, as far as there may be memory for them.
pub(crate) fn read_bytes(path: &Path) -> Result<Vec<u8>, Error> {
    memory::read(path).map_err(|source| Error::read(path, source))
}

/// Writes tensors under their names, and texts, whole or not at all.
pub(crate) fn write_tensors<'a>(
    path: &Path, tensors: impl IntoIterator<Item = (&'a str, Floats<'a>)>, metadata: HashMap<String, String>,
) -> Result<(), Error> {
    let bytes = safetensors::serialize(tensors, Some(metadata))
        .map_err(|error| Error::File { path: path.into(), reason: error.to_string() })?;
    write_atomically(path, |out| out.write_all(&bytes)).map_err(|source| Error::Write { path: path.into(), source })
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
