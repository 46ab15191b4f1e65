//! Dormand–Prince 5(4) on many trajectories at once, each with its own adaptive step.

use super::outcome::Trajectory;
use super::row::{Row, Task};
use super::system::System;
use super::tolerance::{Limits, Tolerance};

/// The explicit Runge–Kutta method of order 5 with an embedded one of order 4 (Dormand & Prince 1980), local extrapolation,
/// PI step control and automatic first step (Hairer, Nørsett & Wanner, *Solving Ordinary Differential Equations I*, 2nd ed. 1993,
/// sections II.4 and II.5).
///
/// Every trajectory has its own time, step and error control, so its result does not depend on which others are integrated with
/// it, but for the rounding of the system's own batched arithmetic. Trajectories are only *evaluated* together: whenever rates
/// are due, one call of [`System::rate`] serves all active ones, each at its own stage. One that ends gives its place to the next
/// at once, so the calls stay full.
///
/// Rates have rounding errors, of which shorter steps take away nothing but the steps' number. Where they may matter the rate is evaluated
/// once more, a few units in the last place beside the step's start; the difference, h ‖b‖ times it for a step with the method's
/// weights b, is the size below which no estimated error is asked for. So no tolerance costs more steps than the arithmetic can use; see
/// [`Outcome::PrecisionFloor`](super::Outcome::PrecisionFloor).
///
/// ```
/// use fokker::solve::{Dopri5, System, Tolerance};
/// struct Growth;
/// impl System for Growth {
///     fn rate(&mut self, _rows: &[usize], _t: &[f64], y: &[f64], dy: &mut [f64]) {
///         dy.copy_from_slice(y);
///     }
/// }
/// let solver = Dopri5 { tolerance: Tolerance::both(1e-9), ..Dopri5::default() };
/// // Two trajectories of one number each, backwards from t = 1 to 0.
/// let found = solver.integrate(&mut Growth, (1.0, 0.0), &[1.0, 2.0], 1, &mut |_| {});
/// assert!((found[1].y[0] - 2.0 / 1.0_f64.exp()).abs() < 1e-8);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dopri5 {
    /// The error allowed to one step.
    pub tolerance: Tolerance,
    /// When a trajectory is given up.
    pub limits: Limits,
    /// The most trajectories that are evaluated together; 0 counts as 1.
    pub active: usize,
}

impl Default for Dopri5 {
    /// Tolerance 1e-5, 10,000 steps, 64 trajectories together.
    fn default() -> Self {
        Self { tolerance: Tolerance::default(), limits: Limits::default(), active: 64 }
    }
}

impl Dopri5 {
    /// Integrates every trajectory over `span` = (from, to), forwards or backwards in time, from its row of `starts`
    /// (`rows × dim`). `finished` is called with a trajectory's number when it ends, in whatever order that happens.
    ///
    /// A trajectory that fails says so in its [`Outcome`](super::Outcome); the others go on. An entry of `starts` left over
    /// after the last whole row is not used.
    #[must_use]
    pub fn integrate(
        &self, system: &mut dyn System, span: (f64, f64), starts: &[f64], dim: usize, finished: &mut dyn FnMut(usize),
    ) -> Vec<Trajectory> {
        let task = Task { tolerance: self.tolerance, limits: self.limits, from: span.0, to: span.1 };
        let mut pending = starts.chunks_exact(dim.max(1)).enumerate().map(|(i, y)| Row::new(i, y, &task));
        if task.from == task.to {
            return pending.map(Row::stay).collect();
        }
        let mut active: Vec<Row> = pending.by_ref().take(self.active.max(1)).collect();
        let mut done = Vec::with_capacity(starts.len() / dim.max(1));
        let mut batch = Batch::default();
        while !active.is_empty() {
            batch.evaluate(system, &active);
            // Backwards, so that the last trajectory, which fills a hole, has had its turn.
            for slot in (0..active.len()).rev() {
                let rate = &batch.dy[slot * dim..(slot + 1) * dim];
                let Some(outcome) = active[slot].absorb(rate, &task, system) else { continue };
                let row = match pending.next() {
                    Some(next) => std::mem::replace(&mut active[slot], next),
                    None => active.swap_remove(slot),
                };
                finished(row.index);
                done.push((row.index, row.finish(outcome)));
            }
        }
        done.sort_unstable_by_key(|&(index, _)| index);
        done.into_iter().map(|(_, trajectory)| trajectory).collect()
    }
}

/// The arrays of one call.
#[derive(Default)]
struct Batch {
    rows: Vec<usize>,
    t: Vec<f64>,
    y: Vec<f64>,
    dy: Vec<f64>,
}

impl Batch {
    fn evaluate(&mut self, system: &mut dyn System, active: &[Row]) {
        self.rows.clear();
        self.t.clear();
        self.y.clear();
        for row in active {
            let (t, y) = row.want();
            self.rows.push(row.index);
            self.t.push(t);
            self.y.extend_from_slice(y);
        }
        self.dy.clear();
        self.dy.resize(self.y.len(), f64::NAN);
        system.rate(&self.rows, &self.t, &self.y, &mut self.dy);
    }
}
