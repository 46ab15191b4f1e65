//! J = J_DSM + α R_vec + β R_scalar and its gradient, over a batch, on all threads of the CPU.

use std::sync::Arc;

use fokker_jet::Real;
use fokker_jet::cpu::{Parameters, Workers};

use super::combine::Combination;
use super::cost;
use super::draw::Source;
use super::lineup::{Lineup, Member};
use super::loss::LossConfig;
use super::pass::{Call, Draft, Pass};
use super::ranks::Ranks;
use super::time::TimeSampler;
use super::values::LossTerms;
use crate::Error;
use crate::collective::Collective;
use crate::data::Data;
use crate::memory::{self, Held};
use crate::rng::Streams;
use crate::rows::Host;
use crate::score::network::ScoreModel;

/// Which draw of the random streams to take, and so which terms are due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step(pub u64);

/// The training objective for one model, with the workspaces to evaluate it.
///
/// ```
/// use std::sync::Arc;
/// use fokker::{config::Config, data::Data, objective::{Objective, Step}, rng::Streams};
/// use fokker_jet::cpu::{Parameters, Workers};
/// # fn main() -> Result<(), fokker::Error> {
/// let config = Config::preset("ring8", &["network.width=16".into()])?;
/// let data = Arc::new(Data::load(&config.data)?);
/// let model = config.model(data.shape());
/// let mut objective = Objective::<f32>::new(&model, &data, &config.loss, 64, 0, &Arc::new(Workers::new(1, 64)?))?;
///
/// let weights = model.initial_parameters(&mut Streams::new(0).named("weights"));
/// let mut gradient = vec![0.0; weights.len()];
/// let terms = objective.evaluate(Step(0), &Parameters::new(model.graph(), weights), &mut gradient);
/// assert!(terms.get("dsm").is_some_and(|dsm| dsm > 0.0) && gradient.iter().any(|&g| g != 0.0));
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Objective<F: Real> {
    model: ScoreModel,
    data: Arc<Data>,
    streams: Streams,
    sampler: TimeSampler,
    workers: Arc<Workers>,
    lineup: Lineup<Host<F>>,
    /// The pass of each term that has directions, by place.
    passes: Vec<Option<Pass<F>>>,
    /// That of the terms that have none.
    plain: Pass<F>,
    /// The regularisers' gradient, where it is kept apart.
    apart: Vec<F>,
    ranks: Ranks<F>,
    _held: Held,
    _held_for_ranks: Option<Held>,
}

/// Holds the memory of all passes, each with the key of its divergence, and of a gradient of `apart` numbers; an error names what makes the
/// largest pass large.
fn hold<F: Real>(plain: &Draft, others: &[(&Draft, Option<String>)], apart: usize) -> Result<Held, Error> {
    let passes = others.iter().map(|(draft, _)| *draft).chain([plain]);
    let total = passes.map(Draft::bytes::<F>).fold((apart * size_of::<F>()) as u64, u64::saturating_add);
    let left = memory::budget().saturating_sub(memory::held());
    let largest = others.iter().max_by_key(|(draft, _)| draft.bytes::<F>());
    let key = match largest {
        Some((draft, probes)) => draft.culprit::<F>(probes.as_deref(), plain, left),
        None => plain.culprit::<F>(None, plain, left),
    };
    Ok(memory::hold(key, total)?)
}

impl<F: Real> Objective<F> {
    /// The objective for batches of `batch` rows drawn from `data`. Terms of weight 0 are left out, draws included.
    ///
    /// # Errors
    /// If the model cannot carry the jets that the terms need; [`Error::Memory`], naming the key to change, if all that they need at the same
    /// time is more than there may be.
    pub fn new(
        model: &ScoreModel, data: &Arc<Data>, config: &LossConfig, batch: usize, seed: u64, workers: &Arc<Workers>,
    ) -> Result<Self, Error> {
        let lineup = Lineup::new(config, model.output(), model.dim(), batch)?;
        let reference = config.reference_batch;
        let plain = Draft::new::<F>(model, lineup.plain_directions(), workers, batch, 1, reference)?;
        let draft = |member: &Member<Host<F>>| {
            let draft =
                || Draft::new::<F>(model, member.needs.directions.clone(), workers, batch, member.unit(), reference);
            (!member.needs.rides()).then(draft).transpose()
        };
        let drafts: Vec<Option<Draft>> = lineup.members().iter().map(draft).collect::<Result<_, _>>()?;
        let key = |place: usize| lineup.members()[place].needs.probes.map(|p| cost::key(p.divergence, p.table));
        let others: Vec<_> =
            drafts.iter().enumerate().filter_map(|(place, draft)| Some((draft.as_ref()?, key(place)))).collect();
        let apart = if config.combination == Combination::Sum { 0 } else { model.graph().parameter_count() };
        let held = hold::<F>(&plain, &others, apart)?;
        Ok(Self {
            plain: plain.pass(),
            apart: vec![F::ZERO; apart],
            passes: drafts.into_iter().map(|draft| draft.map(Draft::pass)).collect(),
            _held: held,
            lineup,
            sampler: TimeSampler::new(model.sde(), config.time_sampling),
            model: model.clone(),
            data: Arc::clone(data),
            streams: Streams::new(seed),
            workers: Arc::clone(workers),
            ranks: Ranks::none(),
            _held_for_ranks: None,
        })
    }

