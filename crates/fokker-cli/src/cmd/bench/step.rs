//! `fokker bench step`

use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use fokker::config::Config;
use fokker::data::Data;
use fokker::train::Trainer;
use serde::Serialize;

use super::memory::Resident;
use super::yardstick;
use super::{median, model_toml, threads};
use crate::args::{BenchStep, StepKind};
use crate::cmd::{out, require_folder, write_json};
use crate::fail::request;

/// What `bench step --json` writes.
#[derive(Debug, Serialize)]
struct StepFigures {
    format: &'static str,
    dim: usize,
    width: usize,
    depth: usize,
    batch: usize,
    threads: usize,
    steps: usize,
    /// Median milliseconds of a step; null where `--only` leaves it out.
    dsm: Option<f64>,
    fp_vector: Option<f64>,
    fp_sliced: Option<f64>,
    /// GFLOP/s of large matrix products by the `gemm` crate on as many threads, in this run.
    gemm_gflops: f64,
    /// The most memory that the process ever had, MiB; null where the system does not tell.
    peak_rss_mib: Option<f64>,
    /// The same less what it had before the first trainer was built.
    step_growth_mib: Option<f64>,
}

/// Times a training step of the peers' network with `likelihood` weights, one probe and Adam.
pub fn run(args: &BenchStep) -> Result<()> {
    if args.steps == 0 {
        return Err(request("--steps: must be at least 1"));
    }
    if let Some(path) = &args.json {
        require_folder(path)?;
    }
    let before = Resident::read();
    let [dsm, fp_vector, fp_sliced] = [StepKind::Dsm, StepKind::Vector, StepKind::Sliced]
        .map(|kind| (args.only.is_empty() || args.only.contains(&kind)).then(|| time(args, kind)).transpose());
    let (dsm, fp_vector, fp_sliced) = (dsm?, fp_vector?, fp_sliced?);
    let after = Resident::read();
    let figures = StepFigures {
        format: "fokker-bench-step 1",
        dim: args.dim,
        width: args.width,
        depth: args.depth,
        batch: args.batch,
        threads: threads(args.threads),
        steps: args.steps,
        dsm,
        fp_vector,
        fp_sliced,
        gemm_gflops: yardstick::gemm_gflops(threads(args.threads)),
        peak_rss_mib: after.map(|after| after.peak),
        step_growth_mib: after.zip(before).map(|(after, before)| after.peak - before.now),
    };
    if let Some(dsm) = dsm {
        out!("dsm       {dsm:>9.3} ms");
    }
    for (name, time) in [("fp_vector", fp_vector), ("fp_sliced", fp_sliced)] {
        match (time, dsm) {
            (Some(time), Some(dsm)) => out!("{name} {time:>9.3} ms  ({:.2} x dsm)", time / dsm),
            (Some(time), None) => out!("{name} {time:>9.3} ms"),
            (None, _) => {}
        }
    }
    out!("gemm      {:>9.1} GFLOP/s", figures.gemm_gflops);
    if let Some(path) = &args.json {
        write_json(path, &figures)?;
    }
    Ok(())
}

/// Median milliseconds of a step.
fn time(args: &BenchStep, kind: StepKind) -> Result<f64> {
    let mut trainer = trainer(args, kind)?;
    for _ in 0..args.steps.div_ceil(10) {
        trainer.step()?;
    }
    let mut times = Vec::with_capacity(args.steps);
    for _ in 0..args.steps {
        let start = Instant::now();
        trainer.step()?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    Ok(median(times))
}

fn trainer(args: &BenchStep, kind: StepKind) -> Result<Trainer> {
    let BenchStep { dim, width, depth, batch, panel_rows, .. } = *args;
    let fp = |estimator| {
        format!(
            "[loss.fp]\nweight = 0.15\nestimator = \"{estimator}\"\ntime_weight = \"likelihood\"\n\
             divergence = {{ kind = \"hutchinson\", probes = 1, distribution = \"gaussian\" }}\n"
        )
    };
    let fp = match kind {
        StepKind::Dsm => String::new(),
        StepKind::Vector => fp("vector"),
        StepKind::Sliced => fp("sliced"),
    };
    let text = format!(
        "{}\
         [loss]\nweighting = \"likelihood\"\n{fp}\
         [train]\nsteps = 1000000\nbatch = {batch}\nlearning_rate = 2e-4\nschedule = \"constant\"\nwarmup = 0\n\
         threads = {}\npanel_rows = {panel_rows}\nadam = {{ clip = 0.0 }}\n",
        model_toml(dim, width, depth, 1e-5),
        threads(args.threads)
    );
    let config = Config::parse(&text, "bench", &[])?;
    let data = Arc::new(Data::load(&config.data)?);
    Ok(Trainer::new(&config, &data)?)
}
