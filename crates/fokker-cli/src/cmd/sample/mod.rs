//! `fokker sample`

mod args;
mod options;
mod output;
mod sampler;

use anyhow::Result;
use fokker::data::read_table;
use fokker::input::{ModelRows, Values, read_with_gaps};
use fokker::memory;
use fokker::model_file::ModelInfo;
use fokker::sample::{
    Inpaint, Resample, Sampler, Samples, Trajectories, bytes, decode, encode, inpaint, sample as draw,
    sample_trajectories,
};
use fokker::score::network::NetworkScore;
use fokker::solve::{Limits, Tolerance};
use fokker_jet::cpu::Workers;

use super::rows::print_notes;
use super::{rows, source};
use crate::fail::{request, require_values};
use crate::files::require_folder;
use crate::print::out;
use crate::progress;
pub use args::Sample;
use output::Output;

/// What is made, of what.
enum Job {
    Draw(usize, Sampler),
    Trajectories(usize, Sampler, usize),
    Inpaint(usize, Inpaint, Vec<f64>),
    Encode(Vec<f64>),
    Decode(Vec<f64>),
}

/// Writes samples in the units of the training data, or a picture of them; or the latents of data; or the data of latents.
pub fn run(args: &Sample) -> Result<()> {
    let output = Output::new(args)?;
    sampler::check(args)?;
    require_folder(&args.output)?;
    let (info, score) = source::model(&args.run)?;
    let image = output.image(&info)?;
    let (rows, job) = job(args, &info)?;
    let workers = score.model().workers(args.threads, 64)?;
    let bar = progress::rows(rows, if args.encode.is_some() { "encode" } else { "sample" });
    let done = |rows: usize| bar.set_position(rows as u64);
    let (mut samples, mut trajectories) = compute(&job, args, &score, &workers, &done)?;
    bar.finish_and_clear();
    let is_data = args.encode.is_none();
    if is_data && image.is_none() {
        info.scaling.invert_f64(&mut samples.x);
        trajectories.iter_mut().for_each(|states| info.scaling.invert_f64(&mut states.x));
    }
    output.write(rows, &info, image, &samples.x, trajectories.as_ref())?;
    out!("{}: {rows} {}", args.output.display(), if is_data { "samples" } else { "latents" });
    require_values(&samples.outcomes)
}

/// What the arguments ask for, and its number of rows.
fn job(args: &Sample, info: &ModelInfo) -> Result<(usize, Job)> {
    if let Some(path) = &args.encode {
        let data = ModelRows::open(path, info, Values::Continuous)?;
        let mut values = rows::all(data, path, &|_, _| Ok(()))?;
        info.scaling.apply_f64(&mut values);
        let rows = values.len() / info.dim;
        memory::require(&path.display().to_string(), bytes(rows, info.dim, 0))?;
        return Ok((rows, Job::Encode(values)));
    }
    if let Some(path) = &args.decode {
        let table = read_table(path, None)?;
        table.require_dim(path, info.dim)?;
        memory::require(&path.display().to_string(), bytes(table.rows, info.dim, 0))?;
        return Ok((table.rows, Job::Decode(table.values)));
    }
    let (n, states) = (args.n.unwrap_or(0), args.trajectory.unwrap_or(0));
    // All are written at once: as they are, or as pixels in single precision and as bytes.
    memory::require(&format!("-n {n}"), bytes(n, info.dim, states))?;
    let sampler = sampler::sampler(args)?;
    if let Some(path) = &args.inpaint {
        let (mut table, notes) = read_with_gaps(path, info)?;
        print_notes(notes);
        if table.rows != 1 && table.rows != n {
            return Err(request(format!("--inpaint {}: {} rows, neither 1 nor -n {n}", path.display(), table.rows)));
        }
        info.scaling.apply_f64(&mut table.values);
        let repeats = args.resample.unwrap_or(Resample::default().repeats);
        let how = Inpaint { sampler, resample: Resample { repeats, ..Resample::default() } };
        return Ok((n, Job::Inpaint(n, how, table.values)));
    }
    Ok((n, args.trajectory.map_or(Job::Draw(n, sampler), |keep| Job::Trajectories(n, sampler, keep))))
}

fn compute(
    job: &Job, args: &Sample, score: &NetworkScore<f32>, workers: &Workers, done: &(dyn Fn(usize) + Sync),
) -> Result<(Samples, Option<Trajectories>)> {
    let tolerance = args.options.tolerance().map_or(Tolerance::default(), Tolerance::both);
    let limits = Limits::default();
    let samples = match job {
        Job::Draw(n, sampler) => draw(score, *n, sampler, args.seed, workers, done)?,
        Job::Trajectories(n, sampler, keep) => {
            let (samples, trajectories) = sample_trajectories(score, *n, sampler, *keep, args.seed, workers, done)?;
            return Ok((samples, Some(trajectories)));
        }
        Job::Inpaint(n, how, known) => inpaint(score, *n, known, how, args.seed, workers, done)?,
        Job::Encode(x) => encode(score, x, tolerance, limits, workers, done)?,
        Job::Decode(z) => decode(score, z, tolerance, limits, workers, done)?,
    };
    Ok((samples, None))
}
