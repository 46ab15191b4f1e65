//! The main job: train with and without the score-FPE term on the same data, seeds and steps, and audit both.

use serde::{Deserialize, Serialize};

use crate::audit::{Audit, Difference, PointValues, SampleDistances};
use crate::distance::Memorisation;
use crate::stats::{AtTime, MeanSe};

/// One trained and audited model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trained {
    /// What was measured.
    #[serde(flatten)]
    pub audit: Audit,
    /// Seconds of training.
    pub train_seconds: f64,
    /// Mean milliseconds of a training step.
    pub step_ms: f64,
}

/// The two models.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Models {
    /// Denoising score matching alone.
    pub dsm: Trained,
    /// With the score-FPE term.
    pub fp: Trained,
}

/// One seed's figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeedFigures {
    /// The seed.
    pub seed: u64,
    /// The two models.
    pub models: Models,
    /// How FP's figures differ from DSM's, by pairs of points.
    pub difference: Difference,
}

impl SeedFigures {
    /// The figures of two models that were audited at the same points.
    #[must_use]
    pub fn new(seed: u64, dsm: Trained, fp: Trained) -> Self {
        let difference = Difference::between(&fp.audit, &dsm.audit);
        Self { seed, models: Models { dsm, fp }, difference }
    }
}

/// What `compare --json` writes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Format and its version.
    pub format: String,
    /// Preset or file that the config came from.
    pub config: String,
    /// Means over the seeds; with more than one, standard errors are over seeds.
    pub models: Models,
    /// How FP's figures differ from DSM's: of one seed by pairs of points, of several by pairs of seeds.
    pub difference: Difference,
    /// Each seed's figures.
    pub seeds: Vec<SeedFigures>,
}

/// The version of [`Comparison`] that this crate writes.
pub const FORMAT: &str = "fokker-compare 2";

impl Comparison {
    /// Gathers the seeds; `None` if there is none.
    #[must_use]
    pub fn new(config: &str, seeds: Vec<SeedFigures>) -> Option<Self> {
        let dsm: Vec<&Trained> = seeds.iter().map(|s| &s.models.dsm).collect();
        let fp: Vec<&Trained> = seeds.iter().map(|s| &s.models.fp).collect();
        let models = Models { dsm: mean(&dsm)?, fp: mean(&fp)? };
        let difference = Difference::over_seeds(&seeds.iter().map(|s| &s.difference).collect::<Vec<_>>())?;
        Some(Self { format: FORMAT.into(), config: config.into(), models, difference, seeds })
    }
}

fn mean(all: &[&Trained]) -> Option<Trained> {
    let first = all.first()?;
    if all.len() == 1 {
        return Some((*first).clone());
    }
    let scalar = |get: &dyn Fn(&Trained) -> f64| MeanSe::of(&all.iter().map(|t| get(t)).collect::<Vec<_>>());
    let profile = |get: &dyn Fn(&Trained) -> &Vec<AtTime>| {
        get(first)
            .iter()
            .enumerate()
            .map(|(i, at)| AtTime::new(at.t, scalar(&|t: &Trained| get(t).get(i).map_or(f64::NAN, |a| a.mean))))
            .collect::<Vec<_>>()
    };
    let option = |get: &dyn Fn(&Trained) -> Option<f64>| {
        get(first).is_some().then(|| scalar(&|t: &Trained| get(t).unwrap_or(f64::NAN)))
    };
    let audit = Audit {
        seed: first.audit.seed,
        settings: first.audit.settings.clone(),
        rows: first.audit.rows,
        residual_average: first.audit.residual_average,
        residual: profile(&|t| &t.audit.residual),
        residual_relative: profile(&|t| &t.audit.residual_relative),
        asymmetry: profile(&|t| &t.audit.asymmetry),
        asymmetry_absolute: profile(&|t| &t.audit.asymmetry_absolute),
        score_error: first.audit.score_error.as_ref().map(|_| {
            const NONE: &Vec<AtTime> = &Vec::new();
            profile(&|t| t.audit.score_error.as_ref().unwrap_or(NONE))
        }),
        nll: scalar(&|t| t.audit.nll.mean),
        true_nll: option(&|t| t.audit.true_nll).map(|m| m.mean),
        gap: option(&|t| t.audit.gap.map(|gap| gap.mean)),
        bits_per_dim: option(&|t| t.audit.bits_per_dim.map(|b| b.mean)),
        bits_per_dim_importance: option(&|t| t.audit.bits_per_dim_importance.map(|b| b.mean)),
        bound_gap: scalar(&|t| t.audit.bound_gap.mean),
        samples: SampleDistances::mean(&all.iter().map(|t| &t.audit.samples).collect::<Vec<_>>())?,
        memorisation: Memorisation::mean(&all.iter().filter_map(|t| t.audit.memorisation.as_ref()).collect::<Vec<_>>()),
        nll_rows: all.iter().map(|t| t.audit.nll_rows).sum(),
        nll_failed: all.iter().map(|t| t.audit.nll_failed).sum(),
        nll_evaluations: scalar(&|t| t.audit.nll_evaluations).mean,
        probes: first.audit.probes,
        points: PointValues::default(),
    };
    let train_seconds = scalar(&|t| t.train_seconds).mean;
    Some(Trained { audit, train_seconds, step_ms: scalar(&|t| t.step_ms).mean })
}
