//! What stands at the top of a comparison.

use fokker::figure::{Better, Contrast, Definition, Difference};
use fokker::stats::MeanSe;

use super::model::Model;
use super::summary::beyond_errors;
use crate::page::Fact;
use crate::text::mean_se;

/// How each model differs from the first: profiles by their ratio, and what is gained.
pub(super) fn facts(models: &[Model<'_>], differences: &[Difference]) -> Vec<Fact> {
    let Some((reference, others)) = models.split_first() else { return Vec::new() };
    let mut facts = Vec::new();
    for (model, difference) in others.iter().zip(differences) {
        let found = difference.iter().filter(|(definition, _)| definition.shown.on_page());
        for (definition, contrast) in found {
            let mut fact = match contrast {
                Contrast::Ratio(ratios) if ratios.mean.mean.is_finite() => Fact {
                    label: definition.label.into(),
                    value: format!("× {}", mean_se(ratios.mean.mean, ratios.mean.se)),
                    note: format!(
                        "{} relative to {}, geometric mean over t; {} 1 is better",
                        model.name,
                        reference.name,
                        if definition.better == Better::Higher { "above" } else { "below" }
                    ),
                    sure: beyond_errors(ratios.mean, 1.0),
                },
                Contrast::Less(less) if !definition.gain.is_empty() => gain(definition, less, model, reference),
                _ => continue,
            };
            if others.len() > 1 {
                fact.label = format!("{}: {}", model.name, fact.label);
            }
            facts.push(fact);
        }
    }
    facts
}

/// How much better a value is.
fn gain(definition: &Definition, less: &MeanSe, model: &Model<'_>, reference: &Model<'_>) -> Fact {
    let higher = definition.better == Better::Higher;
    let (from, to, gained) = if higher { (model, reference, less.mean) } else { (reference, model, -less.mean) };
    Fact {
        label: definition.gain.into(),
        value: format!("{} {}", mean_se(gained, less.se), definition.unit),
        note: format!("{}'s {} less {}'s at the same points; above 0 is better", from.name, definition.label, to.name),
        sure: beyond_errors(*less, 0.0),
    }
}
