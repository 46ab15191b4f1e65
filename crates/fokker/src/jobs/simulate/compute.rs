//! The steps that are not taken yet, piece by piece, and the file at the end.

use std::path::Path;
use std::time::{Duration, Instant};

use super::super::error::JobError;
use super::super::observer::{Observer, Unit, Work};
use super::super::part_error::PartError;
use super::options::SimulateOptions;
use super::output::Output;
use super::part::{MOST_FRAMES, Part};
use super::simulated::Simulated;
use crate::simulate::{Dynamics, Simulation, State};

/// Frames and state are seen on disk after this time, or as soon as there are so many bytes of frames.
const INTERVAL: Duration = Duration::from_millis(250);
const RECORD_BYTES: usize = 1 << 22;

/// A piece is as many steps as take about this long.
const PIECE: Duration = Duration::from_millis(50);

/// What is to be done.
pub(super) struct Request<'a> {
    pub(super) options: &'a SimulateOptions,
    pub(super) dynamics: &'a Dynamics,
    pub(super) output: &'a Output<'a>,
    pub(super) observer: &'a dyn Observer,
}

/// Takes the steps that `part` lacks and writes the result; an error comes with the number of frames that are kept.
pub(super) fn finish(
    request: &Request<'_>, run: &mut Simulation<'_>, mut part: Part,
) -> Result<Simulated, (Box<JobError>, u64)> {
    let found = compute(request, run, &mut part).and_then(|()| {
        let state = run.state();
        request.output.write(&part, &state)?;
        Ok(Simulated::of(request.options, &state))
    });
    match found {
        Ok(found) => {
            part.remove();
            Ok(found)
        }
        Err(error) => Err((Box::new(error), part.frames())),
    }
}

/// Takes the steps that `part` lacks.
fn compute(request: &Request<'_>, run: &mut Simulation<'_>, part: &mut Part) -> Result<(), JobError> {
    let Request { options, observer, .. } = request;
    let last = options.last_step();
    observer.begin(&Work::counted("simulate", Unit::TimeSteps, last, run.step()));
    let (mut frames, mut kept, mut piece) = (Vec::new(), Instant::now(), 1);
    let mut held = 0;
    while run.step() < last {
        let to_frame = options.save_every - run.step() % options.save_every;
        piece = advance(run, piece, to_frame);
        if run.step().is_multiple_of(options.save_every) {
            frames.extend(run.state().x);
            held += 1;
        }
        observer.done(run.step());
        let stops = observer.stops() && run.step() < last;
        let is_long = 8 * frames.len() >= RECORD_BYTES || held == MOST_FRAMES;
        if is_long || stops || kept.elapsed() >= INTERVAL || run.step() == last {
            let state = run.state();
            observer.doing(&said(request, &state));
            part.append(&frames, state).map_err(|source| PartError::Append { source })?;
            frames.clear();
            (held, kept) = (0, Instant::now());
        }
        if stops {
            return Err(JobError::Stopped { how: None });
        }
    }
    observer.end();
    Ok(())
}

/// Takes up to `piece` steps, `most` at most; returns how many are to be taken next time.
fn advance(run: &mut Simulation<'_>, piece: u64, most: u64) -> u64 {
    let begun = Instant::now();
    run.advance(piece.min(most));
    match begun.elapsed() {
        // A frame was nearer: nothing is known of longer pieces.
        _ if piece > most => piece,
        elapsed if elapsed < PIECE / 2 => piece.saturating_mul(2),
        elapsed if elapsed > PIECE => (piece / 2).max(1),
        _ => piece,
    }
}

/// How it goes, in a few words.
fn said(request: &Request<'_>, state: &State) -> String {
    let integrator = request.options.integrator;
    let mut text = match (integrator.needs_values, integrator.has_velocities) {
        (true, _) => state.acceptance().map_or(String::new(), |part| format!("acceptance {part:.3}")),
        (_, true) => {
            let found = state.kinetic_temperature(request.dynamics.mass);
            found.map_or(String::new(), |kt| format!("kinetic temperature {:.3} kT", kt / request.dynamics.kt))
        }
        _ => String::new(),
    };
    if state.blown_up() > 0 {
        text += &format!(" {} blown up", state.blown_up());
    }
    text
}

/// What is left of `part` when something failed before anything was done is nothing to go on from.
pub(super) fn forget(path: &Path) {
    let _ = std::fs::remove_file(path);
}
