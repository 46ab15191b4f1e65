//! Samples some of whose coordinates are given, by replacement.

use fokker_jet::Real;
use fokker_jet::cpu::Workers;

use super::fixed_step::FixedStepRun;
use super::known::{Known, Resample};
use super::method::require_times;
use super::methods::{ReverseDiffusion, Sampler, SamplerKind};
use super::request::wrong;
use super::samples::{Batch, Samples, prior, require};
use crate::Error;
use crate::score::Score;

/// How coordinates are filled in.
///
/// ```
/// use fokker::sample::{Inpaint, ReverseDiffusion, Resample};
/// let sampler = ReverseDiffusion { steps: 100, ..ReverseDiffusion::default() }.into();
/// let hasty = Inpaint { sampler, resample: Resample::once() };
/// assert_ne!(hasty, Inpaint::default());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inpaint {
    /// A sampler with noise in every step ([`Sampler::is_markov`]), such as [`ReverseDiffusion`].
    pub sampler: Sampler,
    /// How often the unknown coordinates are brought into line with the known ones.
    pub resample: Resample,
}

impl Default for Inpaint {
    /// Reverse diffusion, 200 steps in ln(m/σ), denoised; [`Resample::default`].
    fn default() -> Self {
        let sampler = ReverseDiffusion { steps: 200, ..ReverseDiffusion::default() }.into();
        Self { sampler, resample: Resample::default() }
    }
}

impl Inpaint {
    /// Checks that it can be run, and ends.
    ///
    /// # Errors
    /// [`Error::Config`], naming the first key at fault: as [`Sampler::validate`]; repeats (or a length) of 0, or so many that a sample
    /// would take more than 10⁹ steps.
    ///
    /// ```
    /// use fokker::sample::{Inpaint, Resample};
    /// let resample = Resample { repeats: usize::MAX, ..Resample::default() };
    /// assert!(Inpaint::default().validate().is_ok());
    /// assert!(Inpaint { resample, ..Inpaint::default() }.validate().is_err());
    /// ```
    pub fn validate(&self) -> Result<(), Error> {
        self.sampler.validate()?;
        let Resample { length, repeats } = self.resample;
        if length == 0 || repeats == 0 {
            return Err(wrong("resample", "length and repeats must be at least 1"));
        }
        let corrected = self.sampler.setting("corrector_steps").and_then(|count| count.as_integer());
        let each = 1 + usize::try_from(corrected.unwrap_or(0)).unwrap_or(0);
        require_times("resample", repeats, self.sampler.steps().unwrap_or(1).saturating_mul(each))
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
/// use fokker::{density::mixture::Mixture, score::analytic::AnalyticScore};
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
/// [`Error::Config`] as [`Inpaint::validate`] says, for another sampler than those named, for `known` that is not one row or `n` or
/// holds an infinity; [`Error::Jet`] if the score cannot be evaluated.
pub fn inpaint<F: Real>(
    score: &dyn Score<F>, batch: impl Into<Batch>, known: &[f64], how: &Inpaint, seed: u64, workers: &Workers,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Samples, Error> {
    let plan = how.sampler.plan()?;
    let batch = batch.into();
    let n = batch.rows;
    let dim = score.dim();
    require(n, dim, 0)?;
    if known.len() != dim && known.len() != n * dim {
        return Err(wrong("known", &format!("{} numbers are neither one row of {dim} nor {n} of them", known.len())));
    }
    if known.iter().any(|value| value.is_infinite()) {
        return Err(wrong("known", "must be finite, or NaN where unknown"));
    }
    how.validate()?;
    let Some(fixed) = plan.steps().filter(|fixed| fixed.is_markov) else {
        return Err(needs_noise());
    };
    let grid = fixed.grid.times(score.sde(), fixed.steps);
    let (starts, streams) = prior(score.sde(), batch, dim, seed);
    let known = Some((Known { values: known, dim }, how.resample));
    let run = FixedStepRun { grid: &grid, denoise: fixed.denoise, kept: &[], known, workers, progress };
    Ok(run.samples(score, &starts, &streams, &fixed.start)?.0)
}

fn needs_noise() -> Error {
    let markov = |kind: &&SamplerKind| Sampler::named(kind.name).is_ok_and(|sampler| sampler.is_markov());
    let names: Vec<&str> = Sampler::kinds().iter().filter(markov).map(|kind| kind.name).collect();
    let (last, others) = names.split_last().unwrap_or((&"noise", &[]));
    wrong("kind", &format!("inpainting needs {} or {last}", others.join(", ")))
}
