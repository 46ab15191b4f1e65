//! Loaded data: training rows, held-out rows and what is known about them.

mod data;
mod draw;
mod finite;
mod identity;
mod load;
mod own;
mod simulated;
mod source;

pub use self::data::Data;
pub use self::own::{HeldOutRows, ImagesOptions, PixelValues, RowsOptions};
