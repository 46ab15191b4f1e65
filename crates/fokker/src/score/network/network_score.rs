//! A model with its parameters: a score.

use fokker_jet::Real;
use fokker_jet::cpu::{Parameters, Workspace};

use super::{NetworkTape, ScoreModel};
use crate::Error;
use crate::memory;
use crate::score::{Differentiable, Directions, Evaluator, Score, ScoreTape, TapeEvaluator};
use crate::sde::Sde;

/// A network's score with its parameters.
#[derive(Clone, Debug)]
pub struct NetworkScore<F> {
    model: ScoreModel,
    parameters: Parameters<F>,
}

impl<F: Real> NetworkScore<F> {
    /// Parameters (of either precision) for a model.
    ///
    /// # Panics
    /// If their number is not the graph's.
    #[must_use]
    pub fn new<P: Real>(model: ScoreModel, parameters: &[P]) -> Self {
        let flat = parameters.iter().map(|p| F::of(p.as_f64())).collect();
        let parameters = Parameters::new(model.graph(), flat);
        Self { model, parameters }
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> &ScoreModel {
        &self.model
    }

    /// The parameters.
    #[must_use]
    pub fn parameters(&self) -> &Parameters<F> {
        &self.parameters
    }
}

impl<F: Real> Score<F> for NetworkScore<F> {
    fn dim(&self) -> usize {
        self.model.dim()
    }

    fn sde(&self) -> &Sde {
        self.model.sde()
    }

    fn evaluator<'a>(&'a self, rows: usize) -> Result<Box<dyn Evaluator<F> + Send + 'a>, Error> {
        Ok(Box::new(TapeEvaluator::new(self, rows)?))
    }
}

impl<F: Real> Differentiable<F> for NetworkScore<F> {
    fn tape<'a>(&'a self, directions: &Directions, rows: usize) -> Result<Box<dyn ScoreTape<F> + Send + 'a>, Error> {
        let plan = self.model.plan(directions)?;
        let what = format!("network.width ({rows} rows of {} parts at a time)", directions.parts());
        let held = memory::hold(&what, plan.workspace_bytes::<F>(rows))?;
        let tape = NetworkTape::new(&self.model, directions, &self.parameters, Workspace::new(&plan, rows));
        Ok(Box::new(tape.holding(held)))
    }
}
