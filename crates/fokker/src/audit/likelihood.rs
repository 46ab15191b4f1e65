//! log p of held-out rows, its variational bound, bits per dimension.

use fokker_jet::panel::Workers;

use super::{Audit, diffused_points};
use crate::Error;
use crate::config::Config;
use crate::data::{Data, bits_per_dim};
use crate::likelihood::{BoundOptions, LikelihoodOptions, Repeats, Start, bound, repeated_log_prob};
use crate::loss::Divergence;
use crate::rng::Streams;
use crate::score::Score;
use crate::solve::Tolerance;
use crate::stats::MeanSe;

pub(super) fn measure(
    score: &dyn Score<f32>, data: &Data, config: &Config, divergence: Divergence, workers: &Workers, found: &mut Audit,
) -> Result<(), Error> {
    let (settings, dim) = (&config.audit, data.dim());
    let c = config.sde.at(config.sde.t_min());
    let x = rows(data, config);
    // A level's width in model coordinates.
    let bins: Option<Vec<f64>> = data.levels().map(|_| data.scaling().scale.iter().map(|scale| 1.0 / scale).collect());
    let repeats = Repeats {
        count: if bins.is_some() { settings.repeats } else { 1 },
        bins: bins.as_deref(),
        start: Start::AtTMin,
    };
    let options = LikelihoodOptions {
        tolerance: Tolerance { absolute: settings.tolerance, relative: settings.tolerance },
        step_limit: settings.step_limit,
        divergence,
        seed: config.seed,
        first_row: 0,
    };
    let log_p = repeated_log_prob(score, &x, &repeats, &options, workers, &|_| {})?;
    found.nll_failed = log_p.mean.iter().filter(|value| !value.is_finite()).count();
    let mean = MeanSe::of_finite(&log_p.mean);
    found.nll = MeanSe { mean: -mean.mean, se: mean.se };
    #[allow(clippy::cast_precision_loss)]
    let evaluations: Vec<f64> = log_p.evaluations.iter().map(|&e| e as f64 / repeats.count as f64).collect();
    found.nll_evaluations = MeanSe::of(&evaluations).mean;
    if let Some(truth) = data.truth() {
        let q = truth.diffused(&c);
        let points = x.chunks_exact(dim).zip(&log_p.mean).filter(|(_, v)| v.is_finite());
        found.true_nll = Some(MeanSe::of(&points.map(|(x, _)| -q.log_density(x)).collect::<Vec<_>>()).mean);
    }
    if bins.is_some() {
        let bits = |values: &[f64]| {
            MeanSe::of_finite(&values.iter().map(|&v| bits_per_dim(v, data.scaling(), dim)).collect::<Vec<_>>())
        };
        found.bits_per_dim = Some(bits(&log_p.mean));
        found.bits_per_dim_importance = Some(bits(&log_p.importance));
    }
    // The bound is noisy: fewer rows do.
    let some = settings.bound_points.min(x.len() / dim);
    let mut x = x[..some * dim].to_vec();
    let flow = if let Some(bins) = &bins {
        // Of the middle of each level, the same point for both.
        x.chunks_exact_mut(dim).for_each(|row| row.iter_mut().zip(bins).for_each(|(x, bin)| *x += 0.5 * bin));
        let middle = Repeats { count: 1, bins: None, start: Start::AtTMin };
        repeated_log_prob(score, &x, &middle, &options, workers, &|_| {})?.mean
    } else {
        log_p.mean[..some].to_vec()
    };
    let below =
        bound(score, &x, &BoundOptions { divergence, seed: config.seed, ..BoundOptions::for_dim(dim) }, workers)?;
    let gaps: Vec<f64> = flow.iter().zip(&below.values).map(|(flow, bound)| flow - bound).collect();
    found.bound_gap = MeanSe::of_finite(&gaps);
    Ok(())
}

/// Held-out rows: diffused to t_min where the truth is known, whole levels where there are levels.
fn rows(data: &Data, config: &Config) -> Vec<f64> {
    let settings = &config.audit;
    if data.truth().is_some() {
        let (c, index) = (config.sde.at(config.sde.t_min()), settings.times.len() as u64);
        return diffused_points(data, &c, settings.nll_points, config.seed, index)
            .iter()
            .map(|&v| f64::from(v))
            .collect();
    }
    let mut rng = Streams::new(config.seed).named("audit-nll");
    let mut rows = vec![0.0_f32; settings.nll_points * data.dim()];
    rows.chunks_exact_mut(data.dim()).for_each(|row| data.draw_held_out(&mut rng, row));
    let mut x: Vec<f64> = rows.iter().map(|&v| f64::from(v)).collect();
    if data.levels().is_some() {
        data.scaling().invert_f64(&mut x);
        x.iter_mut().for_each(|x| *x = x.floor());
        data.scaling().apply_f64(&mut x);
    }
    x
}
