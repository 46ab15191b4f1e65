//! Can a log p be trusted?

use super::{Answer, Judgement, told};
use crate::figure::Figures;
use crate::numerals::number;

/// Share of rows without a log p that matters.
const FAILED: f64 = 0.01;

/// Nats between the flow's log p and its bound that matter.
const LITTLE: f64 = 0.5;

pub(super) fn answer(figures: &Figures) -> Option<Answer> {
    let (rows, failed) = (figures.count("nll_rows")?, figures.count("nll_failed")?);
    let bound = figures.mean("bound_gap").filter(|gap| gap.mean.is_finite());
    let spread = figures.mean("density_consistency").filter(|off| off.mean.is_finite());
    let apart = bound.is_some_and(|gap| gap.mean.abs() - 2.0 * gap.se.max(0.0) > LITTLE);
    let (judgement, word) = if failed as f64 > FAILED * rows as f64 {
        (Judgement::Bad, format!("{failed} of {rows} rows have no log p"))
    } else if failed > 0 {
        (Judgement::Fair, format!("{failed} of {rows} rows have no log p"))
    } else if apart {
        let by = number(bound.map_or(f64::NAN, |gap| gap.mean.abs()));
        (Judgement::Fair, format!("log p depends on the sampler: flow and reverse SDE are {by} nats apart"))
    } else {
        (Judgement::Good, "every row has a log p, and flow and reverse SDE agree on it".into())
    };
    let told_bound = bound.map(|gap| format!("log p of the flow less its bound by the reverse SDE {} nats", told(gap)));
    let told_energy = spread.map(|off| format!("less that of one evaluation of the energy {} nats", told(off)));
    let counted = format!("{} of {rows} rows have a log p at t_min", rows - failed);
    let evidence = std::iter::once(counted).chain(told_bound).chain(told_energy).collect::<Vec<_>>().join("; ");
    Some(Answer { question: "Can its log p be trusted?", judgement, word, evidence })
}
