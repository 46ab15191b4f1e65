//! Standard output, and text for a terminal.

use std::fmt::Arguments;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::OnceLock;

use fokker::data::one_line;

/// What went wrong first in writing to standard output.
static FAILED: OnceLock<String> = OnceLock::new();

/// Prints a line to standard output. A closed pipe is not an error; any other is told at the end of the program ([`end`]).
macro_rules! out {
    ($($arg:tt)*) => {
        $crate::print::line(format_args!($($arg)*))
    };
}
pub(crate) use out;

/// Prints lines; names of files cannot move the terminal's cursor.
pub fn line(text: Arguments<'_>) {
    let text = text.to_string();
    let lines: Vec<String> = text.split('\n').map(|line| one_line(line, usize::MAX)).collect();
    written(writeln!(io::stdout(), "{}", lines.join("\n")));
}

/// Prints a JSON document, in which a character that a terminal would not show is written as JSON escapes it.
pub fn json(document: &impl serde::Serialize) -> Result<(), serde_json::Error> {
    let text = serde_json::to_string_pretty(document)?;
    let escaped = |c: char| match c {
        '\n' => "\n".to_owned(),
        c if one_line(c.encode_utf8(&mut [0; 4]), 1).starts_with('\\') && c != '\\' => {
            format!("\\u{:04x}", u32::from(c))
        }
        c => c.to_string(),
    };
    written(writeln!(io::stdout(), "{}", text.chars().map(escaped).collect::<String>()));
    Ok(())
}

/// Remembers a failure to write.
pub fn written(result: io::Result<()>) {
    if let Err(error) = result.and_then(|()| io::stdout().flush())
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        let _ = FAILED.set(error.to_string());
    }
}

/// The exit status of a program that did what it was asked to: 1 if what it had to say could not be written.
pub fn end() -> ExitCode {
    match FAILED.get() {
        None => ExitCode::SUCCESS,
        Some(reason) => {
            // Nobody is left to be told if this cannot be written.
            let _ = writeln!(io::stderr(), "error: standard output: cannot be written: {reason}");
            ExitCode::from(1)
        }
    }
}

/// Says what is worth a word.
pub fn notes(notes: impl IntoIterator<Item = String>) {
    notes.into_iter().for_each(|note| out!("note: {note}"));
}
