//! A lower bound of log p of the reverse SDE.
//!
//! The reverse SDE dx = (a x − g² s) dt + g dw̄ from x_T ~ prior down to t_min has a density p there that no formula gives. For
//! any score s it is bounded from below at each point x (Song, Durkan, Murray & Ermon 2021, arXiv 2101.09258, theorem 3; Huang,
//! Lim & Courville 2021, arXiv 2106.02808, theorem 3):
//!
//! log p(x) ≥ E log prior(x_T) + ∫ a D dt − ∫ g² E\[½‖s‖² + div s\] dt, both over \[t_min, T\], where
//!
//! x_t = μ x + σ̃ z, z ~ N(0, I), μ = m(t)/m(t_min), σ̃² = σ²(t) − μ² σ²(t_min),
//!
//! is the forward SDE started in x at **t_min**: what is bounded is the density at t_min, at the point given, as
//! [`log_prob`](super::log_prob) gives that of the probability-flow ODE. The gap is the Kullback–Leibler divergence of the path
//! measures given x. It is 0 if s is the score of q_t and the prior is q_T: then the bound is log q_{t_min}(x).
//!
//! # Estimate
//!
//! The first terms are closed: E log prior(x_T) = log prior(μ x) − ½ D σ̃²/std² at T, and ∫ a dt = ln μ(T). The last is a mean
//! over (t, z).
//!
//! - **t**: g²/σ² times a bounded function is integrated, so t has a density in proportion to g²/σ²
//!   ([`TimeSampler`]), cut into strata of equal mass with two independent draws each. Half the squared difference of these two
//!   is an unbiased estimate of their variance, hence the standard error: unbiased in its square, and correlated with the value,
//!   since the rare large draws lower the one and raise the other. (With the transition's own σ̃ the weight g²/σ̃² has no
//!   finite mass at t_min.)
//! - **z**: near the mean the score is nearly linear, σ s ≈ b − κ ρ z with ρ = σ̃/σ, so that ½σ²‖s‖² has the terms −κ ρ b·z and
//!   ½κ² ρ² ‖z‖². These are subtracted and their means 0 and ½κ² ρ² D added (control variates). b and κ = −σ² div s/D are those of
//!   the draw before, in the stratum below, which is independent of z: no bias. The first draws take them from x itself.
//!
//! By parts, E div s = −E\[s·z\]/σ̃ wherever σ̃ > 0: that is the denoising form (their theorem 3, second half), −½ g² (‖s + z/σ̃‖² −
//! ‖z/σ̃‖²). Standard deviation of the estimate from 64 draws, nats, with the exact score under VP at x ~ q_{t_min} (root mean square
//! over 20 points), of `Mixture::ring(8, 1.5, 0.15)` and `Mixture::random(D, 3, 11)`; in the second form the two draws of a stratum have
//! z and −z. `cargo test --release --workspace --test tables -- --ignored --nocapture bound_forms` measures it:
//!
//! | form | ring | D = 1 | D = 2 | D = 20 |
//! | --- | --- | --- | --- | --- |
//! | denoising | 1.97 | 1.28 | 1.83 | 6.06 |
//! | denoising, ± z | 2.61 | 1.71 | 2.49 | 8.31 |
//! | divergence | 1.82 | 1.15 | 1.66 | 5.55 |
//! | divergence, controlled (this) | 0.67 | 0.31 | 0.44 | 1.02 |

mod row;

use fokker_jet::Real;
use fokker_jet::cpu::Workers;
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use self::row::{PAIR, Row};
use super::options::LikelihoodOptions;
use super::request::{request, whole_rows};
use crate::Error;
use crate::divergence::Divergence;
use crate::flow::{Forms, TOGETHER};
use crate::objective::{TimeSampler, TimeSampling};
use crate::rng::Streams;
use crate::score::{Differentiable, ScoreTape};
use crate::sde::{Coefficients, Sde, T_MAX, Transition};
use crate::stats::MeanSe;

/// How [`bound`] is estimated.
///
/// ```
/// use fokker::likelihood::BoundOptions;
/// let options = BoundOptions { seed: 3, ..BoundOptions::for_dim(2) };
/// assert_eq!(options.draws, 128);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BoundOptions {
    /// Draws of (t, z) for each row: an even number, two for each stratum of t.
    pub draws: usize,
    /// How div s is had; probes are drawn anew for each draw of (t, z), so they cost no bias.
    pub divergence: Divergence,
    /// Seed of t, z and the probes.
    pub seed: u64,
    /// Number of the first row, from which all that is drawn for a row depends: a table done in pieces gets the values that it would
    /// get in one.
    pub first_row: u64,
}

