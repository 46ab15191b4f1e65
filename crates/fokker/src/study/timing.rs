//! What training cost.

use crate::audit::Audit;
use crate::figure::{Better, Cell, Definition, Figure, Shown, Value};

/// Seconds of training.
static TRAIN_SECONDS: Definition = Definition::number("train_seconds")
    .named("training", "s")
    .better(Better::Lower)
    .cell(Cell::Decimals(1))
    .shown(Shown::Terminal);

/// Mean milliseconds of a training step.
static STEP_MS: Definition = Definition::number("step_ms")
    .named("a step", "ms")
    .better(Better::Lower)
    .cell(Cell::Decimals(2))
    .shown(Shown::Terminal);

/// The figures that a trained model has beside those of its audit.
///
/// ```
/// assert_eq!(fokker::study::timings()[0].key, "train_seconds");
/// ```
#[must_use]
pub fn timings() -> [&'static Definition; 2] {
    [&TRAIN_SECONDS, &STEP_MS]
}

/// The audit of a model together with what its training took.
///
/// ```
/// use fokker::{audit::{Audit, AuditConfig}, study::timed};
/// let audit = Audit { seed: 7, settings: AuditConfig::default(), figures: Default::default(), closest: vec![], steps: None, columns: None };
/// assert_eq!(timed(audit, 3.0, 600).figures.number("step_ms"), Some(5.0));
/// ```
#[must_use]
pub fn timed(mut audit: Audit, seconds: f64, steps: u64) -> Audit {
    #[allow(clippy::cast_precision_loss)]
    let step_ms = seconds * 1e3 / steps as f64;
    let values = [seconds, step_ms].map(Value::Number);
    audit.figures.extend(timings().into_iter().zip(values).map(|(definition, value)| Figure::new(definition, value)));
    audit
}
