//! Adam with gradient clipping and an exponential moving average of the weights, in one sweep over flat vectors.

use fokker_jet::cpu::Workers;
use serde::{Deserialize, Serialize};

/// `[train.adam]`: Adam (Kingma & Ba 2015, arXiv 1412.6980, algorithm 1).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdamConfig {
    /// β₁.
    #[serde(default = "beta1")]
    pub beta1: f64,
    /// β₂.
    #[serde(default = "beta2")]
    pub beta2: f64,
    /// ε, added to √v̂.
    #[serde(default = "epsilon")]
    pub epsilon: f64,
    /// Gradients of larger Euclidean norm are scaled down to it; 0: never.
    #[serde(default = "clip")]
    pub clip: f64,
    /// The part of all weights that a step at a learning rate of 1 takes away (Loshchilov & Hutter 2019, arXiv 1711.05101, algorithm 2).
    #[serde(default)]
    pub weight_decay: f64,
}

fn beta1() -> f64 {
    0.9
}
fn beta2() -> f64 {
    0.999
}
fn epsilon() -> f64 {
    1e-8
}
fn clip() -> f64 {
    1.0
}

impl Default for AdamConfig {
    fn default() -> Self {
        Self { beta1: beta1(), beta2: beta2(), epsilon: epsilon(), clip: clip(), weight_decay: 0.0 }
    }
}

/// Adam's state and the averaged weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Adam {
    /// First moments.
    pub m: Vec<f32>,
    /// Second moments.
    pub v: Vec<f32>,
    /// Averaged weights.
    pub ema: Vec<f32>,
}

impl Adam {
    /// Zero moments; the average starts at the weights.
    #[must_use]
    pub fn new(weights: &[f32]) -> Self {
        Self { m: vec![0.0; weights.len()], v: vec![0.0; weights.len()], ema: weights.to_vec() }
    }

    /// The step with number `step` (from 0): updates `weights` along `gradient` and the average with decay
    /// min(`ema_decay`, (1 + n)/(10 + n)) after n steps, so that the initial weights do not linger in a short run's average.
    /// `norm` is the gradient's, for clipping.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
    pub fn step(
        &mut self, config: &AdamConfig, Update { step, rate, ema_decay, norm }: Update, gradient: &[f32],
        weights: &mut [f32], workers: &Workers,
    ) {
        let scale = if config.clip > 0.0 && norm > config.clip { config.clip / norm } else { 1.0 };
        let count = (step + 1) as f64;
        let corrected1 = 1.0 - config.beta1.powf(count);
        let corrected2 = 1.0 - config.beta2.powf(count);
        let (b1, b2) = (config.beta1 as f32, config.beta2 as f32);
        let keep = (1.0 - rate * config.weight_decay) as f32;
        // w ← (1 − rate · weight decay) w − rate · (m/c₁) / (√(v/c₂) + ε)
        let (rate, root) = ((rate / corrected1) as f32, (1.0 / corrected2.sqrt()) as f32);
        let (epsilon, scale, decay) =
            (config.epsilon as f32, scale as f32, ema_decay.min((1.0 + count) / (10.0 + count)) as f32);
        workers.for_each_chunk([&mut self.m, &mut self.v, &mut self.ema, weights], |start, [m, v, ema, w]| {
            let moments = m.iter_mut().zip(v).zip(ema);
            for (((m, v), ema), (w, &g)) in moments.zip(w.iter_mut().zip(&gradient[start..])) {
                let g = g * scale;
                *m = b1 * *m + (1.0 - b1) * g;
                *v = b2 * *v + (1.0 - b2) * g * g;
                *w = keep * *w - rate * *m / (v.sqrt() * root + epsilon);
                *ema = decay * *ema + (1.0 - decay) * *w;
            }
        });
    }
}

/// What changes from step to step.
#[derive(Clone, Copy, Debug)]
pub struct Update {
    /// The step's number, from 0.
    pub step: u64,
    /// The learning rate.
    pub rate: f64,
    /// The average's decay, once there are steps enough.
    pub ema_decay: f64,
    /// The gradient's Euclidean norm.
    pub norm: f64,
}

