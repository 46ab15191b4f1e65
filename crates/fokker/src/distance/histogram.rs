//! Distances of histograms: Jensen–Shannon divergence, and squared differences of free energies.

use super::two_samples::{TwoSamples, request};
use crate::Error;

/// Bins along each axis of [`js`].
const JS_BINS: usize = 100;

/// Bins along each axis of [`pmf`].
const PMF_BINS: usize = 64;

/// The probability that [`pmf`] gives to an empty bin.
const EMPTY: f64 = 1e-6;

/// Jensen–Shannon divergence ½ KL(P ‖ M) + ½ KL(Q ‖ M), M = (P + Q)/2, in nats, of the two sets' histograms: 100 bins along each of one or
/// two axes, which span both sets (Lin 1991, IEEE Trans. Inf. Theory 37; bins as in Plainer et al. 2025, ScoreMD).
///
/// It is 0 for equal histograms and ln 2 for those that share no bin. Sets of n points from one density differ, too, by about
/// (occupied bins)/8 · (1/n + 1/m) nats.
///
/// # Errors
/// [`Error::Config`] unless the points have one or two coordinates.
///
/// ```
/// use fokker::distance::{TwoSamples, js};
/// let apart = TwoSamples::new(&[0.0, 0.1], &[0.9, 1.0], 1)?;
/// assert!((js(&apart)? - 2.0_f64.ln()).abs() < 1e-12);
/// # Ok::<(), fokker::Error>(())
/// ```
pub fn js(samples: &TwoSamples) -> Result<f64, Error> {
    let [p, q] = histograms(samples, JS_BINS)?;
    let term = |p: f64, m: f64| if p > 0.0 { p * (p / m).ln() } else { 0.0 };
    Ok(p.iter().zip(&q).map(|(&p, &q)| 0.5 * (term(p, 0.5 * (p + q)) + term(q, 0.5 * (p + q)))).sum())
}

/// Mean squared difference of the potentials of mean force −ln P and −ln Q (in units of kT) of the two sets' histograms, weighted by
/// (P + Q)/2: 64 bins along each of one or two axes, which span both sets, empty ones counting as 1e-6 (as in Plainer et al. 2025, ScoreMD).
///
/// # Errors
/// [`Error::Config`] unless the points have one or two coordinates.
///
/// ```
/// use fokker::distance::{TwoSamples, pmf};
/// let same = TwoSamples::new(&[0.0, 1.0], &[1.0, 0.0], 1)?;
/// assert_eq!(pmf(&same)?, 0.0);
/// # Ok::<(), fokker::Error>(())
/// ```
pub fn pmf(samples: &TwoSamples) -> Result<f64, Error> {
    let [p, q] = histograms(samples, PMF_BINS)?;
    let energy = |p: f64| -p.max(EMPTY).ln();
    Ok(p.iter().zip(&q).map(|(&p, &q)| 0.5 * (p + q) * (energy(p) - energy(q)).powi(2)).sum())
}

/// The parts of both sets in each bin.
#[allow(clippy::cast_precision_loss)]
fn histograms(samples: &TwoSamples, bins: usize) -> Result<[Vec<f64>; 2], Error> {
    let dim = samples.dim();
    if !(1..=2).contains(&dim) {
        return Err(request("dim", &format!("histograms are of one or two coordinates, not of {dim}")));
    }
    let mut ranges = vec![[f64::INFINITY, f64::NEG_INFINITY]; dim];
    for i in 0..samples.len() {
        for (range, &x) in ranges.iter_mut().zip(samples.row(i)) {
            *range = [range[0].min(x), range[1].max(x)];
        }
    }
    let count = |rows: std::ops::Range<usize>| {
        let (one, mut parts) = (1.0 / rows.len() as f64, vec![0.0; bins.pow(dim as u32)]);
        for i in rows {
            let row = samples.row(i).iter().zip(&ranges);
            parts[row.fold(0, |at, (&x, range)| at * bins + bin(x, *range, bins))] += one;
        }
        parts
    };
    Ok([count(0..samples.n()), count(samples.n()..samples.len())])
}

/// The bin of a number in a range that holds it; the last bin has its upper end, too.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn bin(x: f64, [low, high]: [f64; 2], bins: usize) -> usize {
    if high <= low {
        return bins / 2;
    }
    // Halves, so that the width of any range is finite.
    let part = (0.5 * x - 0.5 * low) / (0.5 * high - 0.5 * low);
    ((part * bins as f64) as usize).min(bins - 1)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// P = (½, ½), Q = (1, 0) in the bins that are occupied.
    #[test]
    fn small_cases_by_hand() {
        let half = TwoSamples::new(&[0.0, 1.0], &[0.0, 0.0], 1).unwrap();
        let expected = 0.5 * (0.5 * (0.5_f64 / 0.75).ln() + 0.5 * (0.5_f64 / 0.25).ln()) + 0.5 * (1.0_f64 / 0.75).ln();
        assert!((js(&half).unwrap() - expected).abs() < 1e-14);
        let expected = 0.75 * 2.0_f64.ln().powi(2) + 0.25 * (0.5_f64 / 1e-6).ln().powi(2);
        assert!((pmf(&half).unwrap() - expected).abs() < 1e-12);
        // The same on the diagonal and on an axis of a plane, whose other axis has no width.
        for other in [0.0, 1.0] {
            let plane = TwoSamples::new(&[0.0, 0.0, 1.0, other], &[0.0, 0.0, 0.0, 0.0], 2).unwrap();
            assert!((pmf(&plane).unwrap() - expected).abs() < 1e-12);
        }
        let twice = TwoSamples::new(&[0.0, 1.0, 0.0, 1.0], &[1.0, 0.0], 1).unwrap();
        assert_eq!((js(&twice).unwrap(), pmf(&twice).unwrap()), (0.0, 0.0));
    }

    /// 100 bins for the one, 64 for the other, over the range of both sets.
    #[test]
    fn bins_are_as_many_as_stated_and_span_both_sets() {
        let within = |x: f64| TwoSamples::new(&[0.0, x], &[1.0, 0.0], 1).unwrap();
        // P shares bin 0 with Q; 0.995 is in the last of 100 bins, and so is 1.
        assert!(js(&within(0.995)).unwrap() < 1e-15 && js(&within(0.985)).unwrap() > 0.1);
        assert!(pmf(&within(0.985)).unwrap() < 1e-15 && pmf(&within(0.984)).unwrap() > 0.1);
        assert_eq!((bin(0.0, [0.0, 1.0], 100), bin(1.0, [0.0, 1.0], 100), bin(3.0, [3.0, 3.0], 64)), (0, 99, 32));
        assert_eq!(bin(f64::MAX, [f64::MIN, f64::MAX], 10), 9);
    }

    #[test]
    fn more_than_two_coordinates_are_refused() {
        let samples = TwoSamples::new(&[0.0; 6], &[0.0; 6], 3).unwrap();
        assert!(js(&samples).unwrap_err().to_string().contains("one or two coordinates, not of 3"));
    }
}
