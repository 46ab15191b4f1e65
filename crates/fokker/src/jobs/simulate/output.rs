//! The finished frames as the file that was asked for.

use std::io;
use std::path::Path;

use super::super::error::JobError;
use super::super::open::{require_place, require_table};
use super::options::SimulateOptions;
use super::part::Part;
use crate::data::{ArrayStream, Column, ColumnKind, Replay, write_array_streams, write_columns};
use crate::model_file::ModelInfo;
use crate::simulate::{ChainOutcome, Dynamics, State};

/// The texts of the array `outcome`; their indices are its codes.
const OUTCOMES: &[&str] = &["finished", "blown_up"];

/// A file, and what is written to it beside the frames.
pub(super) struct Output<'a> {
    path: &'a Path,
    options: &'a SimulateOptions,
    /// The columns' names.
    names: Vec<String>,
    /// The time step.
    dt: f64,
}

/// Refuses a file that cannot be written, or is there: a simulation is not replaced unasked.
pub(super) fn require_new(path: &Path) -> Result<(), JobError> {
    require_table(path)?;
    require_place(path)?;
    if path.is_file() {
        let reason = "it is there already: choose another name, or remove it";
        return Err(JobError::Place { path: path.into(), reason });
    }
    Ok(())
}

impl<'a> Output<'a> {
    pub(super) fn new(path: &'a Path, options: &'a SimulateOptions, info: &ModelInfo, dynamics: &Dynamics) -> Self {
        let own = info.data.as_ref().and_then(|data| data.columns.clone());
        let names = own.unwrap_or_else(|| (0..info.dim).map(|i| format!("x{i}")).collect());
        Self { path, options, names, dt: dynamics.dt }
    }

    /// Writes all frames of `part`: as arrays, or as rows of chain, frame and position.
    pub(super) fn write(&self, part: &Part, state: &State) -> Result<(), JobError> {
        let is_array = |ending| self.path.extension().is_some_and(|e| e.eq_ignore_ascii_case(ending));
        if is_array("npy") || is_array("npz") { self.write_arrays(part, state) } else { self.write_rows(part) }
    }

    #[allow(clippy::cast_precision_loss)]
    fn write_arrays(&self, part: &Part, state: &State) -> Result<(), JobError> {
        let frames = usize::try_from(part.frames()).unwrap_or(usize::MAX);
        let (chains, dim) = (self.options.chains, self.names.len());
        let positions: Replay<'_> = &|each| part.replay(each);
        let times: Replay<'_> =
            &|each| (1..=part.frames()).try_for_each(|at| each(&[(at * self.options.save_every) as f64 * self.dt]));
        let of_chains = |of: fn(&State, usize) -> u64| {
            move |each: &mut dyn FnMut(&[f64]) -> io::Result<()>| {
                (0..chains).try_for_each(|chain| each(&[of(state, chain) as f64]))
            }
        };
        let outcome = of_chains(|state, chain| u64::from(!state.outcomes[chain].is_finished()));
        let steps = of_chains(|state, chain| match state.outcomes[chain] {
            ChainOutcome::Finished => state.step,
            ChainOutcome::BlownUp { step } => step,
        });
        let accepted = of_chains(|state, chain| state.accepted[chain]);
        let array = |name, kind, shape, pieces| ArrayStream { column: Column { name, kind }, shape, pieces };
        let (shape, of_frames, of_chains) = ([frames, chains, dim], [frames], [chains]);
        let mut arrays = vec![
            array("positions", ColumnKind::Real, &shape[..], positions),
            array("times", ColumnKind::Real, &of_frames, times),
            array("outcome", ColumnKind::Label(OUTCOMES), &of_chains, &outcome),
            array("steps", ColumnKind::Count, &of_chains, &steps),
        ];
        if self.options.integrator.needs_values {
            arrays.push(array("accepted", ColumnKind::Count, &of_chains, &accepted));
        }
        Ok(write_array_streams(self.path, &arrays)?)
    }

    #[allow(clippy::cast_precision_loss)]
    fn write_rows(&self, part: &Part) -> Result<(), JobError> {
        let (chain, frame) = (free("chain", &self.names), free("frame", &self.names));
        let count = |name| Column { name, kind: ColumnKind::Count };
        let mut columns = vec![count(chain.as_str()), count(frame.as_str())];
        columns.extend(self.names.iter().map(|name| Column { name, kind: ColumnKind::Real }));
        let (chains, dim) = (self.options.chains, self.names.len());
        let rows = part.frames() * chains as u64;
        let replay: Replay<'_> = &|each| {
            let (mut number, mut row) = (0, Vec::with_capacity(columns.len()));
            part.replay(&mut |frames| {
                for position in frames.chunks_exact(dim) {
                    row.clear();
                    row.extend([(number % chains) as f64, (number / chains) as f64]);
                    row.extend(position);
                    number += 1;
                    each(&row)?;
                }
                Ok(())
            })
        };
        Ok(write_columns(self.path, &columns, rows, replay)?)
    }
}

/// A name that no column has: this one, or with as many underscores after it as it takes.
fn free(name: &str, taken: &[String]) -> String {
    let mut name = name.to_owned();
    while taken.contains(&name) {
        name.push('_');
    }
    name
}
