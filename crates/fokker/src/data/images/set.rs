//! Images, split into training and held-out ones.

use std::path::Path;
use std::sync::Arc;

use rand::Rng;

use super::loaded::Loaded;
use super::model_rows::{fill_row, mirror};
use super::part::{Part, Pixels, Row};
use super::print;
use super::read::read;
use super::shapes::pixels_of;
use crate::data::bounds::extend_box;
use crate::data::one_line::shown;
use crate::data::split::check_held_out;
use crate::data::{DataError, ImageShape, Scaling};
use crate::memory::{self, Held};

/// The most pixels a side that image files may be resized to.
const SIZE_LIMIT: usize = 4096;

/// Bytes that are kept for every dimension: a box, a shift and a scale, and what they are found from.
const OF_DIMENSION: usize = 64;

/// Images, split into training and held-out ones.
#[derive(Clone, Debug)]
pub(in crate::data) struct Images {
    format: String,
    shape: ImageShape,
    train: Part,
    /// One part, or all there are.
    held_out: Vec<Part>,
    /// Whether training rows are mirrored at random.
    flip: bool,
    classes: Option<usize>,
    /// The lowest and the highest value in the data's units.
    range: [f64; 2],
    continuous: bool,
    fingerprint: u64,
    _held: Arc<Held>,
}

/// What is made of images.
#[derive(Clone, Copy)]
pub(in crate::data) struct Preparation<'a> {
    /// Whether training rows are mirrored at random.
    pub(in crate::data) flip: bool,
    /// The part that is held out where there are no test images.
    pub(in crate::data) held_out: f64,
    /// A scaling in place of one that is fitted.
    pub(in crate::data) given: Option<&'a Scaling>,
}

impl Images {
    /// Recognises and reads the images at `path`; see [`DataConfig::Images`](crate::data::DataConfig::Images).
    pub(in crate::data) fn load(
        path: &Path, size: Option<usize>, how: Preparation<'_>,
    ) -> Result<(Self, Scaling), DataError> {
        check_held_out(how.held_out)?;
        if let Some(size) = size.filter(|size| !(1..=SIZE_LIMIT).contains(size)) {
            return Err(DataError::parameter("size", size, format!("must be between 1 and {SIZE_LIMIT}")));
        }
        let loaded = read(path, size)?;
        let shape = loaded.shape;
        if let Some(size) = size.filter(|&size| (shape.height, shape.width) != (size, size)) {
            let reason = format!("only image files are resized, and {} are {}", loaded.format, pixels_of(shape));
            return Err(DataError::parameter("size", size, reason));
        }
        Self::of(loaded, path, how)
    }

    /// Splits and scales images; `path` is what messages call them.
    pub(in crate::data) fn of(
        mut loaded: Loaded, path: &Path, how: Preparation<'_>,
    ) -> Result<(Self, Scaling), DataError> {
        let Preparation { flip, held_out, given } = how;
        let shape = loaded.shape;
        let arrays: Vec<_> = std::iter::once(&loaded.train).chain(&loaded.held_out).collect();
        let fingerprint = print::fingerprint(&arrays, shape, path)?;
        let dim = shape.dim();
        let sizes = [Some(&loaded.train), loaded.held_out.as_ref()].into_iter().flatten().map(Pixels::bytes);
        let what = shown(path);
        // What is kept for every dimension: where it begins and ends, and its scale.
        let held = memory::hold(&what, sizes.fold(memory::product(&[dim, OF_DIMENSION]), u64::saturating_add))?;
        let (scaling, range, continuous) = scale(&mut loaded, given, path)?;
        let train = Arc::new(loaded.train);
        let (train, held_out) = match loaded.held_out {
            Some(own) => (Part::all(train, dim), vec![Part::all(Arc::new(own), dim)]),
            None => {
                let (train, held_out) = Part::split(train, dim, held_out, path)?;
                (train, vec![held_out])
            }
        };
        let classes = loaded.labels.map(|labels| labels.len());
        let format = loaded.format;
        let _held = Arc::new(held);
        Ok((Self { format, shape, train, held_out, flip, classes, range, continuous, fingerprint, _held }, scaling))
    }

    /// Holds out all images: those that were for training, then the test images.
    pub(in crate::data) fn hold_out_all(&mut self) {
        let own = self.held_out.iter().filter(|part| !part.shares_pixels(&self.train)).cloned();
        self.held_out = std::iter::once(self.train.whole()).chain(own).collect();
        self.train = self.train.none();
    }

    /// The digest of the pixels.
    pub(in crate::data) fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// The format's name.
    pub(in crate::data) fn format(&self) -> &str {
        &self.format
    }

    pub(in crate::data) fn shape(&self) -> ImageShape {
        self.shape
    }

    /// How many labels occur in the training files.
    pub(in crate::data) fn classes(&self) -> Option<usize> {
        self.classes
    }

    /// Grey levels; `None` for continuous values.
    pub(in crate::data) fn levels(&self) -> Option<u32> {
        (!self.continuous).then_some(256)
    }

    /// The lowest and the highest value that may occur, in the data's units.
    pub(in crate::data) fn range(&self) -> [f64; 2] {
        self.range
    }

    pub(in crate::data) fn train_len(&self) -> usize {
        self.train.len()
    }

    pub(in crate::data) fn held_out_len(&self) -> usize {
        self.held_out.iter().map(Part::len).sum()
    }

