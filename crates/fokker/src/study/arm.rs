//! One of the ways to train that are compared.

use serde::{Deserialize, Serialize};

use crate::objective::LossTerms;

/// A way to train: what it is called, and what it changes in the config that all arms share.
///
/// ```
/// use fokker::study::Arm;
/// let arm = Arm::new("long", "DSM, long").without("loss.fp").set("train.steps=20400");
/// assert_eq!((arm.key.as_str(), arm.removes.len(), arm.sets.len()), ("long", 1, 1));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    /// Its key in files, and the name of its folder.
    pub key: String,
    /// Its name in tables.
    pub name: String,
    /// Dotted keys of the config that it does without, as far as they are there.
    #[serde(default, rename = "without", skip_serializing_if = "Vec::is_empty")]
    pub removes: Vec<String>,
    /// What it sets, `key=value`, after that.
    #[serde(default, rename = "set", skip_serializing_if = "Vec::is_empty")]
    pub sets: Vec<String>,
    /// The part of `train.steps` that it takes, where a step of it is dearer than another arm's: the same on every machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps_times: Option<f64>,
    /// The key of an earlier arm whose time of training it is given: it takes as many steps as fit into that, by the time that a step took in
    /// an earlier arm which differs from it in its steps alone, or else takes in a trial of some seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_long_as: Option<String>,
}

impl Arm {
    /// An arm that trains by the config as it is.
    #[must_use]
    pub fn new(key: &str, name: &str) -> Self {
        Self {
            key: key.into(),
            name: name.into(),
            removes: Vec::new(),
            sets: Vec::new(),
            steps_times: None,
            as_long_as: None,
        }
    }

    /// The same without a key, or a table, of the config.
    #[must_use]
    pub fn without(mut self, key: &str) -> Self {
        self.removes.push(key.into());
        self
    }

    /// The same with a key set, `key=value`.
    #[must_use]
    pub fn set(mut self, assignment: &str) -> Self {
        self.sets.push(assignment.into());
        self
    }

    /// The same with this part of the steps.
    #[must_use]
    pub fn steps_times(mut self, factor: f64) -> Self {
        self.steps_times = Some(factor);
        self
    }

    /// The same with the time that an earlier arm takes.
    #[must_use]
    pub fn as_long_as(mut self, key: &str) -> Self {
        self.as_long_as = Some(key.into());
        self
    }

    /// What `fokker compare` compares: denoising score matching alone, and with the score-FPE term.
    ///
    /// ```
    /// let names: Vec<String> = fokker::study::Arm::dsm_and_fp().into_iter().map(|arm| arm.name).collect();
    /// assert_eq!(names, ["DSM", "FP"]);
    /// ```
    #[must_use]
    pub fn dsm_and_fp() -> Vec<Self> {
        let dsm = LossTerms::regularisers().fold(Self::new("dsm", "DSM"), |arm, table| arm.without(&table));
        vec![dsm, Self::new("fp", "FP")]
    }
}
