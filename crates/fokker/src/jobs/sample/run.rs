//! The job: what goes in, what is drawn, what is written.

use std::path::Path;

use fokker_jet::cpu::Workers;

use super::super::error::JobError;
use super::super::observer::{Observer, Unit, Work, notes};
use super::super::open::{model_print, open_model, require_place};
use super::super::part_error::PartError;
use super::super::part_file::{Identity, path_of, text_of};
use super::super::rows;
use super::output::Output;
use super::part::{Part, Rows, Sizes};
use super::request::{Draws, SampleRequest};
use crate::Error;
use crate::collective::{agree, any, broadcast_bytes, first, is_first, part as share, require_same};
use crate::data::{Fingerprint, read_table};
use crate::error::chain;
use crate::input::{ModelRows, Values, read_with_gaps};
use crate::memory;
use crate::model_file::ModelInfo;
use crate::sample::{self, Batch, Samples, Trajectories, bytes, decode, encode, inpaint, sample_trajectories};
use crate::score::Score;
use crate::score::network::NetworkScore;
use crate::solve::{Limits, Outcome};

/// What `sample` wrote.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampled {
    /// How each row ended; rows without a value are NaN in the file.
    pub outcomes: Vec<Outcome>,
}

/// Writes samples of a model (a run directory, or its `model.safetensors`), in the units of the training data, or a sheet of pictures of
/// them; or the latents of data; or the data of latents.
///
/// Where there are many rows, each batch that is done is kept in `FILE.part`, so that a call that was cut short is gone on with by the same one
/// with [`SampleRequest::resume`], to the same bits. Several [ranks](Observer::ranks) share the rows of each batch.
///
/// # Errors
/// [`JobError::Output`], [`JobError::Place`], [`JobError::NoModel`], [`JobError::TooLarge`], [`JobError::Option`]; as for reading the files that
/// are named, for [sampling](mod@crate::sample) and for writing.
///
/// ```
/// use std::sync::Arc;
/// use fokker::{config::Config, data::{Data, read_table}, jobs::{self, NewRun, SampleRequest, Silent}};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let at = |name: &str| folder.path().join(name);
/// let config = Config::preset("ring8", &["train.steps=0".into(), "network.width=4".into()])?;
/// let data = Arc::new(Data::load(&config.data)?);
/// jobs::train(&NewRun::new("train", &at("run"), &config, &data), None, &Silent)?;
/// let sampled = jobs::sample(&at("run"), &SampleRequest::of(10), &at("x.npy"), &Silent)?;
/// assert!(sampled.outcomes.iter().all(|outcome| outcome.has_value()));
/// assert_eq!(read_table(&at("x.npy"), None)?.rows, 10);
/// # Ok(()) }
/// ```
pub fn sample(
    model: &Path, request: &SampleRequest<'_>, output: &Path, observer: &dyn Observer,
) -> Result<Sampled, JobError> {
    let ranks = &**observer.ranks();
    let prepared = || {
        let file = Output::new(output, &request.draws)?;
        require_place(output)?;
        let part_path = path_of(output);
        if part_path.exists() && !request.resume {
            return Err(PartError::Unfinished { path: part_path }.into());
        }
        let (info, score) = open_model(model)?;
        let image = file.image(&info)?;
        let given = given(&request.draws, &info, observer)?;
        let identity = identity(model, request, &given)?;
        Ok::<_, JobError>((file, info, score, image, given, identity, part_path))
    };
    let (file, info, score, image, given, identity, part_path) = agree(ranks, prepared())?;
    require_same(ranks, &[("request", &text_of(&identity))])?;
    let is_data = !request.draws.are_latents();
    let job = Job { request, info: &info, score: &score, given: &given, identity: &identity, path: &part_path };
    let made = made(&job, observer)?;
    let write = || {
        if !is_first(ranks) {
            return Ok(());
        }
        let (mut x, mut trajectories) = (made.rows.x.clone(), made.rows.trajectories());
        if is_data && image.is_none() {
            info.scaling.invert_f64(&mut x);
            info.data.iter().for_each(|data| data.round(&mut x));
            trajectories.iter_mut().for_each(|states| info.scaling.invert_f64(&mut states.x));
        }
        file.write(given.rows, &info, image, &x, trajectories.as_ref())
    };
    agree(ranks, write())?;
    if let Some(part) = made.part {
        part.remove();
    }
    Ok(Sampled { outcomes: made.rows.outcomes })
}

