//! Words as they appear in a report: escaping, text widths. Numbers are the library's ([`numerals`](fokker::numerals)).

use std::fmt::Write as _;

pub(crate) use fokker::numerals::{exponent, fixed, scientific, superscript};
pub use fokker::numerals::{mean_se, number};

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
    fn long_text_is_cut_or_wrapped() {
        assert!(width(&shorten(&"x".repeat(400), 20.0)) <= 21.0);
        let lines = wrap("one two three four five six seven eight", 8.0, 2);
        assert_eq!(lines.len(), 2);
        assert!(lines[1].ends_with('…'));
        assert!(wrap("", 8.0, 2).is_empty());
    }
}
