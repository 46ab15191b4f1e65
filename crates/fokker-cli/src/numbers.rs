//! Numbers as people read them: thousands parted, digits that mean something, times and counts in units of their size.

pub use fokker::numerals::grouped;

/// So many, in three digits or so: `940`, `12.3 k`, `4.6 M`.
#[allow(clippy::cast_precision_loss)]
pub fn about(number: usize) -> String {
    let value = number as f64;
    match [(1e9, "G"), (1e6, "M"), (1e4, "k")].into_iter().find(|(unit, _)| value >= *unit) {
        Some((unit, name)) => format!("{:.1} {name}", value / if name == "k" { 1e3 } else { unit }),
        None => grouped(number),
    }
}

/// Something per second: `1,074`, `35`, `3.4`, `0.42`.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub fn rate(per_second: f64) -> String {
    match per_second {
        r if !r.is_finite() || r < 0.0 => "-".into(),
        r if r >= 9.95 => grouped(r.round() as u64),
        r if r >= 0.995 => format!("{r:.1}"),
        r => format!("{r:.2}"),
    }
}

/// A time: `0.42 s`, `8 s`, `1 min 05 s`, `1 h 02 min`, `3 d 04 h`.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub fn duration(seconds: f64) -> String {
    // Beyond the age of anything, and where it cannot be told.
    if !(0.0..1e10).contains(&seconds) {
        return "very long".into();
    }
    if seconds < 0.995 {
        return format!("{seconds:.2} s");
    }
    let s = seconds.round() as u64;
    match s {
        0..60 => format!("{s} s"),
        60..3600 => format!("{} min {:02} s", s / 60, s % 60),
        3600..86_400 => format!("{} h {:02} min", s / 3600, s % 3600 / 60),
        _ => format!("{} d {:02} h", s / 86_400, s % 86_400 / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_a_unit_of_their_size() {
        let shown = [7, 9_999, 12_345, 4_600_000, 1_000_000_000].map(about);
        assert_eq!(shown, ["7", "9,999", "12.3 k", "4.6 M", "1.0 G"]);
    }

    #[test]
    fn rates_have_digits_that_mean_something() {
        let shown = [1074.3, 35.2, 9.96, 3.44, 0.42, 0.0, f64::NAN, f64::INFINITY].map(rate);
        assert_eq!(shown, ["1,074", "35", "10", "3.4", "0.42", "0.00", "-", "-"]);
    }

    #[test]
    fn times_have_two_units_at_most() {
        let shown = [0.0, 0.42, 0.999, 8.4, 59.6, 65.0, 3599.7, 3720.0, 90_000.0].map(duration);
        let want =
            ["0.00 s", "0.42 s", "1 s", "8 s", "1 min 00 s", "1 min 05 s", "1 h 00 min", "1 h 02 min", "1 d 01 h"];
        assert_eq!(shown, want);
        assert_eq!([f64::NAN, f64::INFINITY, -1.0].map(duration), ["very long"; 3]);
    }
}
