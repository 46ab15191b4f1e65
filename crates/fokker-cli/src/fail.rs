//! From errors to one line and an exit status: 1, the run failed; 2, the request was wrong.

use std::fmt;
use std::io::Write;
use std::process::ExitCode;

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

/// Prints help as clap does, and everything else as one line.
pub fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let text = error.render().to_string();
    let line = text.split("\n\n").next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    let line = if line.starts_with("error: ") { line } else { format!("error: {line}") };
    say(&format!("{line} (see --help)"));
    ExitCode::from(2)
}

/// Prints the error on one line and tells whose fault it is.
pub fn report(error: &anyhow::Error) -> ExitCode {
    let line = format!("{error:#}").split_whitespace().collect::<Vec<_>>().join(" ");
    say(&format!("error: {line}"));
    let wrong_request = error.chain().any(|cause| {
        cause.is::<Request>()
            || cause.downcast_ref::<fokker::Error>().is_some_and(fokker::Error::is_request)
            || cause.is::<fokker::data::DataError>()
    });
    ExitCode::from(if wrong_request { 2 } else { 1 })
}

fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