impl BoundOptions {
    /// 128 draws, seed 0, and the divergence of [`LikelihoodOptions::for_dim`].
    ///
    /// ```
    /// use fokker::{likelihood::BoundOptions, divergence::Divergence};
    /// assert_eq!(BoundOptions::for_dim(2).divergence, Divergence::Exact {});
    /// ```
    #[must_use]
    pub fn for_dim(dim: usize) -> Self {
        Self { draws: 128, divergence: LikelihoodOptions::for_dim(dim).divergence, seed: 0, first_row: 0 }
    }

    fn check(&self) -> Result<(), Error> {
        if self.draws < PAIR || !self.draws.is_multiple_of(PAIR) {
            return Err(request("draws", "must be an even number, at least 2"));
        }
        if self.divergence.directions(1) == 0 {
            return Err(request("divergence.probes", "must be at least 1"));
        }
        Ok(())
    }
}

/// Lower bounds of log p of some rows.
///
/// ```
/// use fokker::likelihood::Bound;
/// let found = Bound { values: vec![-1.0, f64::NAN, -2.0], se: vec![0.1, f64::NAN, 0.1], evaluations: 129 };
/// assert_eq!((found.failed(), found.mean_se().mean), (1, -1.5));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// The bound at each row in nats; NaN where the score was not finite.
    pub values: Vec<f64>,
    /// The standard error of each value over its draws, in nats; NaN where the value is.
    pub se: Vec<f64>,
    /// Evaluations of the score and its divergence for each row.
    pub evaluations: u64,
}

impl Bound {
    /// Mean and standard error, in nats, over the rows that have a value; NaN if none has.
    ///
    /// The spread over rows includes that over draws, which are independent between rows.
    #[must_use]
    pub fn mean_se(&self) -> MeanSe {
        MeanSe::of_finite(&self.values)
    }

    /// Number of rows without a value.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.values.iter().filter(|value| !value.is_finite()).count()
    }
}

/// Lower bounds of log p of the reverse SDE, in nats, at points `x` (`rows × D`, in model coordinates) at time t_min.
///
/// The equation is [the module's](self). The sums are `f64`, the score is evaluated in `F`. Each row draws from its own stream,
/// numbered as the row: its value depends on nothing else in the batch.
///
/// ```
/// use fokker::{likelihood::{BoundOptions, bound}, sde::Sde};
/// use fokker::{density::mixture::Mixture, score::analytic::AnalyticScore};
/// use fokker_jet::cpu::Workers;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // N(0, 1) is what VP keeps, and the score is exact: the bound is log p itself.
/// let score = AnalyticScore::new(Mixture::isotropic(&[1.0], &[vec![0.0]], 1.0)?, Sde::vp());
/// let found = bound::<f64>(&score, &[0.3], &BoundOptions::for_dim(1), &Workers::new(1, 64)?)?;
/// let truth = -0.5 * (std::f64::consts::TAU.ln() + 0.3 * 0.3);
/// assert!((found.values[0] - truth).abs() < 5.0 * found.se[0] + 1e-6 && found.se[0] < 0.1);
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`Error::Config`] if `x` is not whole rows, the draws are not an even number or there are no probes; [`Error::Jet`] if the
/// score cannot carry the jets. Rows at which the score is not finite are no error: see [`Bound::values`].
pub fn bound<F: Real>(
    score: &dyn Differentiable<F>, x: &[f64], options: &BoundOptions, workers: &Workers,
) -> Result<Bound, Error> {
    options.check()?;
    let dim = score.dim();
    whole_rows(x, dim)?;
    let forms = || Forms::<F>::new(options.divergence.directions(dim), TOGETHER);
    let directions = forms().directions();
    let tape = |_| score.tape(&directions, workers.chunk_rows());
    let tapes: Result<Vec<_>, _> = (0..workers.shards()).map(tape).collect();
    let times = TimeSampler::new(score.sde(), TimeSampling::Importance);
    let streams = Streams::new(options.seed);
    let chunks = workers.map(x.len() / dim, tapes?, |tape, _, range| {
        let rows = x[range.start * dim..range.end * dim].chunks_exact(dim).zip(range);
        let rows = rows
            .map(|(x, row)| Row::new(x, score.sde(), streams.at("bound", options.first_row + row as u64, 0)))
            .collect();
        let mut chunk =
            Workspace { sde: score.sde(), tape: tape.as_mut(), forms: forms(), options, times: &times, rows };
        chunk.estimate()
    });
    let (values, se) = chunks.into_iter().flatten().unzip();
    Ok(Bound { values, se, evaluations: 1 + options.draws as u64 })
}

