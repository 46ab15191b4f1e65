//! Samples from a score model: from the prior at T down to t_min.
//!
//! Each row draws from its own named stream, so it is the same whatever the batch and the threads.

mod grid;
mod reverse;

use fokker_jet::Real;
use fokker_jet::panel::Workers;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::likelihood::flow::{Run, Trace};
use crate::rng::{Stream, Streams};
use crate::score::Score;
use crate::sde::{Sde, T_MAX};
use crate::solve::{Outcome, Tolerance};
use reverse::reverse_sde;

/// How samples are drawn. In TOML a table with `kind`; every other key may be left out.
///
/// ```
/// use fokker::{sample::Sampler, solve::Tolerance};
/// let sampler: Sampler = toml::from_str("kind = \"euler-maruyama\"\nsteps = 200")?;
/// assert_eq!(sampler, Sampler::EulerMaruyama { steps: 200, denoise: true });
/// assert!(toml::from_str::<Sampler>("kind = \"probability-flow\"\nsteps = 200").is_err());
/// assert_eq!(Sampler::default(), Sampler::ProbabilityFlow { tolerance: Tolerance::default(), step_limit: 10_000 });
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Sampler {
    /// The ODE dx/dt = a x − ½ g² s from T to t_min, adaptive (Song et al. 2021, arXiv 2011.13456, eq. 13).
    ProbabilityFlow {
        /// The error allowed to one step.
        #[serde(default)]
        tolerance: Tolerance,
        /// The most steps of one row, rejected ones included.
        #[serde(default = "step_limit")]
        step_limit: usize,
    },
    /// The reverse SDE dx = (a x − g² s) dt + g dw̄ (Anderson 1982, Stoch. Proc. Appl. 12(3); Song et al., eq. 6) by Euler–Maruyama,
    /// in steps equal in the logarithm of the signal-to-noise ratio m/σ: fine near t_min, and each step adds the same share of
    /// the noise that is there.
    EulerMaruyama {
        /// Number of steps.
        #[serde(default = "steps")]
        steps: usize,
        /// Ends with E\[x₀ | x\] = (x + σ² s)/m at t_min (Tweedie's formula; Efron 2011, JASA 106(496)), which takes off the noise
        /// that is left there.
        #[serde(default = "denoise")]
        denoise: bool,
    },
}

fn step_limit() -> usize {
    10_000
}
fn steps() -> usize {
    500
}
fn denoise() -> bool {
    true
}

impl Default for Sampler {
    fn default() -> Self {
        Self::ProbabilityFlow { tolerance: Tolerance::default(), step_limit: step_limit() }
    }
}

impl Sampler {
    /// Checks that it can be run.
    ///
    /// # Errors
    /// [`Error::Config`], naming the first key at fault: a tolerance that is not positive, or no steps.
    ///
    /// ```
    /// use fokker::sample::Sampler;
    /// assert!(Sampler::default().validate().is_ok());
    /// assert!(Sampler::EulerMaruyama { steps: 0, denoise: true }.validate().is_err());
    /// ```
    pub fn validate(&self) -> Result<(), Error> {
        let request = |key: &str, reason: &str| {
            Err(Error::Config { origin: "sampler".into(), key: key.into(), reason: reason.into() })
        };
        match self {
            Self::ProbabilityFlow { tolerance, .. } if !tolerance.is_usable() => {
                request("tolerance", "must be positive and finite")
            }
            Self::EulerMaruyama { steps: 0, .. } => request("steps", "must be at least 1"),
            _ => Ok(()),
        }
    }
}

/// Samples, and how each was had.
///
/// ```
/// use fokker::{sample::Samples, solve::Outcome};
/// let samples = Samples { x: vec![0.1, -0.2], outcomes: vec![Outcome::Converged], evaluations: vec![80] };
/// assert_eq!(samples.failed(), 0);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Samples {
    /// `rows × D`, in model coordinates; NaN in rows whose outcome is not [`Outcome::Converged`].
    pub x: Vec<f64>,
    /// How each row ended.
    pub outcomes: Vec<Outcome>,
    /// Evaluations of the score, by row.
    pub evaluations: Vec<u64>,
}

impl Samples {
    /// Number of rows without a sample.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.outcomes.iter().filter(|outcome| !outcome.is_converged()).count()
    }
}

/// Draws `n` samples in model coordinates, from x_T ~ N(0, prior std² I). `progress` is called, from any thread, with the number
/// of rows done so far.
///
/// The equations are at the variants of [`Sampler`]. The state is `f64`, the score is evaluated in `F`. By the ODE a sample is one of
/// p_{t_min}; so is one by the SDE unless it is denoised.
///
/// ```
/// use fokker::{sample::{Sampler, sample}, sde::Sde};
/// use fokker::score::{analytic::AnalyticScore, mixture::Mixture};
/// use fokker_jet::panel::Workers;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let score = AnalyticScore::new(Mixture::ring(8, 1.5, 0.1)?, Sde::vp());
/// let samples = sample::<f64>(&score, 20, &Sampler::default(), 0, &Workers::new(1, 64)?, &|_| {})?;
/// assert!(samples.x.chunks_exact(2).all(|x| (x[0].hypot(x[1]) - 1.5).abs() < 0.6));
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`Error::Config`] as [`Sampler::validate`] says; [`Error::Jet`] if the score cannot be evaluated. Rows that fail are no error:
/// see [`Samples::outcomes`].
pub fn sample<F: Real>(
    score: &dyn Score<F>, n: usize, sampler: &Sampler, seed: u64, workers: &Workers, progress: &(dyn Fn(usize) + Sync),
) -> Result<Samples, Error> {
    sampler.validate()?;
    let (mut starts, streams) = prior(score.sde(), n, score.dim(), seed);
    match *sampler {
        Sampler::ProbabilityFlow { tolerance, step_limit } => {
            let run = Run { tolerance, step_limit, span: (T_MAX, score.sde().t_min()), workers, progress };
            let rows = run.integrate(score, &Trace::none(), &starts)?;
            for (row, x) in rows.iter().zip(starts.chunks_exact_mut(score.dim())) {
                if row.outcome.is_converged() {
                    x.copy_from_slice(&row.y);
                } else {
                    x.fill(f64::NAN);
                }
            }
            let outcomes = rows.iter().map(|row| row.outcome).collect();
            Ok(Samples { x: starts, outcomes, evaluations: rows.iter().map(|row| row.evaluations).collect() })
        }
        Sampler::EulerMaruyama { steps, denoise } => {
            reverse_sde(score, &starts, &streams, &grid::log_snr(score.sde(), steps), denoise, workers, progress)
        }
    }
}

/// Each row's x_T, and its stream thereafter.
fn prior(sde: &Sde, n: usize, dim: usize, seed: u64) -> (Vec<f64>, Vec<Stream>) {
    let streams = Streams::new(seed);
    let mut x = vec![0.0; n * dim];
    let row = |(row, x): (usize, &mut [f64])| {
        let mut stream = streams.at("sample", row as u64, 0);
        fill_normal(&mut stream, x);
        x.iter_mut().for_each(|x| *x *= sde.prior_std());
        stream
    };
    let streams = x.chunks_exact_mut(dim).enumerate().map(row).collect();
    (x, streams)
}

/// Fills `out` with independent standard normal draws.
fn fill_normal(stream: &mut Stream, out: &mut [f64]) {
    out.iter_mut().for_each(|z| *z = StandardNormal.sample(stream));
}

#[cfg(test)]
mod tests;
