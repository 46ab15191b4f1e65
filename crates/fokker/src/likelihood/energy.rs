//! log p of an energy model, in one evaluation.
//!
//! The network gives log q(x, t) up to one constant. At T the model is the prior but for what m(T) leaves of the network, so that
//!
//! log Z(T) = log E_{x ~ prior} exp(log q(x, T) − log prior(x))
//!
//! is had by Monte Carlo with next to no variance, once per model. Where the log-density obeys the score FPE, ∫q(x, t) dx is the same
//! at all t (Lai et al. 2023, arXiv 2210.04296, eq. 5), and log q(x, t) − log Z(T) is a log-density at every t; where it does not, it is
//! off by how the normaliser moves.

use fokker_jet::Real;
use fokker_jet::cpu::Workers;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use super::log_mean_exp::LogMeanExp;
use super::request::whole_rows;
use crate::Error;
use crate::memory;
use crate::rng::Streams;
use crate::score::Energy;
use crate::sde::T_MAX;

/// log Z(T) of an energy model, nats, and its standard error over the draws; in the model file of every energy model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogZ {
    /// log Z(T).
    pub value: f64,
    /// Its standard error, by the delta method.
    pub se: f64,
    /// Draws from the prior.
    pub draws: usize,
}

/// Draws from the prior that the log Z(T) of a model file is made of.
pub(crate) const DRAWS: usize = 1 << 16;

/// Rows that are evaluated between two looks at the memory.
const PIECE: usize = 1 << 12;

/// log Z(T) = log E_{x ~ prior} exp(log q(x, T) − log prior(x)) over `draws` draws from a seed.
///
/// ```
/// use fokker::{config::Config, likelihood::log_z, rng::Streams, score::{Score, network::NetworkScore}};
/// use fokker_jet::{Shape, cpu::Workers};
/// # fn main() -> Result<(), fokker::Error> {
/// // A preconditioned network that is 0 is −½‖x‖²: Z = (2π)^(D/2).
/// let set = ["network.output=energy", "score.parameterisation=preconditioned", "network.width=8", "loss.fp.estimator=log-density"];
/// let model = Config::preset("ring8", &set.map(String::from))?.model(Shape::vector(2));
/// let normal = NetworkScore::<f64>::new(model.clone(), &vec![0.0; model.graph().parameter_count()]);
/// let found = log_z(normal.energy().expect("it is one"), 100, 0, &Workers::new(1, 64)?)?;
/// assert!((found.value - std::f64::consts::TAU.ln()).abs() < 1e-6 && found.se < 1e-6);
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`Error::Memory`].
pub fn log_z<F: Real>(energy: &dyn Energy<F>, draws: usize, seed: u64, workers: &Workers) -> Result<LogZ, Error> {
    let (dim, sde, streams) = (energy.dim(), energy.sde(), Streams::new(seed));
    let std = sde.prior_std();
    let mut mean = LogMeanExp::default();
    for (piece, start) in (0..draws).step_by(PIECE).enumerate() {
        let mut rng = streams.at("log-z", 0, piece as u64);
        let count = PIECE.min(draws - start);
        let x: Vec<f64> =
            (0..count * dim).map(|_| std * Distribution::<f64>::sample(&StandardNormal, &mut rng)).collect();
        let log_q = at_time(energy, &x, T_MAX, workers)?;
        x.chunks_exact(dim).zip(log_q).for_each(|(x, log_q)| mean.add(log_q - sde.log_prior(x)));
    }
    let found = mean.value();
    Ok(LogZ { value: found.mean, se: found.se, draws })
}

/// log q(x, t) of points `x` (`rows × D`, model coordinates) at a time, up to the model's constant; less log Z(T) it is log p, nats.
///
/// # Errors
/// [`Error::Config`] if `x` is not whole rows; [`Error::Memory`].
pub fn log_density<F: Real>(energy: &dyn Energy<F>, x: &[f64], t: f64, workers: &Workers) -> Result<Vec<f64>, Error> {
    whole_rows(x, energy.dim())?;
    let mut all = Vec::with_capacity(x.len() / energy.dim());
    for piece in x.chunks((1 << 20) / energy.dim().max(1) * energy.dim().max(1)) {
        all.extend(at_time(energy, piece, t, workers)?);
    }
    Ok(all)
}

fn at_time<F: Real>(energy: &dyn Energy<F>, x: &[f64], t: f64, workers: &Workers) -> Result<Vec<f64>, Error> {
    let (dim, c) = (energy.dim(), energy.sde().at(t));
    memory::require("rows of points", memory::product(&[x.len(), 2, size_of::<f64>()]))?;
    let shards: Result<Vec<_>, _> =
        (0..workers.shards()).map(|_| energy.energy_evaluator(workers.chunk_rows())).collect();
    let chunks = workers.map(x.len() / dim, shards?, |shard, _, range| {
        let x: Vec<F> = x[range.start * dim..range.end * dim].iter().map(|&x| F::of(x)).collect();
        let mut log_q = vec![F::ZERO; range.len()];
        shard.log_density(&x, &vec![c; range.len()], &mut log_q);
        log_q
    });
    Ok(chunks.into_iter().flatten().map(|log_q| log_q.as_f64()).collect())
}
