//! Samples from a score model: from the prior at T down to t_min; the way back, and samples that are held to what is known.
//!
//! | | |
//! | --- | --- |
//! | [`sample`] | samples, by any [`Sampler`] |
//! | [`sample_trajectories`] | the same, with the states on the way |
//! | [`encode`], [`decode`] | data to latents and back, along the probability-flow ODE |
//! | [`inpaint`] | samples some of whose coordinates are given |
//! | [`PosteriorScore`] | the score given y = A x + noise, for any sampler |
//!
//! Each row draws from its own named stream, so it is the same whatever the batch and the threads.

mod draw;
mod encode;
mod field;
mod fixed_step;
mod inpaint;
mod known;
mod method;
mod methods;
mod posterior;
mod request;
mod sampler;
mod samples;
mod time_grid;
mod trajectories;

pub use draw::sample;
pub use encode::{decode, encode};
pub use inpaint::{Inpaint, inpaint};
pub use known::Resample;
pub use method::{Setting, Values};
pub use methods::*;
pub use posterior::{Covariance, LinearObservation, PosteriorScore};
pub use samples::{Batch, Samples, bytes};
pub use time_grid::TimeGrid;
pub use trajectories::{Trajectories, sample_trajectories};

#[cfg(test)]
mod tests;
