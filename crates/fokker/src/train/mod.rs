//! Training: the loop, the optimiser and checkpoints.

mod adam;
mod checkpoint;
mod config;
mod metrics;
mod schedule;
mod trainer;

pub use adam::{Adam, AdamConfig};
pub use checkpoint::Checkpoint;
pub use config::TrainConfig;
pub use metrics::Metrics;
pub use schedule::Schedule;
pub use trainer::{Observer, Silent, Trainer};
