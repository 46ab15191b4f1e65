//! Basins: parts of space whose probabilities are compared.

/// The points whose first coordinate lies in [low, high): a basin and its name.
///
/// ```
/// use fokker::density::potential::{Potential, PotentialName};
/// let potential = Potential::new(PotentialName::MuellerBrown, None, None)?;
/// let [left, right] = potential.basins();
/// assert_eq!((left.name, left.high, right.low), ("left", -0.2, -0.2));
/// assert!(right.contains(&[0.6, 0.0]) && !left.contains(&[0.6, 0.0]));
/// # Ok::<(), fokker::density::potential::PotentialError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Basin {
    /// Its name.
    pub name: &'static str,
    /// The least x₀.
    pub low: f64,
    /// The x₀ from which on points are no longer in it.
    pub high: f64,
}

impl Basin {
    /// The half-spaces on both sides of x₀ = `boundary`.
    pub(super) fn halves(boundary: f64) -> [Self; 2] {
        let (low, high) = (f64::NEG_INFINITY, f64::INFINITY);
        [Self { name: "left", low, high: boundary }, Self { name: "right", low: boundary, high }]
    }

    /// Whether the point `x`, of one coordinate or more, lies in the basin.
    ///
    /// # Panics
    /// If `x` is empty.
    #[must_use]
    pub fn contains(&self, x: &[f64]) -> bool {
        (self.low..self.high).contains(&x[0])
    }

    /// The part of the rows, of `dim` coordinates each, that lies in the basin; 0 of no rows.
    ///
    /// ```
    /// # use fokker::density::potential::{Potential, PotentialName};
    /// let [left, _] = Potential::new(PotentialName::DoubleWell, Some(2), None)?.basins();
    /// assert_eq!(left.share(&[-1.0, 0.0, 1.0, 0.0, 0.5, 0.0, 0.9, 0.0], 2), 0.25);
    /// # Ok::<(), fokker::density::potential::PotentialError>(())
    /// ```
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn share(&self, rows: &[f64], dim: usize) -> f64 {
        let rows = rows.chunks_exact(dim.max(1));
        let count = rows.len().max(1);
        rows.filter(|row| self.contains(row)).count() as f64 / count as f64
    }
}
