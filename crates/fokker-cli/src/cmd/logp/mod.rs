//! `fokker logp`

mod args;
mod input;
mod output;
mod part;
mod row;

use anyhow::{Context, Result, anyhow, bail};
use fokker::audit::default_divergence;
use fokker::data::Fingerprint;
use fokker::divergence::{Divergence, ProbeDistribution};
use fokker::likelihood::{
    self, BoundOptions, Dequantise, LikelihoodOptions, Start, dequantised_bound, dequantised_log_prob,
};
use fokker::memory;
use fokker::model_file::ModelInfo;
use fokker::score::Differentiable;
use fokker::score::network::NetworkScore;
use fokker::solve::Tolerance;
use fokker_jet::Real;
use fokker_jet::cpu::Workers;
use indicatif::ProgressBar;

use self::input::{Input, Survey};
use self::part::{Identity, Part};
use self::row::Row;
use super::rows::print_notes;
use super::{out, require_folder, source};
pub use args::Logp;

use crate::fail::request;
use crate::progress;

/// Probes where the dimension forbids the exact divergence.
const PROBES: usize = 8;

/// Below this tolerance single precision often cannot keep what is promised: the rounding of the networks' arithmetic alone makes
/// log p uncertain by more.
const SINGLE_PRECISION: f64 = 1e-6;

/// More probes than these do not fit in memory.
const MOST_PROBES: usize = 100_000;

/// More draws than these are a slip of the pen.
const MOST_DRAWS: usize = 10_000;

/// Rows of a chunk unless they are long, and the values that its rows may then have.
const CHUNK_ROWS: usize = 8192;
const CHUNK_VALUES: usize = 1 << 22;

/// Writes the log-likelihood of each row. Rows that fail have NaN there; if there are any, exit status 1.
///
/// The file is read in chunks; each that is done is kept in `FILE.part`, from which the whole result is written at the end.
pub fn run(args: &Logp) -> Result<()> {
    check(args)?;
    let part_path = part::path_of(&args.output);
    let resumes = part_path.exists();
    if resumes && !args.resume {
        return Err(request(format!(
            "{}: rows of an unfinished run: add --resume to go on with it, or delete the file to start anew",
            part_path.display()
        )));
    }
    let (info, score) = source::model(&args.run)?;
    let (options, draws) = (options(args, info.dim), draws(args, &info)?);
    let survey = input::survey(&args.data, &info, draws)?;
    let chunk = chunk(args, info.dim, &options, draws, survey)?;
    let identity = identity(args, &info, &options, draws, survey)?;
    let workers = score.model().workers(args.threads, 64)?;
    let part = if resumes { Part::resume(&part_path, &identity)? } else { Part::create(&part_path, &identity)? };
    let job = Job { args, info: &info, workers, options, draws, chunk, survey };
    if draws > 1 && !job.is_exact() {
        print_notes(["no importance-weighted columns: with probes they would bound nothing".into()]);
    }
    let done = if in_double(args) {
        finish(&job, &NetworkScore::<f64>::new(score.model().clone(), score.parameters()), part)
    } else {
        finish(&job, &score, part)
    };
    let done = done.map_err(|(error, rows)| match rows {
        // There is nothing to go on from.
        0 => {
            let _ = std::fs::remove_file(&part_path);
            error
        }
        rows => anyhow!(
            "{error:#}; the {rows} of {} rows that are done are kept in {}: go on with --resume",
            survey.rows,
            part_path.display()
        ),
    });
    done?.report(args, survey.rows)
}

/// Is double precision asked for, or needed?
fn in_double(args: &Logp) -> bool {
    args.f64 || args.tolerance < SINGLE_PRECISION
}

/// Refuses options outside their range, and a file that cannot be written.
fn check(args: &Logp) -> Result<()> {
    let extension = args.output.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    if !["csv", "npy", "npz", "parquet"].contains(&extension.as_str()) {
        let output = args.output.display();
        return Err(request(format!("-o {output}: the file to write ends in .csv, .npy, .npz or .parquet")));
    }
    if !(args.tolerance > 0.0 && args.tolerance.is_finite()) {
        return Err(request(format!("--tolerance {}: must be positive", args.tolerance)));
    }
    if args.probes.is_some_and(|probes| !(1..=MOST_PROBES).contains(&probes)) {
        return Err(request(format!("--probes: must be between 1 and {MOST_PROBES}")));
    }
    if args.step_limit == 0 {
        return Err(request("--step-limit: must be at least 1"));
    }
    if args.chunk_rows.is_some_and(|rows| !(1..=part::MOST_ROWS).contains(&rows)) {
        return Err(request(format!("--chunk-rows: must be between 1 and {}", part::MOST_ROWS)));
    }
    require_folder(&args.output)
}

