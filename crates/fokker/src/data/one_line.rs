//! Foreign text in messages, which are one line.

use std::path::Path;

/// The path on one line: control characters are escaped.
pub(super) fn shown(path: &Path) -> String {
    one_line(&path.to_string_lossy(), usize::MAX)
}

/// `text` with its control characters escaped, cut after `limit` characters.
pub(super) fn one_line(text: &str, limit: usize) -> String {
    let mut line: String = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == limit {
            line.push('…');
            break;
        }
        if character.is_control() { line.extend(character.escape_default()) } else { line.push(character) }
    }
    line
}
