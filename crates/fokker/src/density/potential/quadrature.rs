//! Integrals over e^{−U/kT} by the midpoint rule.

use super::basin::Basin;
use super::energy::Potential;
use super::error::PotentialError;
use super::grid::Grid;

/// Cells a side of the first and of the last grid that are tried, in one and in two dimensions.
const CELLS: [[usize; 2]; 2] = [[1 << 10, 1 << 16], [1 << 7, 1 << 11]];

/// The most by which ln Z and a basin's probability may change from a grid to one of half the step.
const TOLERANCES: [f64; 2] = [1e-9, 1e-7];

/// Nodes whose density is below e to the minus this of the highest are left out.
const LEFT_OUT: f64 = 50.0;

/// The midpoint rule for p = e^{−U/kT}/Z over the coordinates that have wells: both in the plane, x₀ alone of a double well.
///
/// The sum over smooth densities that vanish at the ends of the box converges faster than any power of the step. That over a basin, whose
/// boundary b is an edge of cells, is less by (h²/24) f′(b), f the density of x₀ and h the step, which is added (the Euler–Maclaurin
/// formula; what is left is of the order of h⁴). The step is halved until ln Z changes by less than 1e-9 and the probabilities of the
/// basins by less than 1e-7.
///
/// ```
/// use fokker::density::potential::{Potential, PotentialName, Quadrature};
/// let potential = Potential::new(PotentialName::MuellerBrown, None, None)?;
/// let quadrature = Quadrature::new(&potential)?;
/// assert!((quadrature.mass(&potential.basins()[1]) - 0.217793).abs() < 1e-6);
/// let mean = quadrature.expectation(|x| x[0]);
/// assert!(mean > -0.5 && mean < -0.2);
/// # Ok::<(), fokker::density::potential::PotentialError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Quadrature {
    dim: usize,
    ln_z: f64,
    ranges: [[f64; 2]; 2],
    /// Where the basins meet, and (h²/24) f′ there.
    boundary: f64,
    correction: f64,
    points: Vec<f64>,
    probabilities: Vec<f64>,
}

impl Quadrature {
    /// On a grid that is fine enough.
    ///
    /// # Errors
    /// [`PotentialError::Unresolved`] if none is.
    pub fn new(potential: &Potential) -> Result<Self, PotentialError> {
        let [mut cells, last] = CELLS[potential.wells_dim() - 1];
        let mut coarse = Self::with_cells(potential, cells);
        while cells < last {
            cells *= 2;
            let fine = Self::with_cells(potential, cells);
            let [left, _] = potential.basins();
            let changes = [fine.ln_z - coarse.ln_z, fine.mass(&left) - coarse.mass(&left)];
            if changes.iter().zip(TOLERANCES).all(|(change, tolerance)| change.abs() < tolerance) {
                return Ok(fine);
            }
            coarse = fine;
        }
        Err(PotentialError::Unresolved { kt: potential.kt(), cells })
    }

    /// On a grid of about `cells` (at least 1) along each axis of the box that e^{−U/kT} needs.
    ///
    /// ```
    /// # use fokker::density::potential::{Potential, PotentialName, Quadrature};
    /// let potential = Potential::new(PotentialName::MuellerBrown, None, None)?;
    /// let coarse = Quadrature::with_cells(&potential, 100);
    /// assert!((coarse.ln_z() - Quadrature::new(&potential)?.ln_z()).abs() < 1e-3);
    /// # Ok::<(), fokker::density::potential::PotentialError>(())
    /// ```
    #[must_use]
    pub fn with_cells(potential: &Potential, cells: usize) -> Self {
        let grid = Grid::covering(potential, cells.max(1));
        let dim = grid.dim();
        let log = |cell: usize| -potential.energy(&grid.middle(cell)[..dim]) / potential.kt();
        let logs: Vec<f64> = (0..grid.len()).map(log).collect();
        let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let kept = || logs.iter().enumerate().filter(|(_, log)| **log > top - LEFT_OUT);
        let mut probabilities: Vec<f64> = kept().map(|(_, log)| (log - top).exp()).collect();
        let sum: f64 = probabilities.iter().sum();
        probabilities.iter_mut().for_each(|p| *p /= sum);
        let mut points = Vec::with_capacity(probabilities.len() * dim);
        kept().for_each(|(cell, _)| points.extend_from_slice(&grid.middle(cell)[..dim]));
        let (ln_z, boundary) = (top + (sum * grid.volume()).ln(), potential.basins()[1].low);
        let correction = grid.step[0].powi(2) / 24.0 * slope(potential, &grid, boundary, ln_z);
        Self { dim, ln_z, ranges: grid.ranges(), boundary, correction, points, probabilities }
    }

    /// How many coordinates it is over, 1 or 2: the first ones.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// ln ∫ e^{−U/kT} dx over these coordinates, the others being 0.
    #[must_use]
    pub fn ln_z(&self) -> f64 {
        self.ln_z
    }

    /// The least and the greatest value of each of these coordinates that cells reach to.
    #[must_use]
    pub fn ranges(&self) -> &[[f64; 2]] {
        &self.ranges[..self.dim]
    }

    /// The nodes, [`Quadrature::dim`] coordinates each, one after another.
    #[must_use]
    pub fn points(&self) -> &[f64] {
        &self.points
    }

    /// The probability of each node's cell; their sum is 1.
    #[must_use]
    pub fn probabilities(&self) -> &[f64] {
        &self.probabilities
    }

    /// E f(x) over these coordinates, for a smooth f.
    pub fn expectation(&self, mut f: impl FnMut(&[f64]) -> f64) -> f64 {
        self.points.chunks_exact(self.dim).zip(&self.probabilities).map(|(x, p)| p * f(x)).sum()
    }

    /// The probability of a basin of the potential.
    #[must_use]
    pub fn mass(&self, basin: &Basin) -> f64 {
        let at = |end: f64| if end == self.boundary { self.correction } else { 0.0 };
        self.expectation(|x| f64::from(u8::from(basin.contains(x)))) + at(basin.high) - at(basin.low)
    }
}

/// f′(x₀), f the density of x₀: the integral of p F₀/kT over the other axis, at the middles of its cells.
fn slope(potential: &Potential, grid: &Grid, x0: f64, ln_z: f64) -> f64 {
    let (dim, mut force) = (grid.dim(), [0.0; 2]);
    let mut at = |x1: f64| {
        let x = [x0, x1];
        potential.force(&x[..dim], &mut force[..dim]);
        (-potential.energy(&x[..dim]) / potential.kt() - ln_z).exp() * force[0] / potential.kt()
    };
    // In one dimension there is a single cell, of width 1.
    grid.second_axis().map(|x1| grid.step[1] * at(x1)).filter(|part| part.is_finite()).sum()
}