/// Euclidean norm; not finite if any number is not, or is beyond 1e19.
#[must_use]
pub fn norm(gradient: &[f32], workers: &Workers) -> f64 {
    // Summed in lanes, so that it is one sweep of vector code.
    let of_block = |block: &[f32]| {
        let mut lanes = [0.0_f32; 16];
        for chunk in block.chunks(16) {
            for (l, &g) in lanes.iter_mut().zip(chunk) {
                *l += g * g;
            }
        }
        lanes.iter().map(|&l| f64::from(l)).sum::<f64>()
    };
    workers.sum(gradient, |piece| piece.chunks(4096).map(of_block).sum()).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_steps_are_those_of_the_definition() {
        let config = AdamConfig { clip: 0.0, weight_decay: 0.5, ..AdamConfig::default() };
        let (mut weights, workers) = (vec![1.0_f32, -2.0], Workers::new(1, 1).unwrap());
        let mut adam = Adam::new(&weights);
        let gradients = [[0.3_f32, -4.0], [0.1, 2.0], [-0.2, 1.0]];
        let (mut m, mut v, mut w, mut ema) = ([0.0_f64; 2], [0.0_f64; 2], [1.0_f64, -2.0], [1.0_f64, -2.0]);
        for (step, g) in gradients.iter().enumerate() {
            let update = Update { step: step as u64, rate: 0.01, ema_decay: 0.9, norm: norm(g, &workers) };
            adam.step(&config, update, g, &mut weights, &workers);
            let n = step as i32 + 1;
            for i in 0..2 {
                let g = f64::from(g[i]);
                m[i] = 0.9 * m[i] + 0.1 * g;
                v[i] = 0.999 * v[i] + 0.001 * g * g;
                w[i] *= 1.0 - 0.01 * 0.5;
                w[i] -= 0.01 * (m[i] / (1.0 - 0.9_f64.powi(n))) / ((v[i] / (1.0 - 0.999_f64.powi(n))).sqrt() + 1e-8);
                let decay = 0.9_f64.min(f64::from(1 + n) / f64::from(10 + n));
                ema[i] = decay * ema[i] + (1.0 - decay) * w[i];
                assert!((f64::from(weights[i]) - w[i]).abs() < 1e-5 && (f64::from(adam.ema[i]) - ema[i]).abs() < 1e-5);
            }
        }
        assert!((f64::from(weights[0]) - 1.0).abs() > 0.005);
    }

    #[test]
    fn clipping_bounds_the_gradient_and_reports_its_norm() {
        let config = AdamConfig { clip: 1.0, ..AdamConfig::default() };
        let (mut weights, workers, gradient) = (vec![0.0_f32; 2], Workers::new(1, 1).unwrap(), [30.0, 40.0]);
        let mut adam = Adam::new(&weights);
        let norm = norm(&gradient, &workers);
        adam.step(&config, Update { step: 0, rate: 0.1, ema_decay: 0.0, norm }, &gradient, &mut weights, &workers);
        assert!((norm - 50.0).abs() < 1e-4);
        assert!((adam.m[0] - 0.06).abs() < 1e-6 && (adam.m[1] - 0.08).abs() < 1e-6);
    }

    #[test]
    fn the_update_is_the_same_on_any_number_of_threads() {
        let n = 50_000;
        let gradient: Vec<f32> = (0..n).map(|i| (i as f32).sin()).collect();
        let run = |threads| {
            let workers = Workers::new(threads, 1).unwrap();
            let mut weights = vec![0.5_f32; n];
            let mut adam = Adam::new(&weights);
            let norm = norm(&gradient, &workers);
            let update = Update { step: 3, rate: 0.1, ema_decay: 0.5, norm };
            adam.step(&AdamConfig::default(), update, &gradient, &mut weights, &workers);
            (norm.to_bits(), weights, adam)
        };
        assert!(run(1) == run(3));
        let exact = gradient.iter().map(|&g| f64::from(g).powi(2)).sum::<f64>().sqrt();
        assert!((f64::from_bits(run(1).0) - exact).abs() < 1e-5 * exact);
        let mut broken = gradient.clone();
        broken[49_999] = f32::NAN;
        assert!(norm(&broken, &Workers::new(2, 1).unwrap()).is_nan());
    }
}
