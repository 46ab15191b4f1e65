//! The score FPE ∂ₜs = ∇φ, φ = ½g² div s + ½g²‖s‖² − a x·s − a D, row by row (Lai et al. 2023, arXiv 2210.04296, eq. 6).
//!
//! Two forms of one residual ε = ∂ₜs − ∇φ: the vector, by a reverse pass in x ([`vector`]), and its component along a direction
//! u, by forward parts alone ([`directional`]). Both take div s = Σ_j c v_j·s_{v_j}.

use std::ops::Range;

use fokker_jet::Real;

use crate::score::ScoreTape;
use crate::sde::Coefficients;

/// The directions v_j behind a divergence.
#[derive(Clone, Copy)]
pub(crate) struct Probes<'a, F> {
    /// v_j, `rows × D` each.
    pub vectors: &'a [Vec<F>],
    /// The part of v_0; the others follow.
    pub first: usize,
    /// c.
    pub coefficient: f64,
}

/// The points of a chunk.
#[derive(Clone, Copy)]
pub(crate) struct Points<'a, F> {
    pub dim: usize,
    /// `rows × D`.
    pub x: &'a [F],
    /// The SDE at each row's time.
    pub sde: &'a [Coefficients],
}

impl<F: Real> Points<'_, F> {
    /// Row ranges with the SDE there.
    fn rows(&self) -> impl Iterator<Item = (Range<usize>, &Coefficients)> {
        let dim = self.dim;
        self.sde.iter().enumerate().map(move |(row, c)| (row * dim..(row + 1) * dim, c))
    }
}

pub(crate) fn dot<F: Real>(a: &[F], b: &[F]) -> F {
    a.iter().zip(b).map(|(&a, &b)| a * b).sum()
}

/// ε = ∂ₜs − ∇φ into `out` (`rows × D`). The tape has computed s, the parts of the probes and part `time`, all of them below
/// `parts` but `time`.
pub(crate) fn vector<F: Real>(
    tape: &mut dyn ScoreTape<F>, points: Points<'_, F>, probes: &[Probes<'_, F>], time: usize, parts: usize,
    out: &mut [F],
) {
    let n = points.x.len();
    // ε ← ∂ₜs + a s; the gradient of φ at fixed s is −a s.
    out[..n].copy_from_slice(tape.part(time));
    for (row, c) in points.rows() {
        let a = F::of(c.a);
        for (e, &s) in out[row.clone()].iter_mut().zip(&tape.part(0)[row]) {
            *e += a * s;
        }
    }
    // ∂φ/∂s = g² s − a x, ∂φ/∂s_v = ½ g² c v.
    seed_score(tape, points);
    for probe in probes {
        seed_divergence(tape, points, probe);
    }
    for (e, &p) in out[..n].iter_mut().zip(tape.pull_x(parts)) {
        *e -= p;
    }
}

/// Seeds s with g² s − a x.
fn seed_score<F: Real>(tape: &mut dyn ScoreTape<F>, points: Points<'_, F>) {
    let (s, seed) = tape.part_and_seed(0, 0);
    for (row, c) in points.rows() {
        let (a, g2) = (F::of(c.a), F::of(c.g2));
        for i in row {
            seed[i] = g2 * s[i] - a * points.x[i];
        }
    }
}

/// Seeds the probes' parts so that the sum is ½ g² div s.
pub(crate) fn seed_divergence<F: Real>(tape: &mut dyn ScoreTape<F>, points: Points<'_, F>, probes: &Probes<'_, F>) {
    for (j, v) in probes.vectors.iter().enumerate() {
        let seed = tape.seed(probes.first + j);
        for (row, c) in points.rows() {
            let half = F::of(0.5 * c.g2 * probes.coefficient);
            for i in row {
                seed[i] += half * v[i];
            }
        }
    }
}

/// Where the parts of u·ε are.
#[derive(Clone, Copy)]
pub(crate) struct Directional<'a, F> {
    /// u, `rows × D`.
    pub u: &'a [F],
    /// The part s_u.
    pub along: usize,
    /// The part s_{u v_0}; the others follow.
    pub mixed: usize,
    /// The part ∂ₜs.
    pub time: usize,
}

