//! One trajectory on its way.
//!
//! A trajectory wants its rate at one point after another: at its start, at a trial point that fixes the first step, then at the
//! stages of step after step. [`Row`] says where ([`Row::want`]) and takes the answer ([`Row::absorb`]), so that a solver can ask
//! for the rates of many trajectories at once, each at its own place in its own step.

use super::control::{Control, GROW};
use super::outcome::{Outcome, Trajectory};
use super::rounding::Rounding;
use super::system::{Step, System};
use super::tableau::{ERROR_WEIGHTS, NODES, STAGE_WEIGHTS, STAGES};
use super::tolerance::{Limits, Tolerance, rms};

/// The size of the rounding of a step's increment, the least that there can be, from which on the true size, which is some times
/// that, is worth a probe: after a step that is too inaccurate, and after one that is taken.
const PROBE_REJECTED: f64 = 1e-6;
const PROBE_TAKEN: f64 = 1e-2;

/// The rounding of all steps together with which a trajectory still counts as converged, in errors allowed to one step.
const CONVERGED_ROUNDING: f64 = 4.0;

/// How often it is looked whether the steps that are left can suffice, and how many times as many would be too few.
const LOOK_EVERY: u64 = 500;
const HOPE: f64 = 3.0;

/// What all trajectories have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Task {
    pub tolerance: Tolerance,
    pub limits: Limits,
    pub from: f64,
    pub to: f64,
}

/// Where the rate is wanted next.
#[derive(Clone, Copy, Debug)]
enum Phase {
    /// At the start.
    Start,
    /// After an Euler step of this length from the start.
    Trial(f64),
    /// At this stage (1 to 6) of a step.
    Stage(usize),
    /// Beside the step's start, after a step of this error.
    Probe(f64),
}

/// A trajectory on its way.
#[derive(Debug)]
pub(super) struct Row {
    pub index: usize,
    phase: Phase,
    control: Control,
    /// Time and state at the last step's end.
    t: f64,
    y: Vec<f64>,
    /// The present step, signed; may be shorter than `h` to end at the end.
    step: f64,
    /// The step that the controller asks for, signed.
    h: f64,
    /// The point at which the rate is wanted.
    point: Vec<f64>,
    /// The stages' rates, `STAGES × dim`.
    rates: Vec<f64>,
    error: Vec<f64>,
    rounding: Rounding,
    /// Was a step taken whose error is within the rounding's only?
    floor: bool,
    /// Time at the last look at the progress.
    looked: f64,
    steps: u64,
    rejected: u64,
    evaluations: u64,
}

fn is_finite(v: &[f64]) -> bool {
    v.iter().all(|x| x.is_finite())
}

impl Row {
    /// A trajectory at its start.
    pub fn new(index: usize, start: &[f64], task: &Task) -> Self {
        let dim = start.len();
        Self {
            index,
            phase: Phase::Start,
            control: Control::new(),
            t: task.from,
            y: start.to_vec(),
            step: 0.0,
            h: 0.0,
            point: start.to_vec(),
            rates: vec![0.0; STAGES * dim],
            error: vec![0.0; dim],
            rounding: Rounding::new(dim),
            floor: false,
            looked: task.from,
            steps: 0,
            rejected: 0,
            evaluations: 0,
        }
    }

    /// The time and the point at which the rate is wanted.
    pub fn want(&self) -> (f64, &[f64]) {
        match self.phase {
            Phase::Start => (self.t, &self.point),
            Phase::Trial(h) => (self.t + h, &self.point),
            Phase::Stage(stage) => (self.t + NODES[stage] * self.step, &self.point),
            Phase::Probe(_) => self.rounding.want(),
        }
    }

    /// Takes the rate at the point wanted. The outcome, once there is one.
    pub fn absorb(&mut self, rate: &[f64], task: &Task, system: &dyn System) -> Option<Outcome> {
        self.evaluations += 1;
        match self.phase {
            Phase::Start => self.start(rate, task),
            Phase::Trial(h) => {
                let longest = system.longest_step(self.t) / GROW;
                self.h = self.first_step(rate, h, task).clamp(-longest, longest);
                self.begin_step(task)
            }
            Phase::Stage(stage) => {
                self.rates[stage * rate.len()..][..rate.len()].copy_from_slice(rate);
                if !is_finite(rate) {
                    return self.reject(f64::NAN, task);
                }
                if stage + 1 < STAGES {
                    self.aim(stage + 1);
                    return None;
                }
                self.end_step(task, system)
            }
            Phase::Probe(error) => {
                let error_of_it = Rounding::error(self.step, &self.rates[..rate.len()], rate);
                let size = self.size(&error_of_it, task, system);
                self.rounding.learn(size, self.step);
                self.judge(error, task, system)
            }
        }
    }