fn options(args: &Logp, dim: usize) -> LikelihoodOptions {
    let divergence = match args.probes {
        Some(probes) => Divergence::Hutchinson { probes, distribution: ProbeDistribution::Rademacher },
        None => default_divergence(dim, PROBES),
    };
    LikelihoodOptions {
        tolerance: Tolerance { absolute: args.tolerance, relative: args.tolerance },
        step_limit: args.step_limit,
        divergence,
        seed: args.seed,
        first_row: 0,
    }
}

/// Draws of dequantisation noise: by default one where the model's data has grey levels, none where it has not.
fn draws(args: &Logp, info: &ModelInfo) -> Result<usize> {
    match (args.dequantise, info.levels) {
        (Some(draws), _) if draws > MOST_DRAWS => Err(request(format!("--dequantise: must be at most {MOST_DRAWS}"))),
        (Some(1..), None) => Err(request("--dequantise: the model's data has no grey levels")),
        (draws, levels) => Ok(draws.unwrap_or(usize::from(levels.is_some()))),
    }
}

/// Rows that are computed at a time, for which there is memory.
fn chunk(args: &Logp, dim: usize, options: &LikelihoodOptions, draws: usize, survey: Survey) -> Result<usize> {
    let (probes, draws) = (probes(options).unwrap_or(1), draws.max(1));
    let width = (dim + probes) * draws;
    let chunk = args.chunk_rows.unwrap_or((CHUNK_VALUES / width).clamp(1, CHUNK_ROWS));
    let chunk = usize::try_from(survey.rows).map_or(chunk, |rows| chunk.min(rows));
    let bytes = memory::product(&[chunk, dim, size_of::<f64>()]);
    let what = match (args.chunk_rows, args.dequantise) {
        (Some(rows), _) => format!("--chunk-rows {rows}"),
        (None, Some(draws)) => format!("--dequantise {draws}"),
        (None, None) => format!("--probes {probes}"),
    };
    memory::require(&what, bytes.saturating_add(likelihood::bytes(chunk * draws, dim, probes)))?;
    Ok(chunk)
}

/// All that a row's value depends on.
fn identity(
    args: &Logp, info: &ModelInfo, options: &LikelihoodOptions, draws: usize, survey: Survey,
) -> Result<Identity> {
    let path = source::model_path(&args.run);
    let mut print = Fingerprint::default();
    print.bytes(&memory::read(&path).map_err(|source| fokker::Error::read(&path, source))?);
    let Survey { rows, digest } = survey;
    Ok(vec![
        ("version of fokker", env!("CARGO_PKG_VERSION").into()),
        ("model", format!("{:016x}", print.digest())),
        ("--data", format!("{rows} rows of {}, {digest:016x}", info.dim)),
        ("--tolerance", format!("{:?}", args.tolerance)),
        ("--f64", in_double(args).to_string()),
        ("--bound", args.bound.to_string()),
        ("--step-limit", args.step_limit.to_string()),
        ("--probes", probes(options).map_or("none".into(), |probes| probes.to_string())),
        ("--dequantise", draws.to_string()),
        ("--at-zero", args.at_zero.to_string()),
        ("--seed", args.seed.to_string()),
    ])
}

/// Probes, if there are any.
fn probes(options: &LikelihoodOptions) -> Option<usize> {
    match options.divergence {
        Divergence::Exact {} => None,
        Divergence::Hutchinson { probes, .. } => Some(probes),
    }
}

/// What is to be done.
struct Job<'a> {
    args: &'a Logp,
    info: &'a ModelInfo,
    workers: Workers,
    options: LikelihoodOptions,
    /// Of dequantisation noise.
    draws: usize,
    /// Rows at a time.
    chunk: usize,
    survey: Survey,
}

