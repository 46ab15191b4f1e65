//! Means with standard errors.

use serde::{Deserialize, Deserializer, Serialize};

/// A mean and its standard error. In JSON what is not known is `null`; two figures that are not known are equal.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct MeanSe {
    /// The mean.
    #[serde(deserialize_with = "nan_if_null")]
    pub mean: f64,
    /// Its standard error, √(s²/n) with the sample variance s²; NaN for fewer than two values, which say nothing of their spread.
    #[serde(deserialize_with = "nan_if_null")]
    pub se: f64,
}

/// JSON has no NaN: it is written as `null`, and read back from it.
pub(crate) fn nan_if_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Option::deserialize(deserializer).map(|value| value.unwrap_or(f64::NAN))
}

impl PartialEq for MeanSe {
    fn eq(&self, other: &Self) -> bool {
        same(self.mean, other.mean) && same(self.se, other.se)
    }
}

/// Are two numbers equal, or both not known?
fn same(a: f64, b: f64) -> bool {
    a == b || a.is_nan() && b.is_nan()
}

impl MeanSe {
    /// Mean and standard error of independent values.
    ///
    /// ```
    /// let m = fokker::stats::MeanSe::of(&[1.0, 2.0, 3.0]);
    /// assert_eq!(m.mean, 2.0);
    /// assert!((m.se - (1.0_f64 / 3.0).sqrt()).abs() < 1e-15);
    /// assert!(fokker::stats::MeanSe::of(&[1.0]).se.is_nan());
    /// ```
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn of(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        if values.len() < 2 {
            return Self { mean, se: f64::NAN };
        }
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
        Self { mean, se: (variance / n).sqrt() }
    }

    /// The same of those values that are finite; NaN if none is.
    ///
    /// ```
    /// assert_eq!(fokker::stats::MeanSe::of_finite(&[1.0, f64::NAN, 3.0]).mean, 2.0);
    /// ```
    #[must_use]
    pub fn of_finite(values: &[f64]) -> Self {
        Self::of(&values.iter().copied().filter(|value| value.is_finite()).collect::<Vec<_>>())
    }
}

/// The quantile of sorted numbers at `part` of the way, between neighbours on the straight line (type 7 of Hyndman and Fan 1996); NaN of
/// none.
///
/// ```
/// use fokker::stats::quantile;
/// assert_eq!((quantile(&[1.0, 2.0, 4.0], 0.5), quantile(&[1.0, 2.0, 4.0], 0.75)), (2.0, 3.0));
/// assert!(quantile(&[], 0.5).is_nan());
/// ```
#[must_use]
pub fn quantile(sorted: &[f64], part: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = part.clamp(0.0, 1.0) * last as f64;
    let (low, high) = (place.floor() as usize, place.ceil() as usize);
    sorted[low] + (sorted[high] - sorted[low]) * (place - low as f64)
}

/// A mean and its standard error at a time t; equal as [`MeanSe`]s are.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct AtTime {
    /// t.
    pub t: f64,
    /// The mean.
    #[serde(deserialize_with = "nan_if_null")]
    pub mean: f64,
    /// Its standard error.
    #[serde(deserialize_with = "nan_if_null")]
    pub se: f64,
}

impl PartialEq for AtTime {
    fn eq(&self, other: &Self) -> bool {
        self.t == other.t && same(self.mean, other.mean) && same(self.se, other.se)
    }
}

impl AtTime {
    /// Puts a mean at a time.
    #[must_use]
    pub fn new(t: f64, value: MeanSe) -> Self {
        Self { t, mean: value.mean, se: value.se }
    }
}

/// How values at points become one figure.
///
/// ```
/// use fokker::stats::Average;
/// assert_eq!(Average::Mean.of(&[1.0, 3.0]).mean, 2.0);
/// assert_eq!(Average::RootMean.of(&[1.0, 7.0]).mean, 2.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Average {
    /// Their mean.
    Mean,
    /// The root of their mean: of squares, or of products that are squares in the mean.
    RootMean,
}

