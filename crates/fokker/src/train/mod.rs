//! Training: the loop, the optimiser, checkpoints and the run directory.

mod adam;
mod checkpoint;
mod config;
mod metrics;
mod run;
mod schedule;
mod trainer;

pub use adam::{Adam, AdamConfig};
pub use checkpoint::Checkpoint;
pub use config::TrainConfig;
pub use metrics::Metrics;
pub use run::Run;
pub use schedule::Schedule;
pub use trainer::{Observer, Silent, Trainer};
