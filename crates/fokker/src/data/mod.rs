//! Data: built-in generators, numeric tables, images of the MNIST family; their scaling; and the files results are written to.
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

mod atomic;
mod columns;
mod config;
mod dataset;
mod error;
mod fingerprint;
mod grid;
mod idx;
mod npy;
mod npy_header;
mod parquet_read;
mod parquet_write;
mod rows;
mod scaling;
mod stream;
mod table;
mod text;
mod toy;
mod write;
mod zip;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

pub use atomic::write_atomically;
pub use columns::{Column, ColumnKind, Replay, write_columns};
pub use config::{DataConfig, ScalingConfig};
pub use dataset::Data;
pub use error::DataError;
pub use fingerprint::Fingerprint;
pub use grid::{ImageShape, png_grid};
pub use scaling::{Scaling, bits_per_dim};
pub use stream::TableReader;
pub use table::{Table, read_table, read_table_with_gaps};
pub use write::{NamedArray, write_csv, write_npy, write_npz, write_parquet};
