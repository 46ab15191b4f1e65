//! `fokker doctor`: whether this machine is ready, and what to do where it is not.

mod machine;
mod mpi;
mod trial;

use std::path::PathBuf;

use anyhow::Result;
use fokker::data::{Description, describe};
use fokker::memory::{budget, shown};
use serde::Serialize;

use super::bench::threads;
use crate::files::{require_json, write_json};
use crate::global;
use crate::numbers::{about, grouped, rate};
use crate::print::out;
use crate::ranks::{self, World};

/// `fokker doctor`
#[derive(Debug, clap::Args)]
pub struct Doctor {
    /// Write what is found to this file; -: to standard output, and nothing else
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Say what MPI sees, too: its library, the ranks, where they are and how many threads each has; under mpirun
    #[arg(long)]
    pub mpi: bool,
}

/// What `doctor --json` writes.
#[derive(Debug, Serialize)]
struct Found {
    format: &'static str,
    version: &'static str,
    /// The vector instructions that the kernels use.
    instructions: &'static str,
    threads: usize,
    memory_budget: u64,
    /// Steps of training a second, and what that is in arithmetic; null where training failed.
    steps_per_second: Option<f64>,
    gflops: Option<f64>,
    /// Of the score FPE at the exact score; null where it could not be had.
    residual: Option<f64>,
    checks: Vec<Check>,
}

/// Something that is looked at.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    found: String,
    /// What to do; null: it is well.
    advice: Option<String>,
}

impl Check {
    fn new(name: &'static str, found: impl Into<String>, advice: Option<&str>) -> Self {
        Self { name, found: found.into(), advice: advice.map(String::from) }
    }
}

/// The greatest residual that rounding alone leaves of the exact score's, in double precision.
const ROUNDING: f64 = 1e-8;

/// Arithmetic below which something is wrong with the build, or the machine is another's: a slow core of ten years ago has more.
const SLOW: f64 = 1.0;

/// Looks at everything and says what to do. Exit status 1 if the numbers are wrong.
pub fn run(args: &Doctor, world: &World) -> Result<()> {
    if let Some(path) = &args.json {
        require_json(path)?;
    }
    let threads = threads(global::threads());
    let of_ranks = if args.mpi { mpi::checks(world, threads) } else { Vec::new() };
    // The rest is of one process.
    if !ranks::is_first() {
        return Ok(());
    }
    let (speed, residual) = (trial::speed(threads), trial::residual());
    let mut checks = vec![
        Check::new("version", env!("CARGO_PKG_VERSION"), None),
        processor(),
        processors(threads),
        memory(),
        folder("temporary folder", std::env::temp_dir(), "set TMPDIR to a folder that can be written to"),
        folder(
            "this folder",
            PathBuf::from("."),
            "results go to the folder that a command is begun in: begin it elsewhere",
        ),
    ];
    checks.extend(of_ranks);
    checks.extend(data());
    checks.push(speed_check(&speed));
    checks.push(residual_check(&residual));
    for Check { name, found, advice } in &checks {
        match advice {
            None => out!("OK    {name:<17} {found}"),
            Some(advice) => out!("LOOK  {name:<17} {found}: {advice}"),
        }
    }
    let (speed, residual) = (speed.ok(), residual.ok());
    let wrong = residual.is_none_or(is_wrong) || speed.is_none();
    if let Some(path) = &args.json {
        let found = Found {
            format: "fokker-doctor 1",
            version: env!("CARGO_PKG_VERSION"),
            instructions: fokker::jet::cpu::instructions(),
            threads,
            memory_budget: budget(),
            steps_per_second: speed.map(|speed| speed.steps_per_second),
            gflops: speed.map(|speed| speed.gflops),
            residual,
            checks,
        };
        write_json(path, &found)?;
    }
    if wrong { Err(anyhow::anyhow!("doctor: this machine does not compute what it should")) } else { Ok(()) }
}

