//! Two models audited at the same points, compared by pairs: what both find hard costs the comparison nothing.

use serde::{Deserialize, Serialize};

use super::Audit;
use crate::stats::{AtTime, Average, MeanSe, geometric_mean, paired};

/// How one model's figures differ from another's, each with the standard error of the difference.
///
/// For one seed errors are over points, paired; for several over seeds ([`Difference::over_seeds`]).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// r(t), relative to the other's.
    pub residual: Ratios,
    /// NAsym(t), relative to the other's; NaN in one dimension, where both are 0.
    pub asymmetry: Ratios,
    /// The score error, relative to the other's, where the truth is known.
    pub score_error: Option<Ratios>,
    /// −log p less the other's, nats; the gaps to the truth differ by the same.
    pub nll: MeanSe,
    /// Bits per dimension less the other's.
    pub bits_per_dim: Option<MeanSe>,
    /// log p of the flow less its bound, less the same of the other, nats.
    pub bound_gap: MeanSe,
}

/// A profile's ratio to another's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ratios {
    /// At each time.
    pub at: Vec<AtTime>,
    /// Their geometric mean over the times.
    pub mean: MeanSe,
}

impl Ratios {
    fn of(average: Average, times: &[AtTime], numerators: &[Vec<f64>], denominators: &[Vec<f64>]) -> Self {
        let pairs = times.iter().zip(numerators).zip(denominators);
        let at = pairs.map(|((at, a), b)| AtTime::new(at.t, average.ratio(a, b))).collect();
        Self { at, mean: average.geometric_ratio(numerators, denominators) }
    }

    fn over_seeds(all: &[&Self]) -> Option<Self> {
        let first = all.first()?;
        let at = first.at.iter().enumerate().map(|(i, at)| {
            let values: Vec<f64> = all.iter().filter_map(|ratios| Some(ratios.at.get(i)?.mean)).collect();
            AtTime::new(at.t, geometric_mean(&values))
        });
        let mean = geometric_mean(&all.iter().map(|ratios| ratios.mean.mean).collect::<Vec<_>>());
        Some(Self { at: at.collect(), mean })
    }
}

impl Difference {
    /// How `model` differs from `other`; both must have been audited at the same points, with their
    /// [point values](Audit::points) at hand.
    #[must_use]
    pub fn between(model: &Audit, other: &Audit) -> Self {
        let (a, b) = (&model.points, &other.points);
        let score_error = model.score_error.as_ref();
        Self {
            residual: Ratios::of(model.residual_average, &model.residual, &a.residual, &b.residual),
            asymmetry: Ratios::of(Average::Mean, &model.asymmetry, &a.asymmetry, &b.asymmetry),
            score_error: score_error.map(|times| Ratios::of(Average::Mean, times, &a.score_error, &b.score_error)),
            nll: paired(&a.nll, &b.nll),
            bits_per_dim: model.bits_per_dim.map(|_| paired(&a.bits_per_dim, &b.bits_per_dim)),
            bound_gap: paired(&a.bound_gap, &b.bound_gap),
        }
    }

    /// The mean over seeds (of ratios the geometric one), with standard errors over seeds; a single seed's own. `None` if there is none.
    #[must_use]
    pub fn over_seeds(all: &[&Self]) -> Option<Self> {
        let first = *all.first()?;
        if all.len() == 1 {
            return Some(first.clone());
        }
        let mean = |get: &dyn Fn(&Self) -> f64| MeanSe::of(&all.iter().map(|d| get(d)).collect::<Vec<_>>());
        let errors: Vec<&Ratios> = all.iter().filter_map(|d| d.score_error.as_ref()).collect();
        let bits: Vec<f64> = all.iter().filter_map(|d| Some(d.bits_per_dim?.mean)).collect();
        Some(Self {
            residual: Ratios::over_seeds(&all.iter().map(|d| &d.residual).collect::<Vec<_>>())?,
            asymmetry: Ratios::over_seeds(&all.iter().map(|d| &d.asymmetry).collect::<Vec<_>>())?,
            score_error: Ratios::over_seeds(&errors),
            nll: mean(&|d| d.nll.mean),
            bits_per_dim: (!bits.is_empty()).then(|| MeanSe::of(&bits)),
            bound_gap: mean(&|d| d.bound_gap.mean),
        })
    }
}
