//! The times of fixed-step samplers.

use crate::sde::{Sde, T_MAX};

/// `steps + 1` times from T down to t_min, equally spaced in ln(m/σ).
///
/// In this variable every SDE looks the same: the reverse SDE's noise over a step, relative to that present, is
/// g² |dt| / σ² = 2 d ln(m/σ).
///
/// Measured on mixtures: how far E log q of 8,000 to 40,000 samples after 50 steps falls short of its true value, in nats (± 0.01 to
/// 0.02), against steps equal in t, in √t and in ∛t. Not always the best, then, but the one without a bad case:
///
/// | modes, SDE | this | t | √t | ∛t |
/// | --- | --- | --- | --- | --- |
/// | width 0.02, VP | 0.20 | 29 | 0.42 | 0.22 |
/// | width 0.02, sub-VP | 0.09 | 0.33 | 0.08 | 0.07 |
/// | wide, VP | 0.10 | 0.06 | 0.06 | 0.07 |
/// | wide, sub-VP | 0.13 | 0.05 | 0.06 | 0.08 |
/// | wide, VE | 0.04 | 0.04 | 0.07 | 0.09 |
pub(super) fn log_snr(sde: &Sde, steps: usize) -> Vec<f64> {
    let value = |t: f64| {
        let c = sde.at(t);
        c.m.ln() - c.sigma.ln()
    };
    let (first, last) = (value(T_MAX), value(sde.t_min()));
    #[allow(clippy::cast_precision_loss)]
    let time = |i: usize| {
        if i == 0 {
            return T_MAX;
        }
        if i == steps {
            return sde.t_min();
        }
        let wanted = first + (last - first) * i as f64 / steps as f64;
        bisect(|t| value(t) > wanted, sde.t_min(), T_MAX)
    };
    (0..=steps).map(time).collect()
}

/// The place in [low, high] where a predicate turns from true to false.
fn bisect(predicate: impl Fn(f64) -> bool, mut low: f64, mut high: f64) -> f64 {
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if predicate(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_equal_in_log_snr_and_fine_near_t_min() {
        for sde in [Sde::vp(), Sde::sub_vp(), Sde::ve()] {
            let grid = log_snr(&sde, 50);
            assert_eq!((grid.len(), grid[0], grid[50]), (51, T_MAX, sde.t_min()));
            let value = |t: f64| (sde.at(t).m / sde.at(t).sigma).ln();
            let step = (value(grid[50]) - value(grid[0])) / 50.0;
            for pair in grid.windows(2) {
                assert!(pair[1] < pair[0]);
                assert!((value(pair[1]) - value(pair[0]) - step).abs() < 1e-9, "{sde:?} {pair:?}");
            }
        }
        // VE's σ is exponential in t, so its grid is uniform; VP's is not.
        let (ve, vp) = (log_snr(&Sde::ve(), 50), log_snr(&Sde::vp(), 50));
        assert!(((ve[49] - ve[50]) / (ve[0] - ve[1]) - 1.0).abs() < 1e-6);
        assert!((vp[49] - vp[50]) / (vp[0] - vp[1]) < 0.1);
    }
}
