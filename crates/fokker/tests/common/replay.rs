//! A batch's draws, replayed from the named streams, and the score's derivatives at its rows.

use std::sync::Arc;

use fokker::Workers;
use fokker::config::Config;
use fokker::data::Data;
use fokker::divergence::{Divergence, ProbeDistribution};
use fokker::objective::{LossTerms, Objective, Step, TimeSampler};
use fokker::rng::Streams;
use fokker::score::Direction::{Space, Time};
use fokker::score::network::NetworkScore;
use fokker::score::{Differentiable, Directions};
use fokker::sde::Coefficients;
use rand::RngExt;

use super::{BATCH, BLOCK, DIM, SEED, STEP, config};

/// Everything that a batch is made of.
pub struct Setting {
    pub config: Config,
    pub data: Arc<Data>,
    pub score: NetworkScore<f64>,
}

/// A row: a point, its noise, the SDE at its time, 1/(p(t)(T − t_min)).
pub struct Row {
    pub x: Vec<f64>,
    pub z: Vec<f64>,
    pub c: Coefficients,
    pub weight: f64,
}

#[derive(Clone, Copy)]
pub enum Source {
    Perturbed { copies: usize },
    Data,
    Uniform,
}

/// Probes by direction, and slices; of one row.
pub struct Probes {
    pub v: Vec<Vec<f64>>,
    pub u: Vec<f64>,
}

impl Setting {
    pub fn new(sde: &str, loss: &str) -> Self {
        let config = config(sde, loss);
        let data = Arc::new(Data::load(&config.data).unwrap());
        let model = config.model(data.shape());
        let parameters = model.initial_parameters(&mut Streams::new(3).named("weights"));
        Self { score: NetworkScore::new(model, &parameters), config, data }
    }

    pub fn terms(&self) -> LossTerms {
        self.terms_and_gradient().0
    }

    pub fn terms_and_gradient(&self) -> (LossTerms, Vec<f64>) {
        let workers = Arc::new(Workers::new(2, 10).unwrap());
        let (model, loss) = (self.score.model(), &self.config.loss);
        let mut objective = Objective::<f64>::new(model, &self.data, loss, BATCH, SEED, &workers).unwrap();
        let mut gradient = vec![0.0; self.score.parameters().len()];
        let terms = objective.evaluate(Step(STEP), self.score.parameters(), &mut gradient);
        (terms, gradient)
    }

    /// ℓ = σ s + z of each row.
    pub fn ells(&self, rows: &[Row]) -> Vec<Vec<f64>> {
        let of_row = |row: &Row| {
            let s = Derivatives::new(&self.score, row, &[]).s;
            (0..DIM).map(|i| row.c.sigma * s[i] + row.z[i]).collect()
        };
        rows.iter().map(of_row).collect()
    }

    /// Times of a block, then its noise, then its rows of data.
    pub fn rows(&self, name: &str, count: usize, source: Source) -> Vec<Row> {
        let sampler = TimeSampler::new(&self.config.sde, self.config.loss.time_sampling);
        let copies = if let Source::Perturbed { copies } = source { copies } else { 1 };
        let mut rows: Vec<Row> = Vec::new();
        for block in 0..count.div_ceil(BLOCK) {
            let mut rng = Streams::new(SEED).at(name, STEP, block as u64);
            let here = BLOCK.min(count - block * BLOCK);
            for _ in 0..here / copies {
                let (t, weight) = sampler.draw(&mut rng);
                let row = || Row { x: vec![0.0; DIM], z: vec![0.0; DIM], c: self.config.sde.at(t), weight };
                rows.extend((0..copies).map(|_| row()));
            }
            let block = &mut rows[block * BLOCK..];
            if let Source::Perturbed { .. } = source {
                block.iter_mut().for_each(|row| ProbeDistribution::Gaussian.fill(&mut rng, &mut row.z));
            }
            for row in block {
                let mut point = [0.0_f32; DIM];
                if let Source::Uniform = source {
                    let (low, high) = self.data.bounds();
                    for i in 0..DIM {
                        point[i] = low[i] + (high[i] - low[i]) * rng.random::<f32>();
                    }
                } else {
                    self.data.draw(&mut rng, &mut point);
                }
                let scale = if let Source::Perturbed { .. } = source { row.c.m } else { 1.0 };
                row.x = (0..DIM).map(|i| scale * f64::from(point[i]) + row.c.sigma * row.z[i]).collect();
            }
        }
        rows
    }

