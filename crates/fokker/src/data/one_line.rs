//! Foreign text in messages, which are one line.

use std::path::Path;

/// The path on one line, its control characters escaped.
pub(crate) fn shown(path: &Path) -> String {
    one_line(&path.to_string_lossy(), usize::MAX)
}

/// `text` with what a terminal would not show as it stands escaped, cut after `limit` characters.
///
/// ```
/// use fokker::data::one_line;
/// assert_eq!(one_line("a\nb", usize::MAX), "a\\nb");
/// assert_eq!(one_line("abcd", 3), "abc…");
/// ```
#[must_use]
pub fn one_line(text: &str, limit: usize) -> String {
    let mut line: String = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == limit {
            line.push('…');
            break;
        }
        if is_hidden(character) { line.extend(character.escape_default()) } else { line.push(character) }
    }
    line
}

/// Whether a character moves the cursor, ends the line, or changes the order of those around it (Unicode's bidirectional controls).
fn is_hidden(character: char) -> bool {
    let reorders = '\u{202a}'..='\u{202e}';
    let isolates = '\u{2066}'..='\u{2069}';
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{2028}' | '\u{2029}')
        || reorders.contains(&character)
        || isolates.contains(&character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_not_show_is_escaped() {
        assert_eq!(one_line("a\nb\u{1b}[31m\u{202e}\u{9b}", 99), "a\\nb\\u{1b}[31m\\u{202e}\\u{9b}");
        // Letters with accents of their own, and spaces of any width, are what they are.
        for plain in ["cafe\u{301}", "a\u{a0}b", "größe \u{1f642}"] {
            assert_eq!(one_line(plain, 99), plain);
        }
        assert_eq!(one_line("abcd", 3), "abc…");
    }
}
