//! What stands at the top of a comparison.

use fokker::figure::{Better, Contrast, Definition, Difference};

use super::model::Model;
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
                },
                Contrast::Less(less) if !definition.gain.is_empty() => {
                    gain(definition, gained(definition, less.mean), less.se, model, reference)
                }
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
fn gained(definition: &Definition, less: f64) -> f64 {
    if definition.better == Better::Higher { less } else { -less }
}

fn gain(definition: &Definition, gained: f64, se: f64, model: &Model<'_>, reference: &Model<'_>) -> Fact {
    let (from, to) = if definition.better == Better::Higher { (model, reference) } else { (reference, model) };
    Fact {
        label: definition.gain.into(),
        value: format!("{} {}", mean_se(gained, se), definition.unit),
        note: format!("{}'s {} less {}'s at the same points; above 0 is better", from.name, definition.label, to.name),
    }
}
