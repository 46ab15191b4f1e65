//! The run directory: `config.toml`, `model.safetensors`, `checkpoints/`, `metrics.jsonl`, `manifest.json`.

mod begin;
mod checkpoints;
mod data;
mod directory;
mod failure;
mod metrics;
mod model;

pub use directory::Run;
