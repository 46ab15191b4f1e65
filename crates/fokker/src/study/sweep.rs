//! What a sweep found: how good a config is at each of some settings, which is best, and which cannot be told from it.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::verdict::ERRORS;
use super::{Arm, Axis};
use crate::audit::Audit;
use crate::figure::{Better, Definition, Difference};
use crate::stats::MeanSe;

/// The version of [`SweepFigures`] that this crate writes.
const FORMAT: &str = "fokker-sweep 1";

/// One setting.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepPoint {
    /// What it sets.
    pub arm: Arm,
    /// The model of each seed; `None`: its training failed.
    pub audits: Vec<Option<Audit>>,
}

/// Settings that were trained for the same number of steps.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepRound {
    /// Steps of training; `None`: what each config says.
    pub steps: Option<u64>,
    /// The settings.
    pub points: Vec<SweepPoint>,
}

/// All that a sweep found; what `sweep --json` writes.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepFigures {
    /// Preset or file that the config came from.
    pub config: String,
    /// The figure that settings are ranked by.
    pub by: &'static Definition,
    /// What was varied.
    pub axes: Vec<Axis>,
    /// The rounds; by halving each has the best of the one before, with more steps.
    pub rounds: Vec<SweepRound>,
}

impl SweepPoint {
    /// A figure, over the seeds; `None` if a seed's training failed, or it has no such figure.
    #[must_use]
    pub fn value(&self, by: &Definition) -> Option<MeanSe> {
        let audits = self.audits.iter().map(Option::as_ref).collect::<Option<Vec<_>>>()?;
        Audit::over_seeds(&audits)?.figures.mean(by.key).filter(|value| value.mean.is_finite())
    }

    /// A figure less another setting's, by pairs: of points for one seed, of seeds for several.
    #[must_use]
    pub fn less(&self, other: &Self, by: &Definition) -> Option<MeanSe> {
        let pair = |(a, b): (&Option<Audit>, &Option<Audit>)| {
            Some(Difference::between(&a.as_ref()?.figures, &b.as_ref()?.figures))
        };
        let all = self.audits.iter().zip(&other.audits).map(pair).collect::<Option<Vec<_>>>()?;
        Difference::over_seeds(&all.iter().collect::<Vec<_>>())?.of(by)
    }

    /// Mean seconds of training.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn seconds(&self) -> Option<f64> {
        let seconds = |audit: &Option<Audit>| audit.as_ref()?.figures.number("train_seconds");
        let all = self.audits.iter().map(seconds).collect::<Option<Vec<_>>>()?;
        Some(all.iter().sum::<f64>() / all.len() as f64)
    }
}

impl SweepRound {
    /// The settings from the best to the worst, by their places; those whose training failed are the last.
    #[must_use]
    pub fn ranked(&self, by: &Definition) -> Vec<usize> {
        let worst = |i: &usize| match self.points[*i].value(by) {
            Some(value) if by.better == Better::Higher => -value.mean,
            Some(value) => value.mean,
            None => f64::INFINITY,
        };
        let mut places: Vec<usize> = (0..self.points.len()).collect();
        places.sort_by(|a, b| worst(a).total_cmp(&worst(b)));
        places
    }

    /// The best setting; `None` if the training of all failed.
    #[must_use]
    pub fn best(&self, by: &Definition) -> Option<&SweepPoint> {
        self.ranked(by).first().map(|&place| &self.points[place]).filter(|point| point.value(by).is_some())
    }

    /// The settings but the best that differ from it by no more than two standard errors, or by nothing that can be told.
    #[must_use]
    pub fn tied(&self, by: &Definition) -> Vec<&SweepPoint> {
        let Some(best) = self.best(by) else { return Vec::new() };
        let tied = |point: &&SweepPoint| {
            let less = point.less(best, by).filter(|less| less.se.is_finite());
            point.value(by).is_some() && less.is_none_or(|less| less.mean.abs() <= ERRORS * less.se)
        };
        self.points.iter().filter(|point| point.arm.key != best.arm.key).filter(tied).collect()
    }
}

impl SweepFigures {
    /// The last round, whose best setting is the one to take.
    #[must_use]
    pub fn last(&self) -> Option<&SweepRound> {
        self.rounds.last()
    }
}

/// A setting as it is written.
#[derive(Serialize)]
struct Written<'a> {
    set: &'a [String],
    value: Option<MeanSe>,
    less_best: Option<MeanSe>,
    train_seconds: Option<f64>,
    seeds: Vec<Option<f64>>,
}

impl Serialize for SweepFigures {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let round = |round: &SweepRound| {
            let best = round.best(self.by);
            let written = |point: &SweepPoint| {
                let of_seed = |audit: &Option<Audit>| audit.as_ref()?.figures.mean(self.by.key).map(|value| value.mean);
                serde_json::to_value(Written {
                    set: &point.arm.sets,
                    value: point.value(self.by),
                    less_best: best.and_then(|best| point.less(best, self.by)),
                    train_seconds: point.seconds(),
                    seeds: point.audits.iter().map(of_seed).collect(),
                })
            };
            let points: Result<Vec<_>, _> =
                round.ranked(self.by).into_iter().map(|place| written(&round.points[place])).collect();
            Ok::<_, serde_json::Error>(serde_json::json!({ "steps": round.steps, "points": points? }))
        };
        let rounds = self.rounds.iter().map(round).collect::<Result<Vec<_>, _>>().map_err(serde::ser::Error::custom)?;
        let last = self.last();
        let best = last.and_then(|last| last.best(self.by)).map(|point| &point.arm.sets);
        let tied = last.map(|last| last.tied(self.by)).unwrap_or_default();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("format", FORMAT)?;
        map.serialize_entry("config", &self.config)?;
        map.serialize_entry("by", self.by.key)?;
        map.serialize_entry("axes", &self.axes)?;
        map.serialize_entry("rounds", &rounds)?;
        map.serialize_entry("best", &best)?;
        map.serialize_entry("tied", &tied.iter().map(|point| &point.arm.sets).collect::<Vec<_>>())?;
        map.end()
    }
}
