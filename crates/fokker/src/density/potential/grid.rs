//! Cells of a box in one or two dimensions.

use super::energy::Potential;

/// What lies so many kT above the lowest energy counts for nothing: e^{−45} ≈ 3e-20.
const NEGLIGIBLE: f64 = 45.0;

/// Cells a side of the grids on which the box is found: in one and in two dimensions.
const SEARCH: [usize; 2] = [2000, 200];

/// Equal cells of a box; in one dimension the second axis has a single cell of width 1 around 0.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Grid {
    dim: usize,
    low: [f64; 2],
    pub(super) step: [f64; 2],
    cells: [usize; 2],
}

impl Grid {
    /// About `cells` along each axis of the box outside of which e^{−U/kT} is negligible; the boundary of the basins is an edge.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
    pub(super) fn covering(potential: &Potential, cells: usize) -> Self {
        let dim = potential.wells_dim();
        let mut grid = Self::of(dim, potential.region(), SEARCH[dim - 1]);
        for _ in 0..2 {
            grid = Self::of(dim, grid.inhabited(potential), SEARCH[dim - 1]);
        }
        let mut grid = Self::of(dim, grid.inhabited(potential), cells);
        let boundary = potential.basins()[1].low;
        // One cell more, so that nothing is lost by shifting.
        grid.low[0] = boundary - ((boundary - grid.low[0]) / grid.step[0]).ceil() * grid.step[0];
        grid.cells[0] += 1;
        grid
    }

    #[allow(clippy::cast_precision_loss)]
    fn of(dim: usize, ranges: [[f64; 2]; 2], cells: usize) -> Self {
        let cells = [cells, if dim == 1 { 1 } else { cells }];
        let step = [0, 1].map(|axis| (ranges[axis][1] - ranges[axis][0]) / cells[axis] as f64);
        Self { dim, low: ranges.map(|range| range[0]), step, cells }
    }

    /// The part of the box whose energy is not negligibly high, and a cell around it.
    fn inhabited(&self, potential: &Potential) -> [[f64; 2]; 2] {
        let energies: Vec<f64> = (0..self.len()).map(|cell| potential.energy(&self.middle(cell)[..self.dim])).collect();
        let most = energies.iter().copied().fold(f64::INFINITY, f64::min) + NEGLIGIBLE * potential.kt();
        let mut ranges = [[f64::INFINITY, f64::NEG_INFINITY]; 2];
        for (cell, _) in energies.iter().enumerate().filter(|(_, energy)| **energy <= most) {
            let middle = self.middle(cell);
            for axis in 0..self.dim {
                ranges[axis][0] = ranges[axis][0].min(middle[axis] - 1.5 * self.step[axis]);
                ranges[axis][1] = ranges[axis][1].max(middle[axis] + 1.5 * self.step[axis]);
            }
        }
        if self.dim == 1 { [ranges[0], [-0.5, 0.5]] } else { ranges }
    }

    pub(super) fn dim(&self) -> usize {
        self.dim
    }

    /// How many cells there are.
    pub(super) fn len(&self) -> usize {
        self.cells[0] * self.cells[1]
    }

    /// The middle of a cell.
    #[allow(clippy::cast_precision_loss)]
    pub(super) fn middle(&self, cell: usize) -> [f64; 2] {
        let at = [cell / self.cells[1], cell % self.cells[1]];
        [0, 1].map(|axis| self.low[axis] + (at[axis] as f64 + 0.5) * self.step[axis])
    }

    /// The middles of the second axis' cells.
    pub(super) fn second_axis(&self) -> impl Iterator<Item = f64> {
        (0..self.cells[1]).map(|cell| self.middle(cell)[1])
    }

    /// The volume of a cell.
    pub(super) fn volume(&self) -> f64 {
        self.step[..self.dim].iter().product()
    }

    /// The box.
    #[allow(clippy::cast_precision_loss)]
    pub(super) fn ranges(&self) -> [[f64; 2]; 2] {
        [0, 1].map(|axis| [self.low[axis], self.low[axis] + self.cells[axis] as f64 * self.step[axis]])
    }
}
