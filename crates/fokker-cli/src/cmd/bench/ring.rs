//! A score with a network's cost and a known truth.

use std::f64::consts::TAU;
use std::ops::Range;

use fokker::Error;
use fokker::jet::{JetError, Real};
use fokker::score::network::NetworkScore;
use fokker::score::{Differentiable, Direction, Directions, Evaluator, Score, ScoreTape, TapeEvaluator};
use fokker::sde::{Coefficients, Sde};

/// Gaussians on the ring.
pub const MODES: usize = 8;

/// Distance of their means from the origin.
pub const RADIUS: f64 = 1.5;

/// Standard deviation of each.
pub const STD: f64 = 0.15;

/// The exact score of the ring under a network's SDE, plus zero times that network (in the plane): it is evaluated with all
/// derivatives that are asked for, and none of its numbers shows.
///
/// The truth is that of [`fokker::density::mixture`], for round components of one size in the plane alone and so in a fraction of
/// the time: what is measured is to be the network.
pub struct Ring {
    network: NetworkScore<f32>,
    means: [[f64; 2]; MODES],
}

impl Ring {
    /// Hides a network behind the ring.
    pub fn new(network: NetworkScore<f32>) -> Self {
        #[allow(clippy::cast_precision_loss)]
        let angle = |k: usize| TAU * k as f64 / MODES as f64;
        Self { network, means: std::array::from_fn(|k| [RADIUS * angle(k).cos(), RADIUS * angle(k).sin()]) }
    }

    /// The derivatives of ln q_t at a point x. With v = m² STD² + σ² and responsibilities r they are the cumulants of (m/v) μ
    /// under r, less x/v in the first and I/v in the second.
    fn at(&self, x: &[f32], c: &Coefficients) -> Local {
        let v = (c.m * STD).powi(2) + c.sigma.powi(2);
        let x = [f64::from(x[0]) / v, f64::from(x[1]) / v];
        let points = self.means.map(|mean| mean.map(|mu| c.m * mu / v));
        // All means are equally long, so |x − m μ|² differs between them by −2 m μ·x alone.
        let mut r = points.map(|p| (p[0] * x[0] + p[1] * x[1]) * v);
        let peak = r.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        r = r.map(|log| Real::exp(log - peak));
        let total: f64 = r.iter().sum();
        let mut mean = [0.0; 2];
        for (r, p) in r.iter_mut().zip(&points) {
            *r /= total;
            mean = [mean[0] + *r * p[0], mean[1] + *r * p[1]];
        }
        let (mut second, mut third) = ([-1.0 / v, 0.0, -1.0 / v], [0.0; 4]);
        for (r, p) in r.iter().zip(&points) {
            let [a, b] = [p[0] - mean[0], p[1] - mean[1]];
            let products = [r * a * a, r * a * b, r * b * b];
            second = std::array::from_fn(|i| second[i] + products[i]);
            third = std::array::from_fn(|i| third[i] + if i < 3 { a * products[i] } else { b * products[2] });
        }
        Local { score: [mean[0] - x[0], mean[1] - x[1]], second, third }
    }
}

/// Derivatives of ln q_t at a point.
#[derive(Clone, Copy)]
struct Local {
    score: [f64; 2],
    /// ∂xx, ∂xy, ∂yy.
    second: [f64; 3],
    /// ∂xxx, ∂xxy, ∂xyy, ∂yyy.
    third: [f64; 4],
}

impl Local {
    /// J w.
    fn along(&self, w: &[f32]) -> [f64; 2] {
        apply(self.second, w)
    }

    /// D²s\[u, w\].
    fn along_both(&self, u: &[f32], w: &[f32]) -> [f64; 2] {
        let [xxx, xxy, xyy, yyy] = self.third;
        let (x, y) = (apply([xxx, xxy, xyy], w), apply([xxy, xyy, yyy], w));
        let [p, q] = [f64::from(u[0]), f64::from(u[1])];
        [p * x[0] + q * x[1], p * y[0] + q * y[1]]
    }
}

/// A symmetric matrix (its entries xx, xy, yy) times w.
fn apply([xx, xy, yy]: [f64; 3], w: &[f32]) -> [f64; 2] {
    let [p, q] = [f64::from(w[0]), f64::from(w[1])];
    [xx * p + xy * q, xy * p + yy * q]
}

impl Score<f32> for Ring {
    fn dim(&self) -> usize {
        2
    }

    fn sde(&self) -> &Sde {
        self.network.model().sde()
    }

    fn evaluator<'a>(&'a self, rows: usize) -> Result<Box<dyn Evaluator<f32> + Send + 'a>, Error> {
        Ok(Box::new(TapeEvaluator::new(self, rows)?))
    }
}

impl Differentiable<f32> for Ring {
    fn tape<'a>(&'a self, directions: &Directions, rows: usize) -> Result<Box<dyn ScoreTape<f32> + Send + 'a>, Error> {
        let kinds = directions.kinds();
        if kinds.contains(&Direction::Time) || directions.parts() > 1 + kinds.len() {
            let reason = "the ring has first-order parts along x alone";
            return Err(JetError::LiveParts { input: 0, reason }.into());
        }
        let zeros = vec![0.0; 2 * rows];
        Ok(Box::new(RingTape {
            ring: self,
            network: self.network.tape(directions, rows)?,
            locals: Vec::with_capacity(rows),
            along: vec![zeros.clone(); kinds.len()],
            parts: vec![zeros.clone(); directions.parts()],
            seeds: vec![zeros.clone(); directions.parts()],
            gradient: zeros,
        }))
    }
}

