//! What a solver integrates, and what it asks of it.

use super::tolerance::Tolerance;

/// dy/dt of many trajectories of one system, each at its own time.
///
/// ```
/// use fokker::solve::System;
/// /// dy/dt = −k y with k the trajectory's number.
/// struct Decay;
/// impl System for Decay {
///     fn rate(&mut self, rows: &[usize], _t: &[f64], y: &[f64], dy: &mut [f64]) {
///         for ((dy, y), &row) in dy.iter_mut().zip(y).zip(rows) {
///             *dy = -(row as f64) * y;
///         }
///     }
/// }
/// ```
pub trait System {
    /// Fills `dy` (`n × dim`) with the rates at the states `y` (`n × dim`) and times `t` (`n`); entry `i` belongs to trajectory
    /// `rows[i]`. A rate that cannot be had is NaN.
    fn rate(&mut self, rows: &[usize], t: &[f64], y: &[f64], dy: &mut [f64]);

    /// The longest that a step from time `t` may be; the first is at most a fifth of it. Of a step far beyond the time in which the rate
    /// changes the estimated error says nothing, and may be small by chance: first of all of the first, whose length is a guess.
    fn longest_step(&self, _t: f64) -> f64 {
        f64::INFINITY
    }

    /// The distance from 1 to the next number in the arithmetic that the rate is computed in.
    fn resolution(&self) -> f64 {
        f64::EPSILON
    }

    /// The size of the rounding errors of all steps together, 1 at the error allowed to one step, at which a trajectory is given up.
    fn most_rounding(&self, _tolerance: Tolerance) -> f64 {
        f64::INFINITY
    }

    /// The size of a step's estimated error, 1 at the limit. By default each entry counts against its own scale, in the root mean
    /// square.
    fn error_size(&self, step: &Step<'_>, tolerance: Tolerance) -> f64 {
        tolerance.norm(step.error, step.before, step.after)
    }
}

/// A step that may be taken.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// The time at its end.
    pub t: f64,
    /// The state at its start.
    pub before: &'a [f64],
    /// The state at its end.
    pub after: &'a [f64],
    /// The rate there.
    pub rate: &'a [f64],
    /// The estimated error of the state at its end.
    pub error: &'a [f64],
}
