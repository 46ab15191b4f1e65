//! The finished rows as the file that was asked for.

use std::io;
use std::path::Path;

use super::part::Part;
use super::row::{OUTCOMES, Row};
use super::summary::LogpSummary;
use crate::data::{Column, ColumnKind, DataError, Scaling, bits_per_dim, write_columns};

/// Columns that are there only if they say something.
#[derive(Clone, Copy)]
pub(super) struct More {
    /// The standard error over draws and probes.
    pub(super) se: bool,
    /// The importance-weighted bound over draws.
    pub(super) importance: bool,
    /// The bound of the reverse SDE.
    pub(super) bound: bool,
}

/// Writes the rows of `part`: a column for each quantity (`.npy`: log p alone), in the units of the data.
pub(super) fn write(path: &Path, part: &Part, scaling: &Scaling, more: More) -> Result<(), DataError> {
    let mut columns = vec![real("log_prob"), real("bits_per_dim")];
    if more.se {
        columns.push(real("se"));
    }
    if more.importance {
        columns.push(real("log_prob_importance"));
        columns.push(real("bits_per_dim_importance"));
    }
    if more.bound {
        columns.push(real("log_prob_bound"));
        columns.push(real("log_prob_bound_se"));
    }
    columns.push(Column { name: "outcome", kind: ColumnKind::Label(OUTCOMES) });
    columns.push(Column { name: "evaluations", kind: ColumnKind::Count });
    let log_det = scaling.log_det();
    write_columns(path, &columns, part.rows(), &|each| {
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
            if more.bound {
                values.push(row.bound + log_det);
                values.push(row.bound_se);
            }
            values.push(f64::from(row.outcome));
            #[allow(clippy::cast_precision_loss)]
            values.push(row.evaluations as f64);
            each(&values)
        })
    })
}

fn real(name: &str) -> Column<'_> {
    Column { name, kind: ColumnKind::Real }
}

/// Goes over all rows once more, for their number and their means.
pub(super) fn summarise(part: &Part, scaling: &Scaling) -> io::Result<LogpSummary> {
    let (mut number, log_det) = (0, scaling.log_det());
    let mut summary = LogpSummary { rows: part.rows(), ..LogpSummary::default() };
    part.replay(&mut |row: &Row| {
        if row.has_value() {
            summary.log_prob.add(row.log_prob + log_det);
            summary.floor += u64::from(row.is_at_precision_floor());
            if row.bound.is_finite() {
                summary.bound.add(row.bound + log_det);
            }
        } else {
            summary.failed += 1;
            summary.first.get_or_insert((number, row.outcome()));
        }
        number += 1;
        Ok(())
    })?;
    Ok(summary)
}
