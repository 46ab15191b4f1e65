//! The job: what it belongs to, what is there already, what is left of it when it is cut short.

use std::path::Path;

use super::super::error::JobError;
use super::super::observer::{Observer, notes};
use super::super::open::{model_print, open_model, require_place, require_table};
use super::super::part_error::PartError;
use super::super::part_file::{Identity, path_of, text_of};
use super::compute::{Request, finish};
use super::input::{Survey, survey};
use super::options::{LogpOptions, probes};
use super::part::{Done, Part};
use super::summary::LogpSummary;
use crate::collective::{agree, is_first, require_same};
use crate::error::chain;
use crate::likelihood::LikelihoodOptions;
use crate::model_file::ModelInfo;
use crate::score::network::NetworkScore;

/// Writes the log-likelihood of each row of `data` under a model (a run directory, or its `model.safetensors`) to `output`, a `.csv`,
/// `.npy`, `.npz` or `.parquet` file. Rows that fail have NaN there, and are counted in the result.
///
/// All of `data` is read before anything is computed. Each chunk of rows that is done is kept in `FILE.part`, so that a call that was
/// cut short, by a crash or an error, is gone on with by the same one with [`LogpOptions::resume`], to the same bits. Several
/// [ranks](Observer::ranks) share the rows of each chunk; the first has the result, and those of the others are empty.
///
/// # Errors
/// [`JobError::Output`], [`JobError::Place`], [`JobError::NoModel`], [`JobError::Option`], [`JobError::TooLarge`]; as for reading the
/// model and the data; [`JobError::Part`]; [`JobError::Kept`] once rows are done.
///
/// ```
/// use std::sync::Arc;
/// use fokker::{config::Config, data::{Data, write_csv}, jobs::{self, LogpOptions, NewRun, Silent}};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let at = |name: &str| folder.path().join(name);
/// let config = Config::preset("ring8", &["train.steps=0".into(), "network.width=4".into()])?;
/// let data = Arc::new(Data::load(&config.data)?);
/// jobs::train(&NewRun::new("train", &at("run"), &config, &data), None, &Silent)?;
///
/// write_csv(&at("x.csv"), &["x", "y"], &[0.3, -0.2, 1.5, 0.0])?;
/// let options = LogpOptions { tolerance: 1e-3, ..LogpOptions::default() };
/// let found = jobs::logp(&at("run"), &at("x.csv"), &at("logp.csv"), &options, &Silent)?;
/// assert_eq!((found.rows, found.failed, found.log_prob.count), (2, 0, 2));
/// assert!(std::fs::read_to_string(at("logp.csv"))?.starts_with("log_prob,bits_per_dim,outcome,evaluations\n"));
/// # Ok(()) }
/// ```
pub fn logp(
    model: &Path, data: &Path, output: &Path, options: &LogpOptions, observer: &dyn Observer,
) -> Result<LogpSummary, JobError> {
    let ranks = &**observer.ranks();
    let prepared = || {
        require_table(output)?;
        options.check()?;
        require_place(output)?;
        let part_path = path_of(output);
        if part_path.exists() && !options.resume {
            return Err(PartError::Unfinished { path: part_path }.into());
        }
        let (info, score) = open_model(model)?;
        let log_z = options.log_z(&info)?;
        let (likelihood, draws) = (options.likelihood(info.dim), options.draws(&info)?);
        let survey = survey(data, &info, draws, observer)?;
        let chunk = options.chunk(info.dim, &likelihood, draws, survey.rows)?;
        let identity = identity(model, options, &info, &likelihood, draws, survey)?;
        let workers = score.model().workers(options.threads, 64)?;
        Ok::<_, JobError>((info, score, log_z, likelihood, draws, survey, chunk, identity, workers, part_path))
    };
    let (info, score, log_z, likelihood, draws, survey, chunk, identity, workers, part_path) =
        agree(ranks, prepared())?;
    require_same(ranks, &[("request", &text_of(&identity))])?;
    let part = Done::open(ranks, || {
        let resumes = part_path.exists();
        Ok(if resumes { Part::resume(&part_path, &identity)? } else { Part::create(&part_path, &identity)? })
    })?;
    let request =
        Request { data, output, options, info: &info, workers, likelihood, log_z, draws, chunk, survey, observer };
    if draws > 1 && !request.is_exact() {
        notes(observer, ["no importance-weighted columns: with probes they would bound nothing".into()]);
    }
    let done = if options.in_double() {
        finish(&request, &NetworkScore::<f64>::new(score.model().clone(), score.parameters()), part)
    } else {
        finish(&request, &score, part)
    };
    done.map_err(|(error, done)| match done {
        // What is kept is for rank 0 to say.
        _ if !is_first(ranks) => *error,
        // There is nothing to go on from.
        0 => {
            let _ = std::fs::remove_file(&part_path);
            *error
        }
        done => {
            JobError::Kept { why: chain(&error), done, all: survey.rows, what: "rows", path: part_path, source: error }
        }
    })
}

/// All that a row's value depends on.
fn identity(
    model: &Path, options: &LogpOptions, info: &ModelInfo, likelihood: &LikelihoodOptions, draws: usize, survey: Survey,
) -> Result<Identity, JobError> {
    let Survey { rows, digest } = survey;
    Ok(vec![
        ("version of fokker", env!("CARGO_PKG_VERSION").into()),
        ("model", model_print(model)?),
        ("--data", format!("{rows} rows of {}, {digest:016x}", info.dim)),
        ("--method", format!("{:?}", options.method)),
        ("--tolerance", format!("{:?}", options.tolerance)),
        ("--f64", options.in_double().to_string()),
        ("--bound", options.bound.to_string()),
        ("--step-limit", options.step_limit.to_string()),
        ("--probes", probes(likelihood).map_or("none".into(), |probes| probes.to_string())),
        ("--dequantise", draws.to_string()),
        ("--at-zero", options.at_zero.to_string()),
        ("--seed", options.seed.to_string()),
    ])
}
