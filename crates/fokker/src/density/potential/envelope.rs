//! Exact draws from e^{−U/kT}/Z by rejection from a step function above it.

use rand::{Rng, RngExt};

use super::energy::Potential;
use super::grid::Grid;

/// Cells a side, in one and in two dimensions.
const CELLS: [usize; 2] = [1 << 10, 1 << 8];

/// Cells whose bound is below e to the minus this of the highest are left out.
const LEFT_OUT: f64 = 50.0;

/// A step function that is nowhere below e^{−U/kT}, cell by cell.
///
/// In a cell, −U/kT is at most its greatest value at the corners and the middle plus ½ L (h/2)², h the longer side and L a bound of
/// the norm of U's second derivatives over kT: where a maximum lies inside, or inside of an edge, the slope along it is 0 and one of
/// these points is at most h/2 away. L is taken as twice the norm that differences of forces across the cell have.
#[derive(Clone, Debug)]
pub(super) struct Envelope {
    grid: Grid,
    cells: Vec<Cell>,
}

#[derive(Clone, Copy, Debug)]
struct Cell {
    middle: [f64; 2],
    /// The bound of −U/kT.
    log_bound: f64,
    /// Sum of the bounds up to and with this cell.
    cumulative: f64,
}

impl Envelope {
    pub(super) fn new(potential: &Potential) -> Self {
        let grid = Grid::covering(potential, CELLS[potential.wells_dim() - 1]);
        let middles = (0..grid.len()).map(|cell| grid.middle(cell));
        let mut cells: Vec<Cell> = middles
            .map(|middle| Cell { middle, log_bound: highest(potential, &grid, middle), cumulative: 0.0 })
            .collect();
        let top = cells.iter().fold(f64::NEG_INFINITY, |top, cell| top.max(cell.log_bound));
        cells.retain(|cell| cell.log_bound > top - LEFT_OUT);
        let mut sum = 0.0;
        for cell in &mut cells {
            cell.log_bound += curvature(potential, &grid, cell.middle);
            sum += (cell.log_bound - top).exp();
            cell.cumulative = sum;
        }
        Self { grid, cells }
    }

    /// One draw of the coordinates that have wells.
    pub(super) fn draw<R: Rng>(&self, potential: &Potential, rng: &mut R, x: &mut [f64]) {
        let sum = self.cells.last().map_or(0.0, |cell| cell.cumulative);
        loop {
            let at = sum * rng.random::<f64>();
            let chosen = self.cells.partition_point(|cell| cell.cumulative <= at);
            let Some(cell) = self.cells.get(chosen) else { continue };
            for (axis, x) in x.iter_mut().enumerate() {
                *x = cell.middle[axis] + self.grid.step[axis] * (rng.random::<f64>() - 0.5);
            }
            if rng.random::<f64>() < (-potential.energy(x) / potential.kt() - cell.log_bound).exp() {
                return;
            }
        }
    }

    /// The middle of each cell and the bound of −U/kT in it; the sides of cells.
    #[cfg(test)]
    pub(super) fn bounds(&self) -> (impl Iterator<Item = ([f64; 2], f64)>, [f64; 2]) {
        (self.cells.iter().map(|cell| (cell.middle, cell.log_bound)), self.grid.step)
    }
}

/// The greatest −U/kT at the middle and the corners of a cell.
fn highest(potential: &Potential, grid: &Grid, middle: [f64; 2]) -> f64 {
    let shifts = [[0.0, 0.0], [-0.5, -0.5], [-0.5, 0.5], [0.5, -0.5], [0.5, 0.5]];
    let points = shifts.map(|shift| [0, 1].map(|axis| middle[axis] + shift[axis] * grid.step[axis]));
    points.iter().map(|x| -potential.energy(&x[..grid.dim()]) / potential.kt()).fold(f64::NEG_INFINITY, f64::max)
}

/// L h²/8.
fn curvature(potential: &Potential, grid: &Grid, middle: [f64; 2]) -> f64 {
    let dim = grid.dim();
    let side = grid.step[..dim].iter().copied().fold(0.0, f64::max);
    let mut square = 0.0;
    for axis in 0..dim {
        let [before, after] = [-0.5, 0.5].map(|shift| {
            let (mut x, mut force) = (middle, [0.0; 2]);
            x[axis] += shift * grid.step[axis];
            potential.force(&x[..dim], &mut force[..dim]);
            force
        });
        square += (0..dim).map(|i| ((after[i] - before[i]) / grid.step[axis] / potential.kt()).powi(2)).sum::<f64>();
    }
    2.0 * square.sqrt() * side * side / 8.0
}
