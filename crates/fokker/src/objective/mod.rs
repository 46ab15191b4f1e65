//! The training objective J = J_DSM + α R_vec + β R_scalar, term by term, on a chunk of rows.
//!
//! Each term reads the parts of the score that it needs from a [`ScoreTape`](crate::score::ScoreTape) and writes its cotangents;
//! one reverse pass with respect to the parameters then gives the gradient of their sum.

mod config;
mod cost;
mod draw;
mod dsm;
mod objective;
mod pass;
mod scalar;
mod sliced;
#[cfg(test)]
mod tests;
mod time;
mod vector;

pub use config::{
    Estimator, FpConfig, LossConfig, Norm, PointSource, ScalarConfig, ScalarForm, Scale, TimeSampling, TimeWeight,
    Weighting,
};
pub use objective::{LossTerms, Objective, Step};
pub use time::TimeSampler;
