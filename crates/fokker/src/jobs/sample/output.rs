//! The file that samples are written to.

use std::path::Path;

use super::super::error::JobError;
use super::request::Draws;
use crate::Error;
use crate::data::{
    ImageShape, NamedArray, contact_sheet, is_table, table_endings, write_atomically, write_npz, write_rows,
};
use crate::model_file::ModelInfo;
use crate::sample::Trajectories;

/// A file, and what is written to it.
pub(super) struct Output<'a> {
    path: &'a Path,
    /// Whether it is a contact sheet; else it is a table.
    pictures: bool,
    /// The name of the array in an archive.
    name: &'static str,
}

impl<'a> Output<'a> {
    /// The file at `path`, if it can hold what is asked for.
    pub(super) fn new(path: &'a Path, draws: &Draws<'_>) -> Result<Self, JobError> {
        let ends_in = |ending: &str| path.extension().is_some_and(|e| e.eq_ignore_ascii_case(ending));
        let pictures = ends_in("png");
        if !pictures && !is_table(path) {
            return Err(JobError::ending(path, &table_endings(&["png"])));
        }
        if matches!(draws, Draws::Samples { trajectory: Some(_), .. }) && !ends_in("npz") {
            return Err(JobError::output(path, "--trajectory writes .npz only"));
        }
        if draws.are_latents() && pictures {
            return Err(JobError::output(path, "latents are no pictures"));
        }
        Ok(Self { path, pictures, name: if draws.are_latents() { "latents" } else { "samples" } })
    }

    /// The shape of the pictures, if it is pictures that are written.
    pub(super) fn image(&self, info: &ModelInfo) -> Result<Option<ImageShape>, JobError> {
        match (self.pictures, info.image) {
            (true, None) => Err(JobError::output(self.path, "the model's data is not images")),
            (true, image) => Ok(image),
            _ => Ok(None),
        }
    }

    /// Writes `rows` rows, as a contact sheet if there is an `image` (`x` is in model coordinates then).
    pub(super) fn write(
        &self, rows: usize, info: &ModelInfo, image: Option<ImageShape>, x: &[f64], trajectories: Option<&Trajectories>,
    ) -> Result<(), JobError> {
        match (image, trajectories) {
            (Some(image), _) => self.write_pictures(rows, image, x)?,
            (None, Some(of)) => {
                let (count, shape) = ([of.times.len()], [of.times.len(), rows, info.dim]);
                let samples: NamedArray<'_> = (self.name, &[rows, info.dim], x);
                write_npz(self.path, &[samples, ("trajectory", &shape, &of.x), ("times", &count, &of.times)])?;
            }
            (None, None) => {
                let prefix = if self.name == "latents" { "z" } else { "x" };
                // Samples are rows like those that the model was trained on.
                let own = info.data.as_ref().and_then(|data| data.columns.clone()).filter(|_| prefix == "x");
                let names = own.unwrap_or_else(|| (0..info.dim).map(|i| format!("{prefix}{i}")).collect());
                let header: Vec<&str> = names.iter().map(String::as_str).collect();
                write_rows(self.path, self.name, &header, x)?;
            }
        }
        Ok(())
    }

    fn write_pictures(&self, rows: usize, image: ImageShape, x: &[f64]) -> Result<(), JobError> {
        #[allow(clippy::cast_possible_truncation)]
        let values: Vec<f32> = x.iter().map(|&v| v as f32).collect();
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let columns = (rows as f64).sqrt().ceil() as usize;
        let bytes = contact_sheet(&values, image, columns)?;
        write_atomically(self.path, |file| file.write_all(&bytes))
            .map_err(|source| Error::Write { path: self.path.into(), source })?;
        Ok(())
    }
}
