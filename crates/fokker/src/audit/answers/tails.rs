//! Do samples stray?

use super::{Answer, Judgement};
use crate::figure::Figures;
use crate::numerals::number;

/// A share of stray samples that matters.
const SHARE: f64 = 1e-3;

pub(super) fn answer(figures: &Figures) -> Option<Answer> {
    let (far, of) = (figures.count("tails.samples")?, figures.count("tails.of")?);
    let rows = figures.count("tails.held_out").unwrap_or(0);
    let failed = figures.count("samples.failed").unwrap_or(0);
    let farthest = |key: &str| number(figures.number(key).unwrap_or(f64::NAN));
    let stray = far.saturating_sub(rows) as f64;
    let (judgement, word) = if far == 0 && failed == 0 {
        (Judgement::Good, "no sample strays".to_owned())
    } else if stray <= 2.0 + SHARE * of as f64 && failed as f64 <= SHARE * of as f64 {
        (Judgement::Fair, format!("{far} of {of} samples stray"))
    } else if stray > 0.0 {
        (Judgement::Bad, format!("{far} of {of} samples stray"))
    } else {
        (Judgement::Bad, format!("{failed} samples could not be drawn"))
    };
    let lost = if failed > 0 { format!("; {failed} samples failed") } else { String::new() };
    let evidence = format!(
        "{far} of {of} samples, and {rows} held-out rows, are farther than 10 σ from the mean in some column; the farthest sample is at {} \
         σ, the farthest row at {}{lost}",
        farthest("tails.farthest"),
        farthest("tails.farthest_held_out")
    );
    Some(Answer { question: "Do samples stray?", judgement, word, evidence })
}
