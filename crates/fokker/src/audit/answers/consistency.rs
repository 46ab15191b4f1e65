//! How far the score is from that of one density, which says nothing of whether that is the right one.

use super::{Answer, Judgement};
use crate::figure::Figures;
use crate::numerals::number;
use crate::stats::AtTime;

pub(super) fn answer(figures: &Figures) -> Option<Answer> {
    let first = |key: &str| figures.profile(key).first().copied().filter(|at: &AtTime| at.mean.is_finite());
    let residual = first("residual")?;
    let relative = first("residual_relative").map(|at| format!(" ({} of ∂ₜs)", number(at.mean)));
    let asymmetry = first("asymmetry").map(|at| format!("; NAsym {}", number(at.mean)));
    let evidence = format!(
        "at t = {}: residual of the score FPE {}{}{}. A model can be consistent and wrong: these compare models that fit alike",
        residual.t,
        number(residual.mean),
        relative.unwrap_or_default(),
        asymmetry.unwrap_or_default()
    );
    let word = "consistency is measured, which is not fit".into();
    Some(Answer { question: "Is its score that of one density?", judgement: Judgement::Open, word, evidence })
}
