//! Axes: from values to a range, from the range to ticks, and from a value to its place.

use crate::text;

/// Magnitudes beyond this are not drawn: sums over a series must stay finite.
const LARGEST: f64 = 1e150;

/// How values are laid out along an axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Equal differences take equal room.
    #[default]
    Linear,
    /// Equal ratios take equal room; only positive values have a place.
    Log,
}

impl Scale {
    /// Whether `value` has a place on an axis of this scale.
    ///
    /// ```
    /// use fokker_report::Scale;
    /// assert!(Scale::Linear.accepts(0.0) && !Scale::Log.accepts(0.0) && !Scale::Linear.accepts(f64::NAN));
    /// ```
    #[must_use]
    pub fn accepts(self, value: f64) -> bool {
        match self {
            Self::Linear => value.abs() <= LARGEST,
            Self::Log => (1.0 / LARGEST..=LARGEST).contains(&value),
        }
    }

    fn forward(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::Log => value.log10(),
        }
    }

    fn inverse(self, place: f64) -> f64 {
        match self {
            Self::Linear => place,
            Self::Log => 10f64.powf(place),
        }
    }
}

/// One tick of an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Where it stands.
    pub value: f64,
    /// What it says; empty for a minor tick.
    pub label: String,
}

/// A range of values with its scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    scale: Scale,
    lo: f64,
    hi: f64,
}

impl Axis {
    /// The axis that shows all `values`, widened on both sides by the fraction `pad` of its length.
    ///
    /// Values without a place on the scale are passed over; `None` when none is left. A linear axis of
    /// non-negative values starts at zero when that costs little room.
    ///
    /// ```
    /// use fokker_report::{Axis, Scale};
    /// let axis = Axis::fit(Scale::Log, [0.0, 1e-3, f64::NAN, 1.0], 0.0);
    /// assert_eq!(axis.and_then(|axis| axis.place(1e-3)), Some(0.0));
    /// assert_eq!(Axis::fit(Scale::Log, [-1.0, 0.0], 0.0), None);
    /// ```
    #[must_use]
    pub fn fit(scale: Scale, values: impl IntoIterator<Item = f64>, pad: f64) -> Option<Self> {
        let (lo, hi) = values
            .into_iter()
            .filter(|&v| scale.accepts(v))
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| (lo.min(v), hi.max(v)));
        if lo > hi {
            return None;
        }
        let from_zero = scale == Scale::Linear && lo >= 0.0 && lo < 0.3 * hi;
        let (a, b) = spread(scale, if from_zero { 0.0 } else { scale.forward(lo) }, scale.forward(hi));
        let margin = (b - a) * pad;
        let start = if from_zero { 0.0 } else { scale.inverse(a - margin).min(lo) };
        Some(Self { scale, lo: start, hi: scale.inverse(b + margin).max(hi) })
    }

    /// The axis between two ends, moved apart where they coincide or are none.
    ///
    /// ```
    /// use fokker_report::{Axis, Scale};
    /// assert_eq!(Axis::between(Scale::Linear, 0.1, 7.0).range(), [0.1, 7.0]);
    /// let [low, high] = Axis::between(Scale::Linear, 2.0, 2.0).range();
    /// assert!(low < 2.0 && 2.0 < high);
    /// ```
    #[must_use]
    pub fn between(scale: Scale, low: f64, high: f64) -> Self {
        let or_one = |end: f64| if scale.accepts(end) { end } else { 1.0 };
        let ends = [low, high].map(|end| scale.forward(or_one(end)));
        let (lo, hi) = spread(scale, ends[0].min(ends[1]), ends[0].max(ends[1]));
        Self { scale, lo: scale.inverse(lo), hi: scale.inverse(hi) }
    }

    /// The smallest and the largest value of the axis.
    #[must_use]
    pub fn range(&self) -> [f64; 2] {
        [self.lo, self.hi]
    }

    /// The place of `value` along the axis, 0 at the start and 1 at the end, cut off at both;
    /// `None` when it has none.
    #[must_use]
    pub fn place(&self, value: f64) -> Option<f64> {
        let (a, b) = (self.scale.forward(self.lo), self.scale.forward(self.hi));
        self.scale.accepts(value).then(|| ((self.scale.forward(value) - a) / (b - a)).clamp(0.0, 1.0))
    }

    /// Increasing ticks inside the range, about `count` of them labelled.
    ///
    /// Linear axes step by 1, 2 or 5 times a power of ten. Logarithmic axes label decades, with minor ticks between;
    /// below two decades they label 1, 2 and 5, and below one they step as linear axes do.
    ///
    /// ```
    /// use fokker_report::{Axis, Scale};
    /// let axis = Axis::fit(Scale::Log, [1e-3, 1.0], 0.0).into_iter();
    /// let labels: Vec<String> = axis.flat_map(|a| a.ticks(5)).map(|t| t.label).filter(|l| !l.is_empty()).collect();
    /// assert_eq!(labels, ["0.001", "0.01", "0.1", "1"]);
    /// ```
    #[must_use]
    pub fn ticks(&self, count: usize) -> Vec<Tick> {
        let count = i32::try_from(count.clamp(2, 20)).unwrap_or(5);
        match self.scale {
            Scale::Log if self.hi >= 10.0 * self.lo => self.decades(count),
            _ => self.steps(count),
        }
    }

    /// Ticks by equal steps.
    fn steps(&self, count: i32) -> Vec<Tick> {
        let step = nice_step((self.hi - self.lo) / f64::from(count));
        let largest = self.lo.abs().max(self.hi.abs());
        let (first, last) = ((self.lo / step).ceil(), (self.hi / step).floor());
        let mut ticks = Vec::new();
        let mut i = first;
        while i <= last {
            let value = i * step;
            if (self.lo..=self.hi).contains(&value) {
                ticks.push(Tick { value, label: step_label(value, step, largest) });
            }
            i += 1.0;
        }
        ticks
    }

    /// Ticks at powers of ten and between them.
    fn decades(&self, count: i32) -> Vec<Tick> {
        let (first, last) = (text::exponent(self.lo), text::exponent(self.hi));
        let stride = (last - first) / (count + 2) + 1;
        let fine = self.hi < 100.0 * self.lo;
        let crowded = self.hi > 2e4 * self.lo;
        let plain = first >= -4 && last <= 4;
        let mut ticks = Vec::new();
        for power in first..=last {
            for digit in 1..=9 {
                let value = f64::from(digit) * 10f64.powi(power);
                let labelled = match digit {
                    1 => power.rem_euclid(stride) == 0,
                    2 | 5 => fine,
                    _ => false,
                };
                let kept = match digit {
                    1 => true,
                    2 | 5 => stride == 1,
                    _ => stride == 1 && !crowded,
                };
                if kept && (self.lo..=self.hi).contains(&value) {
                    let label = if labelled { power_label(digit, power, plain) } else { String::new() };
                    ticks.push(Tick { value, label });
                }
            }
        }
        ticks
    }
}

