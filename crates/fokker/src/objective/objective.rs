//! J = J_DSM + α R_vec + β R_scalar and its gradient, over a batch, in parallel.

use std::ops::Range;
use std::sync::Arc;

use fokker_jet::Real;
use fokker_jet::cpu::{Parameters, Workers};

use super::draw::Draw;
use super::pass::{Draft, Pass, Shard, Sums};
use super::{
    Estimator, FpConfig, LossConfig, PointSource, ScalarConfig, ScalarForm, TimeSampler, cost, dsm, scalar, sliced,
    vector,
};
use crate::Error;
use crate::data::Data;
use crate::memory::{self, Held};
use crate::rng::Streams;
use crate::score::network::{NetworkTape, ScoreModel};
use crate::score::{Directions, ScoreTape};

/// The terms of the objective at one step, before α and β.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LossTerms {
    /// J_DSM.
    pub dsm: f64,
    /// R_vec, on the steps that have it.
    pub fp: Option<f64>,
    /// R_scalar, if the objective has it.
    pub scalar: Option<f64>,
}

/// Which draw of the random streams to take, and whether the score-FPE term is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step(pub u64);

/// The training objective for one model, with the workspaces to evaluate it.
#[derive(Debug)]
pub struct Objective<F> {
    model: ScoreModel,
    data: Arc<Data>,
    config: LossConfig,
    batch: usize,
    streams: Streams,
    sampler: TimeSampler,
    workers: Arc<Workers>,
    dsm: Pass<F>,
    fp: Option<Pass<F>>,
    scalar: Option<Pass<F>>,
    _held: Held,
}

/// Holds the memory of all passes, each with the key of its divergence; an error names what makes the largest of them large.
fn hold<F: Real>(dsm: &Draft, others: [Option<(&Draft, String)>; 2]) -> Result<Held, Error> {
    let passes = || others.iter().flatten().map(|(draft, _)| *draft).chain([dsm]);
    let total = passes().map(Draft::bytes::<F>).fold(0, u64::saturating_add);
    let left = memory::budget().saturating_sub(memory::held());
    let largest = others.iter().flatten().max_by_key(|(draft, _)| draft.bytes::<F>());
    let key = match largest {
        Some((draft, probes)) => draft.culprit::<F>(Some(probes.as_str()), dsm, left),
        None => dsm.culprit::<F>(None, dsm, left),
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
        let mut config = config.clone();
        config.fp = config.fp.filter(|fp| fp.weight != 0.0);
        config.scalar = config.scalar.filter(|scalar| scalar.weight != 0.0);
        let dim = model.dim();
        let draft = |directions, copies| Draft::new::<F>(model, directions, workers, batch, copies);
        let dsm = draft(Directions::new(&[]), 1)?;
        let fp = config.fp.as_ref().map(|fp| match fp.estimator {
            Estimator::Vector => vector::directions(fp, dim),
            Estimator::Sliced => sliced::directions(fp, dim),
        });
        let fp = fp.transpose()?.map(|directions| draft(directions, 1)).transpose()?;
        let scalar = config.scalar.as_ref().map(|scalar| scalar::directions(scalar, dim));
        let scalar = scalar.transpose()?.map(|directions| draft(directions, 2)).transpose()?;
        let held = hold::<F>(
            &dsm,
            [
                fp.as_ref().zip(config.fp.as_ref().map(|fp| cost::key(fp.divergence, "loss.fp"))),
                scalar.as_ref().zip(config.scalar.as_ref().map(|scalar| cost::key(scalar.divergence, "loss.scalar"))),
            ],
        )?;
        Ok(Self {
            dsm: dsm.pass(),
            fp: fp.map(Draft::pass),
            scalar: scalar.map(Draft::pass),
            _held: held,
            sampler: TimeSampler::new(model.sde(), config.time_sampling),
            model: model.clone(),
            data: Arc::clone(data),
            config,
            batch,
            streams: Streams::new(seed),
            workers: Arc::clone(workers),
        })
    }

    /// The objective's terms and its gradient (into `gradient`) at these parameters, on the draws of this step.
    pub fn evaluate(&mut self, step: Step, parameters: &Parameters<F>, gradient: &mut [F]) -> LossTerms {
        let Self { model, data, config, batch, streams, sampler, workers, dsm, fp, scalar, .. } = self;
        let call = Call { model, data, config, batch: *batch, streams, sampler, workers, step, parameters };
        let mut terms = LossTerms { dsm: 0.0, fp: None, scalar: None };
        let mut fresh = true;
        let mut add = |pass: &mut Pass<F>| {
            pass.add_gradient(workers, gradient, fresh);
            fresh = false;
        };
        let mut plain = 0..call.batch;
        if let (Some(config), Some(pass)) = (&call.config.fp, fp)
            && step.0.is_multiple_of(config.every.max(1))
        {
            let rows = fraction(call.batch, config.batch_fraction, 1);
            let sums = call.fp_pass(config, pass, rows);
            add(pass);
            terms.fp = Some(sums.term / count(rows));
            if config.points == PointSource::Perturbed {
                terms.dsm += sums.dsm;
                plain.start = rows;
            }
        }
        if !plain.is_empty() {
            terms.dsm += call.dsm_pass(dsm, plain).dsm;
            add(dsm);
        }
        terms.dsm /= count(call.batch);
        if let (Some(config), Some(pass)) = (&call.config.scalar, scalar) {
            let rows = fraction(call.batch, config.batch_fraction, 2);
            terms.scalar = Some(call.scalar_pass(config, pass, rows).term / count(rows));
            add(pass);
        }
        terms
    }
}

