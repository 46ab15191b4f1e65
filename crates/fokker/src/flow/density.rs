//! The probability-flow ODE of x and ∫ div (dx/dt) dt together, which asks of a score its derivatives along directions.

use fokker_jet::Real;

use super::drift::{ode_divergence, ode_drift, ode_score};
use super::forms::Forms;
use super::points::{Points, resolution};
use crate::score::ScoreTape;
use crate::sde::Sde;
use crate::solve::{Step, System, Tolerance, rms};

/// A step's share of the error that is allowed to log p.
const SHARE_OF_LOG_P: f64 = 0.25;

/// A step's share of the error that is allowed to x.
const SHARE_OF_X: f64 = 0.25;

/// The most by which a step changes ln σ.
const LONGEST_STEP: f64 = 0.5;

/// Rounding errors up to this many errors allowed to one step are never too large.
const LEAST_ROUNDING: f64 = 40.0;

/// Fills direction `j` of a row: arguments row, `j`, direction (`D`).
pub(crate) type Fill<'a, F> = &'a (dyn Fn(usize, usize, &mut [F]) + Sync);

/// What is integrated beside x: `components` estimates of ∫ div, each by the sum over its own `group` directions v of v·(J v).
#[derive(Clone, Copy)]
pub(crate) struct Trace<'a, F> {
    /// Estimates, at least 1.
    pub components: usize,
    /// Directions of each.
    pub group: usize,
    /// The directions; `j` runs over all components' in turn.
    pub fill: Fill<'a, F>,
    /// The most directions that go through the network at a time.
    pub together: usize,
}

impl<F: Real> Trace<'_, F> {
    pub fn forms(&self) -> Forms<F> {
        Forms::new(self.components * self.group, self.together)
    }
}

/// One shard's system. Its states are x (`dim`), then the estimates of ∫ div.
pub(super) struct DensityFlow<'a, 't, F> {
    pub sde: &'a Sde,
    pub dim: usize,
    pub tape: &'a mut (dyn ScoreTape<F> + Send + 't),
    pub trace: &'a Trace<'a, F>,
    /// The shard's first row.
    pub first: usize,
    pub points: Points<F>,
    pub forms: Forms<F>,
}

impl<F: Real> System for DensityFlow<'_, '_, F> {
    fn rate(&mut self, rows: &[usize], t: &[f64], y: &[f64], dy: &mut [f64]) {
        let Self { sde, dim, trace, first, .. } = *self;
        let width = dim + trace.components;
        self.points.set(sde, dim, t, y);
        let mut fill = |j: usize, v: &mut [F]| {
            for (v, row) in v.chunks_exact_mut(dim).zip(rows) {
                (trace.fill)(first + row, j, v);
            }
        };
        dy.fill(0.0);
        let mut each = |row: usize, j: usize, form: f64| dy[row * width + dim + j / trace.group] += form;
        self.forms.evaluate(self.tape, &self.points.x, &self.points.at, &mut fill, &mut each);
        let scores = self.tape.part(0).chunks_exact(dim);
        for (((y, dy), s), c) in y.chunks_exact(width).zip(dy.chunks_exact_mut(width)).zip(scores).zip(&self.points.at)
        {
            let (dx, divergences) = dy.split_at_mut(dim);
            for ((dx, x), s) in dx.iter_mut().zip(y).zip(s) {
                *dx = ode_drift(c, *x, s.as_f64());
            }
            for divergence in divergences {
                *divergence = ode_divergence(c, dim, *divergence);
            }
        }
    }

    fn resolution(&self) -> f64 {
        resolution::<F>()
    }

    /// A log p that rounding makes uncertain by `1 + D/10` nats is none, unless the tolerance allows as much.
    fn most_rounding(&self, tolerance: Tolerance) -> f64 {
        #[allow(clippy::cast_precision_loss)]
        let tenth = 0.1 * self.dim as f64;
        ((1.0 + tenth) / (SHARE_OF_LOG_P * tolerance.scale(tenth))).max(LEAST_ROUNDING)
    }

    /// The score changes with ln σ, and with it what log p takes from it.
    fn longest_step(&self, t: f64) -> f64 {
        let c = self.sde.at(t);
        LONGEST_STEP * (c.sigma / c.dsigma).abs()
    }

    /// An error e of x and e_ℓ of ℓ = ∫ div changes log p = log q_t(x) + ℓ by s·e + e_ℓ, to first order: the score is the adjoint
    /// of log p, and the step is judged by what it does to log p, beside x itself. Each step may err by a quarter of
    /// `absolute + relative · D/10` nats, and x by a quarter of what the tolerance says: measured on mixtures in 1 to 20 dimensions
    /// under every SDE, the error of log p in the end then is a few times the tolerance at most.
    fn error_size(&self, step: &Step<'_>, tolerance: Tolerance) -> f64 {
        let (dim, components) = (self.dim, self.trace.components);
        let of_x = tolerance.norm(&step.error[..dim], &step.before[..dim], &step.after[..dim]);
        let c = self.sde.at(step.t);
        let moved: f64 = (0..dim).map(|i| ode_score(&c, step.after[i], step.rate[i]) * step.error[i]).sum();
        #[allow(clippy::cast_precision_loss)]
        let allowed = SHARE_OF_LOG_P * tolerance.scale(0.1 * dim as f64);
        let of_log_p = rms(components, |k| ((step.error[dim + k] + moved) / allowed).powi(2));
        of_log_p.max(of_x / SHARE_OF_X)
    }
}
