//! The training loop.

use std::sync::Arc;

use fokker_jet::cpu::{MOST_THREADS, Parameters, Workers};

use super::adam::{self, Adam, Update};
use super::checkpoint::Checkpoint;
use super::config::TrainConfig;
use super::divergence::OnDivergence;
use super::held_out::{Best, HeldOut};
use super::progress::Progress;
use super::recorder::Recorder;
use super::timer::Timer;
use crate::Error;
use crate::collective::{Collective, agree};
use crate::data::{Data, Fingerprint};
use crate::memory::{self, Held};
use crate::objective::{LossConfig, LossTerms, Objective, Step};
use crate::rng::Streams;
use crate::score::network::{NetworkScore, ScoreModel};

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
    config: TrainConfig,
    model: ScoreModel,
    objective: Objective<f32>,
    workers: Arc<Workers>,
    weights: Parameters<f32>,
    gradient: Vec<f32>,
    adam: Adam,
    step: u64,
    progress: Progress,
    held_out: Option<HeldOut>,
    /// Of the learning rate, after training has gone back.
    rate_factor: f64,
    last_checkpoint: Option<std::path::PathBuf>,
    ranks: Arc<dyn Collective>,
    _held: Held,
}

/// How training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It took its last step.
    Finished,
    /// The held-out loss had not fallen for so long that there was no use in going on.
    Early,
    /// The recorder wanted it to stop; a checkpoint was handed over.
    Stopped,
}

/// What is trained, on what and how: all that a [`Trainer`] is made from.
///
/// ```
/// use std::sync::Arc;
/// use fokker::collective::single;
/// use fokker::data::{Data, DataConfig};
/// use fokker::net::NetworkConfig;
/// use fokker::jet::Shape;
/// use fokker::score::network::{Parameterisation, ScoreModel};
/// use fokker::train::{Silent, TrainConfig, Training};
/// use fokker::{objective::LossConfig, sde::Sde};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let data = Arc::new(Data::load(&DataConfig::Normal { dim: 3 })?);
/// let network: NetworkConfig = toml::from_str("kind = \"mlp\"\nwidth = 8\ndepth = 1")?;
/// let model = ScoreModel::new(Shape::vector(3), &Sde::vp(), &network, Parameterisation::Noise);
/// let how = TrainConfig { steps: 10, batch: 16, threads: 1, ..TrainConfig::default() };
/// let training = Training { model: &model, data: &data, loss: &LossConfig::default(), train: &how, seed: 0, ranks: single() };
/// let mut trainer = training.fresh()?;
/// trainer.run(&mut Silent)?;
/// assert_eq!(trainer.steps_done(), 10);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Training<'a> {
    /// The model; its parameters are drawn, or given.
    pub model: &'a ScoreModel,
    /// The data, of the model's dimension.
    pub data: &'a Arc<Data>,
    /// The objective.
    pub loss: &'a LossConfig,
    /// The optimisation.
    pub train: &'a TrainConfig,
    /// Fixes every random number.
    pub seed: u64,
    /// The processes that train together: each takes whole shards of the batch ([`TrainConfig::shards`]), and all carry the same weights.
    pub ranks: &'a Arc<dyn Collective>,
}

/// The key that says how many weights there are.
const WEIGHTS: &str = "network.width";

/// Numbers beside the packed weights that training has for each weight: the gradient, Adam's moments and the average; and while a
/// checkpoint is written, a copy of the weights and of Adam's state, their bytes, and those of one of them once more.
const COPIES: usize = 4 + 4 + 4 + 1;

/// Bytes that training takes for the weights.
fn bytes(model: &ScoreModel) -> u64 {
    let graph = model.graph();
    let copies = memory::product(&[graph.parameter_count(), COPIES, size_of::<f32>()]);
    Parameters::<f32>::bytes(graph).saturating_add(copies)
}

