//! The `fokker` command: train, audit and use score-based diffusion models whose scores obey the Fokker–Planck equation.

#![deny(unsafe_code)]

// The system's allocator, which is unsafe to stand for.
#[allow(unsafe_code)]
mod allocator;
mod args;
mod cmd;
mod fail;
mod files;
mod global;
mod numbers;
mod print;
mod progress;
mod ranks;
mod serve;
mod signals;

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;

#[global_allocator]
static ALLOCATOR: allocator::OrFail = allocator::OrFail;

fn main() -> ExitCode {
    let begun = Instant::now();
    keep_caught_panics_quiet();
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(error) => return fail::usage(&error),
    };
    args.global.keep();
    let world = match ranks::World::begin(args.command.is_shared()) {
        Ok(world) => world,
        Err(error) => return ExitCode::from(fail::report(&error)),
    };
    let done = signals::survive_limits().map_err(Into::into).and_then(|()| cmd::run(args.command, &world));
    print::detail!("{} in all", numbers::duration(begun.elapsed().as_secs_f64()));
    match done {
        Ok(()) => {
            world.end(None);
            print::end()
        }
        Err(error) => {
            let status = fail::report(&error);
            world.end(Some((fail::line(&error), status)));
            ExitCode::from(status)
        }
    }
}

/// A panic that the library catches, that of a decoder on a damaged file, becomes an error of one line; nobody need see it besides.
#[allow(clippy::disallowed_methods, reason = "this is the program")]
fn keep_caught_panics_quiet() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !fokker::panic_is_caught() {
            usual(info);
        }
    }));
}
