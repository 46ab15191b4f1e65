//! Figures in the cells of tables.

use fokker::figure::{Cell, Definition, Figures, Value};
use fokker::stats::MeanSe;

use crate::text::{fixed, mean_se, number};

/// What stands in a page's cell for a figure of a model; `None` if the model does not have it.
///
/// ```
/// use fokker::figure::{Cell, Definition, Figure, Value};
/// use fokker::stats::MeanSe;
/// static SHARE: Definition = Definition::mean("share").cell(Cell::Percent);
/// let figures = [Figure::new(&SHARE, Value::Mean(MeanSe { mean: 0.031, se: 0.012 }))].into_iter().collect();
/// assert_eq!(fokker_report::cell(&figures, &SHARE).as_deref(), Some("3.1 ± 1.2"));
/// ```
#[must_use]
pub fn cell(figures: &Figures, definition: &Definition) -> Option<String> {
    let value = figures.value(definition.key)?;
    Some(match definition.cell {
        Cell::Plain => plain(value)?,
        Cell::Decimals(decimals) => format!("{:.*}", usize::from(decimals), value.as_number()?),
        Cell::Percent | Cell::PercentBeside(_) => percent(value.as_mean()?),
        Cell::Over(other) => number(value.as_mean()?.mean / figures.mean(other)?.mean),
        Cell::OutOf(all) => format!("{} of {}", value.as_count()?, figures.count(all)?),
    })
}

/// The same for a narrow table, which has no row for what can stand beside a share.
///
/// ```
/// use fokker::figure::{Cell, Definition, Figure, Value};
/// use fokker::stats::MeanSe;
/// static EXPECTED: Definition = Definition::mean("expected");
/// static SHARE: Definition = Definition::mean("share").cell(Cell::PercentBeside("expected"));
/// let mean = |definition, mean| Figure::new(definition, Value::Mean(MeanSe { mean, se: 0.012 }));
/// let figures = [mean(&SHARE, 0.031), mean(&EXPECTED, 0.01)].into_iter().collect();
/// assert_eq!(fokker_report::narrow_cell(&figures, &SHARE).as_deref(), Some("3.1 ± 1.2 / 1.0"));
/// ```
#[must_use]
pub fn narrow_cell(figures: &Figures, definition: &Definition) -> Option<String> {
    let shown = cell(figures, definition)?;
    match definition.cell {
        Cell::PercentBeside(other) => Some(format!("{shown} / {:.1}", 100.0 * figures.mean(other)?.mean)),
        _ => Some(shown),
    }
}

/// A share and its standard error in percent.
///
/// ```
/// use fokker::stats::MeanSe;
/// assert_eq!(fokker_report::percent(MeanSe { mean: 0.5, se: 0.01 }), "50.0 ± 1.0");
/// ```
#[must_use]
pub fn percent(share: MeanSe) -> String {
    mean_se(100.0 * share.mean, 100.0 * share.se)
}

/// A value of one number, with its error if it has one.
#[allow(clippy::cast_precision_loss)]
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Mean(mean) => Some(mean_se(mean.mean, mean.se)),
        Value::Number(value) => Some(number(*value)),
        Value::Count(count) => Some(number(*count as f64)),
        Value::Word(word) => Some(word.clone()),
        Value::List(list) if !list.is_empty() => {
            Some(list.iter().map(|&value| shown(value)).collect::<Vec<_>>().join(", "))
        }
        Value::Profile(_) | Value::List(_) | Value::Records(_) => None,
    }
}

/// One of several numbers: three decimals, as p-values have.
fn shown(value: f64) -> String {
    if value > 0.0 && value < 0.0005 { "< 0.001".into() } else { fixed(value, 3) }
}
