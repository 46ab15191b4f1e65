//! Data: built-in generators, numeric tables, images; their scaling; and the files results are written to.
//!
//! A [`DataConfig`] (the `[data]` table of a configuration) is loaded into a [`Data`], which gives training and held-out rows
//! in **model coordinates**: x_model = (x_data − shift) / scale, with the [`Scaling`] recorded, so that a log-density of the
//! model can be given back in the units of the data ([`bits_per_dim`]).
//!
//! ```
//! use fokker::data::{Data, DataConfig};
//! use rand::SeedableRng;
//!
//! let config: DataConfig = toml::from_str("kind = \"checkerboard\"\ncells = 4")?;
//! let data = Data::load(&config)?;
//! let mut rng = rand_xoshiro::Xoshiro256PlusPlus::seed_from_u64(0);
//! let mut row = [0.0; 2];
//! data.draw(&mut rng, &mut row);
//! assert!(row.iter().all(|x| x.abs() <= 2.0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Rows and images that a program has in memory become a [`Data`] by [`Data::from_rows`] and [`Data::from_images`]; a run's config then
//! says `kind = "memory"`.
//!
//! # Images
//!
//! The path of [`DataConfig::Images`] says by its names what the images are ([`describe`] tells what was recognised):
//!
//! | files | training and held-out images |
//! | --- | --- |
//! | IDX, plain or `.gz`: `train-images-idx3-ubyte`, `t10k-images-idx3-ubyte` (MNIST, Fashion-MNIST, KMNIST), or `emnist-SPLIT-train-…`, `emnist-SPLIT-test-…` (EMNIST, whose images are **transposed** so that they stand upright); of several sets in a folder, the path of a file chooses one | their own |
//! | CIFAR-10 (`data_batch_1.bin` to `data_batch_5.bin`, `test_batch.bin`) and CIFAR-100 (`train.bin`, `test.bin`) in their binary versions, the folder above, or the `.tar.gz` | their own |
//! | ImageNet 32×32 or 64×64: `train_data_batch_*.npz` and `val_data.npz`, whose array `data` is n × (3·s·s), u1, plane after plane | their own |
//! | a folder of image files (`.png`, `.jpg`, `.webp`, `.bmp`, `.gif`, `.tif`, `.pnm` and their variants), read recursively in the order of their names, hidden files left out; grey if all of them are, else of three channels; 16 bits become 8, transparency is dropped, orientation tags are ignored | those in `train/`, and in `test/` or else `val/`, if both are there; else a part of them |
//! | an `.npy` or `.npz` file (its only array, or `images`, or `data`) or a folder of several: u1, or f2, f4 or f8 in \[0, 1\] or \[−1, 1\]; n × h × w, n × h × w × c or n × c × h × w | a part of them |
//!
//! Of the four dimensions n × a × b × c of an array, the channels are the last if only the last is 1 or 3, the second if only the second is;
//! if both are, or a third and last dimension is 1 or 3, the array is refused.
//!
//! A row is an image, **channels last**: height, width, channels. 8-bit pixels stay 8-bit in memory, and a row draws
//! (u + U) / 128 − 1 with U uniform in (0, 1). Floating-point images have no grey levels: the range of the whole array, one for all
//! pixels, becomes \[−1, 1\].
//!
//! Arrays of 8-bit images of more than 1 GiB are not read into memory: an image is read from its file when it is drawn, from any thread,
//! by one positioned read, with the operating system's page cache as the only buffer. What is drawn thus follows from the seed alone and is
//! the same as if all images were in memory, which no buffer that a worker fills in its own order could promise. Compressed
//! archives and column-major arrays cannot be read so and are unpacked into memory.

mod array_stream;
mod atomic;
mod bounds;
mod column;
mod column_name;
mod column_profile;
mod config;
mod contact_sheet;
mod dataset;
mod describe;
mod error;
mod fingerprint;
mod finite;
mod formats;
mod held_out;
mod image_shape;
mod images;
mod info;
mod input;
mod nearest;
mod numpy;
pub(crate) mod one_line;
mod potential;
mod refuse;
mod row_reader;
mod scaling;
mod split;
mod table;
mod table_config;
mod table_reader;
mod table_rows;
mod toy;
mod write;
mod zip;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

pub use array_stream::{ArrayStream, write_array_streams};
pub use atomic::write_atomically;
pub(crate) use atomic::{is_wrong_place, remove_left_over, temporary_of};
pub use column::{Column, ColumnKind, Replay};
pub(crate) use column_name::unknown_columns;
pub use column_name::{ColumnName, column_place};
pub use column_profile::{ColumnProfile, ValueKind};
pub use config::{DataConfig, ScalingConfig};
pub use contact_sheet::contact_sheet;
pub use dataset::{Data, HeldOutRows, ImagesOptions, PixelValues, RowsOptions};
pub use describe::{ColumnSummary, Description, ImageSummary, TableSummary, describe};
pub use error::DataError;
pub use fingerprint::Fingerprint;
pub use formats::npz::NamedArray;
pub use formats::{TableFormatInfo, is_table, table_endings, table_formats};
pub use held_out::HeldOut;
pub use image_shape::ImageShape;
pub use images::holds_images;
pub use info::{DataInfo, DataKind, require_columns};
pub use nearest::nearest;
pub use one_line::one_line;
pub use potential::{PotentialConfig, Sampling};
pub use row_reader::RowReader;
pub use scaling::{Scaling, bits_per_dim};
pub use table::{Table, parse_table, read_table, read_table_with_gaps};
pub use table_config::{Missing, TableConfig};
pub use table_reader::TableReader;
pub use write::{write_columns, write_csv, write_npy, write_npz, write_rows};