fn processor() -> Check {
    let used = fokker::jet::cpu::instructions();
    let found =
        format!("{}, kernels for {used}", machine::processor().unwrap_or_else(|| std::env::consts::ARCH.into()));
    let is_slow = ["SSE2", "scalar"].contains(&used);
    let advice = "without AVX2 training takes several times as long; a virtual machine may hide it: pass the host's processor through";
    Check::new("processor", found, is_slow.then_some(advice))
}

fn processors(threads: usize) -> Check {
    let (may, all) = (machine::parallelism(), machine::processors());
    let found = match all {
        Some(all) if all > may => {
            format!("{threads}; {may} of {all} processors may be used (affinity, or a control group)")
        }
        _ => format!("{threads} on {may} processors"),
    };
    let advice = (threads > may).then_some("more threads than processors are slower than as many: a smaller --threads");
    Check::new("threads", found, advice)
}

fn memory() -> Check {
    let (total, available, budget) = (machine::memory("MemTotal:"), machine::memory("MemAvailable:"), budget());
    let text = |bytes: Option<u64>| bytes.map_or_else(|| "not known".into(), shown);
    let found = format!("{}, {} available, budget {}", text(total), text(available), shown(budget));
    let is_short = available.is_some_and(|available| available < budget);
    let advice = "other programs have what the budget counts on: a smaller --memory, or end them";
    Check::new("memory", found, is_short.then_some(advice))
}

/// Whether a folder can be written to.
fn folder(name: &'static str, path: PathBuf, advice: &str) -> Check {
    let shown = std::path::absolute(&path).unwrap_or_else(|_| path.clone()).display().to_string();
    let trial = path.join(format!(".fokker-doctor-{}.tmp", std::process::id()));
    match std::fs::File::create_new(&trial) {
        Ok(_) => {
            // It is empty, and hidden.
            let _ = std::fs::remove_file(&trial);
            Check::new(name, shown, None)
        }
        Err(error) => Check::new(name, format!("{shown}, {error}"), Some(advice)),
    }
}

/// Data sets where `fokker data fetch` puts them, below the present folder.
fn data() -> Vec<Check> {
    let places = ["mnist", "fashion-mnist", "cifar10/cifar-10-batches-bin"].map(PathBuf::from);
    let mut checks = Vec::new();
    for path in places.iter().filter(|path| path.is_dir()) {
        let shown = path.display();
        checks.push(match describe(path, None, None, 0.1) {
            Ok(Description::Images(images)) => {
                let count = grouped(images.train + images.held_out);
                Check::new("data", format!("{shown}: {}, {count} images", images.recognised), None)
            }
            Ok(_) => Check::new("data", format!("{shown}: a table"), None),
            Err(error) => {
                let advice = "`fokker data fetch` says which file is damaged or missing";
                Check::new("data", format!("{shown}: {error}"), Some(advice))
            }
        });
    }
    if checks.is_empty() {
        checks.push(Check::new(
            "data",
            "no data set here; `fokker data fetch mnist` gets one, toy data need none",
            None,
        ));
    }
    checks
}

fn speed_check(speed: &Result<trial::Speed>) -> Check {
    match speed {
        Ok(speed) => {
            let (steps, parameters) = (rate(speed.steps_per_second), about(speed.parameters));
            let found = format!("{steps} steps/s of ring8 ({parameters} parameters), {:.1} GFLOP/s", speed.gflops);
            let advice = "very slow: is the program built with --release, and is the machine free?";
            Check::new("speed", found, (speed.gflops < SLOW).then_some(advice))
        }
        Err(error) => Check::new("speed", error.to_string(), Some("training does not run on this machine")),
    }
}

/// Is it more than rounding leaves?
fn is_wrong(residual: f64) -> bool {
    residual.is_nan() || residual > ROUNDING
}

fn residual_check(residual: &Result<f64>) -> Check {
    let advice = "the exact score must obey its equation: this build, or this machine, computes wrong numbers";
    match residual {
        Ok(residual) => {
            let found = format!("residual of the exact score {residual:.1e} (at most {ROUNDING:.0e})");
            Check::new("numbers", found, is_wrong(*residual).then_some(advice))
        }
        Err(error) => Check::new("numbers", error.to_string(), Some(advice)),
    }
}