/// The ends of an axis moved apart where they (nearly) coincide.
fn spread(scale: Scale, a: f64, b: f64) -> (f64, f64) {
    let least = match scale {
        Scale::Linear => (a.abs().max(b.abs()) * 1e-9).max(1e-140),
        Scale::Log => 0.02,
    };
    if b - a > least {
        return (a, b);
    }
    let half = match scale {
        Scale::Linear if a == 0.0 && b == 0.0 => 1.0,
        Scale::Linear => (0.1 * a.abs().max(b.abs())).max(1e-140),
        Scale::Log => 0.5,
    };
    (a - half, b + half)
}

/// The number nearest to `raw`, by ratio, among 1, 2, 5 times a power of ten.
fn nice_step(raw: f64) -> f64 {
    let power = 10f64.powi(text::exponent(raw));
    let digit = match raw / power {
        d if d < 2f64.sqrt() => 1.0,
        d if d < 10f64.sqrt() => 2.0,
        d if d < 50f64.sqrt() => 5.0,
        _ => 10.0,
    };
    digit * power
}

/// The label of a linear tick: as many decimals as the step needs, one power of ten for the very large and very small.
fn step_label(value: f64, step: f64, largest: f64) -> String {
    let (low, high) = (text::exponent(step), text::exponent(largest));
    if value.abs() < step / 2.0 {
        "0".into()
    } else if !(-3..6).contains(&high) {
        text::scientific(value, high, usize::try_from(high - low).unwrap_or(0).min(12))
    } else {
        text::fixed(value, usize::try_from(-low).unwrap_or(0))
    }
}

