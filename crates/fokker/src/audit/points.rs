//! A figure's values at each point, kept so that models can be compared by pairs.

use std::path::Path;

use crate::data::{DataError, NamedArray, read_table_with_gaps, write_npz};

/// What an audit measured at each of its points, in the order of the points. Two models audited with the same config and seed are
/// measured at the same points, so entries belong together pair by pair.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PointValues {
    /// For each time, the values of which r(t) is the [average](super::Audit::residual_average).
    pub residual: Vec<Vec<f64>>,
    /// For each time, ‖J − Jᵀ‖²_F/(4‖J‖²_F).
    pub asymmetry: Vec<Vec<f64>>,
    /// For each time, σ² ‖s − ∇ log q_t‖²; empty where the truth is not known.
    pub score_error: Vec<Vec<f64>>,
    /// −log p, nats, in the units of the data; NaN where the integration failed.
    pub nll: Vec<f64>,
    /// Bits per dimension; empty where the data has no grey levels.
    pub bits_per_dim: Vec<f64>,
    /// log p of the flow less its bound, nats; NaN where either failed.
    pub bound_gap: Vec<f64>,
}

/// The arrays of the file, and what they are.
type Arrays<'a> = [(&'static str, &'a [Vec<f64>]); 6];

impl PointValues {
    /// Writes an `.npz` archive: an array for each quantity that there is, times × points, or 1 × points.
    ///
    /// # Errors
    /// [`DataError::Write`].
    ///
    /// ```
    /// use fokker::audit::PointValues;
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("points.npz");
    /// let points = PointValues { nll: vec![1.5, 0.1], residual: vec![vec![1.0, 2.0]; 3], ..PointValues::default() };
    /// points.write(&path)?;
    /// assert_eq!(PointValues::read(&path)?, points);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write(&self, path: &Path) -> Result<(), DataError> {
        let single = [[self.nll.clone()], [self.bits_per_dim.clone()], [self.bound_gap.clone()]];
        let all: Arrays<'_> = [
            ("residual", &self.residual),
            ("asymmetry", &self.asymmetry),
            ("score_error", &self.score_error),
            ("nll", &single[0]),
            ("bits_per_dim", &single[1]),
            ("bound_gap", &single[2]),
        ];
        let filled = all.into_iter().filter(|(_, rows)| rows.first().is_some_and(|row| !row.is_empty()));
        let flat: Vec<_> = filled.map(|(name, rows)| (name, [rows.len(), rows[0].len()], rows.concat())).collect();
        let arrays: Vec<NamedArray<'_>> =
            flat.iter().map(|(name, shape, values)| (*name, &shape[..], &values[..])).collect();
        write_npz(path, &arrays)
    }

    /// Reads what [`write`](Self::write) wrote; an array that is not there is empty.
    ///
    /// # Errors
    /// [`DataError`] if the file is not there or damaged.
    pub fn read(path: &Path) -> Result<Self, DataError> {
        let rows = |name: &str| match read_table_with_gaps(path, Some(name)) {
            Ok(table) => Ok(table.values.chunks_exact(table.dim).map(<[f64]>::to_vec).collect()),
            Err(DataError::Array { .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        };
        let row = |name: &str| rows(name).map(|rows: Vec<Vec<f64>>| rows.into_iter().next().unwrap_or_default());
        Ok(Self {
            residual: rows("residual")?,
            asymmetry: rows("asymmetry")?,
            score_error: rows("score_error")?,
            nll: row("nll")?,
            bits_per_dim: row("bits_per_dim")?,
            bound_gap: row("bound_gap")?,
        })
    }
}
