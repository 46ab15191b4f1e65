//! A pass over part of a batch: the shape of its tapes, a workspace for each lane, and the memory that they take.

use std::sync::{Mutex, PoisonError};

use fokker_jet::panel::{MOST_THREADS, Panel, Plan, Workers};
use fokker_jet::{JetError, Real, Tape};

use super::draw::{self, PanelRows, Probing};
use crate::score::Directions;
use crate::score::network::ScoreModel;
use crate::sde::Coefficients;

/// Bytes of a panel's values that stay in a core's second-level cache (1 to 2 MiB on present servers) beside the weights.
const CACHE: usize = 3 << 19;

/// More parts than a term has with one probe, and so many times the memory that a pass takes without derivatives.
const MANY: usize = 8;

/// What a lane works with.
#[derive(Debug)]
pub(super) struct Lane<F> {
    pub panel: Panel<F>,
    pub rows: PanelRows<F>,
    pub probing: Probing<F>,
    pub row: Vec<f32>,
    pub sums: Sums,
}

/// Sums over rows of J_DSM and of the pass's own term.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    pub dsm: f64,
    pub term: f64,
}

/// A pass before any memory is taken for it.
#[derive(Debug)]
pub(super) struct Draft {
    directions: Directions,
    plan: Plan,
    dim: usize,
    /// Rows of a panel, and the fewest that there could be.
    rows: usize,
    block: usize,
    lanes: usize,
}

impl Draft {
    /// Panels of equal size for all lanes, of as many rows as the cache holds, but no fewer than the config says and no more than
    /// there are for a lane; whole groups of `copies`.
    pub fn new<F: Real>(
        model: &ScoreModel, directions: Directions, workers: &Workers, batch: usize, copies: usize,
    ) -> Result<Self, JetError> {
        let plan = model.training_plan(&directions)?;
        let block = draw::block(model.dim(), copies);
        let of_row = plan.numbers_per_row().saturating_mul(size_of::<F>());
        let fit = (CACHE / of_row.max(1)).max(workers.panel_rows());
        let of_lane = batch.div_ceil(workers.lanes());
        let rows = of_lane.div_ceil(of_lane.div_ceil(fit).max(1)).div_ceil(block).max(1) * block;
        Ok(Self { directions, plan, dim: model.dim(), rows, block, lanes: workers.lanes() })
    }

    /// Bytes that all lanes take.
    pub fn bytes<F: Real>(&self) -> u64 {
        self.lane_bytes::<F>(self.rows).saturating_mul(self.lanes as u64)
    }

    /// Bytes that a lane takes with panels of so many rows.
    fn lane_bytes<F: Real>(&self, rows: usize) -> u64 {
        // x and z, u and the probes, two residuals.
        let vectors = 5 + self.directions.kinds().len();
        let of_row = (self.dim as u64)
            .saturating_mul((vectors * size_of::<F>()) as u64)
            .saturating_add((size_of::<Coefficients>() + size_of::<f64>()) as u64);
        let gradient = (self.plan.graph().parameter_count() as u64).saturating_mul(size_of::<F>() as u64);
        let own = of_row.saturating_mul(rows as u64);
        self.plan.workspace_bytes::<F>(rows).saturating_add(own).saturating_add(gradient)
    }

    /// The key to change if all is more than `most` bytes, this pass being the largest: `probes` is that of its divergence, if it has one,
    /// and `plain` the pass without derivatives.
    pub fn culprit<'a, F: Real>(&self, probes: Option<&'a str>, plain: &Self, most: u64) -> &'a str {
        let lanes = self.lanes as u64;
        let many_times = |bytes: u64| self.bytes::<F>() / MANY as u64 > bytes.saturating_mul(lanes);
        match probes {
            Some(probes) if self.directions.parts() > MANY && many_times(plain.lane_bytes::<F>(self.rows)) => probes,
            _ if self.rows > self.block && self.lane_bytes::<F>(self.block).saturating_mul(lanes) <= most => {
                "train.panel_rows"
            }
            _ if self.lanes > 1 && self.lane_bytes::<F>(self.rows) <= most => "train.threads",
            _ => "network.width",
        }
    }

    /// Takes the memory.
    pub fn pass<F: Real>(self) -> Pass<F> {
        let Self { directions, plan, dim, rows, lanes, .. } = self;
        let lane = || Lane {
            panel: Panel::new(&plan, rows),
            rows: PanelRows { dim, ..PanelRows::default() },
            probing: Probing::default(),
            row: vec![0.0; dim],
            sums: Sums::default(),
        };
        Pass { directions, rows, lanes: (0..lanes).map(|_| Mutex::new(lane())).collect() }
    }
}

/// A tape shape and a workspace for each lane.
#[derive(Debug)]
pub(super) struct Pass<F> {
    pub directions: Directions,
    /// Rows of a panel.
    pub rows: usize,
    pub lanes: Vec<Mutex<Lane<F>>>,
}

impl<F: Real> Pass<F> {
    pub fn clear(&mut self) {
        for lane in &mut self.lanes {
            let lane = unlocked(lane);
            lane.panel.clear_gradient();
            lane.sums = Sums::default();
        }
    }

    /// The lanes' sums, in order.
    pub fn sums(&mut self) -> Sums {
        self.lanes
            .iter_mut()
            .map(unlocked)
            .fold(Sums::default(), |all, lane| Sums { dsm: all.dsm + lane.sums.dsm, term: all.term + lane.sums.term })
    }

    /// Adds the lanes' gradients, in order; replaces what is there if `fresh`.
    pub fn add_gradient(&mut self, workers: &Workers, gradient: &mut [F], fresh: bool) {
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
