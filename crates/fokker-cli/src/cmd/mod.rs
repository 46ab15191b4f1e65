//! The subcommands.

mod audit;
mod bench;
mod compare;
mod data;
mod eval;
mod export;
mod logp;
mod presets;
mod rows;
mod sample;
mod source;
mod train;

use std::path::Path;

use anyhow::Result;
use fokker::data::write_atomically;
use fokker::solve::Outcome;
use serde::Serialize;

use crate::fail::request;

/// The subcommands.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Train with and without the score-FPE term on the same data, audit both, write a report: the main job
    Compare(compare::Compare),
    /// Train one model, or go on with an interrupted run
    Train(train::Train),
    /// Measure residual, conservativity and likelihood of a trained model
    Audit(audit::Audit),
    /// Log-likelihood of the rows of a file
    Logp(logp::Logp),
    /// Draw samples
    Sample(sample::Sample),
    /// Exact derivatives of the score at given points, in f64
    Eval(eval::Eval),
    /// Write a model's weights for PyTorch
    Export(export::Export),
    /// Get data, look at data
    #[command(subcommand)]
    Data(data::Data),
    /// List the built-in configs, or print one
    Presets(presets::Presets),
    /// Measure speed
    #[command(subcommand)]
    Bench(bench::Bench),
}

/// Runs a subcommand.
pub fn run(command: Command) -> Result<()> {
    match command {
        Command::Compare(args) => compare::run(&args),
        Command::Train(args) => train::run(&args),
        Command::Audit(args) => audit::run(&args),
        Command::Logp(args) => logp::run(&args),
        Command::Sample(args) => sample::run(&args),
        Command::Eval(args) => eval::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Presets(args) => presets::run(&args),
        Command::Data(args) => data::run(&args),
        Command::Bench(args) => bench::run(&args),
    }
}

/// Prints to standard output; a closed pipe is not an error.
macro_rules! out {
    ($($arg:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stdout(), $($arg)*);
    }};
}
pub(crate) use out;

/// An error, exit status 1, if the solver failed on any row.
fn require_values(outcomes: &[Outcome]) -> Result<()> {
    let failed = outcomes.iter().filter(|outcome| !outcome.has_value()).count();
    match outcomes.iter().enumerate().find(|(_, outcome)| !outcome.has_value()) {
        Some((row, outcome)) => {
            Err(fokker::Error::Solver { failed, rows: outcomes.len(), first: format!("row {row}: {outcome}") }.into())
        }
        None => Ok(()),
    }
}

/// Refuses a file that cannot be written because its folder is none, before the work that would go into it.
fn require_folder(path: &Path) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if folder.is_some_and(|folder| !folder.is_dir()) || path.is_dir() {
        let reason = if path.is_dir() { "is a folder" } else { "its folder does not exist" };
        return Err(request(format!("{}: cannot be written: {reason}", path.display())));
    }
    Ok(())
}

/// Writes a value as JSON, whole or not at all.
fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    write_text(path, &text)
}

/// Writes a text, whole or not at all.
fn write_text(path: &Path, text: &str) -> Result<()> {
    write_atomically(path, |out| out.write_all(text.as_bytes()))
        .map_err(|source| fokker::Error::Write { path: path.into(), source })?;
    Ok(())
}
