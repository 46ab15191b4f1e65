//! Histograms as densities.

use crate::series::Point;

/// The share of `values` in each of `bins` equal stretches of a window, over the stretch's length, at their middles; the standard error is
/// the binomial one. Values outside have their share, too.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub(crate) fn histogram(values: impl Iterator<Item = f64>, [low, high]: [f64; 2], bins: usize) -> Vec<Point> {
    let (mut counts, mut all) = (vec![0.0_f64; bins], 0.0_f64);
    for value in values.filter(|value| value.is_finite()) {
        all += 1.0;
        let place = (value - low) / (high - low) * bins as f64;
        if (0.0..bins as f64).contains(&place) {
            counts[place as usize] += 1.0;
        }
    }
    let step = (high - low) / bins as f64;
    let point = |(i, &count): (usize, &f64)| {
        let (share, of) = (count / all, all * step);
        Point { x: low + (i as f64 + 0.5) * step, y: count / of, se: (count * (1.0 - share)).sqrt() / of }
    };
    if all > 0.0 && step > 0.0 { counts.iter().enumerate().map(point).collect() } else { Vec::new() }
}

/// Stretches for a number of values: few values fill few.
pub(crate) fn bins(values: usize) -> usize {
    if values < 1000 { 20 } else { 64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_over_lengths() {
        let points = histogram([0.1, 0.2, 1.5, 9.0, f64::NAN].into_iter(), [0.0, 2.0], 2);
        assert_eq!(points.iter().map(|p| (p.x, p.y)).collect::<Vec<_>>(), [(0.5, 0.5), (1.5, 0.25)]);
        assert!((points[0].se - 0.25).abs() < 1e-12);
        assert!(histogram([].into_iter(), [0.0, 1.0], 2).is_empty());
        assert!(histogram([1.0].into_iter(), [1.0, 1.0], 2).is_empty());
    }
}
