//! The density whose score a model gives, at one time.

use fokker_jet::Real;

use super::density::{LogDensity, LogDensityEvaluator};
use crate::Error;
use crate::data::Scaling;
use crate::score::{self, Evaluator, Score};
use crate::sde::Coefficients;

/// Standard deviations of the prior, in model coordinates, beyond which a coordinate is far off: data are of the size of a few.
const FAR: f64 = 1e4;

/// A score s(x, t) at a time t, in the units of the data: with x_model = (x − shift)/scale it is ∇ log q(x, t) = s(x_model, t)/scale. log q
/// itself is known, up to a constant, where the score comes of an [energy](Score::energy).
///
/// ```
/// use fokker::{data::Scaling, density::mixture::Mixture, score::analytic::AnalyticScore, sde::Sde};
/// use fokker::simulate::{LogDensity, ScoreGradient};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // Standard normal in model coordinates, N(3, 4) in those of the data.
/// let score = AnalyticScore::new(Mixture::isotropic(&[1.0], &[vec![0.0]], 1.0)?, Sde::vp());
/// let density = ScoreGradient::<f64>::new(&score, 1e-3, Scaling::new(vec![3.0], vec![2.0])?);
/// let mut gradient = [0.0];
/// density.evaluator(1)?.evaluate(&[7.0], &mut gradient, None);
/// assert!((gradient[0] + 1.0).abs() < 1e-12 && !density.has_values());
/// # Ok(()) }
/// ```
pub struct ScoreGradient<'a, F> {
    score: &'a dyn Score<F>,
    at: Coefficients,
    scaling: Scaling,
}

impl<'a, F: Real> ScoreGradient<'a, F> {
    /// The score at time `t`, dimensionless, in \[t_min, 1\]; `scaling` is of the score's dimension.
    #[must_use]
    pub fn new(score: &'a dyn Score<F>, t: f64, scaling: Scaling) -> Self {
        Self { score, at: score.sde().at(t), scaling }
    }
}

impl<F: Real> LogDensity for ScoreGradient<'_, F> {
    fn dim(&self) -> usize {
        self.score.dim()
    }

    fn has_values(&self) -> bool {
        self.score.energy().is_some()
    }

    fn evaluator<'a>(&'a self, rows: usize) -> Result<Box<dyn LogDensityEvaluator + Send + 'a>, Error> {
        let by = match self.score.energy() {
            Some(energy) => By::Energy(energy.energy_evaluator(rows)?),
            None => By::Score(self.score.evaluator(rows)?),
        };
        Ok(Box::new(Rows { of: self, by, x: Vec::new(), s: Vec::new(), log_q: Vec::new(), at: Vec::new() }))
    }

    /// Beyond 10⁴ standard deviations of the prior, in model coordinates.
    fn is_far_off(&self, x: &[f64]) -> bool {
        let most = FAR * self.score.sde().prior_std();
        let Scaling { shift, scale } = &self.scaling;
        x.iter().zip(shift).zip(scale).any(|((x, shift), scale)| ((x - shift) / scale).abs() > most)
    }
}

/// What gives a row's score, and log q if it is known.
enum By<'a, F> {
    Score(Box<dyn Evaluator<F> + Send + 'a>),
    Energy(Box<dyn score::EnergyEvaluator<F> + Send + 'a>),
}

/// Evaluates rows in the score's precision.
struct Rows<'a, F> {
    of: &'a ScoreGradient<'a, F>,
    by: By<'a, F>,
    x: Vec<F>,
    s: Vec<F>,
    log_q: Vec<F>,
    at: Vec<Coefficients>,
}

impl<F: Real> LogDensityEvaluator for Rows<'_, F> {
    fn evaluate(&mut self, x: &[f64], gradient: &mut [f64], log_density: Option<&mut [f64]>) {
        let Scaling { shift, scale } = &self.of.scaling;
        let columns = || shift.iter().zip(scale).cycle();
        self.x.clear();
        self.x.extend(x.iter().zip(columns()).map(|(x, (shift, scale))| F::of((x - shift) / scale)));
        self.s.resize(x.len(), F::ZERO);
        let rows = x.len() / self.of.dim();
        self.at.resize(rows, self.of.at);
        self.log_q.resize(rows, F::of(f64::NAN));
        match &mut self.by {
            By::Score(score) => score.evaluate(&self.x, &self.at, &mut self.s),
            By::Energy(energy) => energy.with_score(&self.x, &self.at, &mut self.log_q, &mut self.s),
        }
        for ((gradient, s), (_, scale)) in gradient.iter_mut().zip(&self.s).zip(columns()) {
            *gradient = s.as_f64() / scale;
        }
        // The scaling moves log q by a constant alone.
        if let Some(values) = log_density {
            values.iter_mut().zip(&self.log_q).for_each(|(value, log_q)| *value = log_q.as_f64());
        }
    }
}
