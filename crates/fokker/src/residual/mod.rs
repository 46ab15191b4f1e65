//! The residual ε = ∂ₜs − ∇φ of the score FPE at given points (Lai et al. 2023, arXiv 2210.04296, eq. 6 and 10).

pub(crate) mod energy;
pub(crate) mod equation;
mod of_energy;

use fokker_jet::Real;
use fokker_jet::cpu::Workers;

use crate::Error;
use crate::divergence::Divergence;
use crate::rng::Streams;
use crate::rows::Host;
use crate::score::Direction::{Space, Time};
use crate::score::{Differentiable, Directions, ScoreTape};
use crate::sde::Coefficients;
use equation::{Points, Probes};
pub use of_energy::{LogDensityResiduals, log_density_residual};

/// Directions that go through the network at a time; more are done in groups, which bounds the memory.
const GROUP: usize = 16;

/// ε and ∂ₜs at each row.
#[derive(Clone, Debug, PartialEq)]
pub struct Residuals<F> {
    /// Dimension D.
    pub dim: usize,
    /// ε, `rows × D`.
    pub residual: Vec<F>,
    /// ∂ₜs, `rows × D`.
    pub dt: Vec<F>,
}

impl<F: Real> Residuals<F> {
    /// ‖ε‖₂/D of each row: its mean over x ~ q_t is the profile r(t).
    #[must_use]
    pub fn per_dimension(&self) -> Vec<f64> {
        norms(&self.residual, self.dim)
    }

    /// ‖∂ₜs‖₂/D of each row.
    #[must_use]
    pub fn dt_per_dimension(&self) -> Vec<f64> {
        norms(&self.dt, self.dim)
    }

    /// ⟨a, b⟩/D² of each row of two arrays of `rows × D`. Of the residuals ε_v and ε_v′ under independent probes at the same points its
    /// mean over the probes is ‖ε‖²/D², where that of ‖ε_v‖²/D² is larger by the probes' variance.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn products(a: &[F], b: &[F], dim: usize) -> Vec<f64> {
        let product = |(a, b): (&[F], &[F])| -> f64 { a.iter().zip(b).map(|(a, b)| a.as_f64() * b.as_f64()).sum() };
        let square = (dim * dim) as f64;
        a.chunks_exact(dim).zip(b.chunks_exact(dim)).map(|rows| product(rows) / square).collect()
    }
}

#[allow(clippy::cast_precision_loss)]
fn norms<F: Real>(values: &[F], dim: usize) -> Vec<f64> {
    let norm = |row: &[F]| row.iter().map(|v| v.as_f64().powi(2)).sum::<f64>().sqrt() / dim as f64;
    values.chunks_exact(dim).map(norm).collect()
}

/// ε of a score at points `x` (`rows × D`) and times `t` (`rows`). Probes, if any, are drawn for each chunk of rows from `seed`.
///
/// ```
/// use fokker::{divergence::Divergence, residual::residual, density::mixture::Mixture, score::analytic::AnalyticScore, sde::Sde};
/// use fokker_jet::cpu::Workers;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let truth = AnalyticScore::new(Mixture::ring(8, 1.5, 0.15)?, Sde::vp());
/// let found = residual(&truth, &[0.3, -0.2], &[0.4], Divergence::Exact {}, 0, &Workers::new(1, 64)?)?;
/// assert!(found.per_dimension()[0] < 1e-9 * found.dt_per_dimension()[0]);
/// # Ok(()) }
/// ```
///
/// # Errors
/// If the score cannot carry the jets, or they take more memory than there may be.
pub fn residual<F: Real>(
    score: &dyn Differentiable<F>, x: &[F], t: &[f64], divergence: Divergence, seed: u64, workers: &Workers,
) -> Result<Residuals<F>, Error> {
    let dim = score.dim();
    let total = divergence.directions(dim);
    let shards: Result<Vec<_>, _> =
        (0..workers.shards()).map(|_| Evaluator::new(score, total, workers.chunk_rows())).collect();
    let streams = Streams::new(seed);
    let chunks = workers.map(t.len(), shards?, |shard, chunk, range| {
        let mut rng = streams.at("residual-probes", 0, chunk as u64);
        let x = &x[range.start * dim..range.end * dim];
        shard.evaluate(x, &t[range], |j, out| divergence.fill(j, dim, &mut rng, out), divergence.coefficient())
    });
    let mut all = Residuals { dim, residual: Vec::with_capacity(x.len()), dt: Vec::with_capacity(x.len()) };
    for chunk in chunks {
        all.residual.extend(chunk.residual);
        all.dt.extend(chunk.dt);
    }
    Ok(all)
}

/// The tapes of one shard: the first has ∂ₜs and the first directions, the second takes the rest in groups.
struct Evaluator<'a, F: Real> {
    score: &'a dyn Differentiable<F>,
    total: usize,
    group: usize,
    first: Box<dyn ScoreTape<F> + Send + 'a>,
    rest: Option<Box<dyn ScoreTape<F> + Send + 'a>>,
}

impl<'a, F: Real> Evaluator<'a, F> {
    fn new(score: &'a dyn Differentiable<F>, total: usize, rows: usize) -> Result<Self, Error> {
        let group = total.min(GROUP);
        let mut kinds = vec![Space; group];
        kinds.push(Time);
        let first = score.tape(&Directions::new(&kinds), rows)?;
        let rest = (total > group).then(|| score.tape(&Directions::space(group), rows)).transpose()?;
        Ok(Self { score, total, group, first, rest })
    }

    fn evaluate(
        &mut self, x: &[F], t: &[f64], mut fill: impl FnMut(usize, &mut [F]), coefficient: f64,
    ) -> Residuals<F> {
        let sde: Vec<Coefficients> = t.iter().map(|&t| self.score.sde().at(t)).collect();
        let points = Points::<Host<F>> { dim: self.score.dim(), x, sde: &sde };
        let mut vectors = vec![vec![F::ZERO; x.len()]; self.group];
        let mut residual = vec![F::ZERO; x.len()];
        self.first.begin(x, &sde);
        for (j, v) in vectors.iter_mut().enumerate() {
            fill(j, v);
            self.first.direction(j).copy_from_slice(v);
        }
        let time = 1 + self.group;
        self.first.forward(0..time + 1);
        let probes = Probes { vectors: &vectors, first: 1, coefficient };
        equation::vector(&mut *self.first, points, &[probes], time, time, &mut residual);
        let dt = self.first.part(time).to_vec();
        if let Some(rest) = &mut self.rest {
            for from in (self.group..self.total).step_by(self.group) {
                let count = self.group.min(self.total - from);
                rest.begin(x, &sde);
                for (j, v) in vectors.iter_mut().enumerate().take(count) {
                    fill(from + j, v);
                    rest.direction(j).copy_from_slice(v);
                }
                rest.forward(0..1 + count);
                let probes = Probes { vectors: &vectors[..count], first: 1, coefficient };
                equation::seed_divergence(&mut **rest, points, &probes);
                equation::subtract(points, &mut residual, rest.pull_x(1 + count));
            }
        }
        Residuals { dim: points.dim, residual, dt }
    }
}
