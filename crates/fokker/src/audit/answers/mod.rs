//! What an audit says of a model in words, each answer with its evidence.
//!
//! A judgement is made of a difference only where it is beyond its noise, and beyond what matters: with rows enough every model differs
//! from the data. What cannot be judged is said to be open.

mod consistency;
mod copies;
mod fit;
mod samples;
mod tails;
mod trust;

use serde::Serialize;

use super::Audit;
use crate::numerals::mean_se;
use crate::stats::MeanSe;

/// What an answer means for the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judgement {
    /// As it should be.
    Good,
    /// Worth a look.
    Fair,
    /// As it should not be.
    Bad,
    /// Not to be judged: there is nothing to compare with, or it is no merit in itself.
    Open,
}

/// A question that a user has, and what the audit found.
///
/// ```
/// use fokker::audit::{Answer, Judgement};
/// let answer = Answer { question: "Fit", judgement: Judgement::Good, word: "yes".into(), evidence: String::new() };
/// assert_eq!(serde_json::to_string(&answer.judgement)?, "\"good\"");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// What is asked.
    pub question: &'static str,
    /// What the answer means.
    pub judgement: Judgement,
    /// The answer, in a few words.
    pub word: String,
    /// The numbers that it rests on.
    pub evidence: String,
}

impl Audit {
    /// The answers: whether the model fits, whether samples are like data, whether they are copies or stray, whether a log p can be
    /// trusted, and how consistent the score is.
    ///
    /// ```
    /// use fokker::audit::{Audit, AuditConfig};
    /// let audit = Audit { seed: 7, settings: AuditConfig::default(), figures: Default::default(), closest: vec![], steps: None, columns: None };
    /// assert!(audit.answers().is_empty(), "nothing was measured");
    /// ```
    #[must_use]
    pub fn answers(&self) -> Vec<Answer> {
        let figures = &self.figures;
        let names = self.columns.as_deref();
        [
            fit::answer(figures),
            samples::answer(figures, names),
            copies::answer(figures),
            tails::answer(figures),
            trust::answer(figures),
            consistency::answer(figures),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// All answers in one sentence: what is wrong comes first.
///
/// ```
/// use fokker::audit::{Answer, Judgement, verdict};
/// let bad = Answer { question: "Fit", judgement: Judgement::Bad, word: "a Gaussian is better".into(), evidence: String::new() };
/// assert_eq!(verdict(&[bad]), "not good: a Gaussian is better");
/// assert_eq!(verdict(&[]), "nothing to judge by");
/// ```
#[must_use]
pub fn verdict(answers: &[Answer]) -> String {
    let words = |judgement: Judgement| -> Vec<&str> {
        answers.iter().filter(|answer| answer.judgement == judgement).map(|answer| answer.word.as_str()).collect()
    };
    let (bad, fair) = (words(Judgement::Bad), words(Judgement::Fair));
    match (&bad[..], &fair[..], &words(Judgement::Good)[..]) {
        ([], [], []) => "nothing to judge by".into(),
        ([], [], good) => format!("good: {}", good.join("; ")),
        ([], fair, _) => format!("fair: {}", fair.join("; ")),
        (bad, ..) => format!("not good: {}", bad.join("; ")),
    }
}

/// A mean with its standard error, in text.
fn told(mean: MeanSe) -> String {
    mean_se(mean.mean, mean.se)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
