//! The logarithm of a mean of exponentials.

use crate::stats::MeanSe;

/// log (1/n) Σ eˣ over numbers one by one, with its standard error by the delta method: that of the mean of eˣ over the mean.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogMeanExp {
    count: u64,
    /// The greatest x so far; sums are in units of its exponential.
    most: f64,
    sum: f64,
    squares: f64,
}

impl Default for LogMeanExp {
    fn default() -> Self {
        Self { count: 0, most: f64::NEG_INFINITY, sum: 0.0, squares: 0.0 }
    }
}

impl LogMeanExp {
    /// Adds a number.
    pub fn add(&mut self, x: f64) {
        self.count += 1;
        if x > self.most {
            let shrunk = (self.most - x).exp();
            (self.sum, self.squares, self.most) = (self.sum * shrunk, self.squares * shrunk * shrunk, x);
        }
        let weight = if x == self.most { 1.0 } else { (x - self.most).exp() };
        self.sum += weight;
        self.squares += weight * weight;
    }

    /// The value, NaN over nothing or where a number was NaN, and its standard error, NaN over fewer than two.
    #[allow(clippy::cast_precision_loss)]
    pub fn value(&self) -> MeanSe {
        let n = self.count as f64;
        let mean = self.sum / n;
        let variance = (self.squares / n - mean * mean).max(0.0) * n / (n - 1.0);
        let se = if self.count < 2 { f64::NAN } else { (variance / n).sqrt() / mean };
        MeanSe { mean: if self.count == 0 { f64::NAN } else { self.most + mean.ln() }, se }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_numbers_do_not_overflow() {
        let mut all = LogMeanExp::default();
        assert!(all.value().mean.is_nan());
        for x in [1000.0, 1001.0, 999.0, 1000.5] {
            all.add(x);
        }
        let shifted: Vec<f64> = [0.0, 1.0, -1.0, 0.5].map(f64::exp).to_vec();
        let mean = MeanSe::of(&shifted);
        assert!((all.value().mean - 1000.0 - mean.mean.ln()).abs() < 1e-12);
        assert!((all.value().se - mean.se / mean.mean).abs() < 1e-12);
    }

    #[test]
    fn a_number_that_is_none_is_kept() {
        let mut all = LogMeanExp::default();
        all.add(0.0);
        all.add(f64::NAN);
        assert!(all.value().mean.is_nan());
    }
}
