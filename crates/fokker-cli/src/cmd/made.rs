//! What a page says of itself: the command that makes it, and when; a title.

use std::time::SystemTime;

use fokker_report::Made;

/// This command, now.
pub fn made() -> Made {
    let words = std::env::args_os().skip(1).map(|word| quoted(&word.to_string_lossy()));
    Made { at: SystemTime::now(), command: std::iter::once("fokker".into()).chain(words).collect::<Vec<_>>().join(" ") }
}

/// Names as a title has them.
pub fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    match &names.collect::<Vec<_>>()[..] {
        [all @ .., last] if !all.is_empty() => format!("{} and {last}", all.join(", ")),
        all => all.concat(),
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_=./,:+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.into() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::{listed, quoted};

    #[test]
    fn names_are_listed() {
        let of = |names: &[&str]| listed(names.iter().copied());
        assert_eq!((of(&[]), of(&["a"]), of(&["a", "b"])), ("".into(), "a".into(), "a and b".into()));
        assert_eq!(of(&["a", "b", "c"]), "a, b and c");
    }

    #[test]
    fn words_that_a_shell_would_change_are_quoted() {
        let words =
            [("--set", "--set"), ("a.b=1e-3", "a.b=1e-3"), ("", "''"), ("x y", "'x y'"), ("it's", "'it'\\''s'")];
        words.into_iter().for_each(|(word, expected)| assert_eq!(quoted(word), expected));
        assert_eq!(quoted("audit.times=[0.1]"), "'audit.times=[0.1]'");
    }
}
