//! A model with its parameters: a score.

use fokker_jet::Real;
use fokker_jet::cpu::{Parameters, Workspace};

use super::energy::{EnergyDerivatives, NetworkEnergy};
use super::{NetworkTape, ScoreModel};
use crate::Error;
use crate::memory;
use crate::net::Output;
use crate::score::derivative_tape::DerivativeTape;
use crate::score::{Differentiable, Directions, Energy, EnergyEvaluator, Evaluator, Score, ScoreTape, TapeEvaluator};
use crate::sde::{Coefficients, Sde};

/// A network's score with its parameters. An energy model's score is the gradient of its log-density ([`NetworkEnergy`] gives that,
/// too), and its derivatives are those of log q.
///
/// [`NetworkEnergy`]: super::NetworkEnergy
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
        match self.energy() {
            Some(_) => {
                Ok(Box::new(EnergyScore { energy: NetworkEnergy::new(self, rows)?, log_q: vec![F::ZERO; rows] }))
            }
            None => Ok(Box::new(TapeEvaluator::new(self, rows)?)),
        }
    }

    fn energy(&self) -> Option<&dyn Energy<F>> {
        if self.model.output() == Output::Energy { Some(self) } else { None }
    }
}

impl<F: Real> Energy<F> for NetworkScore<F> {
    fn dim(&self) -> usize {
        self.model.dim()
    }

    fn sde(&self) -> &Sde {
        self.model.sde()
    }

    fn energy_evaluator<'a>(&'a self, rows: usize) -> Result<Box<dyn EnergyEvaluator<F> + Send + 'a>, Error> {
        Ok(Box::new(NetworkEnergy::new(self, rows)?))
    }
}

/// The score of an energy model without its log-density.
struct EnergyScore<'a, F: Real> {
    energy: NetworkEnergy<'a, F>,
    log_q: Vec<F>,
}

impl<F: Real> Evaluator<F> for EnergyScore<'_, F> {
    fn evaluate(&mut self, x: &[F], sde: &[Coefficients], out: &mut [F]) {
        self.energy.with_score(x, sde, &mut self.log_q[..sde.len()], out);
    }
}

impl<F: Real> Differentiable<F> for NetworkScore<F> {
    fn tape<'a>(&'a self, directions: &Directions, rows: usize) -> Result<Box<dyn ScoreTape<F> + Send + 'a>, Error> {
        if self.model.output() == Output::Energy {
            return Ok(Box::new(DerivativeTape::new(
                EnergyDerivatives::new(self, rows)?,
                self.model.dim(),
                directions,
                rows,
            )?));
        }
        let plan = self.model.plan(directions)?;
        let what = format!("network.width ({rows} rows of {} parts at a time)", directions.parts());
        let held = memory::hold(&what, plan.workspace_bytes::<F>(rows))?;
        let tape = NetworkTape::new(&self.model, directions, &self.parameters, Workspace::new(&plan, rows));
        Ok(Box::new(tape.holding(held)))
    }
}
