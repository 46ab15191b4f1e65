//! What is asked for.

use std::path::Path;

use crate::sample::{Inpaint, Sampler};
use crate::solve::Tolerance;

/// What is made with a model.
#[derive(Clone, Copy, Debug)]
pub enum Draws<'a> {
    /// Samples.
    Samples {
        /// How many.
        n: usize,
        /// How.
        sampler: Sampler,
        /// At how many times their states are kept, too, as the arrays `trajectory` and `times` of an `.npz` file.
        trajectory: Option<usize>,
    },
    /// Samples some of whose coordinates are given.
    Inpainted {
        /// How many.
        n: usize,
        /// How.
        how: Inpaint,
        /// The file of the given coordinates, in the units of the training data, NaN where they are free: one row, or `n`.
        known: &'a Path,
    },
    /// The latents of rows, along the probability-flow ODE.
    Latents {
        /// The rows' file, in the units of the training data.
        of: &'a Path,
        /// The ODE's.
        tolerance: Tolerance,
    },
    /// The data of latents: the inverse of that.
    Decoded {
        /// The latents' file.
        latents: &'a Path,
        /// The ODE's.
        tolerance: Tolerance,
    },
}

impl Draws<'_> {
    /// Are they latents, and not data?
    pub(super) fn are_latents(&self) -> bool {
        matches!(self, Self::Latents { .. })
    }
}

/// What is made with a model, from which seed, on how many threads.
///
/// ```
/// use fokker::jobs::SampleRequest;
/// assert_eq!(SampleRequest::of(100).seed, 0);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SampleRequest<'a> {
    /// What.
    pub draws: Draws<'a>,
    /// Seed of all random numbers.
    pub seed: u64,
    /// Threads; 0: all.
    pub threads: usize,
    /// Whether rows that an earlier call left in `FILE.part` are gone on with; else they are an error.
    pub resume: bool,
}

impl SampleRequest<'_> {
    /// `n` samples by the default sampler.
    #[must_use]
    pub fn of(n: usize) -> Self {
        Self {
            draws: Draws::Samples { n, sampler: Sampler::default(), trajectory: None },
            seed: 0,
            threads: 0,
            resume: false,
        }
    }
}
