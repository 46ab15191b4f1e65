//! Words and numbers as they appear in a report: escaping, number formats, text widths.

use std::fmt::Write as _;

/// `text` made safe for HTML and SVG, both between tags and inside quoted attributes.
///
/// Control characters other than the line feed become spaces.
///
/// ```
/// assert_eq!(fokker_report::escape("<b a='x'>"), "&lt;b a=&#39;x&#39;&gt;");
/// ```
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' => out.push('\n'),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// A number with four significant digits, as a table or tooltip shows it.
///
/// ```
/// use fokker_report::number;
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
/// use fokker_report::mean_se;
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
pub(crate) fn exponent(value: f64) -> i32 {
    // Rust prints the shortest exact digits, so the exponent printed is right where log10 would round.
    format!("{:e}", value.abs()).split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0)
}

/// `value` with a fixed number of decimals, thousands grouped by commas and a true minus sign.
pub(crate) fn fixed(value: f64, decimals: usize) -> String {
    let plain = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let mut out = String::new();
    if value < 0.0 && plain.bytes().any(|b| (b'1'..=b'9').contains(&b)) {
        out.push('−');
    }
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// `value` as mantissa and power of ten.
pub(crate) fn scientific(value: f64, exponent: i32, decimals: usize) -> String {
    format!("{}×10{}", fixed(shifted(value, exponent), decimals), superscript(exponent))
}

/// `value` / 10^`exponent`, also where 10^`exponent` alone would overflow.
fn shifted(value: f64, exponent: i32) -> f64 {
    let half = exponent / 2;
    value / 10f64.powi(half) / 10f64.powi(exponent - half)
}

/// An exponent in raised digits.
pub(crate) fn superscript(exponent: i32) -> String {
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

/// `text` with its first letter large.
pub(crate) fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A whole number in lowered digits.
pub(crate) fn subscript(number: usize) -> String {
    let lowered = |c: char| c.to_digit(10).and_then(|digit| char::from_u32(u32::from('₀') + digit)).unwrap_or(c);
    number.to_string().chars().map(lowered).collect()
}

/// The width of `text` in units of the font size: an estimate that holds for common sans-serif fonts.
pub(crate) fn width(text: &str) -> f64 {
    text.chars()
        .map(|c| match c {
            'i' | 'j' | 'l' | '.' | ',' | '\'' | '|' | ':' | ';' | '!' | ' ' => 0.32,
            'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '⁻' | '⁰'..='⁹' | '¹' | '²' | '³' | '₀'..='₉' => 0.4,
            'm' | 'w' | 'M' | 'W' | '@' | '%' | '—' => 0.9,
            'A'..='Z' => 0.68,
            c if u32::from(c) > 0x2E80 => 1.05,
            _ => 0.57,
        })
        .sum()
}

/// `text` cut to at most `limit` font sizes, with an ellipsis where something was cut.
pub(crate) fn shorten(text: &str, limit: f64) -> String {
    if width(text) <= limit {
        return text.into();
    }
    let mut used = 1.0;
    let kept = text.chars().take_while(|c| {
        used += width(c.encode_utf8(&mut [0; 4]));
        used <= limit
    });
    let mut out: String = kept.collect();
    out.truncate(out.trim_end().len());
    out.push('…');
    out
}

/// `text` broken at spaces into at most `lines` lines of at most `limit` font sizes each.
pub(crate) fn wrap(text: &str, limit: f64, lines: usize) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let full = out.len() == lines;
        match out.last_mut() {
            Some(line) if full || width(line) + 0.32 + width(word) <= limit => {
                let _ = write!(line, " {word}");
            }
            _ => out.push(word.into()),
        }
    }
    out.iter().map(|line| shorten(line, limit)).collect()
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
    fn long_text_is_cut_or_wrapped() {
        assert!(width(&shorten(&"x".repeat(400), 20.0)) <= 21.0);
        let lines = wrap("one two three four five six seven eight", 8.0, 2);
        assert_eq!(lines.len(), 2);
        assert!(lines[1].ends_with('…'));
        assert!(wrap("", 8.0, 2).is_empty());
    }
}