    /// The same for a batch whose shards lie on several ranks, of which the workers have [those of one](Workers::with_shards): all evaluate it
    /// together, and all have the terms and the gradient of the whole batch. With `in_order`, gradients are summed in the order of the shards, so that
    /// they are the same to the last bit for any number of ranks.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use fokker::{collective::in_threads, config::Config, data::Data, objective::{Objective, Step}, rng::Streams};
    /// use fokker_jet::cpu::{Parameters, Workers};
    /// # fn main() -> Result<(), fokker::Error> {
    /// let config = Config::preset("ring8", &["network.width=16".into()])?;
    /// let data = Arc::new(Data::load(&config.data)?);
    /// let model = config.model(data.shape());
    /// let weights = model.initial_parameters(&mut Streams::new(0).named("weights"));
    /// let gradients = |size: usize| {
    ///     let of_ranks: Result<Vec<_>, fokker::Error> = in_threads(size, |ranks| {
    ///         let workers = Arc::new(Workers::new(1, 16)?.with_shards(4, ranks.rank(), size));
    ///         let mut objective =
    ///             Objective::<f32>::new(&model, &data, &config.loss, 128, 0, &workers)?.over(ranks, true)?;
    ///         let mut gradient = vec![0.0; weights.len()];
    ///         objective.evaluate(Step(0), &Parameters::new(model.graph(), weights.clone()), &mut gradient);
    ///         Ok(gradient)
    ///     }).into_iter().collect();
    ///     of_ranks
    /// };
    /// let one = gradients(1)?;
    /// assert!(gradients(3)?.iter().all(|gradient| *gradient == one[0]));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::Memory`] if the sum would take more than there may be.
    pub fn over(mut self, ranks: &Arc<dyn Collective>, in_order: bool) -> Result<Self, Error> {
        let ranks = Ranks::new(ranks, self.workers.all_shards(), in_order);
        self._held_for_ranks = Some(memory::hold("network.width", ranks.bytes(self.model.graph().parameter_count()))?);
        self.ranks = ranks;
        Ok(self)
    }

    /// The objective's terms and its gradient (into `gradient`) at these parameters, on the draws of this step.
    pub fn evaluate(&mut self, step: Step, parameters: &Parameters<F>, gradient: &mut [F]) -> LossTerms {
        let Self { model, data, streams, sampler, workers, lineup, passes, plain, apart, ranks, .. } = self;
        let source = Source { sde: model.sde(), data, sampler, streams, step: step.0 };
        let call = Call { model, parameters, source, lineup, workers };
        let (mut values, mut fresh, mut weight) = (LossTerms::default(), true, None);
        lineup.visits(step.0, |visit| {
            let own = visit.lead.and_then(|place| passes[place].as_mut());
            let pass = own.unwrap_or(plain);
            pass.run(&call, visit);
            if let Some(of_term) = lineup.apart(visit) {
                pass.add_gradient(workers, ranks, apart, weight.is_none());
                weight = Some(of_term);
            } else {
                pass.add_gradient(workers, ranks, gradient, fresh);
                fresh = false;
            }
            pass.total(ranks);
            lineup.add(visit, |place| pass.sum(place), &mut values);
        });
        ranks.sum(gradient);
        if let Some(weight) = weight {
            ranks.sum(apart);
            lineup.combination().join(gradient, apart, weight);
        }
        lineup.finish(&mut values);
        values
    }
}
