//! The audit itself.

use fokker_jet::Real;
use fokker_jet::cpu::Workers;

use super::context::Context;
use super::measure::registry;
use super::measurement::{AtOneTime, Measure, Measurement, Rows};
use super::part::AuditPart;
use super::{Audit, AuditConfig, Points, spread};
use crate::Error;
use crate::collective::{Collective, Single};
use crate::figure::{Figure, Figures, Value};
use crate::score::Differentiable;
use crate::stats::AtTime;

/// Audits a score on held-out points; `seed` fixes the audit's draws, `progress` is told what is being done.
///
/// Two scores that are audited with the same settings and seed are measured at the same points: [`Difference`](crate::figure::Difference)
/// compares them by pairs.
///
/// ```
/// use fokker::audit::{AuditConfig, Points, audit};
/// use fokker::{density::mixture::Mixture, score::analytic::AnalyticScore};
/// use fokker::sde::Sde;
/// use fokker_jet::cpu::Workers;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // The exact score, on draws of the mixture that it belongs to.
/// let score = AnalyticScore::new(Mixture::ring(8, 1.5, 0.15)?, Sde::vp());
/// let mut rows = vec![0.0; 2 * 50];
/// score.mixture().sample(&mut fokker::rng::Streams::new(1).named("rows"), &mut rows);
/// let points = Points::from_rows(&rows, 2).with_truth(score.mixture());
/// let settings = AuditConfig { times: vec![0.01, 0.3], gap_samples: 20, ..AuditConfig::default() };
/// let found = audit::<f64>(&score, &points, &settings, 0, &Workers::new(1, 64)?, &|_| {})?;
/// assert!(found.figures.profile("residual").iter().all(|r| r.mean < 1e-8));
/// assert!(found.figures.mean("gap").is_some_and(|gap| gap.mean.abs() < 1e-3));
/// # Ok(()) }
/// ```
///
/// # Errors
/// If the score cannot carry the jets, its dimension is not the points', there is no point, or the settings are out of range.
pub fn audit<F: Real>(
    score: &dyn Differentiable<F>, points: &Points<'_>, settings: &AuditConfig, seed: u64, workers: &Workers,
    progress: &(dyn Fn(&str) + Sync),
) -> Result<Audit, Error> {
    audit_from(score, points, settings, seed, workers, AuditPart::default(), &Doing(progress))
}

/// Told what an audit does. Of the parts of an audit, its times and then its other measurements, the number is known before.
pub trait Watcher: Sync {
    /// What is being measured now.
    fn doing(&self, what: &str);

    /// So many parts are done, of all that there are.
    fn part(&self, done: usize, of: usize) {
        let _ = (done, of);
    }

    /// So many rows of the present part are done, of all that it has; only long parts say so. May be called from any thread.
    fn within(&self, done: usize, of: usize) {
        let _ = (done, of);
    }

    /// The processes that measure together, each with a watcher of its own: they share rows and times, and all have all figures.
    fn ranks(&self) -> &dyn Collective {
        &Single
    }

    /// There is more than there was.
    ///
    /// # Errors
    /// Whatever keeps it from being kept; [`Error::Stopped`] where that is all there is to be.
    fn found(&self, part: &AuditPart) -> Result<(), Error> {
        let _ = part;
        Ok(())
    }
}

/// A watcher that is told what is measured, and keeps nothing.
pub(super) struct Doing<'a>(pub &'a (dyn Fn(&str) + Sync));

impl Watcher for Doing<'_> {
    fn doing(&self, what: &str) {
        (self.0)(what);
    }
}