impl Training<'_> {
    /// A start from weights that are drawn as the model's graph says.
    ///
    /// # Errors
    /// [`Error::Config`] for a number out of its range; [`Error::Dimension`] if the model is not the data's; if the threads cannot be had or the model cannot carry the jets;
    /// [`Error::Memory`], naming the key to change, if it would all take more memory than there may be.
    pub fn fresh(&self) -> Result<Trainer, Error> {
        memory::require(WEIGHTS, bytes(self.model))?;
        self.from_weights(self.model.initial_parameters(&mut Streams::new(self.seed).named("weights")))
    }

    /// A start from these weights, which are the average's, too.
    ///
    /// # Errors
    /// As [`from_checkpoint`](Self::from_checkpoint).
    pub fn from_weights(&self, weights: Vec<f32>) -> Result<Trainer, Error> {
        memory::require(WEIGHTS, bytes(self.model))?;
        let adam = Adam::new(&weights);
        self.from_checkpoint(Checkpoint { step: 0, weights, adam, progress: Progress::default() })
    }

    /// Goes on from a checkpoint, as if training had never stopped.
    ///
    /// # Errors
    /// As [`fresh`](Self::fresh), or if the checkpoint is of another network.
    pub fn from_checkpoint(&self, state: Checkpoint) -> Result<Trainer, Error> {
        let Self { model, data, loss, train, seed, ranks } = *self;
        let wrong = |key: &str, reason| Error::Config { origin: "training".into(), key: key.into(), reason };
        train.validate().map_err(|(key, reason)| wrong(key, reason))?;
        loss.validate().map_err(|(key, reason)| wrong(&key, reason))?;
        if data.dim() != model.dim() {
            return Err(Error::Dimension { what: "data".into(), expected: model.dim(), found: data.dim() });
        }
        memory::require(WEIGHTS, bytes(model))?;
        let expected = model.graph().parameter_count();
        if state.weights.len() != expected {
            return Err(Error::Dimension {
                what: "checkpoint (parameters)".into(),
                expected,
                found: state.weights.len(),
            });
        }
        let held = memory::hold(WEIGHTS, bytes(model))?;
        let workers = Arc::new(self.workers()?);
        let over = |objective: Objective<f32>| objective.over(ranks, train.deterministic);
        let objective = over(Objective::new(model, data, loss, train.batch, seed, &workers)?)?;
        let held_out = |config| HeldOut::new(config, model, data, loss, seed, &workers, &over);
        let held_out = train.held_out.as_ref().map(held_out).transpose()?;
        Ok(Trainer {
            config: train.clone(),
            weights: Parameters::new(model.graph(), state.weights),
            model: model.clone(),
            objective,
            workers,
            gradient: vec![0.0; expected],
            adam: state.adam,
            step: state.step,
            progress: state.progress,
            held_out,
            rate_factor: 1.0,
            last_checkpoint: None,
            ranks: Arc::clone(ranks),
            _held: held,
        })
    }

    /// This process' threads, with its shards.
    fn workers(&self) -> Result<Workers, Error> {
        let Self { model, train, ranks, .. } = *self;
        let workers = model.workers(train.threads, train.chunk_rows)?;
        if !train.deterministic && ranks.size() == 1 {
            return Ok(workers);
        }
        let wrong = |reason| Error::Config { origin: "training".into(), key: "train.shards".into(), reason };
        if ranks.size() > train.shards {
            let reason =
                format!("{} ranks, but {} shards for them: a rank takes at least one", ranks.size(), train.shards);
            return Err(wrong(reason));
        }
        // The same on all ranks.
        if train.shards.div_ceil(ranks.size()) > MOST_THREADS {
            return Err(wrong(format!(
                "{} for each rank, of which there are {}: at most {MOST_THREADS}",
                train.shards.div_ceil(ranks.size()),
                ranks.size()
            )));
        }
        Ok(workers.with_shards(train.shards, ranks.rank(), ranks.size()))
    }
}

