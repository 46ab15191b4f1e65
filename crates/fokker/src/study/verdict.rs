//! What a comparison comes to, arm by arm: better, worse, or no difference, and at whose cost.

use serde::{Serialize, Serializer};

use super::Comparison;
use crate::figure::{Better, Definition};
use crate::stats::MeanSe;

/// Differences beyond so many standard errors count.
pub(super) const ERRORS: f64 = 2.0;

/// Times of training that differ by no more than this part are equal.
const EQUAL: f64 = 0.1;

/// What a difference is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judgement {
    /// Better by more than two standard errors.
    Better,
    /// Worse by more than two standard errors.
    Worse,
    /// Within two standard errors.
    NoDifference,
    /// There is no standard error to tell by: more seeds are needed.
    NoError,
}

/// How one arm fares against another by one figure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// The figure.
    #[serde(serialize_with = "key")]
    pub figure: &'static Definition,
    /// The name of the arm.
    pub arm: String,
    /// The name of the one that it is held against.
    pub rival: String,
    /// The arm's figure less the rival's, paired.
    pub less: MeanSe,
    /// The arm's time of training, over the rival's; NaN if it is not known.
    pub time: f64,
    /// What that is worth.
    pub outcome: Judgement,
}

fn key<S: Serializer>(figure: &&'static Definition, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(figure.key)
}

impl Verdict {
    /// Did both train for the same time, within a tenth?
    #[must_use]
    pub fn at_equal_time(&self) -> bool {
        (self.time - 1.0).abs() <= EQUAL
    }
}

impl Judgement {
    fn of(less: MeanSe, better: Better) -> Self {
        let worse = if better == Better::Higher { -less.mean } else { less.mean };
        if !less.se.is_finite() || !worse.is_finite() {
            Self::NoError
        } else if worse.abs() <= ERRORS * less.se {
            Self::NoDifference
        } else if worse < 0.0 {
            Self::Better
        } else {
            Self::Worse
        }
    }
}

impl Comparison {
    /// Every arm but those that were given the time of another than the first held against the first, and against those that were given its
    /// time ([`as_long_as`](super::Arm::as_long_as)), by the figures that models are [judged](Definition::judged) by.
    ///
    /// ```
    /// use fokker::audit::{Audit, AuditConfig};
    /// use fokker::figure::{Better, Definition, Figure, Value};
    /// use fokker::stats::MeanSe;
    /// use fokker::study::{Arm, Comparison, Judgement, SeedFigures};
    /// static NLL: Definition = Definition::mean("nll").better(Better::Lower).paired().judged();
    /// let model = |values: &[f64]| {
    ///     let figure = Figure::new(&NLL, Value::Mean(MeanSe::of(values))).at_points(vec![values.to_vec()]);
    ///     Audit { seed: 0, settings: AuditConfig::default(), figures: [figure].into_iter().collect(), closest: vec![], steps: None, columns: None }
    /// };
    /// let seed = SeedFigures::new(0, vec![model(&[1.0, 5.0, 3.0]), model(&[0.5, 4.4, 2.6])]);
    /// let found = Comparison::new("ring8", &Arm::dsm_and_fp(), vec![seed]).ok_or("no seed")?;
    /// assert_eq!(found.verdicts()[0].outcome, Judgement::Better);
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn verdicts(&self) -> Vec<Verdict> {
        let first = self.arms.first().map(|arm| &arm.key);
        // An arm that was given another's time is there for that one to be held against; one with the first's is held against it.
        let alone = |i: usize| self.arms[i].as_long_as.is_none() || self.arms[i].as_long_as.as_ref() == first;
        let long = |i: usize| {
            (1..self.arms.len()).filter(move |&r| self.arms[r].as_long_as.as_ref() == Some(&self.arms[i].key))
        };
        let pairs = (1..self.arms.len())
            .flat_map(|i| alone(i).then_some((i, 0)).into_iter().chain(long(i).map(move |r| (i, r))));
        pairs.flat_map(|(arm, rival)| self.between(arm, rival)).collect()
    }

    fn between(&self, arm: usize, rival: usize) -> Vec<Verdict> {
        let Some(difference) = self.difference(arm, rival) else { return Vec::new() };
        let seconds = |i: usize| self.models[i].figures.number("train_seconds").unwrap_or(f64::NAN);
        let judged = difference.iter().filter(|(figure, _)| figure.judged);
        judged
            .filter_map(|(figure, contrast)| {
                let less = contrast.less()?;
                Some(Verdict {
                    figure,
                    arm: self.arms[arm].name.clone(),
                    rival: self.arms[rival].name.clone(),
                    less,
                    time: seconds(arm) / seconds(rival),
                    outcome: Judgement::of(less, figure.better),
                })
            })
            .collect()
    }
}