impl Job<'_> {
    /// Is the divergence exact?
    fn is_exact(&self) -> bool {
        probes(&self.options).is_none()
    }

    /// What is written of a row beside what is always there.
    fn more(&self) -> output::More {
        let several = self.draws > 1 || self.draws == 0 && probes(&self.options).is_some_and(|probes| probes > 1);
        output::More { se: several, importance: self.draws > 1 && self.is_exact(), bound: self.args.bound }
    }
}

/// Computes the rows that `part` lacks and writes the result; an error comes with the number of rows that are kept.
fn finish<F: Real>(
    job: &Job<'_>, score: &dyn Differentiable<F>, mut part: Part,
) -> Result<output::Summary, (anyhow::Error, u64)> {
    match compute(job, score, &mut part) {
        Ok(seen) if seen == job.survey => {}
        Ok(_) => {
            part.remove();
            let error = anyhow!("{}: it changed while it was read; nothing was written", job.args.data.display());
            return Err((error, 0));
        }
        Err(error) => return Err((error, part.rows)),
    }
    let written = output::write(&job.args.output, &part, &job.info.scaling, job.more())
        .and_then(|()| output::summarise(&part, &job.info.scaling));
    match written {
        Ok(summary) => {
            part.remove();
            Ok(summary)
        }
        Err(error) => Err((error, part.rows)),
    }
}

/// Computes the rows that `part` lacks; returns what was seen of the input, all of which is read.
fn compute<F: Real>(job: &Job<'_>, score: &dyn Differentiable<F>, part: &mut Part) -> Result<Survey> {
    let Job { args, info, survey, workers, .. } = job;
    // A grey level is one unit of the data.
    let bins: Vec<f64> = info.scaling.scale.iter().map(|scale| 1.0 / scale).collect();
    let how = Dequantise {
        count: job.draws.max(1),
        bins: (job.draws > 0).then_some(&bins[..]),
        start: if args.at_zero { Start::AtZero } else { Start::AtTMin },
    };
    let bar = bar(survey.rows, part.rows);
    let (mut input, mut values) = (Input::open(&args.data, info, job.draws)?, Vec::new());
    input.skip(part.rows, &mut values)?;
    while input.read(job.chunk, &mut values)? > 0 {
        info.scaling.apply_f64(&mut values);
        let first = part.rows;
        let options = LikelihoodOptions { first_row: first, ..job.options };
        let done = |rows: usize| bar.set_position(first + rows as u64);
        let found = dequantised_log_prob(score, &values, &how, &options, workers, &done)?;
        let bound = if args.bound {
            let LikelihoodOptions { divergence, seed, first_row, .. } = options;
            let options = BoundOptions { divergence, seed, first_row, ..BoundOptions::for_dim(info.dim) };
            Some(dequantised_bound(score, &values, &how, &options, workers)?)
        } else {
            None
        };
        part.append(&Row::of(&found, bound.as_ref())).context("the finished rows cannot be kept")?;
    }
    bar.finish_and_clear();
    Ok(input.seen())
}

/// A bar over all rows, of which `done` are.
fn bar(rows: u64, done: u64) -> ProgressBar {
    let bar = progress::rows(usize::try_from(rows).unwrap_or(usize::MAX), "logp");
    bar.set_position(done);
    bar.reset_eta();
    bar
}

impl output::Summary {
    /// Says what was found; an error if rows failed.
    fn report(&self, args: &Logp, rows: u64) -> Result<()> {
        let output = &args.output;
        let over = |mean: &output::Mean| {
            if mean.count == rows { String::new() } else { format!(" over {} of them", mean.count) }
        };
        out!("{}: {rows} rows, mean log p {}{}", output.display(), self.log_prob, over(&self.log_prob));
        if self.bound.count > 0 {
            out!("mean lower bound {}{}", self.bound, over(&self.bound));
        }
        if self.floor > 0 {
            out!(
                "note: rows at the floor of the precision (outcome precision_floor): {}; --f64, or a larger --tolerance",
                self.floor
            );
        }
        match self.first {
            None => Ok(()),
            Some((row, outcome)) => bail!(
                "{} of {rows} rows failed and are NaN (the first, row {row}: {outcome}); the others are in {}{}",
                self.failed,
                output.display(),
                if args.bound { "" } else { "; --bound gives rows without log p a value to be ranked by" }
            ),
        }
    }
}
