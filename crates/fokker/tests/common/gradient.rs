//! An objective's gradient against differences.

use fokker::config::Config;
use fokker::objective::{LossTerms, Objective, Step};
use fokker_jet::cpu::{Parameters, Workers};

use crate::common::worst;

fn total(config: &Config, terms: &LossTerms) -> f64 {
    let fp = config.loss.fp.as_ref().map_or(0.0, |fp| fp.weight * fp.every as f64);
    let scalar = config.loss.scalar.as_ref().map_or(0.0, |s| s.weight);
    let conservativity = config.loss.conservativity.as_ref().map_or(0.0, |c| c.weight * c.every as f64);
    let value = |key: &str| terms.get(key).unwrap_or(0.0);
    value("dsm") + fp * value("fp") + scalar * value("scalar") + conservativity * value("conservativity")
}

/// Largest difference between the gradient and central differences (fourth order) over every parameter, relative to the
/// gradient's norm.
pub fn gradient_error_at(config: &Config, objective: Objective<f64>, theta: Parameters<f64>) -> f64 {
    gradient_error_of_some(config, objective, theta, 1)
}

/// The same over every `step`-th parameter, where there are many.
pub fn gradient_error_of_some(
    config: &Config, mut objective: Objective<f64>, mut theta: Parameters<f64>, step: usize,
) -> f64 {
    let workers = Workers::new(1, 1).unwrap();
    let mut gradient = vec![0.0; theta.len()];
    objective.evaluate(Step(0), &theta, &mut gradient);
    let norm = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
    let mut scratch = vec![0.0; theta.len()];
    worst((0..gradient.len()).step_by(step).map(|i| {
        let (h, start) = (3e-4, theta[i]);
        let mut at = |offset: f64| {
            theta.update(&workers, |theta| theta[i] = start + offset);
            total(config, &objective.evaluate(Step(0), &theta, &mut scratch))
        };
        let slope = (8.0 * (at(h) - at(-h)) - (at(2.0 * h) - at(-2.0 * h))) / (12.0 * h);
        theta.update(&workers, |theta| theta[i] = start);
        (slope - gradient[i]).abs() / norm
    }))
}
