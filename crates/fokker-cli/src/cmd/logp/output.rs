//! The finished rows as the file that was asked for.

use std::path::Path;

use anyhow::Result;
use fokker::data::{Column, ColumnKind, Scaling, bits_per_dim, write_columns};

use super::part::Part;
use super::row::{OUTCOMES, Row};

/// What is said about all rows together.
#[derive(Default)]
pub struct Summary {
    /// Rows that converged.
    pub converged: u64,
    /// Mean of log p over them, in the units of the data, in nats; NaN if there are none.
    pub mean: f64,
    /// Its standard error; 0 for fewer than two rows.
    pub se: f64,
    /// Rows that failed.
    pub failed: u64,
    /// The first of them, and how it ended.
    pub first: Option<(u64, &'static str)>,
}

/// Columns that are there only if they say something.
#[derive(Clone, Copy)]
pub struct More {
    /// The standard error over draws and probes.
    pub se: bool,
    /// The importance-weighted bound.
    pub importance: bool,
}

/// Writes the rows of `part`: a column for each quantity (`.npy`: log p alone), in the units of the data.
pub fn write(path: &Path, part: &Part, scaling: &Scaling, more: More) -> Result<()> {
    let mut columns = vec![real("log_prob"), real("bits_per_dim")];
    if more.se {
        columns.push(real("se"));
    }
    if more.importance {
        columns.push(real("log_prob_importance"));
        columns.push(real("bits_per_dim_importance"));
    }
    columns.push(Column { name: "outcome", kind: ColumnKind::Label(OUTCOMES) });
    columns.push(Column { name: "evaluations", kind: ColumnKind::Count });
    let log_det = scaling.log_det();
    write_columns(path, &columns, part.rows, &|each| {
        let mut values = Vec::with_capacity(columns.len());
        part.replay(&mut |row| {
            values.clear();
            // In the units of the data: p_data(x) = p_model(x_model) |d x_model / d x|.
            values.push(row.log_prob + log_det);
            values.push(bits_per_dim(row.log_prob, scaling, scaling.dim()));
            if more.se {
                values.push(row.se);
            }
            if more.importance {
                values.push(row.importance + log_det);
                values.push(bits_per_dim(row.importance, scaling, scaling.dim()));
            }
            values.push(f64::from(row.outcome));
            #[allow(clippy::cast_precision_loss)]
            values.push(row.evaluations as f64);
            each(&values)
        })
    })?;
    Ok(())
}

fn real(name: &str) -> Column<'_> {
    Column { name, kind: ColumnKind::Real }
}

/// Goes over all rows once more, for their number and their mean (Welford's recurrence, which does not cancel).
pub fn summarise(part: &Part, scaling: &Scaling) -> Result<Summary> {
    let (mut summary, mut squares, mut number) = (Summary::default(), 0.0, 0);
    part.replay(&mut |row: &Row| {
        if row.is_converged() {
            summary.converged += 1;
            #[allow(clippy::cast_precision_loss)]
            let n = summary.converged as f64;
            let step = row.log_prob - summary.mean;
            summary.mean += step / n;
            squares += step * (row.log_prob - summary.mean);
        } else {
            summary.failed += 1;
            summary.first.get_or_insert((number, row.outcome()));
        }
        number += 1;
        Ok(())
    })?;
    #[allow(clippy::cast_precision_loss)]
    let n = summary.converged as f64;
    summary.se = if n < 2.0 { 0.0 } else { (squares / (n - 1.0) / n).sqrt() };
    summary.mean = if n < 1.0 { f64::NAN } else { summary.mean + scaling.log_det() };
    Ok(summary)
}