/// Numbers of a batch, and its rows, at most.
const BATCH_VALUES: usize = 1 << 17;
const BATCH_ROWS: usize = 8192;

/// All rows, and where they are kept if there is more than one batch of them.
struct Made {
    rows: Rows,
    part: Option<Part>,
}

/// What is to be made.
struct Job<'a> {
    request: &'a SampleRequest<'a>,
    info: &'a ModelInfo,
    score: &'a NetworkScore<f32>,
    given: &'a Given,
    identity: &'a Identity,
    /// Where rows are kept.
    path: &'a Path,
}

/// Makes the rows that are not there yet, batch by batch, of which each rank makes its part.
fn made(job: &Job<'_>, observer: &dyn Observer) -> Result<Made, JobError> {
    let Job { request, info, score, given, identity, path } = *job;
    let ranks = &**observer.ranks();
    let kept = if let Draws::Samples { trajectory: Some(kept), .. } = &request.draws { *kept } else { 0 };
    let sizes = Sizes { dim: info.dim, kept };
    let most = (BATCH_VALUES / info.dim).clamp(1, BATCH_ROWS) * ranks.size();
    let workers = agree(ranks, score.model().workers(request.threads, 64).map_err(JobError::from))?;
    let open = || {
        let file = match () {
            () if path.exists() => Part::resume(path, identity, sizes).map(|(file, rows)| (Some(file), rows)),
            () if given.rows > most => Part::create(path, identity, sizes).map(|file| (Some(file), Rows::none(sizes))),
            () => Ok((None, Rows::none(sizes))),
        };
        file.map_err(JobError::from)
    };
    let (mut part, before) = first(ranks, open)?.map_or((None, None), |(file, rows)| (file, Some(rows)));
    let before = broadcast_bytes(ranks, 0, before.map_or_else(Vec::new, |rows| rows.write()));
    let mut rows = Rows::none(sizes);
    rows.read(&before);
    let name = if request.draws.are_latents() { "encode" } else { "sample" };
    observer.begin(&Work::counted(name, Unit::Rows, given.rows as u64, rows.outcomes.len() as u64));
    let kept =
        |error: JobError, done: usize| if is_first(ranks) { kept_error(error, done, given, path) } else { error };
    while rows.outcomes.len() < given.rows {
        let start = rows.outcomes.len();
        let count = most.min(given.rows - start);
        let mine = share(count, ranks.rank(), ranks.size());
        let batch = Batch { first: (start + mine.start) as u64, rows: mine.len() };
        let done = |rows: usize| observer.done((start + rows * ranks.size()) as u64);
        let made = || {
            let none = Rows::none(sizes);
            if mine.is_empty() {
                return Ok(none);
            }
            let (samples, states) = draw(request, score, given, batch, &workers, &done)?;
            Ok::<_, JobError>(Rows::of(samples, states, sizes))
        };
        let mine = agree(ranks, made()).map_err(|error| kept(error, start))?;
        let all = if ranks.size() == 1 { mine } else { Rows::gathered(&mine, ranks, sizes) };
        let append = part.as_mut().map_or(Ok(()), |part| part.append(&all)).map_err(JobError::from);
        agree(ranks, append).map_err(|error| kept(error, start))?;
        rows.extend(all);
        if any(ranks, observer.stops()) && rows.outcomes.len() < given.rows {
            observer.end();
            return Err(kept(JobError::Stopped { how: None }, rows.outcomes.len()));
        }
    }
    observer.end();
    Ok(Made { rows, part })
}

/// An error, and what is left of the rows.
fn kept_error(error: JobError, done: usize, given: &Given, path: &Path) -> JobError {
    if done == 0 {
        // There is nothing to go on from.
        let _ = std::fs::remove_file(path);
        return error;
    }
    let (done, all, path) = (done as u64, given.rows as u64, path.into());
    JobError::Kept { why: chain(&error), done, all, what: "rows", path, source: Box::new(error) }
}

