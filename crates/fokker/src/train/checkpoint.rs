//! Checkpoints: everything that training carries, in one safetensors file, bit for bit.

use std::collections::HashMap;
use std::path::Path;

use safetensors::SafeTensors;

use super::Adam;
use crate::Error;
use crate::tensor_file::{floats, read_bytes, view, write_tensors};

/// The `format` entry of the metadata.
const FORMAT: &str = "fokker-checkpoint 1";

/// Training's state after some step.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Steps done.
    pub step: u64,
    /// The weights.
    pub weights: Vec<f32>,
    /// Adam's state and the averaged weights.
    pub adam: Adam,
}

impl Checkpoint {
    /// Writes the checkpoint, whole or not at all.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let shape = [self.weights.len()];
        let tensors = [
            ("weights", view(&self.weights, &shape)),
            ("adam.m", view(&self.adam.m, &shape)),
            ("adam.v", view(&self.adam.v, &shape)),
            ("ema", view(&self.adam.ema, &shape)),
        ];
        let metadata =
            HashMap::from([("format".to_owned(), FORMAT.to_owned()), ("step".to_owned(), self.step.to_string())]);
        write_tensors(path, tensors, metadata)
    }

    /// Reads a checkpoint.
    ///
    /// # Errors
    /// [`Error::File`] if it is not one, or damaged; [`Error::Write`].
    pub fn read(path: &Path) -> Result<Self, Error> {
        let bytes = read_bytes(path)?;
        let bad = |reason: String| Error::File { path: path.into(), reason };
        let (_, metadata) = SafeTensors::read_metadata(&bytes).map_err(|error| bad(error.to_string()))?;
        let entry = |key: &str| metadata.metadata().as_ref().and_then(|m| m.get(key).cloned());
        if entry("format").as_deref() != Some(FORMAT) {
            return Err(bad(format!("not a checkpoint of format `{FORMAT}`")));
        }
        let step = entry("step").and_then(|s| s.parse().ok());
        let step = step.ok_or_else(|| bad("no step in its metadata".into()))?;
        let tensors = SafeTensors::deserialize(&bytes).map_err(|error| bad(error.to_string()))?;
        let get = |name: &str| {
            let tensor = tensors.tensor(name).map_err(|error| bad(error.to_string()))?;
            floats(&tensor).map_err(bad)
        };
        let (weights, m, v, ema) = (get("weights")?, get("adam.m")?, get("adam.v")?, get("ema")?);
        if [m.len(), v.len(), ema.len()] != [weights.len(); 3] {
            return Err(bad("tensors of different lengths".into()));
        }
        Ok(Self { step, weights, adam: Adam { m, v, ema } })
    }
}
