//! The options that every command has. Who reads them is spread over the program, and there is one command in a process: they are kept
//! once for all.

use std::io::{IsTerminal, stderr};
use std::sync::OnceLock;

use crate::ranks;

/// The options that every command has.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Global {
    /// The most memory to take, for example 4GiB (default: half of the machine's)
    #[arg(long, global = true, value_name = "SIZE", value_parser = fokker::memory::parse)]
    pub memory: Option<u64>,
    /// Threads; 0: all (default: train.threads where there is a config, else all)
    #[arg(long, global = true, value_name = "N")]
    pub threads: Option<usize>,
    /// Print nothing but errors and what was asked for
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more, on standard error: what runs where, and how long it takes
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// How progress is shown, on standard error: auto (bars on a terminal, else lines), lines or none
    #[arg(
        long,
        global = true,
        value_name = "HOW",
        value_enum,
        env = "FOKKER_PROGRESS",
        default_value = "auto",
        hide_env_values = true,
        hide_default_value = true,
        hide_possible_values = true
    )]
    pub progress: Show,
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Show {
    /// Bars on a terminal, else lines
    Auto,
    /// A line after 5 seconds, then one every 30 seconds, and one at the end
    Lines,
    /// Not at all
    None,
}

static GIVEN: OnceLock<Global> = OnceLock::new();

impl Global {
    /// Keeps them for the process, and sets the memory budget.
    pub fn keep(self) {
        self.memory.into_iter().for_each(fokker::memory::set_budget);
        GIVEN.get_or_init(|| self);
    }
}

/// Threads; 0: all.
pub fn threads() -> usize {
    GIVEN.get().and_then(|given| given.threads).unwrap_or(0)
}

/// Assignments to keys of a config, before them that of the threads that were asked for.
pub fn with_threads(sets: &[String]) -> Vec<String> {
    let threads = GIVEN.get().and_then(|given| given.threads).map(|threads| format!("train.threads={threads}"));
    threads.into_iter().chain(sets.iter().cloned()).collect()
}

/// Is nothing to be printed but errors and what was asked for?
pub fn is_quiet() -> bool {
    GIVEN.get().is_some_and(|given| given.quiet)
}

/// Is more to be said?
pub fn is_verbose() -> bool {
    GIVEN.get().is_some_and(|given| given.verbose)
}

/// How progress is shown here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// As bars.
    Bars,
    /// As lines.
    Lines,
    /// Not at all.
    Not,
}

/// How progress is shown here.
pub fn progress() -> Shown {
    match GIVEN.get().map_or(Show::Auto, |given| given.progress) {
        _ if is_quiet() || !ranks::is_first() => Shown::Not,
        Show::None => Shown::Not,
        Show::Auto if stderr().is_terminal() => Shown::Bars,
        Show::Auto | Show::Lines => Shown::Lines,
    }
}