    /// Block by block the probes, one direction after the other, then the slices.
    pub fn probes(&self, name: &str, count: usize, divergence: Divergence, sets: usize, slices: bool) -> Vec<Probes> {
        let n = divergence.directions(DIM);
        let mut all = Vec::new();
        for block in 0..count.div_ceil(BLOCK) {
            let mut rng = Streams::new(SEED).at(name, STEP, block as u64);
            let here = BLOCK.min(count - block * BLOCK);
            let mut directions = vec![vec![0.0; here * DIM]; sets * n + 1];
            for (j, v) in directions.iter_mut().enumerate().take(sets * n) {
                divergence.fill(j % n, DIM, &mut rng, v);
            }
            if slices {
                ProbeDistribution::Gaussian.fill(&mut rng, &mut directions[sets * n]);
            }
            for row in 0..here {
                let mut of_row: Vec<_> = directions.iter().map(|v| v[row * DIM..(row + 1) * DIM].to_vec()).collect();
                let u = of_row.pop().unwrap();
                all.push(Probes { v: of_row, u });
            }
        }
        all
    }
}

pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// s, ∂ₜs, J (row i: ∇s_i) and, for each probe v, ∇(v·J v) by its entries v·D²s[e_k, v]; at one point.
pub struct Derivatives {
    pub s: Vec<f64>,
    pub dt: Vec<f64>,
    pub j: Vec<Vec<f64>>,
    pub of_probes: Vec<Vec<f64>>,
}

impl Derivatives {
    pub fn new(score: &NetworkScore<f64>, row: &Row, v: &[Vec<f64>]) -> Self {
        let time = DIM + v.len();
        let mut directions = Directions::new(&[vec![Space; time], vec![Time]].concat());
        for k in 0..DIM {
            for j in 0..v.len() {
                directions = directions.pair(k, DIM + j).unwrap();
            }
        }
        let mut tape = score.tape(&directions, 1).unwrap();
        tape.begin(&row.x, &[row.c]);
        for k in 0..DIM {
            tape.direction(k)[k] = 1.0;
        }
        for (j, v) in v.iter().enumerate() {
            tape.direction(DIM + j).copy_from_slice(v);
        }
        tape.forward(0..directions.parts());
        let mixed = |k: usize, j: usize| tape.part(2 + time + k * v.len() + j);
        Self {
            s: tape.part(0).to_vec(),
            dt: tape.part(1 + time).to_vec(),
            j: (0..DIM).map(|i| (0..DIM).map(|k| tape.part(1 + k)[i]).collect()).collect(),
            of_probes: (0..v.len()).map(|j| (0..DIM).map(|k| dot(&v[j], mixed(k, j))).collect()).collect(),
        }
    }

    /// ε = ∂ₜs − ½g² ∇div s − g² Jᵀs + a s + a Jᵀx, with div s = c Σ v·J v over some of the probes.
    pub fn residual(&self, row: &Row, probes: std::ops::Range<usize>, coefficient: f64) -> Vec<f64> {
        let Coefficients { a, g2, .. } = row.c;
        let transposed = |w: &[f64], k: usize| (0..DIM).map(|i| self.j[i][k] * w[i]).sum::<f64>();
        let component = |k: usize| {
            let divergence = coefficient * self.of_probes[probes.clone()].iter().map(|d| d[k]).sum::<f64>();
            self.dt[k] - 0.5 * g2 * divergence - g2 * transposed(&self.s, k) + a * (self.s[k] + transposed(&row.x, k))
        };
        (0..DIM).map(component).collect()
    }

    /// φ = ½g² div s + ½g²‖s‖² − a x·s − a D.
    pub fn phi(&self, row: &Row, v: &[Vec<f64>], coefficient: f64) -> f64 {
        let Coefficients { a, g2, .. } = row.c;
        let of_probe = |v: &Vec<f64>| (0..DIM).map(|i| v[i] * dot(&self.j[i], v)).sum::<f64>();
        let divergence = coefficient * v.iter().map(of_probe).sum::<f64>();
        0.5 * g2 * (divergence + dot(&self.s, &self.s)) - a * (dot(&row.x, &self.s) + DIM as f64)
    }
}
