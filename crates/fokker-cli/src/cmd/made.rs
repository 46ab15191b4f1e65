//! The command that makes a page, and when.

use std::time::SystemTime;

use fokker_report::Made;

/// This command, now.
pub fn made() -> Made {
    let words = std::env::args_os().skip(1).map(|word| quoted(&word.to_string_lossy()));
    Made { at: SystemTime::now(), command: std::iter::once("fokker".into()).chain(words).collect::<Vec<_>>().join(" ") }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_=./,:+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.into() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_that_a_shell_would_change_are_quoted() {
        let words =
            [("--set", "--set"), ("a.b=1e-3", "a.b=1e-3"), ("", "''"), ("x y", "'x y'"), ("it's", "'it'\\''s'")];
        words.into_iter().for_each(|(word, expected)| assert_eq!(quoted(word), expected));
        assert_eq!(quoted("audit.times=[0.1]"), "'audit.times=[0.1]'");
    }
}
