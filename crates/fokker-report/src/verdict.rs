//! Verdicts in words.

use fokker::study::{Judgement, Verdict};

use crate::text::mean_se;

/// What a comparison comes to by one figure.
fn sentence(verdict: &Verdict) -> String {
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

/// What a comparison comes to: a sentence for each figure that has an error to tell by, and one for all that have none.
///
/// ```
/// use fokker::{figure::Definition, stats::MeanSe, study::{Judgement, Verdict}};
/// static NLL: Definition = Definition::mean("nll").named("negative log-likelihood", "nats");
/// static KL: Definition = Definition::mean("kl").named("KL", "nats");
/// let (arm, rival, less) = ("FP".to_owned(), "DSM, long".to_owned(), MeanSe { mean: -0.02, se: 0.03 });
/// let told = Verdict { figure: &NLL, arm, rival, less, time: 1.02, outcome: Judgement::NoDifference };
/// let untold = Verdict { figure: &KL, outcome: Judgement::NoError, ..told.clone() };
/// assert_eq!(fokker_report::sentences(&[untold.clone(), told, untold]), [
///     "FP against DSM, long: negative log-likelihood lower by 0.020 ± 0.030 nats at equal time: no difference",
///     "KL: one number a seed, and no error to tell by (take more --seeds)",
/// ]);
/// ```
#[must_use]
pub fn sentences(verdicts: &[Verdict]) -> Vec<String> {
    let (without, with): (Vec<&Verdict>, Vec<&Verdict>) =
        verdicts.iter().partition(|verdict| verdict.outcome == Judgement::NoError);
    let mut sentences: Vec<String> = with.into_iter().map(sentence).collect();
    let mut labels: Vec<&str> = Vec::new();
    for verdict in without {
        if !labels.contains(&verdict.figure.label) {
            labels.push(verdict.figure.label);
        }
    }
    if !labels.is_empty() {
        let labels = labels.join(", ");
        sentences.push(format!("{labels}: one number a seed, and no error to tell by (take more --seeds)"));
    }
    sentences
}

/// What the outcome is called.
fn word(outcome: Judgement) -> &'static str {
    match outcome {
        Judgement::Better => "better",
        Judgement::Worse => "worse",
        Judgement::NoDifference => "no difference",
        Judgement::NoError => "no error to tell by",
    }
}
