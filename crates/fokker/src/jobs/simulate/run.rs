//! The job: what it belongs to, what is there already, what is left of it when it is cut short.

use std::path::Path;

use super::super::error::JobError;
use super::super::observer::{Observer, notes};
use super::super::open::{model_print, open_model};
use super::super::part_error::PartError;
use super::super::part_file::{Identity, path_of};
use super::compute::{Request, finish, forget};
use super::defaults::defaults;
use super::density::density;
use super::options::SimulateOptions;
use super::output::{Output, require_new};
use super::part::{Part, Sizes};
use super::simulated::Simulated;
use super::start::Start;
use crate::error::chain;
use crate::simulate::{Dynamics, LogDensity, Simulation};

/// Simulates Langevin dynamics with the force kT ∇ log q(x, t) of a model (a run directory, or its `model.safetensors`), many
/// [chains](Simulation) at a time, and writes their positions, in the units of the training data, to `output`: an array `frames × chains ×
/// D` in `.npy` and, as `positions` beside `times`, `outcome` and `steps`, in `.npz`; rows with the columns `chain`, `frame` and the data's own in `.csv` and
/// `.parquet`. `output` must not be there yet.
///
/// Frames and the state of all chains are kept in `FILE.part` four times a second, so that a call that was cut short, by a crash or an
/// error, is gone on with by the same one with [`SimulateOptions::resume`], to the same bits.
///
/// # Errors
/// [`JobError::Output`], [`JobError::Place`], [`JobError::NoModel`], [`JobError::Option`] (also for an integrator that needs log q of a
/// model that gives scores alone), [`JobError::TooLarge`]; as for reading the model and the starting points; [`JobError::Part`];
/// [`JobError::Kept`] once frames are done. Chains that blow up are no error: see [`Simulated::blown_up`].
///
/// ```
/// use std::sync::Arc;
/// use fokker::{config::Config, data::Data, jobs::{self, NewRun, Silent, SimulateOptions}};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let at = |name: &str| folder.path().join(name);
/// let config = Config::preset("ring8", &["train.steps=0".into(), "network.width=4".into()])?;
/// let data = Arc::new(Data::load(&config.data)?);
/// jobs::train(&NewRun::new("train", &at("run"), &config, &data), None, &Silent)?;
/// let options = SimulateOptions { dt: Some(1e-3), ..SimulateOptions::of(5, 100, 10) };
/// let found = jobs::simulate(&at("run"), &at("x.npy"), &options, &Silent)?;
/// assert_eq!((found.frames, found.chains, found.blown_up), (10, 5, 0));
/// assert!(jobs::simulate(&at("run"), &at("x.npy"), &options, &Silent).is_err(), "it is there");
/// # Ok(()) }
/// ```
pub fn simulate(
    model: &Path, output: &Path, options: &SimulateOptions, observer: &dyn Observer,
) -> Result<Simulated, JobError> {
    options.check()?;
    require_new(output)?;
    let part_path = path_of(output);
    let resumes = part_path.exists();
    if resumes && !options.resume {
        return Err(PartError::Unfinished { path: part_path }.into());
    }
    let (info, score) = open_model(model)?;
    let dynamics = options.dynamics(defaults(model)?)?;
    let t = options.time(&info.sde)?;
    options.require_memory(info.dim)?;
    let density = density(&info, &score, t);
    require_values(options, density.as_ref())?;
    let start = Start::read(options, &info, observer)?;
    let identity = identity(&model_print(model)?, options, &dynamics, t, &start);
    let workers = score.model().workers(options.threads, 64)?;
    let sizes = Sizes { chains: options.chains, dim: info.dim };
    let part = match resumes {
        true => Part::resume(&part_path, &identity, sizes)?,
        false => Part::create(&part_path, &identity, sizes)?,
    };
    let unused = options.steps - options.last_step();
    if unused > 0 {
        notes(observer, [format!("the last {unused} of {} steps make no frame and are not taken", options.steps)]);
    }
    let (density, integrator, seed) = (density.as_ref(), &options.integrator, options.seed);
    let begun = match part.state().cloned() {
        Some(state) => {
            Simulation::resume(density, integrator, &dynamics, state, seed, &workers).map_err(JobError::from)
        }
        None => start
            .points(options, &info, &score, &workers, observer)
            .and_then(|x| Ok(Simulation::new(density, integrator, &dynamics, &x, seed, &workers)?)),
    };
    let file = Output::new(output, options, &info, &dynamics);
    let request = Request { options, dynamics: &dynamics, output: &file, observer };
    let done = match begun {
        Ok(mut run) => finish(&request, &mut run, part),
        Err(error) => Err((Box::new(error), part.frames())),
    };
    done.map_err(|(error, done)| match done {
        // There is nothing to go on from.
        0 => {
            forget(&part_path);
            *error
        }
        done => JobError::Kept {
            why: chain(&error),
            done,
            all: options.frames(),
            what: "frames",
            path: part_path,
            source: error,
        },
    })
}

/// Refuses an integrator that needs log q of a density that is known by its gradient alone.
fn require_values(options: &SimulateOptions, density: &dyn LogDensity) -> Result<(), JobError> {
    let name = options.integrator.name;
    if !options.integrator.needs_values || density.has_values() {
        return Ok(());
    }
    let reason = "this model gives scores and no log-densities, without which no step can be accepted or rejected";
    Err(JobError::option(format!("integrator {name}"), reason))
}

/// All that a frame depends on.
fn identity(model: &str, options: &SimulateOptions, dynamics: &Dynamics, t: f64, start: &Start) -> Identity {
    vec![
        ("version of fokker", env!("CARGO_PKG_VERSION").into()),
        ("model", model.into()),
        ("-n", options.chains.to_string()),
        ("--steps", options.steps.to_string()),
        ("--save-every", options.save_every.to_string()),
        ("--integrator", options.integrator.name.into()),
        ("--dt", format!("{:?}", dynamics.dt)),
        ("--kt", format!("{:?}", dynamics.kt)),
        ("--mass", format!("{:?}", dynamics.mass)),
        ("--friction", format!("{:?}", dynamics.friction)),
        ("--t", format!("{t:?}")),
        ("--start", start.identity()),
        ("--seed", options.seed.to_string()),
    ]
}
