//! The job: what goes in, what is drawn, what is written.

use std::path::Path;

use super::super::error::JobError;
use super::super::observer::{Observer, Unit, Work, notes};
use super::super::open::{open_model, require_place};
use super::super::rows;
use super::output::Output;
use super::request::{Draws, SampleRequest};
use crate::data::read_table;
use crate::input::{ModelRows, Values, read_with_gaps};
use crate::memory;
use crate::model_file::ModelInfo;
use crate::sample::{self, Samples, Trajectories, bytes, decode, encode, inpaint, sample_trajectories};
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
    let file = Output::new(output, &request.draws)?;
    require_place(output)?;
    let (info, score) = open_model(model)?;
    let image = file.image(&info)?;
    let given = given(&request.draws, &info, observer)?;
    let (rows, seed) = (given.rows, request.seed);
    let workers = &score.model().workers(request.threads, 64)?;
    let is_data = !request.draws.are_latents();
    let name = if is_data { "sample" } else { "encode" };
    observer.begin(&Work::counted(name, Unit::Rows, rows as u64, 0));
    let done = |rows: usize| observer.done(rows as u64);
    let limits = Limits::default();
    let (mut samples, mut trajectories): (Samples, Option<Trajectories>) = match &request.draws {
        Draws::Samples { n, sampler, trajectory: None } => {
            (sample::sample(&score, *n, sampler, seed, workers, &done)?, None)
        }
        Draws::Samples { n, sampler, trajectory: Some(keep) } => {
            let (samples, states) = sample_trajectories(&score, *n, sampler, *keep, seed, workers, &done)?;
            (samples, Some(states))
        }
        Draws::Inpainted { n, how, .. } => (inpaint(&score, *n, &given.values, how, seed, workers, &done)?, None),
        Draws::Latents { tolerance, .. } => (encode(&score, &given.values, *tolerance, limits, workers, &done)?, None),
        Draws::Decoded { tolerance, .. } => (decode(&score, &given.values, *tolerance, limits, workers, &done)?, None),
    };
    observer.end();
    if is_data && image.is_none() {
        info.scaling.invert_f64(&mut samples.x);
        trajectories.iter_mut().for_each(|states| info.scaling.invert_f64(&mut states.x));
    }
    file.write(rows, &info, image, &samples.x, trajectories.as_ref())?;
    Ok(Sampled { outcomes: samples.outcomes })
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
