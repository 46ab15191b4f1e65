//! J = J_DSM + α R_vec + β R_scalar and its gradient, over a batch, in parallel.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use fokker_jet::panel::{MOST_THREADS, Panel, Workers};
use fokker_jet::{JetError, Parameters, Real, Tape};

use super::draw::{self, Draw, PanelRows, Probing};
use super::{
    Estimator, FpConfig, LossConfig, PointSource, ScalarConfig, ScalarForm, TimeSampler, dsm, scalar, sliced, vector,
};
use crate::data::Data;
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

/// Bytes of a panel's values that stay in a core's second-level cache (1 to 2 MiB on present servers) beside the weights.
const CACHE: usize = 3 << 19;

#[derive(Debug)]
pub(super) struct Lane<F> {
    panel: Panel<F>,
    pub rows: PanelRows<F>,
    pub probing: Probing<F>,
    pub row: Vec<f32>,
    sums: Sums,
}

/// Sums over rows of J_DSM and of the pass's own term.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    dsm: f64,
    term: f64,
}

/// A tape shape and a workspace for each lane.
#[derive(Debug)]
struct Pass<F> {
    directions: Directions,
    /// Rows of a panel.
    rows: usize,
    lanes: Vec<Mutex<Lane<F>>>,
}

impl<F: Real> Pass<F> {
    /// Panels of equal size for all lanes, of as many rows as the cache holds, but no fewer than the config says and no more than
    /// there are for a lane; whole groups of `copies`.
    fn new(
        model: &ScoreModel, directions: Directions, workers: &Workers, batch: usize, copies: usize,
    ) -> Result<Self, JetError> {
        let plan = model.training_plan(&directions)?;
        let block = draw::block(model.dim(), copies);
        let fit = (CACHE / (plan.numbers_per_row() * size_of::<F>()).max(1)).max(workers.panel_rows());
        let of_lane = batch.div_ceil(workers.lanes());
        let rows = of_lane.div_ceil(of_lane.div_ceil(fit).max(1)).div_ceil(block).max(1) * block;
        let lane = || Lane {
            panel: Panel::new(&plan, rows),
            rows: PanelRows { dim: model.dim(), ..PanelRows::default() },
            probing: Probing::default(),
            row: vec![0.0; model.dim()],
            sums: Sums::default(),
        };
        Ok(Self { directions, rows, lanes: (0..workers.lanes()).map(|_| Mutex::new(lane())).collect() })
    }

    fn clear(&mut self) {
        for lane in &mut self.lanes {
            let lane = unlocked(lane);
            lane.panel.clear_gradient();
            lane.sums = Sums::default();
        }
    }

    /// The lanes' sums, in order.
    fn sums(&mut self) -> Sums {
        self.lanes
            .iter_mut()
            .map(unlocked)
            .fold(Sums::default(), |all, lane| Sums { dsm: all.dsm + lane.sums.dsm, term: all.term + lane.sums.term })
    }

    /// Adds the lanes' gradients, in order; replaces what is there if `fresh`.
    fn add_gradient(&mut self, workers: &Workers, gradient: &mut [F], fresh: bool) {
        let (mut of_lanes, lanes) = ([&[][..]; MOST_THREADS], self.lanes.len());
        for (of_lane, lane) in of_lanes.iter_mut().zip(&mut self.lanes) {
            *of_lane = unlocked(lane).panel.parameter_gradient();
        }
        let of_lanes = &of_lanes[..lanes.min(MOST_THREADS)];
        workers.for_each_chunk([gradient], |start, [gradient]| {
            let end = start + gradient.len();
            for (i, of_lane) in of_lanes.iter().enumerate() {
                if fresh && i == 0 {
                    gradient.copy_from_slice(&of_lane[start..end]);
                } else {
                    gradient.iter_mut().zip(&of_lane[start..end]).for_each(|(g, &l)| *g += l);
                }
            }
        });
    }
}

fn unlocked<T>(lane: &mut Mutex<T>) -> &mut T {
    lane.get_mut().unwrap_or_else(PoisonError::into_inner)
}

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
}

impl<F: Real> Objective<F> {
    /// The objective for batches of `batch` rows drawn from `data`. Terms of weight 0 are left out, draws included.
    ///
    /// # Errors
    /// If the model cannot carry the jets that the terms need.
    pub fn new(
        model: &ScoreModel, data: &Arc<Data>, config: &LossConfig, batch: usize, seed: u64, workers: &Arc<Workers>,
    ) -> Result<Self, JetError> {
        let mut config = config.clone();
        config.fp = config.fp.filter(|fp| fp.weight != 0.0);
        config.scalar = config.scalar.filter(|scalar| scalar.weight != 0.0);
        let pass = |directions| Pass::new(model, directions, workers, batch, 1);
        let fp = match &config.fp {
            Some(fp) => Some(pass(match fp.estimator {
                Estimator::Vector => vector::directions(fp, model.dim())?,
                Estimator::Sliced => sliced::directions(fp, model.dim())?,
            })?),
            None => None,
        };
        let pairs = |s| Pass::new(model, scalar::directions(s, model.dim()), workers, batch, 2);
        let scalar = config.scalar.as_ref().map(pairs).transpose()?;
        Ok(Self {
            dsm: pass(Directions::new(&[]))?,
            fp,
            scalar,
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
        let Self { model, data, config, batch, streams, sampler, workers, dsm, fp, scalar } = self;
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
        self.workers.run(pass.rows, rows.len(), &pass.lanes, |lane, _, range| {
            self.draw(lane, &range, Draw::Perturbed { copies: 1 }, name);
            let Lane { panel, rows, sums, .. } = lane;
            let mut tape = NetworkTape::new(self.model, &pass.directions, self.parameters, panel);
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
        self.workers.run(pass.rows, rows, &pass.lanes, |lane, _, range| {
            self.draw(lane, &range, draw, name);
            self.draw_probes(lane, &range, config.divergence, sets, slices, "fp-probes");
            let Lane { panel, rows, probing, sums, .. } = lane;
            let mut tape = NetworkTape::new(self.model, &pass.directions, self.parameters, panel);
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
        self.workers.run(pass.rows, rows, &pass.lanes, |lane, _, range| {
            self.draw(lane, &range, Draw::Perturbed { copies }, "scalar-rows");
            self.draw_probes(lane, &range, config.divergence, 1, false, "scalar-probes");
            let Lane { panel, rows, probing, sums, .. } = lane;
            let mut tape = NetworkTape::new(self.model, &pass.directions, self.parameters, panel);
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
