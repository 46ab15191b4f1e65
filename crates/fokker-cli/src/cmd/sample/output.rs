//! The file that samples are written to.

use std::path::Path;

use anyhow::Result;
use fokker::data::{
    ImageShape, NamedArray, contact_sheet, write_atomically, write_csv, write_npy, write_npz, write_parquet,
};
use fokker::model_file::ModelInfo;
use fokker::sample::Trajectories;

use super::args::Sample;
use crate::fail::request;

/// A file and its format.
pub(super) struct Output<'a> {
    path: &'a Path,
    format: Format,
    /// The name of the array in an archive.
    name: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    Npy,
    Npz,
    Parquet,
    Png,
}

impl<'a> Output<'a> {
    /// The file that the arguments name.
    pub fn new(args: &'a Sample) -> Result<Self> {
        let path = args.output.as_path();
        let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
        let format = match extension.as_str() {
            "csv" => Format::Csv,
            "npy" => Format::Npy,
            "npz" => Format::Npz,
            "parquet" => Format::Parquet,
            "png" => Format::Png,
            _ => {
                let reason = "the file to write ends in .csv, .npy, .npz, .parquet or .png";
                return Err(request(format!("-o {}: {reason}", path.display())));
            }
        };
        if args.trajectory.is_some() && format != Format::Npz {
            return Err(request(format!("-o {}: --trajectory writes .npz only", path.display())));
        }
        if args.encode.is_some() && format == Format::Png {
            return Err(request(format!("-o {}: latents are no pictures", path.display())));
        }
        let name = if args.encode.is_some() { "latents" } else { "samples" };
        Ok(Self { path, format, name })
    }

    /// The shape of the pictures, if it is pictures that are written.
    pub fn image(&self, info: &ModelInfo) -> Result<Option<ImageShape>> {
        match (self.format, info.image) {
            (Format::Png, None) => Err(request(format!("-o {}: the model's data is not images", self.path.display()))),
            (Format::Png, image) => Ok(image),
            _ => Ok(None),
        }
    }

    /// Writes `rows` rows, as a grid of pictures if there is an `image` (`x` is in model coordinates then).
    pub fn write(
        &self, rows: usize, info: &ModelInfo, image: Option<ImageShape>, x: &[f64], trajectories: Option<&Trajectories>,
    ) -> Result<()> {
        let shape = [rows, info.dim];
        match (self.format, image) {
            (_, Some(image)) => self.write_pictures(rows, image, x)?,
            (Format::Npy, _) => write_npy(self.path, &shape, x)?,
            (Format::Npz, _) => {
                let mut arrays: Vec<NamedArray<'_>> = vec![(self.name, &shape, x)];
                let shaped = trajectories.map(|of| ([of.times.len()], [of.times.len(), rows, info.dim], of));
                if let Some((count, shape, of)) = &shaped {
                    arrays.push(("trajectory", shape, &of.x));
                    arrays.push(("times", count, &of.times));
                }
                write_npz(self.path, &arrays)?;
            }
            _ => {
                let prefix = if self.name == "latents" { "z" } else { "x" };
                // Samples are rows like those that the model was trained on.
                let own = info.data.as_ref().and_then(|data| data.columns.clone()).filter(|_| prefix == "x");
                let names = own.unwrap_or_else(|| (0..info.dim).map(|i| format!("{prefix}{i}")).collect());
                let header: Vec<&str> = names.iter().map(String::as_str).collect();
                let write = if self.format == Format::Parquet { write_parquet } else { write_csv };
                write(self.path, &header, x)?;
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
