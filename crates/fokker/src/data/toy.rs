//! Generators in the plane without a density in closed form for every noise level: board, spirals, moons.

use std::f64::consts::{PI, TAU};

use rand::{Rng, RngExt};
use rand_distr::StandardNormal;

use super::DataError;

/// A generator of points in the plane.
#[derive(Clone, Debug)]
pub(super) enum Toy {
    Checkerboard { cells: usize, half_width: f64 },
    Spirals { arms: usize, turns: f64, noise: f64 },
    Moons { noise: f64 },
}

impl Toy {
    pub(super) fn checkerboard(cells: usize, half_width: f64) -> Result<Self, DataError> {
        count("cells", cells, 1024)?;
        number("half_width", half_width, 1e-6, 1e6)?;
        Ok(Self::Checkerboard { cells, half_width })
    }

    pub(super) fn spirals(arms: usize, turns: f64, noise: f64) -> Result<Self, DataError> {
        count("arms", arms, 10_000)?;
        number("turns", turns, 0.0, 1e3)?;
        number("noise", noise, 0.0, 1e6)?;
        Ok(Self::Spirals { arms, turns, noise })
    }

    pub(super) fn moons(noise: f64) -> Result<Self, DataError> {
        number("noise", noise, 0.0, 1e6)?;
        Ok(Self::Moons { noise })
    }

    pub(super) fn draw<R: Rng>(&self, rng: &mut R) -> [f64; 2] {
        let (point, noise) = match *self {
            Self::Checkerboard { cells, half_width } => {
                let square = dark_square(cells, rng.random_range(0..dark_squares(cells)));
                let side = 2.0 * half_width / cells as f64;
                (square.map(|at| (at as f64 + rng.random::<f64>()) * side - half_width), 0.0)
            }
            Self::Spirals { arms, turns, noise } => {
                // The square root spreads the points evenly along the arm rather than towards its start.
                let part = rng.random::<f64>().sqrt();
                let angle = TAU * (part * turns + rng.random_range(0..arms) as f64 / arms as f64);
                ([2.0 * part * angle.cos(), 2.0 * part * angle.sin()], noise)
            }
            Self::Moons { noise } => {
                let (sin, cos) = (PI * rng.random::<f64>()).sin_cos();
                let [x, y] = if rng.random::<bool>() { [cos, sin] } else { [1.0 - cos, 0.5 - sin] };
                ([(x - 0.5) * 4.0 / 3.0, (y - 0.25) * 4.0 / 3.0], noise)
            }
        };
        if noise == 0.0 { point } else { point.map(|x| x + noise * rng.sample::<f64, _>(StandardNormal)) }
    }

    /// Differential entropy in nats where it is simple.
    pub(super) fn entropy(&self) -> Option<f64> {
        match *self {
            Self::Checkerboard { cells, half_width } => {
                let side = 2.0 * half_width / cells as f64;
                Some((dark_squares(cells) as f64 * side * side).ln())
            }
            Self::Spirals { .. } | Self::Moons { .. } => None,
        }
    }
}

/// Dark squares of a board whose corner is dark.
fn dark_squares(cells: usize) -> usize {
    (cells * cells).div_ceil(2)
}

/// The dark square of the given number, as column and row; column + row is even.
fn dark_square(cells: usize, number: usize) -> [usize; 2] {
    let flat = 2 * number;
    let (row, column) = (flat / cells, flat % cells);
    // With an even number of columns every second row starts on a light square.
    let shift = if cells.is_multiple_of(2) { row % 2 } else { 0 };
    [column + shift, row]
}

/// Refuses a count outside 1..=most.
pub(super) fn count(key: &'static str, value: usize, most: usize) -> Result<(), DataError> {
    if (1..=most).contains(&value) {
        return Ok(());
    }
    Err(DataError::parameter(key, value, format!("must be between 1 and {most}")))
}

/// Refuses a number outside [least, most], NaN included.
pub(super) fn number(key: &'static str, value: f64, least: f64, most: f64) -> Result<(), DataError> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(DataError::parameter(key, value, format!("must be between {least} and {most}")))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_xoshiro::Xoshiro256PlusPlus;

    #[test]
    fn dark_squares_are_all_different_and_dark() {
        for cells in 1..=9 {
            let squares: std::collections::HashSet<_> =
                (0..dark_squares(cells)).map(|number| dark_square(cells, number)).collect();
            assert_eq!(squares.len(), dark_squares(cells));
            assert!(squares.iter().all(|[x, y]| (x + y) % 2 == 0 && *x < cells && *y < cells), "{cells}: {squares:?}");
        }
    }

    #[test]
    fn a_checkerboard_is_uniform_and_has_its_entropy() {
        let board = Toy::checkerboard(4, 2.0).unwrap();
        assert!((board.entropy().unwrap() - 8.0_f64.ln()).abs() < 1e-15);
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let mut counts = std::collections::HashMap::new();
        for _ in 0..8000 {
            let square = board.draw(&mut rng).map(|x| (x + 2.0).floor() as i64);
            *counts.entry(square).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 8);
        assert!(counts.values().all(|n| (880..1120).contains(n)), "{counts:?}");
    }

    #[test]
    fn shapes_have_their_radii_without_noise() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
        let (spirals, moons) = (Toy::spirals(3, 1.0, 0.0).unwrap(), Toy::moons(0.0).unwrap());
        for _ in 0..1000 {
            let [x, y] = spirals.draw(&mut rng);
            let radius = x.hypot(y);
            let arm = (y.atan2(x) / TAU - radius / 2.0) * 3.0;
            assert!(radius <= 2.0 && (arm - arm.round()).abs() < 1e-9);
            let [x, y] = moons.draw(&mut rng);
            let distance = |cx: f64, cy: f64| ((x - cx).hypot(y - cy) - 4.0 / 3.0).abs();
            assert!(distance(-2.0 / 3.0, -1.0 / 3.0) < 1e-9 || distance(2.0 / 3.0, 1.0 / 3.0) < 1e-9);
            assert!(x.abs() <= 2.0 && y.abs() <= 1.0);
        }
    }
}