/// u·ε = u·∂ₜs − ½g² Σ c v_j·s_{u v_j} − g² s·s_u + a (u·s + x·s_u), one number a row, into `out`.
pub(crate) fn directional<F: Real>(
    tape: &dyn ScoreTape<F>, points: Points<'_, F>, d: Directional<'_, F>, probes: &Probes<'_, F>, out: &mut [F],
) {
    let (s, s_u, s_t) = (tape.part(0), tape.part(d.along), tape.part(d.time));
    for ((row, c), r) in points.rows().zip(out.iter_mut()) {
        let (a, g2) = (F::of(c.a), F::of(c.g2));
        let (u, su, x) = (&d.u[row.clone()], &s_u[row.clone()], &points.x[row.clone()]);
        let mut mixed = F::ZERO;
        for (j, v) in probes.vectors.iter().enumerate() {
            mixed += dot(&v[row.clone()], &tape.part(d.mixed + j)[row.clone()]);
        }
        let half = F::of(0.5 * c.g2 * probes.coefficient);
        let here = &s[row.clone()];
        *r = dot(u, &s_t[row]) - half * mixed - g2 * dot(here, su) + a * (dot(u, here) + dot(x, su));
    }
}

/// Adds κ (of the row) times the gradient of u·ε with respect to s and ∂ₜs to the seeds; u, v and x are held constant.
pub(crate) fn seed_directional<F: Real>(
    tape: &mut dyn ScoreTape<F>, points: Points<'_, F>, d: Directional<'_, F>, kappa: impl Fn(usize) -> F,
) {
    let (s_u, seed) = tape.part_and_seed(d.along, 0);
    for (r, (row, c)) in points.rows().enumerate() {
        let (ka, kg2) = (kappa(r) * F::of(c.a), kappa(r) * F::of(c.g2));
        for i in row {
            seed[i] += ka * d.u[i] - kg2 * s_u[i];
        }
    }
    let seed = tape.seed(d.time);
    for (r, (row, _)) in points.rows().enumerate() {
        let k = kappa(r);
        for i in row {
            seed[i] += k * d.u[i];
        }
    }
}

/// The same with respect to s_u and s_{u v_j}: −κ times the gradient of φ with respect to s and s_{v_j}.
pub(crate) fn seed_along<F: Real>(
    tape: &mut dyn ScoreTape<F>, points: Points<'_, F>, d: Directional<'_, F>, probes: &Probes<'_, F>,
    kappa: impl Fn(usize) -> F,
) {
    let (s, seed) = tape.part_and_seed(0, d.along);
    for (r, (row, c)) in points.rows().enumerate() {
        let (ka, kg2) = (kappa(r) * F::of(c.a), kappa(r) * F::of(c.g2));
        for i in row {
            seed[i] += ka * points.x[i] - kg2 * s[i];
        }
    }
    for (j, v) in probes.vectors.iter().enumerate() {
        let seed = tape.seed(d.mixed + j);
        for (r, (row, c)) in points.rows().enumerate() {
            let half = kappa(r) * F::of(0.5 * c.g2 * probes.coefficient);
            for i in row {
                seed[i] -= half * v[i];
            }
        }
    }
}

/// φ, one number a row, into `out`: φ = ½g² Σ c v_j·s_{v_j} + ½g²‖s‖² − a x·s − a D.
pub(crate) fn log_density_rate<F: Real>(
    tape: &dyn ScoreTape<F>, points: Points<'_, F>, probes: &Probes<'_, F>, out: &mut [F],
) {
    let s = tape.part(0);
    #[allow(clippy::cast_precision_loss)]
    let dim = F::of(points.dim as f64);
    for ((row, c), phi) in points.rows().zip(out.iter_mut()) {
        let mut divergence = F::ZERO;
        for (j, v) in probes.vectors.iter().enumerate() {
            divergence += dot(&v[row.clone()], &tape.part(probes.first + j)[row.clone()]);
        }
        let here = &s[row.clone()];
        let half = F::of(0.5 * c.g2);
        *phi = half * F::of(probes.coefficient) * divergence + half * dot(here, here)
            - F::of(c.a) * (dot(&points.x[row], here) + dim);
    }
}

/// Adds κ times the gradient of φ with respect to the score's parts to the seeds.
pub(crate) fn seed_log_density_rate<F: Real>(
    tape: &mut dyn ScoreTape<F>, points: Points<'_, F>, probes: &Probes<'_, F>, kappa: &[F],
) {
    let (s, seed) = tape.part_and_seed(0, 0);
    for ((row, c), &k) in points.rows().zip(kappa) {
        let (ka, kg2) = (k * F::of(c.a), k * F::of(c.g2));
        for i in row {
            seed[i] += kg2 * s[i] - ka * points.x[i];
        }
    }
    for (j, v) in probes.vectors.iter().enumerate() {
        let seed = tape.seed(probes.first + j);
        for ((row, c), &k) in points.rows().zip(kappa) {
            let half = k * F::of(0.5 * c.g2 * probes.coefficient);
            for i in row {
                seed[i] += half * v[i];
            }
        }
    }
}
