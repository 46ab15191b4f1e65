//! Training: the loop, the optimiser and checkpoints.

mod adam;
mod checkpoint;
mod config;
mod metrics;
mod recorder;
mod schedule;
mod trainer;

pub use adam::{Adam, AdamConfig};
pub use checkpoint::Checkpoint;
pub use config::TrainConfig;
pub use metrics::Metrics;
pub use recorder::{Recorder, Silent};
pub use schedule::Schedule;
pub use trainer::{Trainer, Training};
