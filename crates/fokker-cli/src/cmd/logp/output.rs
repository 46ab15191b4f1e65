//! The finished rows as the file that was asked for.

use std::fmt;
use std::path::Path;

use anyhow::Result;
use fokker::data::{Column, ColumnKind, Scaling, bits_per_dim, write_columns};

use super::part::Part;
use super::row::{OUTCOMES, Row};

/// What is said about all rows together.
#[derive(Default)]
pub struct Summary {
    /// Log p, in the units of the data, in nats, over the rows that have one.
    pub log_prob: Mean,
    /// The lower bound over those of them that have one: beyond, it may be of any size.
    pub bound: Mean,
    /// Rows at the floor of the precision.
    pub floor: u64,
    /// Rows that failed.
    pub failed: u64,
    /// The first of them, and how it ended.
    pub first: Option<(u64, &'static str)>,
}

/// A mean by Welford's recurrence, which does not cancel.
#[derive(Default)]
pub struct Mean {
    /// Numbers.
    pub count: u64,
    mean: f64,
    squares: f64,
}

impl Mean {
    #[allow(clippy::cast_precision_loss)]
    fn add(&mut self, value: f64) {
        self.count += 1;
        let step = value - self.mean;
        self.mean += step / self.count as f64;
        self.squares += step * (value - self.mean);
    }

    /// The mean, NaN over nothing, and its standard error, NaN over fewer than two numbers.
    #[allow(clippy::cast_precision_loss)]
    fn known(&self) -> (f64, f64) {
        let n = self.count as f64;
        let se = if n < 2.0 { f64::NAN } else { (self.squares / (n - 1.0) / n).sqrt() };
        (if n < 1.0 { f64::NAN } else { self.mean }, se)
    }
}

impl fmt::Display for Mean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.known() {
            (mean, se) if se.is_nan() => write!(f, "{mean:.4} nats"),
            (mean, se) => write!(f, "{mean:.4} ± {se:.4} nats"),
        }
    }
}

/// Columns that are there only if they say something.
#[derive(Clone, Copy)]
pub struct More {
    /// The standard error over draws and probes.
    pub se: bool,
    /// The importance-weighted bound over draws.
    pub importance: bool,
    /// The bound of the reverse SDE.
    pub bound: bool,
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
    if more.bound {
        columns.push(real("log_prob_bound"));
        columns.push(real("log_prob_bound_se"));
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
            if more.bound {
                values.push(row.bound + log_det);
                values.push(row.bound_se);
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

/// Goes over all rows once more, for their number and their means.
pub fn summarise(part: &Part, scaling: &Scaling) -> Result<Summary> {
    let (mut summary, mut number, log_det) = (Summary::default(), 0, scaling.log_det());
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
