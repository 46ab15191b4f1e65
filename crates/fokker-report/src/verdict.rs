//! A verdict in words.

use fokker::study::{Outcome, Verdict};

use crate::text::mean_se;

/// What a comparison comes to by one figure, as a sentence.
///
/// ```
/// use fokker::{figure::Definition, stats::MeanSe, study::{Outcome, Verdict}};
/// static NLL: Definition = Definition::mean("nll").named("negative log-likelihood", "nats");
/// let less = MeanSe { mean: -0.02, se: 0.03 };
/// let outcome = Outcome::NoDifference;
/// let verdict = Verdict { figure: &NLL, arm: "FP".into(), rival: "DSM, long".into(), less, time: 1.02, outcome };
/// assert_eq!(
///     fokker_report::sentence(&verdict),
///     "FP against DSM, long: negative log-likelihood lower by 0.020 ± 0.030 nats at equal time: no difference",
/// );
/// ```
#[must_use]
pub fn sentence(verdict: &Verdict) -> String {
    let Verdict { figure, arm, rival, less, time, outcome } = verdict;
    let way = if less.mean < 0.0 { "lower" } else { "higher" };
    let unit = if figure.unit.is_empty() { String::new() } else { format!(" {}", figure.unit) };
    let cost = if verdict.at_equal_time() {
        " at equal time".into()
    } else if time.is_finite() {
        format!(" in {time:.2} × its time")
    } else {
        String::new()
    };
    let by = mean_se(less.mean.abs(), less.se);
    format!("{arm} against {rival}: {} {way} by {by}{unit}{cost}: {}", figure.label, word(*outcome))
}

/// What the outcome is called.
fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Better => "better",
        Outcome::Worse => "worse",
        Outcome::NoDifference => "no difference",
        Outcome::NoError => "no error known, so nothing follows (take more --seeds)",
    }
}
