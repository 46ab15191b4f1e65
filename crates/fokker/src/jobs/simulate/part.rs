//! `FILE.part`: the frames that are done and the state to go on from, safe from a crash: a [`PartFile`] whose records hold any number of
//! frames, zero too, and the state after them.
//!
//! A record's body: its frames, each `chains × D` positions (f64); the state: steps taken (u64), positions, velocities (f64), for each chain
//! the step at which it blew up (u64, 2⁶⁴ − 1 if it did not), for each the steps that were accepted (u64).

use std::io;
use std::path::Path;

use super::super::part_error::PartError;
use super::super::part_file::{BodySize, Identity, PartFile, numbers, words};
use crate::simulate::{ChainOutcome, State};

const MAGIC: &[u8] = b"fokker simulate part 1\n";

/// Frames of a record, at most.
pub(super) const MOST_FRAMES: usize = 1 << 20;

/// The step of a chain that did not blow up.
const NEVER: u64 = u64::MAX;

/// The numbers of chains and dimensions, which say how long a frame is.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    pub(super) chains: usize,
    pub(super) dim: usize,
}

/// An open file of finished frames; no other process writes it.
pub(super) struct Part {
    file: PartFile,
    sizes: Sizes,
    /// The state after the last record.
    state: Option<State>,
}

impl Part {
    /// Starts a new file at `path`.
    pub(super) fn create(path: &Path, identity: &Identity, sizes: Sizes) -> Result<Self, PartError> {
        Ok(Self { file: PartFile::create(path, MAGIC, identity, sizes.body_size())?, sizes, state: None })
    }

    /// Goes on with the file at `path`, which must belong to `identity`; drops what an interrupted write left at its end.
    pub(super) fn resume(path: &Path, identity: &Identity, sizes: Sizes) -> Result<Self, PartError> {
        let mut state = None;
        let mut keep = |body: &[u8]| state = Some(sizes.read_state(&body[body.len() - sizes.state_bytes()..]));
        let file = PartFile::resume(path, MAGIC, identity, sizes.body_size(), &mut keep)?;
        Ok(Self { file, sizes, state })
    }

    /// Frames kept.
    pub(super) fn frames(&self) -> u64 {
        self.file.count()
    }

    /// The state to go on from, if there is one.
    pub(super) fn state(&self) -> Option<&State> {
        self.state.as_ref()
    }

    /// Appends frames and the state after them and sees both on disk.
    pub(super) fn append(&mut self, frames: &[f64], state: State) -> io::Result<()> {
        let mut body = Vec::with_capacity(8 * frames.len() + self.sizes.state_bytes());
        body.extend(frames.iter().flat_map(|value| value.to_le_bytes()));
        write_state(&state, &mut body);
        self.file.append(frames.len() / self.sizes.frame().max(1), &body)?;
        self.state = Some(state);
        Ok(())
    }

    /// Hands out the positions of all frames, in order, in pieces of whole frames.
    pub(super) fn replay(&self, each: &mut dyn FnMut(&[f64]) -> io::Result<()>) -> io::Result<()> {
        self.file.replay(&mut |body| each(&numbers(&body[..body.len() - self.sizes.state_bytes()])))
    }

    /// Removes the file, whose frames are elsewhere now.
    pub(super) fn remove(self) {
        self.file.remove();
    }
}

impl Sizes {
    /// Numbers of a frame.
    pub(super) fn frame(self) -> usize {
        self.chains * self.dim
    }

    fn state_bytes(self) -> usize {
        8 + 16 * self.frame() + 16 * self.chains
    }

    fn body_size(self) -> BodySize {
        Box::new(move |frames| {
            let bytes = self.frame().checked_mul(8)?.checked_mul(frames)?.checked_add(self.state_bytes())?;
            (frames <= MOST_FRAMES).then_some(bytes)
        })
    }

    /// From as many bytes as a state has.
    fn read_state(self, bytes: &[u8]) -> State {
        let (head, rest) = bytes.split_at(8);
        let (x, rest) = rest.split_at(8 * self.frame());
        let (v, rest) = rest.split_at(8 * self.frame());
        let (steps, accepted) = rest.split_at(8 * self.chains);
        let outcome = |step| if step == NEVER { ChainOutcome::Finished } else { ChainOutcome::BlownUp { step } };
        State {
            step: words(head).next().unwrap_or(0),
            x: numbers(x),
            v: numbers(v),
            outcomes: words(steps).map(outcome).collect(),
            accepted: words(accepted).collect(),
        }
    }
}

fn write_state(state: &State, bytes: &mut Vec<u8>) {
    bytes.extend(state.step.to_le_bytes());
    bytes.extend(state.x.iter().chain(&state.v).flat_map(|value| value.to_le_bytes()));
    let step = |outcome: &ChainOutcome| match outcome {
        ChainOutcome::Finished => NEVER,
        ChainOutcome::BlownUp { step } => *step,
    };
    bytes.extend(state.outcomes.iter().map(step).chain(state.accepted.iter().copied()).flat_map(u64::to_le_bytes));
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn frames_and_states_come_back_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let (path, identity) = (folder.path().join("x.part"), vec![("--seed", "1".to_owned())]);
        let sizes = Sizes { chains: 2, dim: 1 };
        let state = |step| State {
            step,
            x: vec![0.1, f64::NAN],
            v: vec![-0.0, f64::INFINITY],
            outcomes: vec![ChainOutcome::Finished, ChainOutcome::BlownUp { step: 3 }],
            accepted: vec![u64::MAX, 5],
        };
        let mut part = Part::create(&path, &identity, sizes).unwrap();
        assert!(part.state().is_none() && part.frames() == 0);
        part.append(&[1.0, 2.0, 3.0, 4.0], state(20)).unwrap();
        // Steps on the way to the next frame.
        part.append(&[], state(25)).unwrap();
        part.append(&[5.0, 6.0], state(30)).unwrap();
        drop(part);
        let part = Part::resume(&path, &identity, sizes).unwrap();
        assert_eq!(part.frames(), 3);
        assert_eq!(format!("{:?}", part.state()), format!("{:?}", Some(&state(30))));
        let mut found: Vec<f64> = Vec::new();
        part.replay(&mut |frames| {
            found.extend(frames);
            Ok(())
        })
        .unwrap();
        assert_eq!(found, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        // Without the last record, the state before it.
        let length = std::fs::metadata(&path).unwrap().len();
        drop(part);
        std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(length - 1).unwrap();
        let part = Part::resume(&path, &identity, sizes).unwrap();
        assert_eq!((part.frames(), part.state().map(|state| state.step)), (2, Some(25)));
    }
}