    /// What is known of the trajectory.
    pub fn finish(self, outcome: Outcome) -> Trajectory {
        let rounding = self.rounding.total();
        let Self { y, steps, rejected, evaluations, .. } = self;
        Trajectory { y, outcome, steps, rejected, evaluations, rounding }
    }

    /// The trajectory over no time at all.
    pub fn stay(self) -> Trajectory {
        let t = self.t;
        let outcome = if is_finite(&self.y) { Outcome::Converged } else { Outcome::NonFinite { t } };
        self.finish(outcome)
    }

    /// The start's rate, and a trial step h₀ = 0.01 ‖y‖/‖f‖ (Hairer, Nørsett & Wanner I, section II.4, "starting step size").
    fn start(&mut self, rate: &[f64], task: &Task) -> Option<Outcome> {
        if !is_finite(&self.y) || !is_finite(rate) {
            return Some(Outcome::NonFinite { t: self.t });
        }
        let dim = rate.len();
        self.rates[..dim].copy_from_slice(rate);
        let size = |v: &[f64]| rms(dim, |i| (v[i] / task.tolerance.scale(self.y[i].abs())).powi(2));
        let (d0, d1) = (size(&self.y), size(rate));
        let h = if d0 < 1e-5 || d1 < 1e-5 { 1e-6 } else { 0.01 * d0 / d1 };
        let h = h.min((task.to - task.from).abs()).copysign(task.to - task.from);
        for ((point, y), rate) in self.point.iter_mut().zip(&self.y).zip(rate) {
            *point = y + h * rate;
        }
        self.phase = Phase::Trial(h);
        None
    }

    /// The first step h₁ from the second derivative that the trial shows: h₁⁵ max(‖f‖, ‖f′‖) = 0.01, h₁ ≤ 100 h₀ (there).
    fn first_step(&self, rate: &[f64], trial: f64, task: &Task) -> f64 {
        let dim = rate.len();
        let size = |v: &dyn Fn(usize) -> f64| rms(dim, |i| (v(i) / task.tolerance.scale(self.y[i].abs())).powi(2));
        let d1 = size(&|i| self.rates[i]);
        let d2 = size(&|i| rate[i] - self.rates[i]) / trial.abs();
        let worst = d1.max(d2);
        let h = if worst <= 1e-15 { (trial.abs() * 1e-3).max(1e-6) } else { (0.01 / worst).powf(0.2) };
        // A trial that left the finite numbers says only that the step must be shorter.
        let h = if is_finite(rate) { h.min(100.0 * trial.abs()) } else { 0.01 * trial.abs() };
        h.copysign(trial)
    }

    /// Sets out on a step, cut to the end if that is near.
    fn begin_step(&mut self, task: &Task) -> Option<Outcome> {
        if self.steps + self.rejected >= task.limits.steps as u64 {
            return Some(Outcome::StepLimit { t: self.t });
        }
        if (self.steps + self.rejected) % LOOK_EVERY == LOOK_EVERY - 1 {
            if self.is_hopeless(task) {
                return Some(Outcome::FarOut { t: self.t });
            }
            self.looked = self.t;
        }
        let left = task.to - self.t;
        self.step = if 1.01 * self.h.abs() >= left.abs() { left } else { self.h };
        self.aim(1);
        None
    }

    /// At the pace since the last look, would not even some times the steps that are left lead to the end? The pace is taken in t and
    /// in ln t, whichever is the faster: near 0 a step is some share of t.
    #[allow(clippy::cast_precision_loss)]
    fn is_hopeless(&self, task: &Task) -> bool {
        let left = task.limits.steps as u64 - (self.steps + self.rejected);
        let looks = HOPE * left as f64 / LOOK_EVERY as f64;
        let leads = |since: f64, now: f64, to: f64| (now - since).abs() * looks >= (to - now).abs();
        let logarithms = (self.looked.ln(), self.t.ln(), task.to.ln());
        !(leads(self.looked, self.t, task.to) || leads(logarithms.0, logarithms.1, logarithms.2))
    }