/// One evaluation of the objective.
#[derive(Clone, Copy)]
pub(super) struct Call<'a, F> {
    pub model: &'a ScoreModel,
    pub data: &'a Data,
    config: &'a LossConfig,
    batch: usize,
    pub streams: &'a Streams,
    pub sampler: &'a TimeSampler,
    workers: &'a Workers,
    pub step: Step,
    parameters: &'a Parameters<F>,
}

impl<F: Real> Call<'_, F> {
    fn dsm_pass(&self, pass: &mut Pass<F>, rows: Range<usize>) -> Sums {
        pass.clear();
        let name = if rows.start == 0 { "rows" } else { "rows-rest" };
        self.workers.run(pass.rows, rows.len(), &pass.shards, |shard, _, range| {
            self.draw(shard, &range, Draw::Perturbed { copies: 1 }, name);
            let Shard { chunk, rows, sums, .. } = shard;
            let mut tape = NetworkTape::new(self.model, &pass.directions, self.parameters, chunk);
            tape.begin(&rows.x, &rows.sde);
            self.draw_masks(&mut tape, &range, name);
            tape.forward(0..1);
            sums.dsm += dsm::term(&mut tape, rows, self.config.weighting, 1.0 / count(self.batch));
            tape.pull_parameters(1);
        });
        pass.sums()
    }

    /// Sums of J_DSM (if the points are shared) and of R_vec.
    fn fp_pass(&self, config: &FpConfig, pass: &mut Pass<F>, rows: usize) -> Sums {
        pass.clear();
        #[allow(clippy::cast_precision_loss)]
        let scale = config.weight * config.every.max(1) as f64 / count(rows);
        let parts = pass.directions.parts();
        let (draw, name) = match config.points {
            PointSource::Perturbed => (Draw::Perturbed { copies: 1 }, "rows"),
            PointSource::Data => (Draw::Data, "fp-rows"),
            PointSource::Uniform => (Draw::Uniform, "fp-rows"),
        };
        let sets = if config.unbiased { 2 } else { 1 };
        let slices = config.estimator == Estimator::Sliced;
        self.workers.run(pass.rows, rows, &pass.shards, |shard, _, range| {
            self.draw(shard, &range, draw, name);
            self.draw_probes(shard, &range, config.divergence, sets, slices, "fp-probes");
            let Shard { chunk, rows, probing, sums, .. } = shard;
            let mut tape = NetworkTape::new(self.model, &pass.directions, self.parameters, chunk);
            tape.begin(&rows.x, &rows.sde);
            self.draw_masks(&mut tape, &range, name);
            sums.term += match config.estimator {
                Estimator::Vector => {
                    for (j, v) in probing.v.iter().enumerate() {
                        tape.direction(j).copy_from_slice(v);
                    }
                    tape.forward(0..vector::first_pass(probing.v.len()));
                    tape.record();
                    vector::term(&mut tape, rows, config, probing, scale)
                }
                Estimator::Sliced => {
                    tape.direction(0).copy_from_slice(&probing.u);
                    for (j, v) in probing.v.iter().enumerate() {
                        tape.direction(1 + j).copy_from_slice(v);
                    }
                    tape.forward(0..parts);
                    sliced::term(&mut tape, rows, config, probing, scale)
                }
            };
            if config.points == PointSource::Perturbed {
                sums.dsm += dsm::term(&mut tape, rows, self.config.weighting, 1.0 / count(self.batch));
            }
            tape.pull_parameters(parts);
        });
        pass.sums()
    }

    fn scalar_pass(&self, config: &ScalarConfig, pass: &mut Pass<F>, rows: usize) -> Sums {
        pass.clear();
        let scale = config.weight / count(rows);
        let parts = pass.directions.parts();
        let copies = if config.form == ScalarForm::Product { 2 } else { 1 };
        self.workers.run(pass.rows, rows, &pass.shards, |shard, _, range| {
            self.draw(shard, &range, Draw::Perturbed { copies }, "scalar-rows");
            self.draw_probes(shard, &range, config.divergence, 1, false, "scalar-probes");
            let Shard { chunk, rows, probing, sums, .. } = shard;
            let mut tape = NetworkTape::new(self.model, &pass.directions, self.parameters, chunk);
            tape.begin(&rows.x, &rows.sde);
            self.draw_masks(&mut tape, &range, "scalar-rows");
            for (j, v) in probing.v.iter().enumerate() {
                tape.direction(j).copy_from_slice(v);
            }
            tape.forward(0..parts);
            sums.term += scalar::term(&mut tape, rows, config, probing, scale);
            tape.pull_parameters(parts);
        });
        pass.sums()
    }
}

#[allow(clippy::cast_precision_loss)]
fn count(rows: usize) -> f64 {
    rows as f64
}

/// At least `unit` rows, a multiple of `unit`.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn fraction(batch: usize, fraction: f64, unit: usize) -> usize {
    let rows = (batch as f64 * fraction).ceil() as usize;
    rows.min(batch).div_ceil(unit).max(1) * unit
}