impl Trainer {
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
        let update = Update { step: self.step, rate: self.rate(self.step), ema_decay: self.config.ema_decay, norm };
        let Self { config, workers, weights, gradient, adam, .. } = self;
        weights.update(workers, |weights| adam.step(&config.adam, update, gradient, weights, workers));
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
        let layer = self.layer(&self.weights).map(|name| format!("the weights {name}"));
        let layer = layer.or_else(|| self.layer(&self.gradient).filter(|_| term == "gradient"));
        Error::NonFinite { step: self.step, term, layer, checkpoint: self.last_checkpoint.clone() }
    }

    /// The first of the network's tensors that is not finite.
    fn layer(&self, values: &[f32]) -> Option<String> {
        let bad = |values: &[f32]| values.iter().any(|value| !value.is_finite());
        let specs = self.model.graph().parameters();
        specs.iter().find(|spec| bad(&values[spec.offset..spec.offset + spec.len()])).map(|spec| spec.name.clone())
    }

    fn rate(&self, step: u64) -> f64 {
        let train = &self.config;
        self.rate_factor * train.learning_rate * train.schedule.factor(step, train.steps, train.warmup)
    }

    /// Makes the learning rate so many times that of the config.
    pub fn set_rate_factor(&mut self, factor: f64) {
        self.rate_factor = factor;
    }

    /// How training ended, if it has.
    #[must_use]
    pub fn ended(&self) -> Option<Ended> {
        let Self { config, progress, step, .. } = self;
        if *step >= config.steps {
            return Some(Ended::Finished);
        }
        let (held_out, best) = (config.held_out.as_ref().filter(|held_out| held_out.patience > 0)?, progress.best?);
        let waited = step.saturating_sub(best.step);
        (waited >= held_out.patience.saturating_mul(config.held_out_every(held_out))).then_some(Ended::Early)
    }

    /// Trains to the end, or until the recorder wants it to stop. Whatever a checkpoint was taken after, what follows is the same.
    ///
    /// # Errors
    /// [`Error::NonFinite`], or what the recorder reports.
    pub fn run(&mut self, recorder: &mut dyn Recorder) -> Result<Ended, Error> {
        let train = self.config.clone();
        let mut timer = Timer::new(train.checkpoint_minutes);
        if self.step == 0 && train.on_divergence == OnDivergence::Rollback {
            self.keep(recorder)?;
        }
        // A checkpoint may have been the last step's.
        while self.ended().is_none() {
            let (stops, is_due) = self.asked(recorder.stops(), timer.is_due());
            if stops {
                self.keep(recorder)?;
                return Ok(Ended::Stopped);
            }
            let (terms, norm) = self.step()?;
            self.progress.sums.add(&terms, norm);
            recorder.step(self.step, &terms);
            let held_out = self.measure(recorder)?;
            if self.step.is_multiple_of(train.log_every) || self.ended().is_some() {
                let rate = self.rate(self.step - 1);
                let metrics = self.progress.sums.take(self.step, rate, held_out);
                agree(&*self.ranks, recorder.metrics(&metrics))?;
            }
            if self.step.is_multiple_of(train.checkpoint_every.max(1)) || is_due || self.ended().is_some() {
                self.keep(recorder)?;
                timer.restart();
            }
        }
        Ok(self.ended().unwrap_or(Ended::Finished))
    }

    /// Is training to stop, is a checkpoint due? If one rank says so, all do it.
    fn asked(&self, stops: bool, is_due: bool) -> (bool, bool) {
        if self.ranks.size() == 1 {
            return (stops, is_due);
        }
        let mut asked = [stops, is_due].map(|asked| f32::from(u8::from(asked)));
        self.ranks.all_reduce(&mut asked);
        (asked[0] > 0.0, asked[1] > 0.0)
    }

    /// Hands over a checkpoint.
    fn keep(&mut self, recorder: &mut dyn Recorder) -> Result<(), Error> {
        // Only weights that are known to give a finite loss are worth keeping.
        self.evaluate()?;
        self.require_same_weights()?;
        agree(&*self.ranks, recorder.checkpoint(&self.state()))
    }

    /// All ranks add up the same gradients; what they make of them must be the same, too.
    fn require_same_weights(&self) -> Result<(), Error> {
        if self.ranks.size() == 1 {
            return Ok(());
        }
        let mut print = Fingerprint::default();
        [&self.weights[..], &self.adam.ema].iter().for_each(|numbers| print.bytes(bytemuck::cast_slice(numbers)));
        let mut prints = vec![0_u64; self.ranks.size()];
        self.ranks.all_gather(bytemuck::bytes_of(&print.digest()), bytemuck::cast_slice_mut(&mut prints));
        match prints.iter().position(|other| *other != prints[0]) {
            Some(rank) => Err(Error::RanksDrifted { step: self.step, rank }),
            None => Ok(()),
        }
    }

    /// The loss on held-out rows, if it is due now.
    fn measure(&mut self, recorder: &mut dyn Recorder) -> Result<Option<f64>, Error> {
        let (Some(held_out), Some(config)) = (&mut self.held_out, &self.config.held_out) else { return Ok(None) };
        if !self.step.is_multiple_of(self.config.held_out_every(config)) && self.step < self.config.steps {
            return Ok(None);
        }
        let loss = held_out.loss(&self.adam.ema);
        if self.progress.best.is_none_or(|best| loss < best.loss) {
            let best = Best { step: self.step, loss };
            self.progress.best = Some(best);
            let kept = recorder.best(best, &self.score());
            agree(&*self.ranks, kept)?;
        }
        Ok(Some(loss))
    }

    /// What [`Training::from_checkpoint`] needs to go on.
    #[must_use]
    pub fn state(&self) -> Checkpoint {
        let Self { step, progress, .. } = *self;
        Checkpoint { step, weights: self.weights.to_vec(), adam: self.adam.clone(), progress }
    }

    /// The least loss on held-out rows, if it was measured.
    #[must_use]
    pub fn best(&self) -> Option<Best> {
        self.progress.best
    }

    /// The averaged weights as a score.
    #[must_use]
    pub fn score(&self) -> NetworkScore<f32> {
        NetworkScore::new(self.model.clone(), &self.adam.ema)
    }
}
