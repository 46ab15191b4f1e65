//! What is said below the table of figures.

use fokker::stats::Average;

use super::model::Model;

/// `compared` models are compared with the first.
pub(super) fn notes(models: &[Model<'_>], compared: usize) -> Vec<String> {
    let mut notes = vec![
        "Mean ± standard error over points, each held-out row at most once; likelihoods are in the units of the data, distances of \
         samples in model coordinates. Distances' errors are over points."
            .to_owned(),
    ];
    if compared > 0 {
        let (all, to) = if compared + 1 < models.len() {
            ("Those models that are compared", "each model's to the first's")
        } else if models.len() == 2 {
            ("Both models", "the second model's to the first's")
        } else {
            ("All models", "each model's to the first's")
        };
        notes.push(format!(
            "{all} are measured at the same points: differences and ratios ({to}) have the standard error of the pairs. Bold: better than the \
             first, or the first better than all others, by more than two of these."
        ));
    }
    let figures = models.first().into_iter().flat_map(|model| model.figures.iter());
    for definition in figures.map(|figure| figure.definition) {
        let root = |model: &Model<'_>| model.figures.average(definition.key) == Average::RootMean;
        if let Some(words) = definition.look.and_then(|look| look.root).filter(|_| models.iter().any(root)) {
            notes.push(words.note.into());
        }
    }
    let known = |key: &str| models.iter().any(|model| !model.figures.list(key).is_empty());
    if known("samples.ode_data.p_values") {
        notes.push("p-values of distances: of the energy distance, by permutations, if both sets have one law.".into());
    }
    if known("memorisation.p_values") {
        notes.push("p-value of near-copies: of so large a share of them if none is copied.".into());
    }
    let sum = |key: &str| -> usize { models.iter().filter_map(|model| model.figures.count(key)).sum() };
    let failed = sum("nll_failed");
    if failed > 0 {
        notes.push(format!("{failed} of {} integrations failed and are in no mean.", sum("nll_rows")));
    }
    notes
}
