//! A network's score on its way through an executor.

use std::ops::Range;

use fokker_jet::{Real, Tape, Wrt};
use rand::RngExt;

use super::inputs::Inputs;
use super::{DropoutMask, ScoreModel};
use crate::memory::Held;
use crate::rng::Stream;
use crate::rows::Host;
use crate::score::{Directions, ScoreTape, Trainable};
use crate::sde::Coefficients;

/// A network's tape, over either executor's: of the score, `rows × D`, or of an energy model's log-density, one number a row.
#[derive(Debug)]
pub struct NetworkTape<'a, F, T: Tape<F>> {
    inputs: Inputs<'a>,
    /// The last direction and its part, which may come after those of pairs.
    last: Option<(usize, usize)>,
    parameters: &'a T::Parameters,
    tape: T,
    /// The tape's memory, if it is counted here.
    _held: Option<Held>,
}

impl<'a, F: Real, T: Tape<F>> NetworkTape<'a, F, T> {
    /// Wraps an executor's tape that was made for `model.graph()`, these directions and [`ScoreModel::live`]; or, if masks are to be
    /// [drawn](Self::draw_masks), for `model.training()` and [`ScoreModel::training_live`].
    #[must_use]
    pub fn new(model: &'a ScoreModel, directions: &Directions, parameters: &'a T::Parameters, tape: T) -> Self {
        let last = directions.kinds().len().checked_sub(1).map(|last| (last, directions.set().part_of(last)));
        Self { inputs: Inputs::new(model, directions), last, parameters, tape, _held: None }
    }

    /// Keeps the tape's memory counted as long as it is there.
    pub(super) fn holding(self, held: Held) -> Self {
        Self { _held: Some(held), ..self }
    }

    /// Draws the dropout masks of some rows of a tape of the training graph, which are all 0 after [`begin`](ScoreTape::begin). A
    /// row's masks depend on the stream and the rows drawn before it from there, so a stream for each block of rows makes them
    /// independent of how a batch is cut.
    pub fn draw_masks(&mut self, rows: Range<usize>, rng: &mut Stream) {
        for row in rows {
            for &DropoutMask { input, width, rate } in self.inputs.model.masks() {
                let kept = F::of(1.0 / (1.0 - rate));
                for value in &mut self.tape.input(input, 0)[row * width..(row + 1) * width] {
                    *value = if rng.random::<f64>() < rate { F::ZERO } else { kept };
                }
            }
        }
    }

    /// Gives all dropout masks of the present batch one value: 1 drops nothing.
    pub fn fill_masks(&mut self, value: F) {
        for &DropoutMask { input, .. } in self.inputs.model.masks() {
            self.tape.input(input, 0).fill(value);
        }
    }
}

impl<F: Real, T: Tape<F>> ScoreTape<F> for NetworkTape<'_, F, T> {
    fn begin(&mut self, x: &[F], sde: &[Coefficients]) {
        self.tape.begin(sde.len());
        self.tape.input(Inputs::X, 0).copy_from_slice(x);
        for (row, c) in sde.iter().enumerate() {
            self.inputs.fill(row, c, &mut self.tape, T::input);
        }
    }

    fn direction(&mut self, direction: usize) -> &mut [F] {
        let part = self.last.filter(|&(last, _)| last == direction).map_or(1 + direction, |(_, part)| part);
        self.tape.input(Inputs::X, part)
    }

    fn forward(&mut self, parts: Range<usize>) {
        self.tape.forward(self.parameters, parts);
    }

    fn part(&self, part: usize) -> &[F] {
        self.tape.output(part)
    }

    fn part_and_seed(&mut self, part: usize, seed: usize) -> (&[F], &mut [F]) {
        self.tape.output_and_seed(part, seed)
    }

    fn pull_x(&mut self, parts: usize) -> &[F] {
        self.tape.reverse(self.parameters, parts, Wrt::Input(Inputs::X));
        let n = self.tape.rows() * self.inputs.model.dim();
        &self.tape.input_gradient()[..n]
    }
}

impl<F: Real, T: Tape<F>> Trainable<Host<F>> for NetworkTape<'_, F, T> {
    fn record(&mut self) {
        self.tape.record();
    }

    fn pull_parameters(&mut self, parts: usize) {
        self.tape.reverse(self.parameters, parts, Wrt::Parameters);
    }
}
