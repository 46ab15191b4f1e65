//! fokker.

pub mod audit;
pub mod compare;
pub mod config;
pub mod conservativity;
pub mod data;
mod error;
pub mod evaluate;
pub mod likelihood;
pub mod loss;
pub mod model_file;
pub mod net;
pub mod report;
pub mod residual;
pub mod rng;
pub mod sample;
pub mod score;
pub mod sde;
pub mod solve;
pub mod stats;
pub mod train;

pub use error::Error;
