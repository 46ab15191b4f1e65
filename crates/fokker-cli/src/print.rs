//! Standard output.

/// Prints a line to standard output; a closed pipe is not an error.
macro_rules! out {
    ($($arg:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stdout(), $($arg)*);
    }};
}
pub(crate) use out;

/// Says what is worth a word.
pub fn notes(notes: impl IntoIterator<Item = String>) {
    notes.into_iter().for_each(|note| out!("note: {note}"));
}