/// As [`audit`], going on from what an earlier call with the same arguments has found.
///
/// # Errors
/// As [`audit`]; what the watcher says.
pub fn audit_from<F: Real>(
    score: &dyn Differentiable<F>, points: &Points<'_>, settings: &AuditConfig, seed: u64, workers: &Workers,
    before: AuditPart, watcher: &dyn Watcher,
) -> Result<Audit, Error> {
    if score.dim() != points.dim() {
        return Err(Error::Dimension { what: "data".into(), expected: score.dim(), found: points.dim() });
    }
    let wrong =
        |key: &str, reason: &str| Error::Config { origin: "audit".into(), key: key.into(), reason: reason.into() };
    settings.validate(score.sde().t_min()).map_err(|(key, reason)| wrong(key, &reason))?;
    if points.is_empty() {
        return Err(wrong("points", "there is no held-out row"));
    }
    settings.require(points.dim(), points.levels().is_some())?;
    let context = Context::new(score, points, settings, seed, workers, watcher);
    let registry = registry::<F>();
    let mut part = before;
    at_times(&context, &registry, &mut part)?;
    let once = registry.iter().filter_map(|measurement| match measurement.measure {
        Measure::Once { what, measure } => Some((what, measure)),
        Measure::AtTimes(_) => None,
    });
    for (place, (what, measure)) in once.enumerate().skip(part.once) {
        what.iter().for_each(|what| watcher.doing(what));
        part.figures.extend(measure(&context)?);
        part.once = place + 1;
        watcher.part(part.done(), parts(settings));
        // Pictures of what is most like a training row are in no file: what finds them is done again.
        if !context.has_closest() {
            watcher.found(&part)?;
        }
    }
    let figures = registry
        .iter()
        .flat_map(|measurement| &measurement.figures)
        .map(|&definition| part.figures.get(definition.key).cloned().unwrap_or_else(|| Figure::absent(definition)));
    let figures = figures.collect();
    let columns = points.columns().map(<[String]>::to_vec);
    Ok(Audit { seed, settings: settings.clone(), figures, closest: context.into_closest(), steps: None, columns })
}

/// How many parts an audit has: its times, and the measurements that are made once.
pub(crate) fn parts(settings: &AuditConfig) -> usize {
    let is_once = |measurement: &&Measurement<f32>| matches!(measurement.measure, Measure::Once { .. });
    settings.times.len() + registry().iter().filter(is_once).count()
}

/// All profiles, one time after the other.
fn at_times<F: Real>(context: &Context<'_, F>, registry: &[Measurement<F>], part: &mut AuditPart) -> Result<(), Error> {
    let (watcher, ranks, times) = (context.watcher, context.ranks, &context.settings.times);
    let definitions: Vec<_> = registry.iter().flat_map(|measurement| measurement.figures.iter().copied()).collect();
    while part.times < times.len() {
        // A time for each rank; for the last ones there may be none left.
        let index = part.times + ranks.rank();
        let mine = times.get(index).map_or(Ok(Vec::new()), |&t| at_time(context, registry, index, t));
        let found = spread::times(ranks, &definitions, mine)?;
        for (&t, found) in times[part.times..].iter().zip(found) {
            found.into_iter().for_each(|found| add(&mut part.figures, t, found));
        }
        part.times = times.len().min(part.times + ranks.size());
        watcher.part(part.done(), parts(context.settings));
        watcher.found(part)?;
    }
    Ok(())
}

/// All profiles at one time.
fn at_time<F: Real>(
    context: &Context<'_, F>, registry: &[Measurement<F>], index: usize, t: f64,
) -> Result<Vec<AtOneTime>, Error> {
    context.watcher.doing(&format!("residual and conservativity at t = {t}"));
    let c = context.score.sde().at(t);
    let x = context.rows.diffused::<F>(&c, 0..context.settings.points, index as u64);
    let rows = Rows { c, x: &x, times: &vec![t; x.len() / context.dim()] };
    let mut found = Vec::new();
    for measurement in registry {
        if let Measure::AtTimes(measure) = measurement.measure {
            found.extend(measure(context, &rows)?);
        }
    }
    Ok(found)
}

/// Adds a time to a profile.
fn add(profiles: &mut Figures, t: f64, found: AtOneTime) {
    let AtOneTime { definition, value, points } = found;
    if profiles.get(definition.key).is_none_or(|figure| figure.value.is_none()) {
        profiles.retain(|figure| figure.definition.key != definition.key);
        profiles.extend([Figure::new(definition, Value::Profile(Vec::new()))]);
    }
    let figure = profiles.iter_mut().find(|figure| figure.definition.key == definition.key);
    if let Some(Figure { value: Some(Value::Profile(times)), points: all, .. }) = figure {
        times.push(AtTime::new(t, value));
        if !points.is_empty() {
            all.push(points);
        }
    }
}
