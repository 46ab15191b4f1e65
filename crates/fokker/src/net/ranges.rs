//! Several networks, each for an interval of t, and the windows by which one becomes the next.

use serde::{Deserialize, Serialize};

use crate::sde::T_MAX;

/// Width in t of the zone around each border, if a config does not say it.
const BLEND: f64 = 0.02;

/// Most intervals.
const MOST: usize = 64;

/// An interval of t with a network of its own; an entry of `network.range`. It begins where the one before ends, the first at 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeRange {
    /// Where it ends.
    pub to: f64,
    /// Features of each hidden layer of its network, if others than the config's; of multilayer perceptrons alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<usize>,
    /// Number of hidden layers of its network, so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depth: Option<usize>,
}

/// Checks the intervals and the zones between them; the error is the key at fault and the reason.
pub(super) fn validate(ranges: &[TimeRange], blend: Option<f64>) -> Result<(), (String, String)> {
    let wrong = |key: &str, reason: String| Err((format!("network.{key}"), reason));
    let Some(last) = ranges.last() else {
        return match blend {
            Some(_) => wrong("blend", "is between intervals of t, and network.range has none".into()),
            None => Ok(()),
        };
    };
    if ranges.len() > MOST {
        return wrong("range", format!("at most {MOST} intervals, not {}", ranges.len()));
    }
    if last.to != T_MAX {
        return wrong("range", format!("the last interval must end at {T_MAX}, not at {}", last.to));
    }
    let mut from = 0.0;
    for &TimeRange { to, .. } in ranges {
        if to.is_nan() || to <= from {
            return wrong("range", format!("an interval from t = {from} cannot end at {to}: `to` must rise"));
        }
        from = to;
    }
    let blend = blend.unwrap_or(BLEND);
    if !(blend > 0.0 && blend <= T_MAX) {
        return wrong("blend", format!("must be positive and at most {T_MAX}, not {blend}"));
    }
    let borders = ranges[..ranges.len() - 1].iter().map(|range| range.to);
    // A zone lies within 0..T, and begins where the one before has ended, but for rounding.
    let mut free = 0.0;
    for border in borders {
        let zone = [border - 0.5 * blend, border + 0.5 * blend];
        if zone[0] < free - 1e-9 * blend || zone[1] > T_MAX + 1e-9 * blend {
            let reason =
                format!("the zone of network.blend = {blend} around t = {border} does not fit between its neighbours");
            return wrong("range", reason);
        }
        free = zone[1];
    }
    Ok(())
}

/// Checks that a score used from `t_min` on has a time in every interval.
pub(super) fn check_t_min(ranges: &[TimeRange], t_min: f64) -> Result<(), (String, String)> {
    match ranges.first() {
        Some(first) if first.to <= t_min => {
            Err(("network.range".into(), format!("the first interval ends at {}, before t_min = {t_min}", first.to)))
        }
        _ => Ok(()),
    }
}

/// Weights w_k(t) of the networks of intervals of t: 1 within, 0 outside, twice continuously differentiable, of sum 1.
///
/// Around a border b, where b − ½ blend < t < b + ½ blend, u = (t − b)/blend + ½ runs from 0 to 1, the next network has the weight
/// S(u) = u³ (10 − 15u + 6u²) and the one before 1 − S(u).
///
/// ```
/// use fokker::net::{NetworkConfig, Windows};
/// let toml = "kind = \"mlp\"\nblend = 0.1\nrange = [{ to = 0.3, width = 64 }, { to = 1.0 }]";
/// let windows = toml::from_str::<NetworkConfig>(toml)?.windows();
/// let mut at = |t: f64| {
///     let mut w = [0.0; 2];
///     windows.each(t, |k, weight, _slope| w[k] = weight);
///     w
/// };
/// assert_eq!((at(0.2), at(0.4)), ([1.0, 0.0], [0.0, 1.0]));
/// assert!((at(0.3)[0] - 0.5).abs() < 1e-12);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Windows {
    /// The ends of all intervals.
    ends: Vec<f64>,
    blend: f64,
}

impl Windows {
    /// Those of intervals; none if there are none.
    pub(super) fn new(ranges: &[TimeRange], blend: Option<f64>) -> Self {
        Self { ends: ranges.iter().map(|range| range.to).collect(), blend: blend.unwrap_or(BLEND) }
    }

    /// Number of windows: 0 for a single network at all t.
    #[must_use]
    pub fn count(&self) -> usize {
        self.ends.len()
    }

    /// Calls `put` with each window's number, its value at t and its t-derivative.
    pub fn each(&self, t: f64, mut put: impl FnMut(usize, f64, f64)) {
        // What has passed on to this network from those before it.
        let mut arrived = [1.0, 0.0];
        for (k, &end) in self.ends.iter().enumerate() {
            let left = if k + 1 == self.count() { [0.0; 2] } else { self.step(t - end) };
            put(k, arrived[0] - left[0], arrived[1] - left[1]);
            arrived = left;
        }
    }

