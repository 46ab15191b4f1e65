//! The file that samples are written to.

use std::path::Path;

use anyhow::Result;
use fokker::data::{
    ImageShape, NamedArray, contact_sheet, is_table, table_endings, write_atomically, write_npz, write_rows,
};
use fokker::model_file::ModelInfo;
use fokker::sample::Trajectories;

use super::args::Sample;
use crate::fail::request;

/// A file, and what is written to it.
pub(super) struct Output<'a> {
    path: &'a Path,
    /// Whether it is a contact sheet; else it is a table.
    pictures: bool,
    /// The name of the array in an archive.
    name: &'static str,
}

impl<'a> Output<'a> {
    /// The file that the arguments name.
    pub fn new(args: &'a Sample) -> Result<Self> {
        let path = args.output.as_path();
        let ends_in = |ending: &str| path.extension().is_some_and(|e| e.eq_ignore_ascii_case(ending));
        let pictures = ends_in("png");
        if !pictures && !is_table(path) {
            let endings = table_endings(&["png"]);
            return Err(request(format!("-o {}: the file to write ends in {endings}", path.display())));
        }
        if args.trajectory.is_some() && !ends_in("npz") {
            return Err(request(format!("-o {}: --trajectory writes .npz only", path.display())));
        }
        if args.encode.is_some() && pictures {
            return Err(request(format!("-o {}: latents are no pictures", path.display())));
        }
        let name = if args.encode.is_some() { "latents" } else { "samples" };
        Ok(Self { path, pictures, name })
    }

    /// The shape of the pictures, if it is pictures that are written.
    pub fn image(&self, info: &ModelInfo) -> Result<Option<ImageShape>> {
        match (self.pictures, info.image) {
            (true, None) => Err(request(format!("-o {}: the model's data is not images", self.path.display()))),
            (true, image) => Ok(image),
            _ => Ok(None),
        }
    }

    /// Writes `rows` rows, as a grid of pictures if there is an `image` (`x` is in model coordinates then).
    pub fn write(
        &self, rows: usize, info: &ModelInfo, image: Option<ImageShape>, x: &[f64], trajectories: Option<&Trajectories>,
    ) -> Result<()> {
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

    fn write_pictures(&self, rows: usize, image: ImageShape, x: &[f64]) -> Result<()> {
        #[allow(clippy::cast_possible_truncation)]
        let values: Vec<f32> = x.iter().map(|&v| v as f32).collect();
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let columns = (rows as f64).sqrt().ceil() as usize;
        let bytes = contact_sheet(&values, image, columns)?;
        write_atomically(self.path, |file| file.write_all(&bytes))
            .map_err(|source| fokker::Error::Write { path: self.path.into(), source })?;
        Ok(())
    }
}
