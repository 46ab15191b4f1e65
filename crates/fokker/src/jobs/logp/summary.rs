//! What is said about all rows together.

use crate::stats::MeanSe;

/// What [`logp`](super::logp) found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogpSummary {
    /// Rows.
    pub rows: u64,
    /// Log p, in the units of the data, in nats, over the rows that have one.
    pub log_prob: RunningMean,
    /// The lower bound over those of them that have one: beyond, it may be of any size.
    pub bound: RunningMean,
    /// Rows at the floor of the precision.
    pub floor: u64,
    /// Rows that failed and have no log p.
    pub failed: u64,
    /// The number of the first of them, from 0, and how it ended, as the column `outcome` says.
    pub first: Option<(u64, &'static str)>,
}

/// A mean by Welford's recurrence, which does not cancel (Welford 1962, Technometrics 4, p. 419).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RunningMean {
    /// Numbers.
    pub count: u64,
    mean: f64,
    squares: f64,
}

impl RunningMean {
    #[allow(clippy::cast_precision_loss)]
    pub(super) fn add(&mut self, value: f64) {
        self.count += 1;
        let step = value - self.mean;
        self.mean += step / self.count as f64;
        self.squares += step * (value - self.mean);
    }

    /// The mean, NaN over nothing, and its standard error, NaN over fewer than two numbers.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn value(&self) -> MeanSe {
        let n = self.count as f64;
        let se = if n < 2.0 { f64::NAN } else { (self.squares / (n - 1.0) / n).sqrt() };
        MeanSe { mean: if n < 1.0 { f64::NAN } else { self.mean }, se }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_that_of_all_numbers_at_once() {
        let mut running = RunningMean::default();
        assert!(running.value().mean.is_nan());
        let values = [1e9 + 4.0, 1e9 + 7.0, 1e9 + 13.0, 1e9 + 16.0];
        for (at, &value) in values.iter().enumerate() {
            running.add(value);
            assert_eq!(running.value().se.is_nan(), at == 0);
        }
        // Variance 30, of the mean 7.5.
        let found = running.value();
        assert!((found.mean - (1e9 + 10.0)).abs() < 1e-6 && (found.se - 7.5_f64.sqrt()).abs() < 1e-6, "{found:?}");
    }
}
