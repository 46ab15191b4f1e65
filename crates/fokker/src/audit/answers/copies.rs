//! Are samples copies of training rows, or are those learned by heart?

use super::{Answer, Judgement, told};
use crate::figure::Figures;
use crate::numerals::{number, p_value};

/// A p-value that is not put down to chance, and a share of near-copies that matters.
const SMALL: f64 = 0.01;
const SHARE: f64 = 0.02;

/// Standard errors beyond which training rows are likelier, and nats that matter.
const ERRORS: f64 = 3.0;
const LITTLE: f64 = 0.05;
const MUCH: f64 = 1.0;

pub(super) fn answer(figures: &Figures) -> Option<Answer> {
    let shares = figures.mean("memorisation.share").zip(figures.mean("memorisation.expected_share"));
    let gap = figures.mean("generalisation.gap").filter(|gap| gap.mean.is_finite());
    if shares.is_none() && gap.is_none() {
        return None;
    }
    let p = figures.list("memorisation.p_values").first().copied().unwrap_or(1.0);
    let copies = shares.is_some_and(|(share, expected)| p < SMALL && share.mean > expected.mean + SHARE);
    let surely = gap.map_or(0.0, |gap| gap.mean - ERRORS * gap.se);
    let (judgement, word) = if copies || surely > MUCH {
        let what = if copies { "samples are copies of training rows" } else { "it has learned training rows by heart" };
        (Judgement::Bad, format!("{what}: stop earlier, or take more rows"))
    } else if surely > LITTLE {
        let by = number(gap.map_or(f64::NAN, |gap| gap.mean));
        (Judgement::Fair, format!("training rows are likelier than others, by {by} nats"))
    } else {
        (Judgement::Good, "no sign of training rows learned by heart".into())
    };
    let shares = shares.map(|(share, expected)| {
        let percent = |share: f64| format!("{:.1}", 100.0 * share);
        format!(
            "{} % near-copies, {} % if none is copied (p = {})",
            percent(share.mean),
            percent(expected.mean),
            p_value(p)
        )
    });
    let gap = gap.map(|gap| format!("−log p of held-out rows less that of training rows {} nats", told(gap)));
    let evidence = shares.into_iter().chain(gap).collect::<Vec<_>>().join("; ");
    Some(Answer { question: "Has it learned its rows by heart?", judgement, word, evidence })
}
