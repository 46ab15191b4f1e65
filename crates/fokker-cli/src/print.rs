//! Standard output and standard error, and text for a terminal. Of several processes that a launcher started, the first alone prints.
//!
//! On standard output is what was asked for ([`out!`]), and what is worth a word beside it ([`say!`]), which `--quiet` leaves out. Where
//! `--json -` was asked for, the JSON is all that is there.

use std::fmt::Arguments;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use fokker::data::one_line;

use crate::{global, ranks};

/// What went wrong first in writing to standard output.
static FAILED: OnceLock<String> = OnceLock::new();

/// Is standard output a JSON document's, which nothing else may be in?
static IS_JSON: AtomicBool = AtomicBool::new(false);

/// Prints a line of what was asked for to standard output. A closed pipe is not an error; any other is told at the end of the program
/// ([`end`]).
macro_rules! out {
    ($($arg:tt)*) => {
        $crate::print::line(format_args!($($arg)*))
    };
}
pub(crate) use out;

/// Prints a line about what was done; `--quiet` leaves it out.
macro_rules! say {
    ($($arg:tt)*) => {
        $crate::print::word(format_args!($($arg)*))
    };
}
pub(crate) use say;

/// Prints a line to standard error, where `--verbose` asks for it.
macro_rules! detail {
    ($($arg:tt)*) => {
        if $crate::global::is_verbose() {
            $crate::print::error_line(&format!($($arg)*));
        }
    };
}
pub(crate) use detail;

/// Prints lines; names of files cannot move the terminal's cursor.
pub fn line(text: Arguments<'_>) {
    if IS_JSON.load(Ordering::Relaxed) || !ranks::is_first() {
        return;
    }
    let text = text.to_string();
    let lines: Vec<String> = text.split('\n').map(|line| one_line(line, usize::MAX)).collect();
    written(writeln!(io::stdout(), "{}", lines.join("\n")));
}

/// As [`line`], unless nothing is to be said that was not asked for.
pub fn word(text: Arguments<'_>) {
    if !global::is_quiet() {
        line(text);
    }
}

/// Prints a line to standard error; names of files cannot move the terminal's cursor.
pub fn error_line(line: &str) {
    if ranks::is_first() {
        of_any_rank(line);
    }
}

/// As [`error_line`], of any of several processes.
pub fn of_any_rank(line: &str) {
    // Nobody is left to be told if this cannot be written.
    let _ = writeln!(io::stderr(), "{}", one_line(line, usize::MAX));
}

/// Prints a text of the program's own to standard error.
pub fn error_text(text: &str) {
    if !ranks::is_first() {
        return;
    }
    let _ = io::stderr().write_all(text.as_bytes());
}

/// Keeps standard output for a JSON document.
pub fn only_json() {
    IS_JSON.store(true, Ordering::Relaxed);
}

/// Prints a JSON document, in which a character that a terminal would not show is written as JSON escapes it.
pub fn json(document: &impl serde::Serialize) -> Result<(), serde_json::Error> {
    if !ranks::is_first() {
        return Ok(());
    }
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

/// Prints bytes as they are: a script, a page of a manual.
pub fn bytes(bytes: &[u8]) {
    written(io::stdout().write_all(bytes));
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
            error_line(&format!("error: standard output: cannot be written: {reason}"));
            ExitCode::from(1)
        }
    }
}

/// Says what is worth a word.
pub fn notes(notes: impl IntoIterator<Item = String>) {
    notes.into_iter().for_each(|text| note(&text));
}

/// Says what is worth a word: on standard error where standard output is JSON.
pub fn note(text: &str) {
    if IS_JSON.load(Ordering::Relaxed) && !global::is_quiet() {
        error_line(&format!("note: {text}"));
    }
    say!("note: {text}");
}