    /// S at so much after a border, and its t-derivative.
    fn step(&self, after: f64) -> [f64; 2] {
        let u = (after / self.blend + 0.5).clamp(0.0, 1.0);
        let rest = 1.0 - u;
        // From the nearer end, so that 1 − S keeps its digits where it is small.
        let of = |u: f64| u * u * u * (10.0 + u * (6.0 * u - 15.0));
        let s = if u <= 0.5 { of(u) } else { 1.0 - of(rest) };
        [s, 30.0 * (u * rest).powi(2) / self.blend]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(ends: &[f64]) -> Vec<TimeRange> {
        ends.iter().map(|&to| TimeRange { to, ..TimeRange::default() }).collect()
    }

    /// Values and slopes.
    fn at(windows: &Windows, t: f64) -> (Vec<f64>, Vec<f64>) {
        let mut found = (vec![0.0; windows.count()], vec![0.0; windows.count()]);
        windows.each(t, |k, value, slope| (found.0[k], found.1[k]) = (value, slope));
        found
    }

    #[test]
    fn windows_sum_to_one_and_have_the_slopes_of_their_values() {
        let windows = Windows::new(&ranges(&[0.1, 0.2, 0.6, 1.0]), Some(0.1));
        let h = 1e-6;
        for i in 0..=2000 {
            let t = f64::from(i) / 2000.0;
            let (w, dw) = at(&windows, t);
            assert!((w.iter().sum::<f64>() - 1.0).abs() < 1e-15 && dw.iter().sum::<f64>().abs() < 1e-12, "{t}");
            assert!(w.iter().all(|&w| (-1e-15..=1.0).contains(&w)), "{t}: {w:?}");
            assert!(w.iter().filter(|&&w| w != 0.0).count() <= 2);
            let (low, high) = (at(&windows, t - h).0, at(&windows, t + h).0);
            for k in 0..w.len() {
                // Where the third derivative jumps, the error is of the same order.
                assert!(((high[k] - low[k]) / (2.0 * h) - dw[k]).abs() < 1e-6, "{k} at {t}");
            }
        }
        assert_eq!(at(&windows, 0.4).0, [0.0, 0.0, 1.0, 0.0]);
        let middle = at(&windows, 0.6);
        assert!((middle.0[2] - 0.5).abs() < 1e-12 && (middle.1[3] - 18.75).abs() < 1e-9);
    }

    #[test]
    fn second_derivatives_are_continuous_at_the_ends_of_a_zone() {
        let windows = Windows::new(&ranges(&[0.5, 1.0]), None);
        for t in [0.5 - 0.5 * BLEND, 0.5 + 0.5 * BLEND] {
            let h = 1e-7;
            let slope = |t: f64| (at(&windows, t + h).1[1] - at(&windows, t - h).1[1]) / (2.0 * h);
            // S'' is up to 5.8/blend², 14,400.
            assert!(slope(t).abs() < 1.0 && slope(t + 0.25 * BLEND).abs() + slope(t - 0.25 * BLEND).abs() > 5e3, "{t}");
        }
    }

    #[test]
    fn one_interval_is_all_and_none_has_no_window() {
        assert_eq!(at(&Windows::new(&ranges(&[1.0]), None), 0.3), (vec![1.0], vec![0.0]));
        assert_eq!(Windows::new(&[], None).count(), 0);
    }

    #[test]
    fn what_cannot_be_is_refused_with_the_key() {
        let key = |ends: &[f64], blend| validate(&ranges(ends), blend).err().map(|(key, _)| key);
        for good in [&[][..], &[1.0], &[0.1, 0.6, 1.0], &[0.01, 1.0], &[0.1, 0.12, 1.0]] {
            assert_eq!(key(good, None), None, "{good:?}");
        }
        let range = Some("network.range".to_owned());
        for bad in
            [&[0.5][..], &[0.6, 0.1, 1.0], &[0.5, 0.5, 1.0], &[0.5, 1.5], &[0.0, 1.0], &[-0.1, 1.0], &[f64::NAN, 1.0]]
        {
            assert_eq!(key(bad, Some(1e-3)), range, "{bad:?}");
        }
        // Zones that overlap one another, or an end.
        for bad in [&[0.1, 0.11, 1.0][..], &[0.005, 1.0], &[0.995, 1.0]] {
            assert_eq!((key(bad, None), key(bad, Some(1e-3))), (range.clone(), None), "{bad:?}");
        }
        let many: Vec<f64> = (1..=65).map(|k| f64::from(k) / 65.0).collect();
        assert_eq!(key(&many, Some(1e-3)), range);
        for (ends, blend) in [(&[0.5, 1.0][..], 0.0), (&[0.5, 1.0], -1.0), (&[0.5, 1.0], f64::NAN), (&[], 0.02)] {
            assert_eq!(key(ends, Some(blend)).as_deref(), Some("network.blend"), "{blend}");
        }
        assert_eq!(check_t_min(&ranges(&[0.1, 1.0]), 0.1).unwrap_err().0, "network.range");
        assert!(check_t_min(&ranges(&[0.1, 1.0]), 0.05).is_ok() && check_t_min(&[], 0.5).is_ok());
    }
}
