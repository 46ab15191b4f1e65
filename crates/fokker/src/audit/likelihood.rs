//! log p of held-out rows, its variational bound, bits per dimension.

use fokker_jet::cpu::Workers;

use super::Audit;
use super::rows::AuditRows;
use crate::Error;
use crate::config::Config;
use crate::data::{Data, bits_per_dim};
use crate::divergence::Divergence;
use crate::likelihood::{BoundOptions, Dequantise, LikelihoodOptions, Start, bound, dequantised_log_prob, log_prob};
use crate::score::Differentiable;
use crate::solve::Tolerance;
use crate::stats::{MeanSe, paired};

pub(super) fn measure(
    score: &dyn Differentiable<f32>, data: &Data, rows: &AuditRows<'_>, config: &Config, divergence: Divergence,
    workers: &Workers, found: &mut Audit,
) -> Result<(), Error> {
    let settings = &config.audit;
    let options = LikelihoodOptions {
        tolerance: Tolerance { absolute: settings.tolerance, relative: settings.tolerance },
        step_limit: settings.step_limit,
        divergence,
        seed: config.seed,
        first_row: 0,
    };
    let x = points(rows, config);
    let log_p = held_out(score, data, config, &x, &options, workers, found)?;
    // The bound is noisy: fewer rows do.
    let some = settings.bound_points;
    let (near, flow) = if data.truth().is_some() {
        let values = x.len().min(some * data.dim());
        (x[..values].to_vec(), log_p[..values / data.dim()].to_vec())
    } else {
        // Both are densities at t_min, and the network was trained on rows that have that noise: of rows without it, which lie
        // inside the shell of those that it has seen, the two differ for no fault of the model.
        let near = in_double(&rows.diffused(&config.sde.at(config.sde.t_min()), 0..some, settings.times.len() as u64));
        let flow = log_prob(score, &near, &options, workers, &|_| {})?.values;
        (near, flow)
    };
    let options = BoundOptions { divergence, seed: config.seed, ..BoundOptions::for_dim(data.dim()) };
    let below = bound(score, &near, &options, workers)?;
    found.points.bound_gap = flow.iter().zip(&below.values).map(|(flow, bound)| flow - bound).collect();
    found.bound_gap = MeanSe::of_finite(&found.points.bound_gap);
    Ok(())
}

/// −log p and all that follows from it, into `found`; log p of each row in model coordinates.
fn held_out(
    score: &dyn Differentiable<f32>, data: &Data, config: &Config, x: &[f64], options: &LikelihoodOptions,
    workers: &Workers, found: &mut Audit,
) -> Result<Vec<f64>, Error> {
    let (dim, scaling) = (data.dim(), data.scaling());
    // A level's width in model coordinates.
    let bins: Option<Vec<f64>> = data.levels().map(|_| scaling.scale.iter().map(|scale| 1.0 / scale).collect());
    let count = if bins.is_some() { config.audit.repeats } else { 1 };
    let how = Dequantise { count, bins: bins.as_deref(), start: Start::AtTMin };
    let log_p = dequantised_log_prob(score, x, &how, options, workers, &|_| {})?;
    found.nll_failed = log_p.mean.iter().filter(|value| !value.is_finite()).count();
    found.points.nll = log_p.mean.iter().map(|value| -value - scaling.log_det()).collect();
    found.nll = MeanSe::of_finite(&found.points.nll);
    #[allow(clippy::cast_precision_loss)]
    let evaluations: Vec<f64> = log_p.evaluations.iter().map(|&e| e as f64 / count as f64).collect();
    found.nll_evaluations = MeanSe::of(&evaluations).mean;
    if let Some(truth) = least(data, config, x) {
        let both = truth.iter().zip(&found.points.nll).filter(|(_, nll)| nll.is_finite());
        found.true_nll = Some(MeanSe::of(&both.map(|(truth, _)| *truth).collect::<Vec<_>>()).mean);
        found.gap = Some(paired(&found.points.nll, &truth));
    }
    if bins.is_some() {
        let bits = |values: &[f64]| -> Vec<f64> { values.iter().map(|&v| bits_per_dim(v, scaling, dim)).collect() };
        found.points.bits_per_dim = bits(&log_p.mean);
        found.bits_per_dim = Some(MeanSe::of_finite(&found.points.bits_per_dim));
        found.bits_per_dim_importance = log_p.importance.as_deref().map(|values| MeanSe::of_finite(&bits(values)));
    }
    Ok(log_p.mean)
}

/// −log of the true density at each row, where it is known: that at t_min, or of data whose entropy alone is known, the entropy, which
/// −E log p of no density p can be below.
fn least(data: &Data, config: &Config, x: &[f64]) -> Option<Vec<f64>> {
    let rows = x.chunks_exact(data.dim());
    if let Some(truth) = data.truth() {
        let q = truth.diffused(&config.sde.at(config.sde.t_min()));
        return Some(rows.map(|x| -q.log_density(x)).collect());
    }
    data.entropy().map(|entropy| vec![entropy; rows.len()])
}

/// Held-out rows: diffused to t_min where the true density is known, whole levels where there are levels.
fn points(rows: &AuditRows<'_>, config: &Config) -> Vec<f64> {
    let (settings, data) = (&config.audit, rows.data);
    let places = 0..settings.nll_points;
    if data.truth().is_some() {
        return in_double(&rows.diffused(&rows.sde.at(rows.sde.t_min()), places, settings.times.len() as u64));
    }
    let mut x = in_double(&rows.plain(places));
    if data.levels().is_some() {
        data.scaling().invert_f64(&mut x);
        x.iter_mut().for_each(|x| *x = x.floor());
        data.scaling().apply_f64(&mut x);
    }
    x
}

fn in_double(x: &[f32]) -> Vec<f64> {
    x.iter().map(|&v| f64::from(v)).collect()
}
