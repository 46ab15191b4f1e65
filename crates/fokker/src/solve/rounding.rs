//! What the rounding of the rate's arithmetic does to a trajectory.

use super::tableau::STAGE_WEIGHTS;
use super::tolerance::rms;

/// The most probes beside one point.
const MOST_PROBES: u32 = 3;

/// The rounding errors of one trajectory's rates, in sizes of the system's own ([`System::error_size`](super::System::error_size)).
#[derive(Debug)]
pub(super) struct Rounding {
    /// A point beside the start of the present step.
    t: f64,
    point: Vec<f64>,
    /// Probes made beside the present start, and the greatest error of a step of unit length that they show.
    probes: u32,
    rate: f64,
    /// The sum over the steps taken of their squared errors.
    squares: f64,
}

impl Rounding {
    pub fn new(dim: usize) -> Self {
        Self { t: 0.0, point: vec![0.0; dim], probes: 0, rate: 0.0, squares: 0.0 }
    }

    /// Was a probe made beside the present start?
    pub fn is_known(&self) -> bool {
        self.probes > 0
    }

    /// May another probe show more?
    pub fn may_learn(&self) -> bool {
        self.probes < MOST_PROBES
    }

    /// Aims at a point beside (t, y): each number off by one to four units in the last place, up or down, t by one towards `to`.
    pub fn aim(&mut self, t: f64, y: &[f64], to: f64, resolution: f64) {
        // Other steps for each probe and each entry, lest what they do cancels on points with a symmetry.
        let mut bits = 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(2 * u64::from(self.probes) + 1);
        for (point, y) in self.point.iter_mut().zip(y) {
            bits = bits.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            let units = [1.0, 2.0, 3.0, 4.0][(bits >> 61) as usize % 4];
            let up = bits >> 63 == 1;
            *point = y * (1.0 + if up { units } else { -units } * resolution);
        }
        let step = resolution * t.abs();
        self.t = if to > t { (t + step).min(to) } else { (t - step).max(to) };
    }

    /// Where the rate is wanted.
    pub fn want(&self) -> (f64, &[f64]) {
        (self.t, &self.point)
    }

    /// What the difference of two rates makes of a step: `h` `difference` times the root of the sum of the squared weights, as for
    /// errors that are independent from stage to stage.
    pub fn error(h: f64, rate: &[f64], beside: &[f64]) -> Vec<f64> {
        let weights = &STAGE_WEIGHTS[STAGE_WEIGHTS.len() - 1];
        let weight = rms(weights.len(), |i| weights[i] * weights[i]) * (weights.len() as f64).sqrt();
        rate.iter().zip(beside).map(|(a, b)| h * weight * (b - a)).collect()
    }

    /// Takes note of the size of that error. One that is not a number says nothing.
    pub fn learn(&mut self, size: f64, h: f64) {
        self.probes += 1;
        self.rate = self.rate.max(size / h.abs());
    }

    /// The size of the rounding error of a step, as far as it is known.
    pub fn of(&self, h: f64) -> f64 {
        self.rate * h.abs()
    }

    /// The step was taken: the next one has another start.
    pub fn taken(&mut self, h: f64) {
        self.squares += self.of(h).powi(2);
        (self.probes, self.rate) = (0, 0.0);
    }

    /// The size of the rounding errors of all steps together, as far as it is known.
    pub fn total(&self) -> f64 {
        self.squares.sqrt()
    }
}
