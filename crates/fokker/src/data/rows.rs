//! Finite data in memory: tables of single-precision rows and 8-bit images, each with a held-out part.

use std::path::Path;

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::idx::{Images, read_images};
use super::{DataError, ImageShape, Scaling, ScalingConfig, Table, read_table};

/// Chooses the held-out rows of a file: the same ones in every run.
const SPLIT_SEED: u64 = 0x005b_1175;

/// A table, scaled and split.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    dim: usize,
    train: Vec<f32>,
    held_out: Vec<f32>,
}

impl Rows {
    pub(super) fn load(
        path: &Path, array: Option<&str>, held_out: f64, config: ScalingConfig,
    ) -> Result<(Self, Scaling), DataError> {
        if !(held_out > 0.0 && held_out < 1.0) {
            return Err(DataError::parameter("held_out", held_out, "must lie between 0 and 1, both excluded"));
        }
        let table = read_table(path, array)?;
        if table.rows < 2 {
            return Err(DataError::TooFewRows { path: path.to_path_buf(), actual: table.rows, needed: 2 });
        }
        let dim = table.dim;
        let is_held_out = split(table.rows, held_out);
        let scaling = fit(&table, &is_held_out, config)?;
        let mut rows = Self { dim, train: Vec::new(), held_out: Vec::new() };
        let mut scaled = vec![0.0; dim];
        for (at, (row, &out)) in table.values.chunks_exact(dim).zip(&is_held_out).enumerate() {
            scaled.copy_from_slice(row);
            scaling.apply_f64(&mut scaled);
            if let Some(column) = scaled.iter().position(|x| !(*x as f32).is_finite()) {
                let path = path.to_path_buf();
                return Err(DataError::OutOfRange { path, row: at + 1, column: column + 1, value: row[column] });
            }
            let part = if out { &mut rows.held_out } else { &mut rows.train };
            part.extend(scaled.iter().map(|&x| x as f32));
        }
        Ok((rows, scaling))
    }

    pub(super) fn train_len(&self) -> usize {
        self.train.len() / self.dim
    }

    pub(super) fn held_out_len(&self) -> usize {
        self.held_out.len() / self.dim
    }

    pub(super) fn train_row(&self, index: usize) -> &[f32] {
        &self.train[index * self.dim..][..self.dim]
    }

    /// The index wraps round.
    pub(super) fn held_out_row(&self, index: usize) -> &[f32] {
        &self.held_out[index % self.held_out_len() * self.dim..][..self.dim]
    }

    pub(super) fn bounds(&self) -> (Vec<f32>, Vec<f32>) {
        let (mut low, mut high) = (vec![f32::INFINITY; self.dim], vec![f32::NEG_INFINITY; self.dim]);
        for row in self.train.chunks_exact(self.dim) {
            extend_box(&mut low, &mut high, row);
        }
        (low, high)
    }
}

/// Marks the held-out rows: the part asked for, at least one, leaving at least one.
fn split(rows: usize, held_out: f64) -> Vec<bool> {
    let count = ((rows as f64 * held_out).round() as usize).clamp(1, rows - 1);
    let mut marks = vec![false; rows];
    marks[..count].fill(true);
    marks.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(SPLIT_SEED));
    marks
}

/// The scaling of the training rows.
fn fit(table: &Table, is_held_out: &[bool], config: ScalingConfig) -> Result<Scaling, DataError> {
    let dim = table.dim;
    let fit = match config {
        ScalingConfig::None => return Ok(Scaling::identity(dim)),
        ScalingConfig::Standardise => Scaling::standardise,
        ScalingConfig::MinMax => Scaling::min_max,
    };
    let rows = table.values.chunks_exact(dim).zip(is_held_out);
    let train: Vec<f64> = rows.filter(|(_, out)| !**out).flat_map(|(row, _)| row).copied().collect();
    let Scaling { shift, scale } = fit(&train, dim);
    Scaling::new(shift, scale)
}

/// Widens the box so that it holds `row`.
pub(super) fn extend_box(low: &mut [f32], high: &mut [f32], row: &[f32]) {
    for ((low, high), &x) in low.iter_mut().zip(high).zip(row) {
        *low = low.min(x);
        *high = high.max(x);
    }
}

/// 8-bit images; a row is dequantised when it is drawn.
#[derive(Clone, Debug)]
pub(super) struct Pixels {
    train: Images,
    held_out: Images,
}

impl Pixels {
    pub(super) fn load(folder: &Path) -> Result<(Self, Scaling), DataError> {
        let (train, train_path) = read_images(folder, "train")?;
        let (held_out, path) = read_images(folder, "t10k")?;
        if train.shape != held_out.shape {
            let [expected, actual] =
                [train.shape, held_out.shape].map(|shape| format!("{}×{}", shape.height, shape.width));
            return Err(DataError::Disagree { path, other: train_path, what: "the image size", expected, actual });
        }
        // The data's unit is one grey level: u + U lies in [0, 256).
        let dim = train.shape.dim();
        let scaling = Scaling::new(vec![128.0; dim], vec![128.0; dim])?;
        Ok((Self { train, held_out }, scaling))
    }

    pub(super) fn shape(&self) -> ImageShape {
        self.train.shape
    }

    pub(super) fn train_len(&self) -> usize {
        self.train.len()
    }

    pub(super) fn held_out_len(&self) -> usize {
        self.held_out.len()
    }

    pub(super) fn train_row<R: Rng>(&self, index: usize, rng: &mut R, row: &mut [f32]) {
        dequantise(self.train.image(index), rng, row);
    }

    /// The index wraps round.
    pub(super) fn held_out_row<R: Rng>(&self, index: usize, rng: &mut R, row: &mut [f32]) {
        dequantise(self.held_out.image(index % self.held_out_len()), rng, row);
    }

    pub(super) fn bounds(&self) -> (Vec<f32>, Vec<f32>) {
        let dim = self.train.shape.dim();
        let (mut least, mut most) = (vec![u8::MAX; dim], vec![u8::MIN; dim]);
        for image in self.train.pixels.chunks_exact(dim) {
            for ((least, most), &u) in least.iter_mut().zip(&mut most).zip(image) {
                *least = u.min(*least);
                *most = u.max(*most);
            }
        }
        let low = least.iter().map(|&u| f32::from(u) / 128.0 - 1.0).collect();
        let high = most.iter().map(|&u| (f32::from(u) + 1.0) / 128.0 - 1.0).collect();
        (low, high)
    }
}

/// (u + U) / 128 − 1 with U uniform in (0, 1): the midpoints of 2¹⁵ equal parts, so that every step is exact in single
/// precision and no value ever leaves its grey level.
fn dequantise<R: Rng>(image: &[u8], rng: &mut R, row: &mut [f32]) {
    assert_eq!(row.len(), image.len(), "a row has as many values as the data has dimensions");
    for (x, &u) in row.iter_mut().zip(image) {
        let part = (rng.next_u32() >> 17) as f32 + 0.5;
        *x = (f32::from(u) + part / 32768.0) / 128.0 - 1.0;
    }
}
