//! The tensors of a file: safetensors, or any container that `torch.save` has written.

use std::collections::HashMap;
use std::path::Path;

use pytorch_reader::{DType, PytorchReader};
use safetensors::SafeTensors;
use safetensors::tensor::Dtype;

use super::number::{Number, floats};
use crate::Error;
use crate::tensor_file::read_bytes;

/// A file's tensors, by name.
pub(super) enum TensorFile {
    /// What the file holds.
    Safetensors { bytes: Vec<u8>, shapes: HashMap<String, Vec<usize>>, model: bool },
    /// Tensors whose numbers are still in the file.
    Pytorch(PytorchReader),
}

impl TensorFile {
    /// Opens a file. `key` is the entry of a PyTorch checkpoint that holds the tensors.
    pub fn open(path: &Path, key: Option<&str>) -> Result<Self, Error> {
        let bad = |reason: String| Error::File { path: path.into(), reason };
        if !is_safetensors(path)? {
            let reader = match key {
                Some(key) => PytorchReader::with_top_level_key(path, key),
                None => PytorchReader::new(path),
            };
            return reader.map(Self::Pytorch).map_err(|error| bad(error.to_string()));
        }
        let bytes = read_bytes(path)?;
        let (_, metadata) = SafeTensors::read_metadata(&bytes).map_err(|error| bad(error.to_string()))?;
        let model = metadata.metadata().as_ref().is_some_and(|entries| entries.contains_key("fokker"));
        let tensors = SafeTensors::deserialize(&bytes).map_err(|error| bad(error.to_string()))?;
        let shapes = tensors.iter().map(|(name, tensor)| (name.to_owned(), tensor.shape().to_vec())).collect();
        Ok(Self::Safetensors { bytes, shapes, model })
    }

    /// Is it a model that fokker wrote?
    pub fn is_model(&self) -> bool {
        matches!(self, Self::Safetensors { model: true, .. })
    }

    /// The tensors' names, in no order.
    pub fn names(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        match self {
            Self::Safetensors { shapes, .. } => Box::new(shapes.keys().map(String::as_str)),
            Self::Pytorch(reader) => Box::new(reader.tensors().keys().map(String::as_str)),
        }
    }

    /// Is there a tensor of this name?
    pub fn has(&self, name: &str) -> bool {
        self.shape(name).is_some()
    }

    /// A tensor's shape.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        match self {
            Self::Safetensors { shapes, .. } => shapes.get(name).map(Vec::as_slice),
            Self::Pytorch(reader) => reader.get(name).map(pytorch_reader::Tensor::shape),
        }
    }

    /// A tensor's numbers in 32 bits, row-major.
    pub fn floats(&self, name: &str) -> Result<Vec<f32>, String> {
        match self {
            Self::Safetensors { bytes, .. } => {
                let tensors = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
                let tensor = tensors.tensor(name).map_err(|error| error.to_string())?;
                let number = match tensor.dtype() {
                    Dtype::F64 => Number::F64,
                    Dtype::F32 => Number::F32,
                    Dtype::F16 => Number::F16,
                    Dtype::BF16 => Number::Bf16,
                    other => return Err(wrong(&format!("{other:?}"))),
                };
                Ok(floats(number, tensor.data()))
            }
            Self::Pytorch(reader) => {
                let tensor = reader.get(name).ok_or("is missing")?;
                let number = match tensor.dtype() {
                    DType::F64 => Number::F64,
                    DType::F32 => Number::F32,
                    DType::F16 => Number::F16,
                    DType::BF16 => Number::Bf16,
                    other => return Err(wrong(&format!("{other:?}"))),
                };
                Ok(floats(number, &tensor.read().map_err(|error| error.to_string())?))
            }
        }
    }
}

fn wrong(kind: &str) -> String {
    format!("{kind} values; only F64, F32, F16 and BF16 are read")
}

/// Does the file begin as safetensors do, with a length and a JSON object?
fn is_safetensors(path: &Path) -> Result<bool, Error> {
    use std::io::Read;
    let io = |source| Error::Io { path: path.into(), source };
    let mut start = Vec::new();
    std::fs::File::open(path).map_err(io)?.take(9).read_to_end(&mut start).map_err(io)?;
    Ok(start.get(8) == Some(&b'{') && start[5..8] == [0; 3])
}
