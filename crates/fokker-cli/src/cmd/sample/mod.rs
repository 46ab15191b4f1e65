//! `fokker sample`

mod args;
mod options;
mod sampler;

use anyhow::Result;
use fokker::jobs::{self, Draws, SampleRequest};
use fokker::sample::{Inpaint, Resample};
use fokker::solve::Tolerance;

use crate::fail::{option, require_values};
use crate::global;
use crate::numbers::grouped;
use crate::print::say;
use crate::progress::Progress;
pub use args::Sample;

/// Writes samples in the units of the training data, or a picture of them; or the latents of data; or the data of latents.
pub fn run(args: &Sample) -> Result<()> {
    sampler::check(args)?;
    let request =
        SampleRequest { draws: draws(args)?, seed: args.seed, threads: global::threads(), resume: args.resume };
    let sampled = jobs::sample(&args.run, &request, &args.output, &Progress::default()).map_err(option)?;
    let what = if args.encode.is_some() { "latents" } else { "samples" };
    say!("{}: {} {what}", args.output.display(), grouped(sampled.outcomes.len()));
    require_values(&sampled.outcomes)
}

/// What the arguments ask for.
fn draws(args: &Sample) -> Result<Draws<'_>> {
    let tolerance = args.options.tolerance().map_or(Tolerance::default(), Tolerance::both);
    if let Some(of) = &args.encode {
        return Ok(Draws::Latents { of, tolerance });
    }
    if let Some(latents) = &args.decode {
        return Ok(Draws::Decoded { latents, tolerance });
    }
    let (n, sampler) = (args.n.unwrap_or(0), sampler::sampler(args)?);
    let Some(known) = &args.inpaint else {
        return Ok(Draws::Samples { n, sampler, trajectory: args.trajectory });
    };
    let repeats = args.resample.unwrap_or(Resample::default().repeats);
    Ok(Draws::Inpainted { n, how: Inpaint { sampler, resample: Resample { repeats, ..Resample::default() } }, known })
}
