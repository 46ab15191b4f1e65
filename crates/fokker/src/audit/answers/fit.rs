//! Does the model fit rows that it was not trained on?

use super::{Answer, Judgement, told};
use crate::figure::Figures;
use crate::numerals::number;
use crate::stats::MeanSe;

/// Nats above the truth that hardly matter, and that matter.
const LITTLE: f64 = 0.05;
const MUCH: f64 = 0.3;

/// Densities that a model is held against.
const BASELINES: [(&str, &str); 3] =
    [("gaussian", "a Gaussian"), ("mixture", "a mixture of Gaussians"), ("kernels", "a kernel density estimate")];

pub(super) fn answer(figures: &Figures) -> Option<Answer> {
    let nll = figures.mean("nll")?;
    let (judgement, word, evidence) = if let Some(gap) = figures.mean("gap").filter(|gap| gap.mean.is_finite()) {
        of_truth(gap)
    } else {
        of_baselines(figures).unwrap_or((
            Judgement::Open,
            "there is nothing to hold its likelihood against".into(),
            "held-out rows have no known density, and no simple one was fitted".into(),
        ))
    };
    let evidence = format!("−log p of held-out rows {} nats; {evidence}", told(nll));
    Some(Answer { question: "Does it fit held-out rows?", judgement, word, evidence })
}

/// By what the truth has of the same rows, or the data's entropy.
fn of_truth(gap: MeanSe) -> (Judgement, String, String) {
    let evidence = format!("{} above that of the truth", told(gap));
    // What is surely more.
    let surely = gap.mean - 2.0 * gap.se.max(0.0);
    let (judgement, word) = if surely < LITTLE && gap.mean < MUCH {
        (Judgement::Good, "it fits as the truth does, or nearly".to_owned())
    } else if surely < MUCH {
        (Judgement::Fair, format!("it is {} nats off the truth", number(gap.mean)))
    } else {
        (Judgement::Bad, format!("it is {} nats off the truth: train longer, or a larger network", number(gap.mean)))
    };
    (judgement, word, evidence)
}

/// What may help: rows that were learned by heart are forgotten by no further step.
fn advice(figures: &Figures) -> &'static str {
    match figures.mean("generalisation.gap") {
        Some(gap) if gap.mean > 2.0 * gap.se => "",
        _ => ": train longer, or a larger network",
    }
}

/// By what simple densities have of the same rows.
fn of_baselines(figures: &Figures) -> Option<(Judgement, String, String)> {
    let less = |key: &str| figures.mean(&format!("baselines.{key}.less")).filter(|less| less.mean.is_finite());
    let all: Vec<(&str, MeanSe)> = BASELINES.iter().filter_map(|(key, name)| Some((*name, less(key)?))).collect();
    let evidence: Vec<String> =
        all.iter().map(|(name, less)| format!("less that of {name}: {}", told(*less))).collect();
    // The best of them is the one that the model is least below.
    let (best, less) = *all.iter().max_by(|a, b| a.1.mean.total_cmp(&b.1.mean))?;
    let (judgement, word) = if less.mean < -2.0 * less.se {
        (Judgement::Good, "it fits better than a Gaussian, a mixture or kernels do".to_owned())
    } else if less.mean > 2.0 * less.se {
        let by = number(less.mean);
        (Judgement::Bad, format!("{best} fits better, by {by} nats{}", advice(figures)))
    } else {
        (Judgement::Fair, format!("{best} fits as well"))
    };
    Some((judgement, word, evidence.join(", ")))
}