    /// Wants the rate at a stage.
    fn aim(&mut self, stage: usize) {
        let dim = self.y.len();
        for i in 0..dim {
            let mut sum = 0.0;
            for (j, weight) in STAGE_WEIGHTS[stage][..stage].iter().enumerate() {
                sum += weight * self.rates[j * dim + i];
            }
            self.point[i] = self.y[i] + self.step * sum;
        }
        self.phase = Phase::Stage(stage);
    }

    /// All stages are there: takes the step, or tries a shorter one.
    fn end_step(&mut self, task: &Task, system: &dyn System) -> Option<Outcome> {
        let (dim, step) = (self.y.len(), self.step);
        for i in 0..dim {
            let sum: f64 = ERROR_WEIGHTS.iter().enumerate().map(|(j, weight)| weight * self.rates[j * dim + i]).sum();
            self.error[i] = step * sum;
        }
        let error = self.size(&self.error, task, system);
        if !(error.is_finite() && is_finite(&self.point)) {
            return self.reject(error, task);
        }
        self.judge(error, task, system)
    }

    /// The size of an error of the present step.
    fn size(&self, error: &[f64], task: &Task, system: &dyn System) -> f64 {
        let rate = &self.rates[(STAGES - 1) * self.y.len()..];
        let step = Step { t: self.t + self.step, before: &self.y, after: &self.point, rate, error };
        system.error_size(&step, task.tolerance)
    }

    /// Takes a step of this error or gives it up, once it is known how much of that is rounding where that may matter.
    fn judge(&mut self, error: f64, task: &Task, system: &dyn System) -> Option<Outcome> {
        let allowed = self.rounding.of(self.step).max(1.0);
        if self.rounding_may_matter(error > allowed, task, system) {
            self.rounding.aim(self.t, &self.y, task.to, system.resolution());
            self.phase = Phase::Probe(error);
            return None;
        }
        if error > allowed { self.reject(error / allowed, task) } else { self.take(error, allowed, task, system) }
    }

    /// Is a probe worth its evaluation?
    fn rounding_may_matter(&self, too_large: bool, task: &Task, system: &dyn System) -> bool {
        let told = if too_large { !self.rounding.may_learn() } else { self.rounding.is_known() };
        if told {
            return false;
        }
        // That of the increment alone; the rate's is larger.
        let scale = self.step * system.resolution();
        let error: Vec<f64> = self.rates[..self.y.len()].iter().map(|rate| scale * rate).collect();
        self.size(&error, task, system) > if too_large { PROBE_REJECTED } else { PROBE_TAKEN }
    }

    /// Goes on from the step's end.
    fn take(&mut self, error: f64, allowed: f64, task: &Task, system: &dyn System) -> Option<Outcome> {
        self.rounding.taken(self.step);
        if self.rounding.total() > system.most_rounding(task.tolerance) {
            return Some(Outcome::FarOut { t: self.t });
        }
        self.steps += 1;
        let last = self.step == task.to - self.t;
        self.floor |= error > 1.0;
        self.y.copy_from_slice(&self.point);
        if last {
            let precise = !self.floor && self.rounding.total() <= CONVERGED_ROUNDING;
            return Some(if precise { Outcome::Converged } else { Outcome::PrecisionFloor });
        }
        self.t += self.step;
        let longest = system.longest_step(self.t);
        self.h = (self.step * self.control.accepted(error / allowed)).clamp(-longest, longest);
        self.rates.copy_within((STAGES - 1) * self.y.len().., 0);
        self.begin_step(task)
    }

    /// Gives the step up.
    fn reject(&mut self, error: f64, task: &Task) -> Option<Outcome> {
        self.rejected += 1;
        self.h = self.step * self.control.rejected(error);
        let least = 16.0 * f64::EPSILON * task.from.abs().max(task.to.abs());
        if !error.is_finite() && self.h.abs() <= least {
            return Some(Outcome::NonFinite { t: self.t });
        }
        self.begin_step(task)
    }
}
