//! fokker.

pub mod config;
pub mod conservativity;
pub mod data;
mod error;
pub mod loss;
pub mod model_file;
pub mod net;
pub mod report;
pub mod residual;
pub mod rng;
pub mod score;
pub mod sde;
pub mod train;

pub use error::Error;
