//! Images: recognised by their files, kept as 8-bit rows (floating-point ones in single precision), dequantised when drawn.
//!
//! `recognise` tells the formats apart; a module for each of them makes a [`Loaded`](loaded::Loaded) of it; [`Images`](set::Images)
//! holds out and draws.

mod array;
mod batches;
mod cifar;
mod disk;
mod files;
mod idx;
mod loaded;
mod locate;
mod model_rows;
mod order;
mod part;
mod picture;
mod pictures;
mod print;
mod read;
mod recognise;
mod rows;
mod set;
mod shapes;

#[cfg(test)]
pub(super) use self::batches::load_arrays_within;
pub(super) use self::loaded::Loaded;
pub(super) use self::part::Pixels;
#[cfg(test)]
pub(super) use self::part::{Part, Row};
#[cfg(test)]
pub(super) use self::print::fingerprint;
pub use self::recognise::holds_images;
pub(super) use self::rows::{ImageRows, holds_rows, load_rows};
pub(super) use self::set::{Images, Preparation};