impl Average {
    /// Its name in files.
    ///
    /// ```
    /// use fokker::stats::Average;
    /// assert_eq!(Average::named(Average::RootMean.name()), Some(Average::RootMean));
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::RootMean => "root-mean",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Mean, Self::RootMean].into_iter().find(|average| average.name() == name)
    }

    /// The figure and its standard error, by the delta method for a root.
    ///
    /// A mean of products may come out below 0 where the square is lost in its noise: the figure is 0 then, and the error that of
    /// a square of that size, √se. A root's relative error is half of its square's: one that is not above four of its errors has a
    /// square that is not above two of its own.
    #[must_use]
    pub fn of(self, values: &[f64]) -> MeanSe {
        let m = MeanSe::of(values);
        match self {
            Self::Mean => m,
            Self::RootMean if m.mean > 0.0 => {
                let mean = m.mean.sqrt();
                // Near 0 the slope of the root says too much: the error is at most that of the square alone.
                MeanSe { mean, se: (0.5 * m.se / mean).min(m.se.sqrt()) }
            }
            Self::RootMean => MeanSe { mean: if m.mean.is_nan() { f64::NAN } else { 0.0 }, se: m.se.sqrt() },
        }
    }

    /// ln of the figure's ratio to another, and what each point adds to its error: their mean is 0, and the standard deviation of
    /// their mean is the ratio's relative error, the covariance of numerator and denominator included (delta method).
    #[allow(clippy::cast_precision_loss)]
    fn log_ratio(self, numerator: &[f64], denominator: &[f64]) -> (f64, Vec<f64>) {
        let power = if self == Self::Mean { 1.0 } else { 0.5 };
        let (a, b) = (MeanSe::of(numerator).mean, MeanSe::of(denominator).mean);
        let parts = numerator.iter().zip(denominator).map(|(x, y)| power * (x / a - y / b));
        (power * (a / b).ln(), parts.collect())
    }

    /// The ratio of two figures that were measured at the same points, with its standard error: the delta method, covariance
    /// included. NaN where either is not positive.
    ///
    /// ```
    /// use fokker::stats::Average;
    /// // What both have in common costs the ratio nothing.
    /// let found = Average::Mean.ratio(&[2.0, 4.0, 6.0], &[1.0, 2.0, 3.0]);
    /// assert!((found.mean - 2.0).abs() < 1e-15 && found.se < 1e-15);
    /// ```
    #[must_use]
    pub fn ratio(self, numerator: &[f64], denominator: &[f64]) -> MeanSe {
        self.geometric_ratio(&[numerator], &[denominator])
    }

    /// The geometric mean over times of such ratios, the comparison that no single time rules. Entry i of every list belongs to the
    /// same row of data, whose values at different times may depend on each other.
    ///
    /// ```
    /// use fokker::stats::Average;
    /// let (ones, twos, eights) = ([1.0; 3], [2.0; 3], [8.0; 3]);
    /// let found = Average::Mean.geometric_ratio(&[&twos[..], &eights], &[&ones[..], &ones]);
    /// assert!((found.mean - 4.0).abs() < 1e-12);
    /// ```
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn geometric_ratio<V: AsRef<[f64]>>(self, numerators: &[V], denominators: &[V]) -> MeanSe {
        let times = numerators.len().min(denominators.len()) as f64;
        let (mut log, mut parts) = (0.0, Vec::new());
        for (a, b) in numerators.iter().zip(denominators) {
            let (of_time, of_points) = self.log_ratio(a.as_ref(), b.as_ref());
            log += of_time / times;
            parts.resize(of_points.len(), 0.0);
            parts.iter_mut().zip(of_points).for_each(|(sum, part)| *sum += part / times);
        }
        let mean = if times > 0.0 { log.exp() } else { f64::NAN };
        MeanSe { mean, se: mean * MeanSe::of(&parts).se }
    }
}

/// The mean of `after − before` over points that both were measured at, with its (paired) standard error; points at which either is
/// not finite are left out.
///
/// ```
/// use fokker::stats::paired;
/// let found = paired(&[1.5, 102.5, f64::NAN], &[1.0, 102.0, 7.0]);
/// assert_eq!((found.mean, found.se), (0.5, 0.0));
/// ```
#[must_use]
pub fn paired(after: &[f64], before: &[f64]) -> MeanSe {
    MeanSe::of_finite(&after.iter().zip(before).map(|(a, b)| a - b).collect::<Vec<_>>())
}

