//! The page about one model or several: figures, curves, pictures.

mod curves;
mod densities;
mod facts;
mod free_energy;
mod images;
mod matrix;
mod memorisation;
mod model;
mod notes;
mod pictures;
mod plane;
mod profiles;
mod report;
mod rows;
mod summary;
mod trajectories;

pub use curves::training_charts;
pub use model::Model;
pub use report::Report;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