/// Makes a batch.
fn draw(
    request: &SampleRequest<'_>, score: &NetworkScore<f32>, given: &Given, batch: Batch, workers: &Workers,
    done: &(dyn Fn(usize) + Sync),
) -> Result<(Samples, Option<Trajectories>), Error> {
    let (seed, limits, dim) = (request.seed, Limits::default(), score.dim());
    let first = usize::try_from(batch.first).unwrap_or(usize::MAX);
    let own = |values: &[f64]| values[first * dim..][..batch.rows * dim].to_vec();
    Ok(match &request.draws {
        Draws::Samples { sampler, trajectory: None, .. } => {
            (sample::sample(score, batch, sampler, seed, workers, done)?, None)
        }
        Draws::Samples { sampler, trajectory: Some(keep), .. } => {
            let (samples, states) = sample_trajectories(score, batch, sampler, *keep, seed, workers, done)?;
            (samples, Some(states))
        }
        Draws::Inpainted { how, .. } => {
            let known = if given.values.len() == dim { given.values.clone() } else { own(&given.values) };
            (inpaint(score, batch, &known, how, seed, workers, done)?, None)
        }
        Draws::Latents { tolerance, .. } => {
            (encode(score, &own(&given.values), *tolerance, limits, workers, done)?, None)
        }
        Draws::Decoded { tolerance, .. } => {
            (decode(score, &own(&given.values), *tolerance, limits, workers, done)?, None)
        }
    })
}

/// All that a row depends on.
fn identity(model: &Path, request: &SampleRequest<'_>, given: &Given) -> Result<Identity, JobError> {
    let how = match &request.draws {
        Draws::Samples { n, sampler, trajectory } => format!("{n} samples, {sampler:?}, trajectory {trajectory:?}"),
        Draws::Inpainted { n, how, .. } => format!("{n} samples, {how:?}"),
        Draws::Latents { tolerance, .. } => format!("latents, {tolerance:?}"),
        Draws::Decoded { tolerance, .. } => format!("data of latents, {tolerance:?}"),
    };
    let mut print = Fingerprint::default();
    print.numbers(&given.values);
    Ok(vec![
        ("version of fokker", env!("CARGO_PKG_VERSION").into()),
        ("model", model_print(model)?),
        ("sampler", how),
        ("file of rows", format!("{} numbers, {}", given.values.len(), Fingerprint::text(print.digest()))),
        ("--seed", request.seed.to_string()),
    ])
}

/// What is made of what.
struct Given {
    /// Rows that are made.
    rows: usize,
    /// Rows that go in, in model coordinates; empty where none do.
    values: Vec<f64>,
}

/// Reads what goes in, for whose results there is memory.
fn given(draws: &Draws<'_>, info: &ModelInfo, observer: &dyn Observer) -> Result<Given, JobError> {
    let dim = info.dim;
    // All are written at once: as they are, or as pixels in single precision and as bytes.
    let require_n =
        |n: usize, states: usize| memory::require(&format!("n {n}"), bytes(n, dim, states)).map_err(JobError::TooLarge);
    match draws {
        Draws::Samples { n, trajectory, .. } => {
            require_n(*n, trajectory.unwrap_or(0))?;
            Ok(Given { rows: *n, values: Vec::new() })
        }
        Draws::Inpainted { n, known, .. } => {
            require_n(*n, 0)?;
            let (mut table, found) = read_with_gaps(known, info)?;
            notes(observer, found);
            if table.rows != 1 && table.rows != *n {
                let option = format!("inpaint {}", known.display());
                return Err(JobError::option(option, format!("{} rows, neither 1 nor -n {n}", table.rows)));
            }
            info.scaling.apply_f64(&mut table.values);
            Ok(Given { rows: *n, values: table.values })
        }
        Draws::Latents { of, .. } => {
            let data = ModelRows::open(of, info, Values::Continuous)?;
            let mut values = rows::all(data, of, &|_, _| Ok(()), observer)?;
            info.scaling.apply_f64(&mut values);
            memory::require(&of.display().to_string(), bytes(values.len() / dim, dim, 0))?;
            Ok(Given { rows: values.len() / dim, values })
        }
        Draws::Decoded { latents, .. } => {
            let table = read_table(latents, None)?;
            table.require_dim(latents, dim)?;
            memory::require(&latents.display().to_string(), bytes(table.rows, dim, 0))?;
            Ok(Given { rows: table.rows, values: table.values })
        }
    }
}
