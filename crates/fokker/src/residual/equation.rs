//! The score FPE ∂ₜs = ∇φ, φ = ½g² div s + ½g²‖s‖² − a x·s − a D, row by row (Lai et al. 2023, arXiv 2210.04296, eq. 6).
//!
//! Two forms of one residual ε = ∂ₜs − ∇φ: the vector, by a reverse pass in x ([`vector`]), and its component along a direction
//! u, by forward parts alone ([`directional`]). Both take div s = Σ_j c v_j·s_{v_j}.

use std::borrow::Borrow;

use crate::rows::Rows;
use crate::score::RowTape;
use crate::sde::Coefficients;

/// The directions v_j behind a divergence.
pub(crate) struct Probes<'a, R: Rows> {
    /// v_j, `rows × D` each.
    pub vectors: &'a [R::Owned],
    /// The part of v_0; the others follow.
    pub first: usize,
    /// c.
    pub coefficient: f64,
}

/// Some points and their times.
pub(crate) struct Points<'a, R: Rows> {
    pub dim: usize,
    /// `rows × D`.
    pub x: &'a R::Array,
    /// The SDE at each row's time.
    pub sde: &'a [Coefficients],
}

impl<R: Rows> Copy for Points<'_, R> {}
impl<R: Rows> Clone for Points<'_, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R: Rows> Points<'_, R> {
    /// Calls `f` for every row.
    pub fn each(&self, f: impl FnMut(&R::At)) {
        R::each(self.x, self.dim, f);
    }

    /// A number that depends on a row's time alone.
    pub fn number(&self, at: &R::At, of: impl Fn(&Coefficients) -> f64) -> R::Scalar {
        R::number(at, |row| of(&self.sde[row]))
    }
}

/// ε = ∂ₜs − ∇φ into `out` (`rows × D`). The tape has computed s, the parts of the probes and part `time`, all of them below
/// `parts` but `time`.
pub(crate) fn vector<R: Rows, T: RowTape<R> + ?Sized>(
    tape: &mut T, points: Points<'_, R>, probes: &[Probes<'_, R>], time: usize, parts: usize, out: &mut R::Array,
) {
    // ε ← ∂ₜs + a s; the gradient of φ at fixed s is −a s.
    points.each(|at| {
        let (one, a) = (R::constant(at, 1.0), points.number(at, |c| c.a));
        R::combine(at, out, [(one, tape.part(time)), (a, tape.part(0))]);
    });
    // ∂φ/∂s = g² s − a x, ∂φ/∂s_v = ½ g² c v.
    let (s, seed) = tape.part_and_seed(0, 0);
    points.each(|at| {
        let (a, g2) = (points.number(at, |c| c.a), points.number(at, |c| c.g2));
        R::combine(at, seed, [(g2, s), (-a, points.x)]);
    });
    for probe in probes {
        seed_divergence(tape, points, probe);
    }
    subtract(points, out, tape.pull_x(parts));
}

/// ε ← ε − p.
pub(crate) fn subtract<R: Rows>(points: Points<'_, R>, out: &mut R::Array, p: &R::Array) {
    points.each(|at| R::accumulate(at, out, [(R::constant(at, -1.0), p)]));
}

/// Seeds the probes' parts so that the sum is ½ g² div s.
pub(crate) fn seed_divergence<R: Rows, T: RowTape<R> + ?Sized>(
    tape: &mut T, points: Points<'_, R>, probes: &Probes<'_, R>,
) {
    for (j, v) in probes.vectors.iter().enumerate() {
        let seed = tape.seed(probes.first + j);
        points.each(|at| {
            let half = points.number(at, |c| 0.5 * c.g2 * probes.coefficient);
            R::accumulate(at, seed, [(half, v.borrow())]);
        });
    }
}

/// Where the parts of u·ε are.
pub(crate) struct Directional<'a, R: Rows> {
    /// u, `rows × D`.
    pub u: &'a R::Array,
    /// The part s_u.
    pub along: usize,
    /// The part s_{u v_0}; the others follow.
    pub mixed: usize,
    /// The part ∂ₜs.
    pub time: usize,
}

impl<R: Rows> Copy for Directional<'_, R> {}
impl<R: Rows> Clone for Directional<'_, R> {
    fn clone(&self) -> Self {
        *self
    }
}

/// Σ v_j · (part first + j).
fn sum_of_dots<R: Rows, T: RowTape<R> + ?Sized>(tape: &T, at: &R::At, vectors: &[R::Owned], first: usize) -> R::Scalar {
    let dots = vectors.iter().enumerate().map(|(j, v)| R::dot(at, v.borrow(), tape.part(first + j)));
    dots.fold(R::constant(at, 0.0), |sum, dot| sum + dot)
}