    /// Training image `index` as a row, mirrored at random if that is asked for.
    pub(in crate::data) fn train_row<R: Rng>(&self, index: usize, rng: &mut R, row: &mut [f32]) {
        let mirrored = self.flip && rng.next_u32() >> 31 == 1;
        self.train.with_row(index, |image| fill_row(image, rng, row));
        if mirrored {
            mirror(row, self.shape);
        }
    }

    /// Training image `index` as a row without noise: each pixel at the middle of its level; NaN if it cannot be read.
    pub(in crate::data) fn train_row_exact(&self, index: usize, row: &mut [f32]) {
        self.train.with_row(index, |image| match image {
            Row::Bytes(levels) => {
                row.iter_mut().zip(levels).for_each(|(x, &u)| *x = (f32::from(u) + 0.5) / 128.0 - 1.0)
            }
            Row::Floats(values) => row.copy_from_slice(values),
            Row::Lost => row.fill(f32::NAN),
        });
    }

    /// Held-out image `index` as a row; the index wraps round.
    pub(in crate::data) fn held_out_row<R: Rng>(&self, index: usize, rng: &mut R, row: &mut [f32]) {
        let mut index = index % self.held_out_len();
        for part in &self.held_out {
            if index < part.len() {
                return part.with_row(index, |image| fill_row(image, rng, row));
            }
            index -= part.len();
        }
    }

    /// The values of training image `index` in the data's units (grey levels without noise); NaN if it cannot be read.
    pub(in crate::data) fn train_values(&self, index: usize, scaling: &Scaling, values: &mut [f64]) {
        self.train.with_row(index, |image| match image {
            Row::Bytes(levels) => values.iter_mut().zip(levels).for_each(|(value, &u)| *value = f64::from(u)),
            Row::Floats(row) => {
                values.iter_mut().zip(row).for_each(|(value, &x)| *value = f64::from(x));
                scaling.invert_f64(values);
            }
            Row::Lost => values.fill(f64::NAN),
        });
    }

    /// Whether rows are read from disk one by one.
    pub(in crate::data) fn on_disk(&self) -> bool {
        self.train.on_disk()
    }

    /// The least and the greatest value of each dimension over the training rows (the held-out ones if there are none), mirror images
    /// included.
    pub(in crate::data) fn bounds(&self) -> (Vec<f32>, Vec<f32>) {
        let dim = self.shape.dim();
        if self.on_disk() {
            return (vec![-1.0; dim], vec![1.0; dim]);
        }
        let (mut low, mut high) = (vec![f32::INFINITY; dim], vec![f32::NEG_INFINITY; dim]);
        let (mut least, mut most) = (vec![u8::MAX; dim], vec![u8::MIN; dim]);
        let parts = if self.train.len() > 0 { std::slice::from_ref(&self.train) } else { &self.held_out[..] };
        for (part, index) in parts.iter().flat_map(|part| (0..part.len()).map(move |index| (part, index))) {
            part.with_row(index, |image| match image {
                Row::Bytes(levels) => {
                    for ((least, most), &u) in least.iter_mut().zip(&mut most).zip(levels) {
                        *least = u.min(*least);
                        *most = u.max(*most);
                    }
                }
                Row::Floats(row) => extend_box(&mut low, &mut high, row),
                Row::Lost => {}
            });
        }
        if !self.continuous {
            low = least.iter().map(|&u| f32::from(u) / 128.0 - 1.0).collect();
            high = most.iter().map(|&u| (f32::from(u) + 1.0) / 128.0 - 1.0).collect();
        }
        if self.flip {
            let (mut other_low, mut other_high) = (low.clone(), high.clone());
            mirror(&mut other_low, self.shape);
            mirror(&mut other_high, self.shape);
            extend_box(&mut low, &mut high, &other_low);
            extend_box(&mut low, &mut high, &other_high);
        }
        (low, high)
    }
}

/// The scaling, the range of values in the data's units, and whether they are continuous; floating-point pixels are scaled.
///
/// The unit of 8-bit data is one grey level: u + U lies in [0, 256). The range of continuous data, one for all pixels, becomes
/// [−1, 1], unless the scaling is given; that of grey levels is always the same.
fn scale(loaded: &mut Loaded, given: Option<&Scaling>, path: &Path) -> Result<(Scaling, [f64; 2], bool), DataError> {
    let dim = loaded.shape.dim();
    if let Some(given) = given.filter(|given| given.dim() != dim) {
        return Err(DataError::Dimension { path: path.to_path_buf(), expected: given.dim(), actual: dim });
    }
    let Pixels::Floats(values) = &mut loaded.train else {
        let scaling = Scaling::new(vec![128.0; dim], vec![128.0; dim])?;
        if given.is_some_and(|given| *given != scaling) {
            let (found, expected) = ("images of 8-bit grey levels".into(), "other data".into());
            return Err(DataError::Kind { path: path.to_path_buf(), found, expected });
        }
        return Ok((scaling, [0.0, 255.0], false));
    };
    let range = values
        .iter()
        .fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], &x| [low.min(f64::from(x)), high.max(f64::from(x))]);
    let scaling = match given {
        Some(given) => given.clone(),
        None => {
            let Scaling { shift, scale } = Scaling::min_max(&range, 1);
            Scaling::new(vec![shift[0]; dim], vec![scale[0]; dim])?
        }
    };
    scaling.apply(values);
    if let Some(Pixels::Floats(values)) = &mut loaded.held_out {
        scaling.apply(values);
    }
    Ok((scaling, range, true))
}
