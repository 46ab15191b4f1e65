//! Means under a Gaussian kernel: of what lies around a point, weighted by how near it is.

use std::any::Any;

use super::simd::multiversion;
use crate::Real;

/// Sums that are taken side by side.
const LANES: usize = 16;

/// What is so much farther (squared) than the nearest weighs less than e⁻⁵⁰, which is nothing beside 1 in double precision.
const FAR: f64 = 100.0;

type Routine<F> = fn(&mut [F], &[F], F, &[F], &mut [F]);

/// `z ← Σ wᵢ zᵢ / Σ wᵢ` over z itself and the offsets zᵢ = y − k rᵢ of rows rᵢ, with wᵢ = e^(−‖zᵢ‖²/2).
///
/// `rows` holds the rows' coordinates one after another: all first ones, then all second ones. `near` is memory for a number a row.
///
/// ```
/// use fokker_jet::cpu::kernel_mean;
/// // Of a point and one row as near as that on its other side.
/// let (mut z, mut near) = ([0.5], [0.0]);
/// kernel_mean(&mut z, &[1.0], 1.0, &[1.5], &mut near);
/// assert_eq!(z, [0.0_f64]);
/// ```
pub fn kernel_mean<F: Real>(z: &mut [F], y: &[F], k: F, rows: &[F], near: &mut [F]) {
    let (single, double): (Routine<f32>, Routine<f64>) = (mean::<f32>, mean::<f64>);
    let either: [&dyn Any; 2] = [&single, &double];
    if let Some(routine) = either.into_iter().find_map(|routine| routine.downcast_ref::<Routine<F>>()) {
        routine(z, y, k, rows, near);
    }
}

multiversion! {
    fn mean<F: Real>(z: &mut [F], y: &[F], k: F, rows: &[F], near: &mut [F]) {
        let count = near.len();
        if count == 0 {
            return;
        }
        near.fill(F::ZERO);
        for (&y, of_all) in y.iter().zip(rows.chunks_exact(count)) {
            for (near, &r) in near.iter_mut().zip(of_all) {
                let offset = y - k * r;
                *near = offset.multiply_add::<FMA>(offset, *near);
            }
        }
        let own = z.iter().fold(F::ZERO, |sum, &z| z.multiply_add::<FMA>(z, sum));
        let nearest = least(near);
        // Most rows of little noise have nothing near them.
        if nearest - own > F::of(FAR) {
            return;
        }
        let (half, nearest) = (F::of(-0.5), if nearest < own { nearest } else { own });
        for near in near.iter_mut() {
            *near = (half * (*near - nearest)).exp_with::<FMA>();
        }
        let own = (half * (own - nearest)).exp_with::<FMA>();
        let whole = own + sum(near, near, |w, _, sum| w + sum);
        for ((&y, z), of_all) in y.iter().zip(z).zip(rows.chunks_exact(count)) {
            let others = sum(near, of_all, |w, r, sum| w.multiply_add::<FMA>(y - k * r, sum));
            *z = (own * *z + others) / whole;
        }
    }
}

/// The least of several numbers.
#[inline(always)]
fn least<F: Real>(of: &[F]) -> F {
    let smaller = |a: F, b: F| if b < a { b } else { a };
    let mut lanes = [of[0]; LANES];
    let chunks = of.chunks_exact(LANES);
    let rest = chunks.remainder().iter().fold(of[0], |least, &value| smaller(least, value));
    for chunk in chunks {
        lanes.iter_mut().zip(chunk).for_each(|(lane, &value)| *lane = smaller(*lane, value));
    }
    lanes.into_iter().fold(rest, smaller)
}

/// Folds `add` over pairs, lane by lane.
#[inline(always)]
fn sum<F: Real>(a: &[F], b: &[F], add: impl Fn(F, F, F) -> F) -> F {
    let mut lanes = [F::ZERO; LANES];
    let (wholes_a, wholes_b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest = wholes_a.remainder().iter().zip(wholes_b.remainder());
    let rest = rest.fold(F::ZERO, |sum, (&a, &b)| add(a, b, sum));
    for (a, b) in wholes_a.zip(wholes_b) {
        for ((lane, &a), &b) in lanes.iter_mut().zip(a).zip(b) {
            *lane = add(a, b, *lane);
        }
    }
    lanes.into_iter().fold(rest, |sum, lane| sum + lane)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mean written out, and that of the routine: `count` rows on a curve, a point in units of σ.
    fn both(count: usize, sigma: f64) -> [[f64; 2]; 2] {
        let rows: Vec<[f64; 2]> = (0..count).map(|i| [0.3 * i as f64 - 1.0, (0.7 * i as f64).sin()]).collect();
        let (m, x0, own) = (0.9, [0.2, -0.4], [0.5, -1.1]);
        let x = [0, 1].map(|d| m * x0[d] + sigma * own[d]);

        let mut all: Vec<[f64; 2]> = rows.iter().map(|r| [0, 1].map(|d| (x[d] - m * r[d]) / sigma)).collect();
        all.push(own);
        let weight = |z: &[f64; 2]| (-0.5 * (z[0] * z[0] + z[1] * z[1])).exp();
        let whole: f64 = all.iter().map(weight).sum();
        let want = [0, 1].map(|d| all.iter().map(|z| weight(z) * z[d]).sum::<f64>() / whole);

        let coordinates: Vec<f64> = (0..2).flat_map(|d| rows.iter().map(move |r| r[d])).collect();
        let mut found = own;
        kernel_mean(&mut found, &x.map(|x| x / sigma), m / sigma, &coordinates, &mut vec![0.0; count]);
        [found, want]
    }

    #[test]
    fn it_is_the_mean_over_all_rows() {
        // Counts with and without a remainder beside the lanes.
        for (count, sigma) in [(1, 0.5), (7, 0.1), (16, 1.0), (45, 3.0)] {
            let [found, want] = both(count, sigma);
            assert!((0..2).all(|d| (found[d] - want[d]).abs() < 1e-13), "{count} {sigma}: {found:?} {want:?}");
        }
    }

    #[test]
    fn far_from_all_rows_nothing_changes() {
        assert_eq!(both(29, 1e-3)[0], [0.5, -1.1]);
        assert_eq!(both(0, 0.5)[0], [0.5, -1.1]);
        assert!((both(29, 0.5)[0][0] - 0.5).abs() > 0.1);
    }
}