/// The label of `digit`·10^`power`.
fn power_label(digit: i32, power: i32, plain: bool) -> String {
    if plain {
        let value = f64::from(digit) * 10f64.powi(power);
        return text::fixed(value, usize::try_from(-power).unwrap_or(0));
    }
    let ten = format!("10{}", text::superscript(power));
    if digit == 1 { ten } else { format!("{digit}×{ten}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labels(scale: Scale, values: &[f64], pad: f64) -> Vec<String> {
        let axis = Axis::fit(scale, values.iter().copied(), pad);
        let ticks = axis.into_iter().flat_map(|axis| axis.ticks(5));
        ticks.map(|tick| tick.label).filter(|label| !label.is_empty()).collect()
    }

    #[test]
    fn linear_labels() {
        assert_eq!(labels(Scale::Linear, &[0.0, 1.0], 0.0), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(
            labels(Scale::Linear, &[1.0, 12_000.0], 0.0),
            ["0", "2,000", "4,000", "6,000", "8,000", "10,000", "12,000"]
        );
        assert_eq!(labels(Scale::Linear, &[-3.0, -1.0], 0.0), ["−3.0", "−2.5", "−2.0", "−1.5", "−1.0"]);
        assert_eq!(
            labels(Scale::Linear, &[0.0, 3e7], 0.0),
            ["0", "0.5×10⁷", "1.0×10⁷", "1.5×10⁷", "2.0×10⁷", "2.5×10⁷", "3.0×10⁷"]
        );
    }

    #[test]
    fn log_labels() {
        assert_eq!(labels(Scale::Log, &[1e-6, 1.0], 0.0), ["10⁻⁶", "10⁻⁵", "10⁻⁴", "10⁻³", "10⁻²", "10⁻¹", "10⁰"]);
        assert_eq!(labels(Scale::Log, &[1.0, 50.0], 0.0), ["1", "2", "5", "10", "20", "50"]);
        assert_eq!(labels(Scale::Log, &[2.0, 6.0], 0.0), ["2", "3", "4", "5", "6"]);
        assert!(labels(Scale::Log, &[1e-140, 1e140], 0.0).len() <= 8);
    }

    #[test]
    fn one_value_has_an_axis_with_ticks() {
        for value in [0.0, 1.0, -7.5, 1e-12, 1e100, -1e150] {
            assert!(labels(Scale::Linear, &[value], 0.05).len() > 1, "{value}");
        }
        for value in [1e-150, 1e-3, 1.0, 7.0, 1e150] {
            assert!(!labels(Scale::Log, &[value], 0.05).is_empty(), "{value}");
        }
    }

    fn check(scale: Scale, a: f64, b: f64, pad: f64, count: usize) -> Result<(), TestCaseError> {
        let Some(axis) = Axis::fit(scale, [a, b], pad) else {
            prop_assert!(!scale.accepts(a) && !scale.accepts(b));
            return Ok(());
        };
        let [lo, hi] = axis.range();
        prop_assert!(lo < hi && (!scale.accepts(a) || (lo..=hi).contains(&a)));
        let ticks = axis.ticks(count);
        prop_assert!(ticks.iter().all(|t| (lo..=hi).contains(&t.value)), "{ticks:?} outside {lo}..{hi}");
        prop_assert!(ticks.windows(2).all(|w| w[0].value < w[1].value), "{ticks:?}");
        let named: Vec<&str> = ticks.iter().map(|t| t.label.as_str()).filter(|l| !l.is_empty()).collect();
        prop_assert!(!named.is_empty() && named.len() <= 2 * count + 3, "{named:?}");
        prop_assert!(named.windows(2).all(|w| w[0] != w[1]), "{named:?}");
        Ok(())
    }

    proptest! {
        #[test]
        fn ticks_of_any_range(a in any::<f64>(), b in any::<f64>(), pad in 0.0..0.2, count in 2usize..9) {
            check(Scale::Linear, a, b, pad, count)?;
            check(Scale::Log, a, b, pad, count)?;
        }

        #[test]
        fn ticks_of_common_ranges(a in -5.0..5.0f64, d in -9.0..5.0f64, count in 2usize..9) {
            check(Scale::Linear, a, a + 10f64.powf(d), 0.05, count)?;
            check(Scale::Log, 10f64.powf(a), 10f64.powf(a + d.abs()), 0.03, count)?;
        }
    }
}
