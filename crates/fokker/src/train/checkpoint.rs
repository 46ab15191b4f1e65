//! Checkpoints: everything that training carries, in one safetensors file, bit for bit.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Adam, Progress};
use crate::Error;
use crate::tensor_file::{Kind, floats, open_sealed, read_bytes, view, write_sealed};

/// The `format` entry of the head.
const FORMAT: &str = "fokker-checkpoint 2";

/// Training's state after some step.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Steps done.
    pub step: u64,
    /// The weights.
    pub weights: Vec<f32>,
    /// Adam's state and the averaged weights.
    pub adam: Adam,
    /// What else there is.
    pub progress: Progress,
}

/// What the file says beside its tensors.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    format: String,
    step: u64,
    progress: Progress,
}

impl Checkpoint {
    /// Writes the checkpoint, whole or not at all, with a digest of all that is in it.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let shape = [self.weights.len()];
        let tensors = vec![
            ("weights", view(&self.weights, &shape)),
            ("adam.m", view(&self.adam.m, &shape)),
            ("adam.v", view(&self.adam.v, &shape)),
            ("ema", view(&self.adam.ema, &shape)),
        ];
        let head = Head { format: FORMAT.into(), step: self.step, progress: self.progress };
        let text = serde_json::to_string(&head)
            .map_err(|error| Error::File { path: path.into(), reason: error.to_string() })?;
        write_sealed(path, Kind::Checkpoint, tensors, &text)
    }

    /// Reads a checkpoint.
    ///
    /// # Errors
    /// [`Error::File`] if it is not one, or damaged; [`Error::Io`].
    pub fn read(path: &Path) -> Result<Self, Error> {
        Self::of_bytes(&read_bytes(path)?, path)
    }

    /// Reads a checkpoint whose bytes are in memory; `path` is for messages.
    ///
    /// # Errors
    /// [`Error::File`].
    pub(crate) fn of_bytes(bytes: &[u8], path: &Path) -> Result<Self, Error> {
        let bad = |reason: String| Error::File { path: path.into(), reason };
        let (tensors, text) = open_sealed(bytes, Kind::Checkpoint).map_err(bad)?;
        let Head { format, step, progress } =
            serde_json::from_str(&text).map_err(|error| bad(format!("not a checkpoint: {error}")))?;
        if format != FORMAT {
            return Err(bad(format!("not a checkpoint of format `{FORMAT}`")));
        }
        let get = |name: &str| {
            let tensor = tensors.tensor(name).map_err(|error| bad(error.to_string()))?;
            floats(&tensor).map_err(bad)
        };
        let (weights, m, v, ema) = (get("weights")?, get("adam.m")?, get("adam.v")?, get("ema")?);
        if [m.len(), v.len(), ema.len()] != [weights.len(); 3] {
            return Err(bad("tensors of different lengths".into()));
        }
        Ok(Self { step, weights, adam: Adam { m, v, ema }, progress })
    }
}
