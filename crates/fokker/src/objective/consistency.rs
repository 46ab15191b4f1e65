//! R_C: the denoiser's consistency along its own path, without a derivative.
//!
//! Along the reverse SDE the denoiser h(x, t) = E[x₀ | x] is a martingale, E[h(x′, t′) | x] = h(x, t) for t′ < t; Daras et al. (2023,
//! arXiv 2302.09057, eq. 8) penalise the squared difference with x′ drawn by the model itself, which is the Fokker–Planck equation again
//! (Lai et al. 2023, arXiv 2306.00367). x′ is here from the Gaussian of x_t′ given x and x₀ = h(x, t), whose mean is right for any step
//! and whose variance lacks what x₀ varies by, of second order in t − t′. Three x′ of a point give the square of the mean without
//! bias: ‖E D‖² by the mean of ⟨Dᵢ, Dⱼ⟩, i ≠ j.

use std::borrow::BorrowMut;

use fokker_jet::Real;
use serde::{Deserialize, Serialize};

use super::draw::{ChunkRows, Draw};
use super::fault::{Fault, check, one, share, whole};
use super::term::{Chunk, Needs, Share, Term, TermName};
use super::time_weight::TimeWeight;
use crate::Error;
use crate::rows::{Host, Rows};
use crate::score::{Directions, RowTape};
use crate::sde::Sde;

pub(super) const NAME: TermName =
    TermName { key: "consistency", label: "consistency term", symbol: "R_C", weight: Some("κ") };

/// A point and its three x′.
pub(super) const GROUP: usize = 4;

/// 6 ‖E D‖² as a quadratic form in h(x), h(x′₁), h(x′₂), h(x′₃): the sum of ⟨Dᵢ, Dⱼ⟩ over i ≠ j, Dᵢ = h(x′ᵢ) − h(x).
const FORM: [[f64; GROUP]; GROUP] =
    [[6.0, -2.0, -2.0, -2.0], [-2.0, 0.0, 1.0, 1.0], [-2.0, 1.0, 0.0, 1.0], [-2.0, 1.0, 1.0, 0.0]];

/// The consistency term κ R_C, R_C = E w(t) (m/σ)² ‖E[h(x′, t′) | x] − h(x, t)‖²: `[loss.consistency]` (Daras et al. 2023, arXiv
/// 2302.09057). For score networks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsistencyConfig {
    /// κ. At 0 the term is left out altogether.
    pub weight: f64,
    /// w(t); m/σ makes an error of h one of the noise, which has no unit.
    #[serde(default = "TimeWeight::constant")]
    pub time_weight: TimeWeight,
    /// (t − t′)/t, unless t′ would be below the SDE's `t_min`.
    #[serde(default = "tenth")]
    pub step: f64,
    /// Applies the term on every k-th step only, with k-fold weight.
    #[serde(default = "one")]
    pub every: u64,
    /// Applies the term to this fraction of the batch; of four rows one is a point x, three are its x′.
    #[serde(default = "whole")]
    pub batch_fraction: f64,
}

fn tenth() -> f64 {
    0.1
}

impl ConsistencyConfig {
    /// The key and the reason, if a number is out of its range.
    pub(super) fn validate(&self) -> Result<(), Fault> {
        share("loss.consistency", self.weight, self.every, self.batch_fraction)?;
        check(self.step > 0.0 && self.step <= 1.0, "loss.consistency.step", "must be in (0, 1]")
    }
}

/// The steps from each group's first point: x′ = r σ′²/σ² x + m′ (1 − r² σ′²/σ²) h + σ′ √(1 − r² σ′²/σ²) z with r = m/m′, h = (x + σ² s)/m and
/// the row's own noise z; `s` is the score at the points that were drawn.
pub(super) fn follow<F: Real>(sde: &Sde, rows: &mut ChunkRows<Host<F>>, s: &[F], step: f64) {
    let size = GROUP * rows.dim;
    let groups = rows.x.chunks_exact_mut(size).zip(rows.z.chunks_exact(size)).zip(s.chunks_exact(size));
    for (((x, z), s), of_group) in groups.zip(rows.sde.chunks_exact_mut(GROUP)) {
        let from = of_group[0];
        let to = sde.at((from.t * (1.0 - step)).max(sde.t_min()));
        let (r, ratio) = (from.m / to.m, (to.sigma / from.sigma).powi(2));
        let rest = (1.0 - r * r * ratio).max(0.0);
        let of_h = to.m * rest;
        let of_s = of_h * from.sigma * from.sigma / from.m;
        let [of_x, of_s, of_z] = [r * ratio + of_h / from.m, of_s, to.sigma * rest.sqrt()].map(F::of);
        let (first, others) = x.split_at_mut(rows.dim);
        for (x, z) in others.chunks_exact_mut(rows.dim).zip(z[rows.dim..].chunks_exact(rows.dim)) {
            for (((x, &from), &s), &z) in x.iter_mut().zip(&*first).zip(s).zip(z) {
                *x = of_x * from + of_s * s + of_z * z;
            }
        }
        of_group[1..].fill(to);
    }
}

impl<R: Rows> Term<R> for ConsistencyConfig {
    fn name(&self) -> &'static TermName {
        &NAME
    }

    fn share(&self) -> Share {
        let Self { weight, every, batch_fraction, .. } = *self;
        Share { weight, begin: 0, warmup: 0, every, fraction: batch_fraction, unit: GROUP }
    }

    fn needs(&self, _: usize) -> Result<Needs, Error> {
        let draw = Draw::Path { step: self.step };
        Ok(Needs { draw, stream: "consistency-rows", probes: None, first: 1, directions: Directions::new(&[]) })
    }

    fn value(&self, tape: &mut dyn RowTape<R>, chunk: &mut Chunk<'_, R>, scale: f64) -> R::Sum {
        let (rows, points) = (chunk.rows, chunk.points());
        let [h, q] = &mut *chunk.held;
        let (h, q): (&mut R::Array, &mut R::Array) = (h.borrow_mut(), q.borrow_mut());
        let (s, seed) = tape.part_and_seed(0, 0);
        // h = (x + σ² s)/m (Tweedie).
        points.each(|at| {
            let (x, of_s) = (points.number(at, |c| 1.0 / c.m), points.number(at, |c| c.sigma * c.sigma / c.m));
            R::combine(at, h, [(x, points.x), (of_s, s)]);
        });
        R::mix(q, h, points.dim, &FORM);
        let mut sum = R::none(points.x);
        points.each(|at| {
            // The group's, of which there are so many for each row of a mean.
            let weight = R::wide(at, |row| {
                let first = row - row % GROUP;
                let c = &rows.sde[first];
                #[allow(clippy::cast_precision_loss)]
                let share = GROUP as f64 / 6.0;
                share * self.time_weight.at(c) * (c.m / c.sigma).powi(2) * rows.weight[first]
            });
            R::sum(&mut sum, weight.clone() * R::widen(R::dot(at, h, q)));
            let slope = R::wide(at, |row| 2.0 * scale * rows.sde[row].sigma.powi(2) / rows.sde[row].m);
            R::accumulate(at, seed, [(R::narrow(slope * weight), &*q)]);
        });
        sum
    }
}
