//! The run directory: `config.toml`, `model.safetensors`, `checkpoints/`, `metrics.jsonl`, `manifest.json`.

mod begin;
mod checkpoints;
mod data;
mod directory;
mod failure;
mod lock;
mod metrics;
mod model;

pub use checkpoints::Newest;
pub use directory::Run;
