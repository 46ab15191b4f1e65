//! Rows of a potential.

use std::path::Path;

use super::data::Data;
use super::own::fingerprint;
use super::source::Source;
use crate::data::split::check_held_out;
use crate::data::table_rows::{Fit, Rows};
use crate::data::toy::count;
use crate::data::{DataError, PotentialConfig, Sampling, Scaling, Table};
use crate::density::mixture::Mixture;
use crate::density::potential::{Dynamics, Integrator, KnownDensity, Potential, PotentialError, trajectory};
use crate::memory;
use crate::rng::{Stream, Streams};

/// What messages call the rows.
const ROWS: &str = "data.frames";

/// Steps from one frame to the next.
const EVERY: usize = 50;

/// The most steps of a trajectory: some minutes.
const STEPS: u64 = 10_000_000_000;

/// What is known of a potential's rows.
#[derive(Clone, Debug)]
pub(super) struct Truth {
    /// Their density, in the potential's coordinates.
    pub(super) density: KnownDensity,
    /// The same in the model's coordinates, if it is a mixture.
    pub(super) mixture: Option<Mixture>,
}

impl Data {
    /// The density that rows of a potential were drawn from, in the potential's units; those of the model are
    /// [`scaling`](Data::scaling)'s. `None` of all other data.
    ///
    /// ```
    /// use fokker::data::{Data, DataConfig, PotentialConfig, Sampling};
    /// let config = PotentialConfig { frames: 200, sampling: Sampling::Exact, ..PotentialConfig::default() };
    /// let data = Data::load(&DataConfig::Potential(config))?;
    /// assert_eq!((data.len(), data.held_out_len()), (Some(200), Some(20)));
    /// let density = data.potential().ok_or("a potential has one")?;
    /// // ln p of a row in the coordinates of the model.
    /// let mut row = [0.0; 2];
    /// data.train_row_exact(0, &mut row);
    /// let mut x = row.map(f64::from);
    /// data.scaling().invert_f64(&mut x);
    /// let log_p = density.log_density(&x) - data.scaling().log_det();
    /// assert!(log_p.is_finite());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn potential(&self) -> Option<&KnownDensity> {
        self.potential.as_ref().map(|truth| &truth.density)
    }

    /// Simulates or draws the rows that a config asks for.
    pub(super) fn simulated(config: &PotentialConfig, given: Option<&Scaling>) -> Result<Self, DataError> {
        let PotentialConfig { potential, dim, kt, frames, held_out, scaling, seed, .. } = *config;
        check_held_out(held_out)?;
        let potential = Potential::new(potential, dim, kt)?;
        let dim = potential.dim();
        if frames < 2 {
            return Err(DataError::parameter("frames", frames, "must be at least 2"));
        }
        let held_out = ((frames as f64 * held_out).round() as usize).max(1);
        let how = how(config, &potential)?;
        // The rows, joined, and where they are scaled.
        memory::require(ROWS, memory::product(&[frames.saturating_add(held_out), dim, 3 * size_of::<f64>()]))?;
        let density = KnownDensity::new(&potential)?;
        let streams = Streams::new(seed);
        let mut values = match how {
            None => draws(&density, frames, &mut streams.named("potential, draws")),
            Some((dynamics, every)) => {
                let mut rng = streams.named("potential, trajectory");
                trajectory(&potential, &dynamics, &potential.start(), frames, every, &mut rng)?
            }
        };
        values.append(&mut draws(&density, held_out, &mut streams.named("potential, held out")));
        let table = Table { rows: frames + held_out, dim, values, names: None };
        let marks: Vec<bool> = (0..table.rows).map(|row| row >= frames).collect();
        let print = fingerprint(&table, frames);
        let fit = given.map_or(Fit::To(scaling), Fit::Given);
        let (rows, scaling) = Rows::of(table, &marks, print, fit, Path::new(ROWS))?;
        let (low, high) = rows.bounds();
        let mixture = potential.mixture().and_then(|mixture| mixture.scaled(&scaling.shift, &scaling.scale));
        let truth = Some(Box::new(Truth { density, mixture }));
        Ok(Self { source: Source::Rows(rows), scaling, low, high, own: None, potential: truth })
    }
}

/// The dynamics of a trajectory and the steps between its frames; `None` for exact draws, of which nothing of the kind can be said.
fn how(config: &PotentialConfig, potential: &Potential) -> Result<Option<(Dynamics, usize)>, DataError> {
    let PotentialConfig { sampling, frames, every, dt, mass, friction, .. } = *config;
    if sampling == Sampling::Exact {
        let every = every.map(|every| every as f64);
        let given = [("every", every), ("dt", dt), ("mass", mass), ("friction", friction)];
        return match given.iter().find_map(|(key, value)| value.map(|value| (*key, value))) {
            Some((key, value)) => {
                Err(DataError::parameter(key, value, "has no meaning for sampling = \"exact\", only for a trajectory"))
            }
            None => Ok(None),
        };
    }
    let every = every.unwrap_or(EVERY);
    count("every", every, 1_000_000)?;
    if memory::product(&[frames, every]) > STEPS {
        let reason = format!("{every} steps each are more than {STEPS} in all, the most there may be");
        return Err(DataError::parameter("frames", frames, reason));
    }
    let usual = potential.dynamics();
    let (mass, friction) = (mass.unwrap_or(usual.mass), friction.unwrap_or(usual.friction));
    let dynamics = Dynamics { mass, friction, dt: dt.unwrap_or(usual.dt) };
    // Refused before anything is integrated.
    Integrator::new(&dynamics, potential.kt())?;
    Ok(Some((dynamics, every)))
}

/// Exact draws.
fn draws(density: &KnownDensity, rows: usize, rng: &mut Stream) -> Vec<f64> {
    let mut values = vec![0.0; rows * density.dim()];
    values.chunks_exact_mut(density.dim()).for_each(|row| density.sample(rng, row));
    values
}

impl From<PotentialError> for DataError {
    /// Under the keys of a configuration.
    fn from(error: PotentialError) -> Self {
        match error {
            PotentialError::Parameter { key, value, reason } => Self::parameter(key, value, reason),
            PotentialError::Lost { dt, steps } => {
                let reason = format!("must be shorter: the trajectory is lost within {steps} steps");
                Self::parameter("dt", dt, reason)
            }
            PotentialError::Unresolved { kt, cells } => {
                let reason = format!("must be higher: {cells} cells a side do not resolve the density");
                Self::parameter("kt", kt, reason)
            }
        }
    }
}
