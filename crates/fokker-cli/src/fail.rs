//! From errors to one line and an exit status: 1, the run failed; 2, the request was wrong; 128 and a signal's number, it was stopped.

use std::fmt;
use std::process::ExitCode;

use clap::error::ErrorKind;
use fokker::jobs::JobError;
use fokker::memory::MemoryError;
use fokker::solve::Outcome;

use crate::print;
use crate::ranks;
use crate::signals;

/// A request that the command line itself finds wrong.
#[derive(Debug)]
pub struct Request(pub String);

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Request {}

/// Shorthand for a wrong request.
pub fn request(message: impl Into<String>) -> anyhow::Error {
    Request(message.into()).into()
}

/// A job's error in the words of the command line: its options begin with dashes, and the file to write is that of `-o`.
pub fn option(error: JobError) -> anyhow::Error {
    match error {
        JobError::Option { option, reason } => request(format!("{}: {reason}", dashed(&option))),
        JobError::Output { .. } => request(format!("-o {error}")),
        JobError::TooLarge(error) => MemoryError { what: dashed(&error.what), ..error }.into(),
        other => other.into(),
    }
}

/// An option, and its value if it has one, as it is typed.
fn dashed(option: &str) -> String {
    let name = option.split(' ').next().unwrap_or_default();
    format!("{}{option}", if matches!(name, "o" | "n") { "-" } else { "--" })
}

/// An error, exit status 1, if the solver failed on any row.
pub fn require_values(outcomes: &[Outcome]) -> anyhow::Result<()> {
    let failed = outcomes.iter().filter(|outcome| !outcome.has_value()).count();
    match outcomes.iter().enumerate().find(|(_, outcome)| !outcome.has_value()) {
        Some((row, outcome)) => {
            Err(fokker::Error::Solver { failed, rows: outcomes.len(), first: format!("row {row}: {outcome}") }.into())
        }
        None => Ok(()),
    }
}

/// What somebody who typed `fokker` alone can do next.
const NEXT: &str = "\
Train two models on toy data, audit both and write a report, in a minute:  fokker compare
Train a model on a table of your own:                                      fokker train --data mine.csv -o run
All there is, and whether this machine is ready:                           fokker --help, fokker doctor
";

/// Prints help as clap does, and everything else as one line.
pub fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        if ranks::is_first() {
            print::written(error.print());
        }
        return print::end();
    }
    // A variable that stands for an option makes it the second.
    let missing = [ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand, ErrorKind::MissingSubcommand];
    if missing.contains(&error.kind()) {
        if std::env::args_os().len() <= 1 {
            print::error_text(NEXT);
        } else {
            print::error_line("error: a subcommand is needed (see --help)");
        }
        return ExitCode::from(2);
    }
    let text = error.render().to_string();
    let one_line = |text: &str| text.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
    let mut paragraphs = text.split("\n\n");
    let line = one_line(paragraphs.next().unwrap_or_default());
    let line = if line.starts_with("error: ") { line } else { format!("error: {line}") };
    // What was meant, perhaps.
    let tips = paragraphs.flat_map(str::lines).filter_map(|line| line.trim().strip_prefix("tip: "));
    let tips: String = tips.map(|tip| format!("; {}", one_line(tip))).collect();
    print::error_line(&format!("{line}{tips} (see --help)"));
    ExitCode::from(2)
}

/// An error and its causes on one line.
pub fn line(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    // Some errors tell their cause themselves.
    for cause in error.chain().skip(1).map(ToString::to_string).filter(|cause| !cause.is_empty()) {
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    // Spaces of any kind may be part of a name.
    text.trim().to_owned()
}

/// Was the request wrong, rather than the run? A job knows whether what lies behind its failure was a wrong request.
pub fn is_wrong_request(error: &anyhow::Error) -> bool {
    match error.downcast_ref::<JobError>() {
        Some(error) => error.is_request(),
        None => error.chain().any(is_request),
    }
}

/// Prints the error on one line and tells whose fault it is: the exit status.
pub fn report(error: &anyhow::Error) -> u8 {
    if error.downcast_ref::<JobError>().is_some_and(JobError::is_stop) {
        print::error_line(&line(error));
        // As a shell has it.
        return signals::caught().map_or(1, |signal| 128 + signal);
    }
    print::error_line(&format!("error: {}", line(error)));
    if is_wrong_request(error) { 2 } else { 1 }
}

fn is_request(cause: &(dyn std::error::Error + 'static)) -> bool {
    cause.is::<Request>()
        || cause.downcast_ref::<JobError>().is_some_and(JobError::is_request)
        || cause.downcast_ref::<fokker::Error>().is_some_and(fokker::Error::is_request)
        || cause.downcast_ref::<fokker::data::DataError>().is_some_and(fokker::data::DataError::is_request)
        || cause.is::<MemoryError>()
        || cause.is::<fokker::jet::JetError>()
}