/// The geometric mean of positive figures, one for each seed, with its standard error over them.
///
/// ```
/// let found = fokker::stats::geometric_mean(&[1.0, 4.0]);
/// assert!((found.mean - 2.0).abs() < 1e-12 && found.se > 1.0);
/// ```
#[must_use]
pub fn geometric_mean(values: &[f64]) -> MeanSe {
    let log = MeanSe::of(&values.iter().map(|value| value.ln()).collect::<Vec<_>>());
    let mean = log.mean.exp();
    MeanSe { mean, se: mean * log.se }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Stream, Streams};
    use rand_distr::{Distribution, StandardNormal};

    fn normal(rng: &mut Stream) -> f64 {
        StandardNormal.sample(rng)
    }

    /// Mean error in standard errors, and the ratio of the errors' spread to what was stated, over many trials.
    fn calibration(truth: f64, mut trial: impl FnMut(u64) -> MeanSe) -> (f64, f64) {
        let trials: Vec<MeanSe> = (0..2000).map(&mut trial).collect();
        let scores: Vec<f64> = trials.iter().map(|m| (m.mean - truth) / m.se).collect();
        let found = MeanSe::of(&scores);
        (found.mean, found.se * 2000.0_f64.sqrt())
    }

    #[test]
    fn a_single_value_has_no_standard_error() {
        assert!(MeanSe::of(&[3.0]).se.is_nan() && MeanSe::of(&[3.0, 3.0]).se == 0.0);
        assert!(MeanSe::of_finite(&[3.0, f64::NAN]).se.is_nan());
    }

    #[test]
    fn what_is_not_known_is_null_in_json() -> Result<(), serde_json::Error> {
        let text = serde_json::to_string(&MeanSe::of(&[3.0]))?;
        assert_eq!(text, "{\"mean\":3.0,\"se\":null}");
        let back: MeanSe = serde_json::from_str(&text)?;
        assert!(back.mean == 3.0 && back.se.is_nan());
        Ok(())
    }

    #[test]
    fn ratios_of_paired_values_know_their_error() {
        // x = 3 + u + v/2, y = 2 + u: what they share must not count; a ratio of means is 1.5.
        let draw = |i| {
            let mut rng = Streams::new(1).at("ratio", i, 0);
            let pairs: Vec<(f64, f64)> = (0..100)
                .map(|_| (0.3 * normal(&mut rng), 0.3 * normal(&mut rng)))
                .map(|(u, v)| (3.0 + u + 0.5 * v, 2.0 + u))
                .collect();
            let (x, y): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
            (x, y)
        };
        let (bias, spread) = calibration(1.5, |i| {
            let (x, y) = draw(i);
            Average::Mean.ratio(&x, &y)
        });
        assert!(bias.abs() < 0.15 && (spread - 1.0).abs() < 0.08, "{bias} {spread}");
        let (bias, spread) = calibration(1.5_f64.sqrt(), |i| {
            let (x, y) = draw(i);
            Average::RootMean.ratio(&x, &y)
        });
        assert!(bias.abs() < 0.15 && (spread - 1.0).abs() < 0.08, "{bias} {spread}");
        // The twin: errors added in squares, as if nothing were shared, are far too large.
        let (_, spread) = calibration(1.5, |i| {
            let (x, y) = draw(i);
            let (a, b) = (MeanSe::of(&x), MeanSe::of(&y));
            let mean = a.mean / b.mean;
            MeanSe { mean, se: mean * (a.se / a.mean).hypot(b.se / b.mean) }
        });
        assert!(spread < 0.85, "{spread}");
    }

    #[test]
    fn a_geometric_mean_over_times_knows_that_rows_come_again() {
        // The same rows at three times, whose values share what the row is.
        let trial = |i, shared: f64| {
            let mut rng = Streams::new(2).at("ratio", i, 0);
            let mut times = vec![(Vec::new(), Vec::new()); 3];
            for _ in 0..80 {
                let row = shared * normal(&mut rng);
                for (x, y) in &mut times {
                    x.push(4.0 + row + 0.2 * normal(&mut rng));
                    y.push(2.0 + 0.2 * normal(&mut rng));
                }
            }
            let (x, y): (Vec<_>, Vec<_>) = times.into_iter().unzip();
            Average::Mean.geometric_ratio(&x, &y)
        };
        for shared in [0.0, 0.8] {
            let (bias, spread) = calibration(2.0, |i| trial(i, shared));
            assert!(bias.abs() < 0.15 && (spread - 1.0).abs() < 0.08, "{shared}: {bias} {spread}");
        }
        assert!(trial(0, 0.8).se > 2.0 * trial(0, 0.0).se);
    }

    #[test]
    fn a_root_of_a_mean_is_calibrated_and_never_negative() {
        let draw = |i, mean: f64| {
            let mut rng = Streams::new(3).at("root", i, 0);
            let values: Vec<f64> = (0..200).map(|_| mean + normal(&mut rng)).collect();
            Average::RootMean.of(&values)
        };
        let (bias, spread) = calibration(2.0, |i| draw(i, 4.0));
        assert!(bias.abs() < 0.15 && (spread - 1.0).abs() < 0.08, "{bias} {spread}");
        // Where there is nothing but noise, 0 lies within four errors, two of the square.
        let zeros: Vec<MeanSe> = (0..500).map(|i| draw(i, 0.0)).collect();
        assert!(zeros.iter().all(|m| m.mean >= 0.0 && m.se > 0.0));
        let covered = zeros.iter().filter(|m| m.mean < 4.0 * m.se).count();
        assert!(covered > 475 && zeros.iter().any(|m| m.mean == 0.0), "{covered}");
    }

    #[test]
    fn paired_differences_know_their_error() {
        let (bias, spread) = calibration(0.1, |i| {
            let mut rng = Streams::new(4).at("paired", i, 0);
            let rows: Vec<f64> = (0..60).map(|_| 5.0 * normal(&mut rng)).collect();
            let after: Vec<f64> = rows.iter().map(|row| row + 0.1 + 0.2 * normal(&mut rng)).collect();
            paired(&after, &rows)
        });
        assert!(bias.abs() < 0.15 && (spread - 1.0).abs() < 0.08, "{bias} {spread}");
    }
}
