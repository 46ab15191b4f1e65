//! The training loop.

use std::sync::Arc;

use fokker_jet::cpu::{Parameters, Workers};

use super::adam::{self, Update};
use super::metrics::Sums;
use super::{Adam, Checkpoint, Metrics};
use crate::Error;
use crate::config::Config;
use crate::data::Data;
use crate::memory::{self, Held};
use crate::objective::{LossTerms, Objective, Step};
use crate::rng::Streams;
use crate::score::network::{NetworkScore, ScoreModel};

/// Told of what training does; a progress bar, say.
pub trait Observer {
    /// After each step.
    fn step(&mut self, done: u64, terms: &LossTerms);
    /// After each logged stretch of steps.
    ///
    /// # Errors
    /// Whatever keeps the line from being kept; training stops.
    fn metrics(&mut self, metrics: &Metrics) -> Result<(), Error>;
    /// When a checkpoint is due.
    ///
    /// # Errors
    /// Whatever keeps it from being written; training stops.
    fn checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), Error>;
}

/// An observer that does nothing.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Observer for Silent {
    fn step(&mut self, _: u64, _: &LossTerms) {}
    fn metrics(&mut self, _: &Metrics) -> Result<(), Error> {
        Ok(())
    }
    fn checkpoint(&mut self, _: &Checkpoint) -> Result<(), Error> {
        Ok(())
    }
}

/// Everything that training carries from step to step.
///
/// ```
/// use std::sync::Arc;
/// use fokker::{config::Config, data::Data, train::{Silent, Trainer}};
/// # fn main() -> Result<(), fokker::Error> {
/// let config = Config::preset("ring8", &["train.steps=20".into(), "network.width=16".into()])?;
/// let data = Arc::new(Data::load(&config.data)?);
/// let mut trainer = Trainer::new(&config, &data)?;
/// trainer.run(&mut Silent)?;
/// assert_eq!(trainer.steps_done(), 20);
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Trainer {
    config: Config,
    model: ScoreModel,
    objective: Objective<f32>,
    workers: Arc<Workers>,
    weights: Parameters<f32>,
    gradient: Vec<f32>,
    adam: Adam,
    step: u64,
    last_checkpoint: Option<std::path::PathBuf>,
    _held: Held,
}

/// The key that says how many weights there are.
const WEIGHTS: &str = "network.width";

/// Numbers beside the packed weights that training has for each weight: the gradient, Adam's moments and the average; and while a
/// checkpoint is written, a copy of the weights and of Adam's state, their bytes, and those of one of them once more.
const COPIES: usize = 4 + 4 + 4 + 1;

/// The model, if it can take the data, and there may be memory for its weights.
fn model(config: &Config, data: &Data) -> Result<ScoreModel, Error> {
    config.check(data.shape(), "config")?;
    let model = config.model(data.shape());
    memory::require(WEIGHTS, bytes(&model))?;
    Ok(model)
}

/// Bytes that training takes for the weights.
fn bytes(model: &ScoreModel) -> u64 {
    let graph = model.graph();
    let copies = memory::product(&[graph.parameter_count(), COPIES, size_of::<f32>()]);
    Parameters::<f32>::bytes(graph).saturating_add(copies)
}

impl Trainer {
    /// A fresh start.
    ///
    /// # Errors
    /// If the network cannot take the data, the threads cannot be had or the model cannot carry the jets; [`Error::Memory`], naming
    /// the key to change, if it would all take more memory than there may be.
    pub fn new(config: &Config, data: &Arc<Data>) -> Result<Self, Error> {
        let weights = model(config, data)?.initial_parameters(&mut Streams::new(config.seed).named("weights"));
        Self::with_weights(config, data, weights)
    }

    /// A fresh start from these weights, which are the average's, too.
    ///
    /// # Errors
    /// As [`with_state`](Self::with_state).
    pub fn with_weights(config: &Config, data: &Arc<Data>, weights: Vec<f32>) -> Result<Self, Error> {
        model(config, data)?;
        let adam = Adam::new(&weights);
        Self::with_state(config, data, Checkpoint { step: 0, weights, adam })
    }

