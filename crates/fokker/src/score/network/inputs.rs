//! What a model's graph is given beside x: functions of t and their derivatives.

use fokker_jet::Real;

use super::model::ScoreModel;
use super::places;
use crate::score::{Direction, Directions};
use crate::sde::Coefficients;

/// Fills the inputs of a model's graph.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inputs<'a> {
    pub model: &'a ScoreModel,
    /// The part along time, if there is one.
    time: Option<usize>,
}

impl<'a> Inputs<'a> {
    /// The input that x is.
    pub const X: usize = places::X;

    /// For tapes with these directions.
    pub fn new(model: &'a ScoreModel, directions: &Directions) -> Self {
        let time = directions.kinds().iter().position(|&kind| kind == Direction::Time);
        let time = time.map(|direction| directions.set().part_of(direction));
        Self { model, time }
    }

    /// Fills a row of all functions of t; `input` hands out all rows of an input's part.
    pub fn fill<F: Real, T>(
        &self, row: usize, c: &Coefficients, to: &mut T, input: impl Fn(&mut T, usize, usize) -> &mut [F],
    ) {
        let features = self.model.features();
        let n = features.len();
        features.fill(c, &mut input(to, places::FEATURES, 0)[row * n..(row + 1) * n]);
        if let Some(part) = self.time {
            features.fill_dt(c, &mut input(to, places::FEATURES, part)[row * n..(row + 1) * n]);
        }
        let (output, parameterisation) = (self.model.output(), self.model.parameterisation());
        let factors = parameterisation.factors(output, c);
        for (i, factor) in factors.iter().take(parameterisation.count(output)).enumerate() {
            input(to, places::FACTORS + i, 0)[row] = F::of(factor.value);
            if let Some(part) = self.time {
                input(to, places::FACTORS + i, part)[row] = F::of(factor.dt);
            }
        }
        let first = places::FACTORS + parameterisation.count(output);
        self.model.windows().each(c.t, |k, value, dt| {
            input(to, first + k, 0)[row] = F::of(value);
            if let Some(part) = self.time {
                input(to, first + k, part)[row] = F::of(dt);
            }
        });
    }
}