/// u·ε = u·∂ₜs − ½g² Σ c v_j·s_{u v_j} − g² s·s_u + a (u·s + x·s_u), one number a row, into `out`.
pub(crate) fn directional<R: Rows, T: RowTape<R> + ?Sized>(
    tape: &T, points: Points<'_, R>, d: Directional<'_, R>, probes: &Probes<'_, R>, out: &mut R::Array,
) {
    let (s, s_u, s_t, x) = (tape.part(0), tape.part(d.along), tape.part(d.time), points.x);
    points.each(|at| {
        let (a, g2) = (points.number(at, |c| c.a), points.number(at, |c| c.g2));
        let half = points.number(at, |c| 0.5 * c.g2 * probes.coefficient);
        let mixed = sum_of_dots(tape, at, probes.vectors, d.mixed);
        let advected = a * (R::dot(at, d.u, s) + R::dot(at, x, s_u));
        R::put(at, out, R::dot(at, d.u, s_t) - half * mixed - g2 * R::dot(at, s, s_u) + advected);
    });
}

/// Adds κ (of the row) times the gradient of u·ε with respect to s and ∂ₜs to the seeds; u, v and x are held constant.
pub(crate) fn seed_directional<R: Rows, T: RowTape<R> + ?Sized>(
    tape: &mut T, points: Points<'_, R>, d: Directional<'_, R>, kappa: impl Fn(&R::At) -> R::Scalar,
) {
    let (s_u, seed) = tape.part_and_seed(d.along, 0);
    points.each(|at| {
        let (ka, kg2) = (kappa(at) * points.number(at, |c| c.a), kappa(at) * points.number(at, |c| c.g2));
        R::accumulate(at, seed, [(ka, d.u), (-kg2, s_u)]);
    });
    let seed = tape.seed(d.time);
    points.each(|at| R::accumulate(at, seed, [(kappa(at), d.u)]));
}

/// The same with respect to s_u and s_{u v_j}: −κ times the gradient of φ with respect to s and s_{v_j}.
pub(crate) fn seed_along<R: Rows, T: RowTape<R> + ?Sized>(
    tape: &mut T, points: Points<'_, R>, d: Directional<'_, R>, probes: &Probes<'_, R>,
    kappa: impl Fn(&R::At) -> R::Scalar,
) {
    let (s, seed) = tape.part_and_seed(0, d.along);
    points.each(|at| {
        let (ka, kg2) = (kappa(at) * points.number(at, |c| c.a), kappa(at) * points.number(at, |c| c.g2));
        R::accumulate(at, seed, [(ka, points.x), (-kg2, s)]);
    });
    for (j, v) in probes.vectors.iter().enumerate() {
        let seed = tape.seed(d.mixed + j);
        points.each(|at| {
            let half = kappa(at) * points.number(at, |c| 0.5 * c.g2 * probes.coefficient);
            R::accumulate(at, seed, [(-half, v.borrow())]);
        });
    }
}

/// φ, one number a row, into `out`: φ = ½g² Σ c v_j·s_{v_j} + ½g²‖s‖² − a x·s − a D.
pub(crate) fn log_density_rate<R: Rows, T: RowTape<R> + ?Sized>(
    tape: &T, points: Points<'_, R>, probes: &Probes<'_, R>, out: &mut R::Array,
) {
    let s = tape.part(0);
    points.each(|at| {
        let (a, half) = (points.number(at, |c| c.a), points.number(at, |c| 0.5 * c.g2));
        #[allow(clippy::cast_precision_loss)]
        let dim = R::constant(at, points.dim as f64);
        let divergence = sum_of_dots(tape, at, probes.vectors, probes.first);
        let of_divergence = half.clone() * R::constant(at, probes.coefficient) * divergence;
        R::put(at, out, of_divergence + half * R::dot(at, s, s) - a * (R::dot(at, points.x, s) + dim));
    });
}

/// Adds κ times the gradient of φ with respect to the score's parts to the seeds.
pub(crate) fn seed_log_density_rate<R: Rows, T: RowTape<R> + ?Sized>(
    tape: &mut T, points: Points<'_, R>, probes: &Probes<'_, R>, kappa: &R::Array,
) {
    let (s, seed) = tape.part_and_seed(0, 0);
    points.each(|at| {
        let k = R::get(at, kappa);
        let (ka, kg2) = (k.clone() * points.number(at, |c| c.a), k * points.number(at, |c| c.g2));
        R::accumulate(at, seed, [(kg2, s), (-ka, points.x)]);
    });
    for (j, v) in probes.vectors.iter().enumerate() {
        let seed = tape.seed(probes.first + j);
        points.each(|at| {
            let half = R::get(at, kappa) * points.number(at, |c| 0.5 * c.g2 * probes.coefficient);
            R::accumulate(at, seed, [(half, v.borrow())]);
        });
    }
}