    /// Goes on from a checkpoint, as if training had never stopped.
    ///
    /// # Errors
    /// As [`new`](Self::new), or if the checkpoint is of another network.
    pub fn with_state(config: &Config, data: &Arc<Data>, state: Checkpoint) -> Result<Self, Error> {
        let model = model(config, data)?;
        let expected = model.graph().parameter_count();
        if state.weights.len() != expected {
            return Err(Error::Dimension {
                what: "checkpoint (parameters)".into(),
                expected,
                found: state.weights.len(),
            });
        }
        let held = memory::hold(WEIGHTS, bytes(&model))?;
        let workers = model.workers(config.train.threads, config.train.chunk_rows)?;
        let workers = Arc::new(if config.train.deterministic { workers.deterministic() } else { workers });
        let seed = config.seed;
        let objective = Objective::new(&model, data, &config.loss, config.train.batch, seed, &workers)?;
        Ok(Self {
            config: config.clone(),
            weights: Parameters::new(model.graph(), state.weights),
            model,
            objective,
            workers,
            gradient: vec![0.0; expected],
            adam: state.adam,
            step: state.step,
            last_checkpoint: None,
            _held: held,
        })
    }

    /// Names the newest checkpoint on disk, for messages.
    pub fn set_last_checkpoint(&mut self, path: Option<std::path::PathBuf>) {
        self.last_checkpoint = path;
    }

    /// The newest checkpoint on disk, as far as [`set_last_checkpoint`](Self::set_last_checkpoint) said.
    #[must_use]
    pub fn last_checkpoint(&self) -> Option<&std::path::Path> {
        self.last_checkpoint.as_deref()
    }

    /// Steps done.
    #[must_use]
    pub fn steps_done(&self) -> u64 {
        self.step
    }

    /// One step.
    ///
    /// # Errors
    /// [`Error::NonFinite`] if a term or the gradient is not finite; the weights then are those from before the step.
    pub fn step(&mut self) -> Result<(LossTerms, f64), Error> {
        let (terms, norm) = self.evaluate()?;
        let update =
            Update { step: self.step, rate: self.rate(self.step), ema_decay: self.config.train.ema_decay, norm };
        let Self { config, workers, weights, gradient, adam, .. } = self;
        weights.update(workers, |weights| adam.step(&config.train.adam, update, gradient, weights, workers));
        self.step += 1;
        Ok((terms, norm))
    }

    /// The objective and its gradient's norm on the next step's draws, or an error if any of it is not finite.
    fn evaluate(&mut self) -> Result<(LossTerms, f64), Error> {
        let terms = self.objective.evaluate(Step(self.step), &self.weights, &mut self.gradient);
        let norm = adam::norm(&self.gradient, &self.workers);
        let mut named = terms.values().map(|(name, value)| (name.label, value)).chain([("gradient", norm)]);
        match named.find(|(_, value)| !value.is_finite()) {
            Some((term, _)) => Err(self.non_finite(term)),
            None => Ok((terms, norm)),
        }
    }

    fn non_finite(&self, term: &'static str) -> Error {
        Error::NonFinite { step: self.step, term, checkpoint: self.last_checkpoint.clone() }
    }

    fn rate(&self, step: u64) -> f64 {
        let train = &self.config.train;
        train.learning_rate * train.schedule.factor(step, train.steps, train.warmup)
    }

    /// Trains to the end.
    ///
    /// # Errors
    /// [`Error::NonFinite`], or what the observer reports.
    pub fn run(&mut self, observer: &mut dyn Observer) -> Result<(), Error> {
        let train = self.config.train.clone();
        let checkpoint_every = train.checkpoint_every.max(1).div_ceil(train.log_every) * train.log_every;
        let mut sums = Sums::default();
        while self.step < train.steps {
            let (terms, norm) = self.step()?;
            sums.add(&terms, norm);
            observer.step(self.step, &terms);
            let last = self.step == train.steps;
            if self.step.is_multiple_of(train.log_every) || last {
                observer.metrics(&sums.take(self.step, self.rate(self.step - 1)))?;
            }
            if self.step.is_multiple_of(checkpoint_every) || last {
                // Only weights that are known to give a finite loss are worth keeping.
                self.evaluate()?;
                observer.checkpoint(&self.state())?;
            }
        }
        Ok(())
    }

    /// What [`with_state`](Self::with_state) needs to go on.
    #[must_use]
    pub fn state(&self) -> Checkpoint {
        Checkpoint { step: self.step, weights: self.weights.to_vec(), adam: self.adam.clone() }
    }

    /// The averaged weights as a score.
    #[must_use]
    pub fn score(&self) -> NetworkScore<f32> {
        NetworkScore::new(self.model.clone(), &self.adam.ema)
    }
}
