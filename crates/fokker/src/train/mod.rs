//! Training: the loop, the optimiser and checkpoints.

mod adam;
mod checkpoint;
mod config;
mod divergence;
mod held_out;
mod metrics;
mod progress;
mod recorder;
mod schedule;
mod timer;
mod trainer;

pub use adam::{Adam, AdamConfig};
pub use checkpoint::Checkpoint;
pub use config::TrainConfig;
pub use divergence::OnDivergence;
pub use held_out::{Best, HeldOutConfig, Keep};
pub use metrics::Metrics;
pub use progress::Progress;
pub use recorder::{Recorder, Silent};
pub use schedule::Schedule;
pub use trainer::{Ended, Trainer, Training};