/// Rows on their way through both.
struct RingTape<'a> {
    ring: &'a Ring,
    network: Box<dyn ScoreTape<f32> + Send + 'a>,
    locals: Vec<Local>,
    along: Vec<Vec<f32>>,
    parts: Vec<Vec<f32>>,
    seeds: Vec<Vec<f32>>,
    gradient: Vec<f32>,
}

impl RingTape<'_> {
    /// Numbers in an array of the present rows.
    fn len(&self) -> usize {
        2 * self.locals.len()
    }
}

/// The truth plus zero times the network.
#[allow(clippy::cast_possible_truncation)]
fn sum(network: f32, truth: f64) -> f32 {
    truth as f32 + 0.0 * network
}

impl ScoreTape<f32> for RingTape<'_> {
    fn begin(&mut self, x: &[f32], sde: &[Coefficients]) {
        self.network.begin(x, sde);
        self.locals.clear();
        self.locals.extend(x.chunks_exact(2).zip(sde).map(|(x, c)| self.ring.at(x, c)));
        self.along.iter_mut().chain(&mut self.seeds).for_each(|v| v.fill(0.0));
    }

    fn direction(&mut self, direction: usize) -> &mut [f32] {
        let n = self.len();
        &mut self.along[direction][..n]
    }

    fn forward(&mut self, parts: Range<usize>) {
        let n = self.len();
        for (i, along) in self.along.iter().enumerate() {
            self.network.direction(i).copy_from_slice(&along[..n]);
        }
        self.network.forward(parts.clone());
        for part in parts {
            let outputs = self.parts[part].chunks_exact_mut(2).zip(self.network.part(part).chunks_exact(2));
            for (row, ((out, network), local)) in outputs.zip(&self.locals).enumerate() {
                let truth = match part {
                    0 => local.score,
                    _ => local.along(&self.along[part - 1][2 * row..2 * row + 2]),
                };
                out.iter_mut().zip(network).zip(truth).for_each(|((out, &n), truth)| *out = sum(n, truth));
            }
        }
    }

    fn part(&self, part: usize) -> &[f32] {
        &self.parts[part][..self.len()]
    }

    fn part_and_seed(&mut self, part: usize, seed: usize) -> (&[f32], &mut [f32]) {
        let n = self.len();
        (&self.parts[part][..n], &mut self.seeds[seed][..n])
    }

    fn pull_x(&mut self, parts: usize) -> &[f32] {
        let n = self.len();
        for (part, seed) in self.seeds.iter().enumerate().take(parts) {
            self.network.seed(part).copy_from_slice(&seed[..n]);
        }
        let network = self.network.pull_x(parts);
        for (row, local) in self.locals.iter().enumerate() {
            let at = 2 * row..2 * row + 2;
            let mut truth = local.along(&self.seeds[0][at.clone()]);
            for (seed, along) in self.seeds[1..parts].iter().zip(&self.along) {
                let more = local.along_both(&seed[at.clone()], &along[at.clone()]);
                truth = [truth[0] + more[0], truth[1] + more[1]];
            }
            for (i, truth) in at.zip(truth) {
                self.gradient[i] = sum(network[i], truth);
            }
        }
        self.seeds.iter_mut().for_each(|seed| seed.fill(0.0));
        &self.gradient[..n]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fokker::density::mixture::Mixture;
    use fokker::score::analytic::AnalyticScore;

    /// Scores, directional derivatives and gradients in x of both along the same numbers, at four points and times.
    fn pass<F: fokker::jet::Real>(score: &dyn Differentiable<F>) -> Vec<f64> {
        let of = |values: &[f64]| values.iter().map(|&v| F::of(v)).collect::<Vec<_>>();
        let x = of(&[0.3, -0.2, 1.4, 0.1, -1.0, 1.1, 0.01, 0.02]);
        let sde: Vec<_> = [0.05, 0.1, 0.3, 0.9].iter().map(|&t| score.sde().at(t)).collect();
        let mut tape = score.tape(&Directions::space(2), 6).unwrap();
        let mut found = Vec::new();
        tape.begin(&x, &sde);
        for j in 0..2 {
            tape.direction(j).copy_from_slice(&of(&[0.5, 1.0, -1.0, 0.2, 0.7, 0.7, 1.0, j as f64]));
        }
        tape.forward(0..3);
        for part in 0..3 {
            found.extend(tape.part(part).iter().map(|v| v.as_f64()));
            tape.seed(part).copy_from_slice(&of(&[1.0, 0.5, -0.3, 0.2, 0.9, -1.0, 0.1, part as f64]));
        }
        found.extend(tape.pull_x(3).iter().map(|v| v.as_f64()));
        found
    }

    #[test]
    fn it_is_the_mixtures_score() {
        let (config, network) = crate::cmd::bench::setup::fresh_model(2, 8, 2).unwrap();
        let ring = Ring::new(network);
        let truth = AnalyticScore::new(Mixture::ring(MODES, RADIUS, STD).unwrap(), config.sde.clone());
        for (found, expected) in pass(&ring).iter().zip(pass(&truth)) {
            assert!((found - expected).abs() < 1e-4 * (1.0 + expected.abs()), "{found} is not {expected}");
        }
    }
}
