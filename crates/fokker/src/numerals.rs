//! Numbers as people read them: thousands parted, no more digits than mean something, a true minus sign.

/// A whole number, its thousands parted by commas.
///
/// ```
/// assert_eq!(fokker::numerals::grouped(1_234_567_u64), "1,234,567");
/// ```
pub fn grouped(number: impl TryInto<u64>) -> String {
    let mut out = String::new();
    group(&mut out, &number.try_into().unwrap_or(u64::MAX).to_string());
    out
}

/// Digits, their thousands parted by commas.
fn group(out: &mut String, digits: &str) {
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
}

/// A probability: three decimals, or the power of ten that it is of.
///
/// ```
/// use fokker::numerals::p_value;
/// assert_eq!([0.125, 0.0001, 4e-34].map(p_value), ["0.125", "1e-4", "4e-34"]);
/// ```
#[must_use]
pub fn p_value(p: f64) -> String {
    if p < 1e-3 { format!("{p:.0e}") } else { format!("{p:.3}") }
}

/// A number with four significant digits, as a table or tooltip shows it.
///
/// ```
/// use fokker::numerals::number;
/// assert_eq!(number(0.012345), "0.01235");
/// assert_eq!(number(-12000.0), "−12,000");
/// assert_eq!(number(3.0e-7), "3.000×10⁻⁷");
/// assert_eq!(number(f64::NAN), "not finite");
/// ```
#[must_use]
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return "not finite".into();
    }
    let exponent = exponent(value);
    if value == 0.0 {
        "0".into()
    } else if !(-4..6).contains(&exponent) {
        scientific(value, exponent, 3)
    } else if value.fract() == 0.0 {
        fixed(value, 0)
    } else {
        fixed(value, usize::try_from(3 - exponent).unwrap_or(0))
    }
}

/// A mean with its standard error, rounded to the error's second significant digit.
///
/// An error that is zero or not finite is left out.
///
/// ```
/// use fokker::numerals::mean_se;
/// assert_eq!(mean_se(-2.31234, 0.0213), "−2.312 ± 0.021");
/// assert_eq!(mean_se(1.234e-6, 3.0e-8), "(1.234 ± 0.030)×10⁻⁶");
/// assert_eq!(mean_se(0.5, 0.0), "0.5000");
/// ```
#[must_use]
pub fn mean_se(mean: f64, se: f64) -> String {
    if !mean.is_finite() || !se.is_finite() || se <= 0.0 {
        return number(mean);
    }
    let top = exponent(mean).max(exponent(se));
    let decimals = |shift: i32| usize::try_from(1 - exponent(se) + shift).unwrap_or(0).min(12);
    if (-4..6).contains(&top) {
        return format!("{} ± {}", fixed(mean, decimals(0)), fixed(se, decimals(0)));
    }
    let (a, b) = (shifted(mean, top), shifted(se, top));
    format!("({} ± {})×10{}", fixed(a, decimals(top)), fixed(b, decimals(top)), superscript(top))
}

/// The decimal exponent of a finite number; 0 for zero.
///
/// ```
/// assert_eq!(fokker::numerals::exponent(-1234.5), 3);
/// ```
#[must_use]
pub fn exponent(value: f64) -> i32 {
    // Rust prints the shortest exact digits, so the exponent printed is right where log10 would round.
    format!("{:e}", value.abs()).split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0)
}

/// `value` with a fixed number of decimals, thousands grouped by commas and a true minus sign.
///
/// ```
/// assert_eq!(fokker::numerals::fixed(-1234.5, 1), "−1,234.5");
/// ```
#[must_use]
pub fn fixed(value: f64, decimals: usize) -> String {
    let plain = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let mut out = String::new();
    if value < 0.0 && plain.bytes().any(|b| (b'1'..=b'9').contains(&b)) {
        out.push('−');
    }
    group(&mut out, whole);
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// `value` as mantissa and power of ten.
///
/// ```
/// assert_eq!(fokker::numerals::scientific(0.00123, -3, 1), "1.2×10⁻³");
/// ```
#[must_use]
pub fn scientific(value: f64, exponent: i32, decimals: usize) -> String {
    format!("{}×10{}", fixed(shifted(value, exponent), decimals), superscript(exponent))
}

/// `value` / 10^`exponent`, also where 10^`exponent` alone would overflow.
fn shifted(value: f64, exponent: i32) -> f64 {
    let half = exponent / 2;
    value / 10f64.powi(half) / 10f64.powi(exponent - half)
}

/// An exponent in raised digits.
///
/// ```
/// assert_eq!(fokker::numerals::superscript(-12), "⁻¹²");
/// ```
#[must_use]
pub fn superscript(exponent: i32) -> String {
    exponent
        .to_string()
        .chars()
        .map(|c| match c {
            '-' => '⁻',
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            '4' => '⁴',
            '5' => '⁵',
            '6' => '⁶',
            '7' => '⁷',
            '8' => '⁸',
            '9' => '⁹',
            _ => '⁰',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn negative_zero_has_no_sign() {
        assert_eq!(fixed(-0.0001, 2), "0.00");
        assert_eq!(number(-0.0), "0");
    }

    #[test]
    fn groups_thousands() {
        assert_eq!(fixed(1_234_567.0, 0), "1,234,567");
        assert_eq!(fixed(123.0, 1), "123.0");
    }

    #[test]
    fn extreme_numbers_are_written() {
        assert_eq!(number(1e308), "1.000×10³⁰⁸");
        assert_eq!(number(5e-324), "4.941×10⁻³²⁴");
        assert!(!mean_se(1e308, 1e-308).contains("NaN"));
    }

    #[test]
    fn whole_numbers_of_any_size() {
        assert_eq!([0, 999, 1000, 1_234_567].map(|number: u64| grouped(number)), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(grouped(u64::MAX), "18,446,744,073,709,551,615");
    }
}
