//! `fokker bench`

use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use fokker::config::Config;
use fokker::data::Data;
use fokker::train::Trainer;
use serde::Serialize;

use super::{out, require_folder, write_json};
use crate::args::BenchStep;
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
    /// Median milliseconds of a step.
    dsm: f64,
    fp_vector: f64,
    fp_sliced: f64,
}

/// Times a training step of the peers' network: (x, t) joined, SiLU layers, the output taken as the score; VP, `likelihood`
/// weights, one probe, Adam.
pub fn step(args: &BenchStep) -> Result<()> {
    if args.steps == 0 {
        return Err(request("--steps: must be at least 1"));
    }
    if let Some(path) = &args.json {
        require_folder(path)?;
    }
    let threads =
        if args.threads == 0 { std::thread::available_parallelism().map_or(1, usize::from) } else { args.threads };
    let time = |fp: Option<&str>| -> Result<f64> {
        let mut trainer = trainer(args, threads, fp)?;
        for _ in 0..args.steps.div_ceil(10) {
            trainer.step()?;
        }
        let mut times = Vec::with_capacity(args.steps);
        for _ in 0..args.steps {
            let start = Instant::now();
            trainer.step()?;
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
        times.sort_by(f64::total_cmp);
        Ok(times[times.len() / 2])
    };
    let figures = StepFigures {
        format: "fokker-bench-step 1",
        dim: args.dim,
        width: args.width,
        depth: args.depth,
        batch: args.batch,
        threads,
        steps: args.steps,
        dsm: time(None)?,
        fp_vector: time(Some("vector"))?,
        fp_sliced: time(Some("sliced"))?,
    };
    out!("dsm       {:>9.3} ms", figures.dsm);
    out!("fp_vector {:>9.3} ms  ({:.2} x dsm)", figures.fp_vector, figures.fp_vector / figures.dsm);
    out!("fp_sliced {:>9.3} ms  ({:.2} x dsm)", figures.fp_sliced, figures.fp_sliced / figures.dsm);
    if let Some(path) = &args.json {
        write_json(path, &figures)?;
    }
    Ok(())
}

fn trainer(args: &BenchStep, threads: usize, fp: Option<&str>) -> Result<Trainer> {
    let BenchStep { dim, width, depth, batch, panel_rows, .. } = args;
    let fp = fp.map_or(String::new(), |estimator| {
        format!(
            "[loss.fp]\nweight = 0.15\nestimator = \"{estimator}\"\ntime_weight = \"likelihood\"\n\
             divergence = {{ kind = \"hutchinson\", probes = 1, distribution = \"gaussian\" }}\n"
        )
    });
    let text = format!(
        "[data]\nkind = \"normal\"\ndim = {dim}\n\
         [sde]\nkind = \"vp\"\nt_min = 1e-5\n\
         [network]\nkind = \"mlp\"\nwidth = {width}\ndepth = {depth}\ntime = {{ kind = \"plain\" }}\n\
         [score]\nparameterisation = \"score\"\n\
         [loss]\nweighting = \"likelihood\"\n{fp}\
         [train]\nsteps = 1000000\nbatch = {batch}\nlearning_rate = 2e-4\nschedule = \"constant\"\nwarmup = 0\n\
         threads = {threads}\npanel_rows = {panel_rows}\nadam = {{ clip = 0.0 }}\n"
    );
    let config = Config::parse(&text, "bench", &[])?;
    let data = Arc::new(Data::load(&config.data)?);
    Ok(Trainer::new(&config, &data)?)
}