/// A chunk's rows.
struct Workspace<'a, F> {
    sde: &'a Sde,
    tape: &'a mut dyn ScoreTape<F>,
    forms: Forms<F>,
    options: &'a BoundOptions,
    times: &'a TimeSampler,
    rows: Vec<Row<'a>>,
}

impl<F: Real> Workspace<'_, F> {
    /// The value of each row and its standard error.
    #[allow(clippy::cast_precision_loss)]
    fn estimate(&mut self) -> Vec<(f64, f64)> {
        self.begin();
        let strata = self.options.draws / PAIR;
        for stratum in 0..strata {
            for chain in 0..PAIR {
                let values = self.draw(stratum, chain);
                for (row, value) in self.rows.iter_mut().zip(values) {
                    let value = value / strata as f64;
                    if chain == 0 {
                        row.first = value;
                    } else {
                        row.value -= 0.5 * (row.first + value);
                        row.variance += 0.25 * (row.first - value).powi(2);
                    }
                }
            }
        }
        let result = |row: &Row<'_>| match (row.value, row.variance.sqrt()) {
            (value, se) if value.is_finite() && se.is_finite() => (value, se),
            _ => (f64::NAN, f64::NAN),
        };
        self.rows.iter().map(result).collect()
    }

    /// Evaluates the score at x and t_min, where the chains begin.
    fn begin(&mut self) {
        let at = vec![self.sde.at(self.sde.t_min()); self.rows.len()];
        let x: Vec<F> = self.rows.iter().flat_map(|row| row.x).map(|&x| F::of(x)).collect();
        let divergences = self.evaluate(&x, &at);
        let dim = x.len() / self.rows.len();
        for (i, row) in self.rows.iter_mut().enumerate() {
            let s = &self.tape.part(0)[i * dim..(i + 1) * dim];
            row.absorb(0, &at[i], s.iter().map(|s| s.as_f64()), divergences[i]);
            row.chains[1] = row.chains[0].clone();
        }
    }

    /// g² (½‖s‖² + div s), controlled, at one draw of each row in a stratum, over the density of its t.
    #[allow(clippy::cast_precision_loss)]
    fn draw(&mut self, stratum: usize, chain: usize) -> Vec<f64> {
        let (from, strata) = (self.sde.at(self.sde.t_min()), self.options.draws / PAIR);
        let mut at = Vec::with_capacity(self.rows.len());
        let mut x = Vec::new();
        for row in &mut self.rows {
            let u: f64 = row.stream.random();
            let (t, weight) = self.times.at((stratum as f64 + u) / strata as f64);
            let c = self.sde.at(t);
            let transition = Transition::between(&from, &c);
            row.z.iter_mut().for_each(|z| *z = StandardNormal.sample(&mut row.stream));
            row.weight = weight * (T_MAX - from.t) * c.g2 / (c.sigma * c.sigma);
            let std = transition.std();
            row.rho = std / c.sigma;
            x.extend(row.x.iter().zip(&row.z).map(|(x, z)| F::of(transition.scale * x + std * z)));
            at.push(c);
        }
        let divergences = self.evaluate(&x, &at);
        let dim = x.len() / self.rows.len();
        let mut values = Vec::with_capacity(self.rows.len());
        for (i, row) in self.rows.iter_mut().enumerate() {
            let s = &self.tape.part(0)[i * dim..(i + 1) * dim];
            let value = row.absorb(chain, &at[i], s.iter().map(|s| s.as_f64()), divergences[i]);
            values.push(row.weight * value);
        }
        values
    }

    /// Leaves s of each row on the tape; its divergences.
    fn evaluate(&mut self, x: &[F], at: &[Coefficients]) -> Vec<f64> {
        let (rows, divergence) = (&mut self.rows, self.options.divergence);
        let dim = x.len() / rows.len();
        let mut sums = vec![0.0; rows.len()];
        let mut fill = |j: usize, v: &mut [F]| {
            for (row, v) in rows.iter_mut().zip(v.chunks_exact_mut(dim)) {
                divergence.fill(j, dim, &mut row.stream, v);
            }
        };
        self.forms.evaluate(self.tape, x, at, &mut fill, &mut |row, _, form| sums[row] += form);
        sums.iter_mut().for_each(|sum| *sum *= divergence.coefficient());
        sums
    }
}

#[cfg(test)]
mod tests;
