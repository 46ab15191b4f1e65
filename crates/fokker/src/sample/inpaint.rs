//! Samples some of whose coordinates are given, by replacement.

use fokker_jet::Real;
use fokker_jet::cpu::Workers;

use super::sampler::{Sampler, Steps, Way, wrong};
use super::walk::Walk;
use super::{Grid, Samples, prior, require};
use crate::Error;
use crate::score::Score;

/// How coordinates are filled in.
///
/// ```
/// use fokker::sample::{Grid, Inpaint, Resample, Sampler};
/// let hasty = Inpaint {
///     sampler: Sampler::ReverseDiffusion { steps: 100, grid: Grid::LogSnr, denoise: true },
///     resample: Resample::once(),
/// };
/// assert_ne!(hasty, Inpaint::default());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inpaint {
    /// A sampler with noise in every step: [`Sampler::EulerMaruyama`], [`Sampler::ReverseDiffusion`] or
    /// [`Sampler::PredictorCorrector`].
    pub sampler: Sampler,
    /// How often the unknown coordinates are brought into line with the known ones.
    pub resample: Resample,
}

impl Default for Inpaint {
    /// Reverse diffusion, 200 steps in ln(m/σ), denoised; [`Resample::default`].
    fn default() -> Self {
        Self {
            sampler: Sampler::ReverseDiffusion { steps: 200, grid: Grid::LogSnr, denoise: true },
            resample: Resample::default(),
        }
    }
}

/// Jumps back in time (Lugmayr et al. 2022, RePaint, arXiv 2201.09865, section 4.2 and appendix B): each stretch of `length` steps is
/// walked `repeats` times, with the forward SDE's exact transition back to its start in between.
///
/// ```
/// assert_eq!(fokker::sample::Resample::once().repeats, 1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resample {
    /// Steps of a stretch, the paper's jump length.
    pub length: usize,
    /// Times that it is walked, the paper's number of resamplings.
    pub repeats: usize,
}

impl Default for Resample {
    /// Length 1, 10 times. (The paper's length for images of 250 steps is 10.)
    fn default() -> Self {
        Self { length: 1, repeats: 10 }
    }
}

impl Resample {
    /// No jump: plain replacement.
    #[must_use]
    pub fn once() -> Self {
        Self { length: 1, repeats: 1 }
    }
}

/// Coordinates that are given.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<'a> {
    /// One row, or one for each sample; NaN where unknown.
    pub values: &'a [f64],
    pub dim: usize,
}

impl Known<'_> {
    /// Sets each known coordinate of the rows from number `first` on to `value(place in x, value given)`.
    pub fn replace(&self, first: usize, x: &mut [f64], value: impl Fn(usize, f64) -> f64) {
        let start = first * self.dim;
        for (i, x) in x.iter_mut().enumerate() {
            let given = self.values[(start + i) % self.values.len()];
            if !given.is_nan() {
                *x = value(i, given);
            }
        }
    }
}

/// Draws `n` samples whose coordinates are those of `known` (one row of D numbers or `n` of them, in model coordinates) where these
/// are not NaN.
///
/// After every step the known coordinates are replaced by draws of q(x_t | x₀), m x₀ + σ z (Song et al. 2021, arXiv 2011.13456,
/// appendix I.2), and in the end by themselves.
///
/// **Approximate, even with the exact score and infinitely many steps.** Without jumps each step sees the known coordinates'
/// noised copies of its own time alone, drawn anew each time, and the unknown ones come out too wide and too near their mean.
/// Jumps ([`Resample`]) let the two come to terms: the error falls as `repeats` grows, at as many times the cost. See
/// [`PosteriorScore`](super::PosteriorScore) for noisy observations. On the plane's Gaussian of unit variances and correlation 0.9, the
/// first coordinate known to be 1, with 200 steps of reverse diffusion, length 1, by `repeats` (± 0.01;
/// `cargo test --release --workspace --test tables -- --ignored --nocapture inpainting` measures it):
///
/// | | 1 | 2 | 5 | 10 | 20 | truth |
/// | --- | --- | --- | --- | --- | --- | --- |
/// | mean | 0.61 | 0.75 | 0.85 | 0.87 | 0.90 | 0.90 |
/// | variance | 0.32 | 0.25 | 0.21 | 0.20 | 0.19 | 0.19 |
///
/// ```
/// use fokker::{sample::{Inpaint, inpaint}, sde::Sde};
/// use fokker::score::{analytic::AnalyticScore, mixture::Mixture};
/// use fokker_jet::cpu::Workers;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let score = AnalyticScore::new(Mixture::ring(8, 1.5, 0.1)?, Sde::vp());
/// let known = [0.0, f64::NAN];
/// let samples = inpaint::<f64>(&score, 5, &known, &Inpaint::default(), 0, &Workers::new(1, 64)?, &|_| {})?;
/// for x in samples.x.chunks_exact(2) {
///     assert!(x[0] == 0.0 && (x[1].abs() - 1.5).abs() < 0.6);
/// }
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`Error::Config`] as [`Sampler::validate`] says, for another sampler than those named, for `known` that is not one row or `n` or
/// holds an infinity, for a length or repeats of 0; [`Error::Jet`] if the score cannot be evaluated.
pub fn inpaint<F: Real>(
    score: &dyn Score<F>, n: usize, known: &[f64], how: &Inpaint, seed: u64, workers: &Workers,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Samples, Error> {
    how.sampler.validate()?;
    let dim = score.dim();
    require(n, dim, 0)?;
    if known.len() != dim && known.len() != n * dim {
        return Err(wrong("known", &format!("{} numbers are neither one row of {dim} nor {n} of them", known.len())));
    }
    if known.iter().any(|value| value.is_infinite()) {
        return Err(wrong("known", "must be finite, or NaN where unknown"));
    }
    if how.resample.length == 0 || how.resample.repeats == 0 {
        return Err(wrong("resample", "length and repeats must be at least 1"));
    }
    let Way::Steps(Steps { steps, grid, denoise, recipe }) = how.sampler.way() else {
        return Err(needs_noise());
    };
    if !recipe.is_markov() {
        return Err(needs_noise());
    }
    let grid = grid.times(score.sde(), steps);
    let (starts, streams) = prior(score.sde(), n, dim, seed);
    let known = Some((Known { values: known, dim }, how.resample));
    let walk = Walk { grid: &grid, denoise, kept: &[], known, workers, progress };
    Ok(walk.run(score, &starts, &streams, &|| recipe.scheme())?.0)
}

fn needs_noise() -> Error {
    wrong("kind", "inpainting needs euler-maruyama, reverse-diffusion or predictor-corrector")
}
