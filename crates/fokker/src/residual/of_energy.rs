//! The residual of the log-density of an energy model at given points.

use fokker_jet::Real;
use fokker_jet::cpu::{Workers, Workspace};

use crate::Error;
use crate::divergence::Divergence;
use crate::memory;
use crate::rng::Streams;
use crate::rows::dot;
use crate::score::Direction::{Space, Time};
use crate::score::network::{NetworkScore, NetworkTape, require_energy};
use crate::score::{Directions, ScoreTape};
use crate::sde::Coefficients;

/// Directions that go through the network at a time; more are done in groups, which bounds the memory.
const GROUP: usize = 16;

/// ρ and ∂ₜ log q at each row.
#[derive(Clone, Debug, PartialEq)]
pub struct LogDensityResiduals<F> {
    /// ρ = ∂ₜ log q − φ.
    pub residual: Vec<F>,
    /// ∂ₜ log q.
    pub dt: Vec<F>,
}

/// ρ = ∂ₜ log q − φ, φ = ½g²(Δ log q + ‖s‖²) − a x·s − a D, of an energy model at points `x` (`rows × D`, model coordinates) and times
/// `t` (`rows`): the log-density form of the score FPE (Lai et al. 2023, arXiv 2210.04296, eq. 5), whose gradient in x is the
/// [residual](super::residual) ε. Where ρ = 0, ∫q(x, t) dx is the same at all t. Probes, if any, are drawn for each chunk of rows
/// from `seed`.
///
/// ```
/// use fokker::{config::Config, divergence::Divergence, residual::log_density_residual, rng::Streams, score::network::NetworkScore};
/// use fokker_jet::{Shape, cpu::Workers};
/// # fn main() -> Result<(), fokker::Error> {
/// let set = ["network.output=energy", "score.parameterisation=bounded", "network.width=8", "loss.fp.estimator=log-density"];
/// let model = Config::preset("ring8", &set.map(String::from))?.model(Shape::vector(2));
/// let parameters = model.initial_parameters(&mut Streams::new(0).named("weights"));
/// let energy = NetworkScore::<f64>::new(model, &parameters);
/// let found = log_density_residual(&energy, &[0.3, -0.2], &[0.4], Divergence::Exact {}, 0, &Workers::new(1, 64)?)?;
/// assert!(found.residual[0] != 0.0);
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`Error::Output`] if the model gives no log-density; [`Error::Memory`].
pub fn log_density_residual<F: Real>(
    energy: &NetworkScore<F>, x: &[F], t: &[f64], divergence: Divergence, seed: u64, workers: &Workers,
) -> Result<LogDensityResiduals<F>, Error> {
    require_energy(energy)?;
    let (model, dim) = (energy.model(), energy.model().dim());
    let total = divergence.directions(dim);
    let group = total.min(GROUP);
    let mut kinds = vec![Space; group];
    kinds.push(Time);
    let directions = (0..group).try_fold(Directions::new(&kinds), |directions, j| directions.pair(j, j))?;
    let plan = model.plan(&directions)?;
    let what = format!("the Laplacian along {group} directions at a time");
    let bytes = plan.workspace_bytes::<F>(workers.chunk_rows()).saturating_mul(workers.shards() as u64);
    let _held = memory::hold(&what, bytes)?;
    let tape =
        || NetworkTape::new(model, &directions, energy.parameters(), Workspace::new(&plan, workers.chunk_rows()));
    let shards: Vec<_> = (0..workers.shards()).map(|_| tape()).collect();
    let streams = Streams::new(seed);
    let (time, second) = (1 + group, 2 + group);
    let chunks = workers.map(t.len(), shards, |tape, chunk, range| {
        let mut rng = streams.at("residual-probes", 0, chunk as u64);
        let x = &x[range.start * dim..range.end * dim];
        let sde: Vec<Coefficients> = t[range].iter().map(|&t| model.sde().at(t)).collect();
        let (mut laplacian, mut dt, mut s) = (vec![F::ZERO; sde.len()], Vec::new(), Vec::new());
        for from in (0..total).step_by(group) {
            let count = group.min(total - from);
            tape.begin(x, &sde);
            for j in 0..count {
                divergence.fill(from + j, dim, &mut rng, tape.direction(j));
            }
            tape.forward(0..directions.parts());
            for j in 0..count {
                laplacian.iter_mut().zip(tape.part(second + j)).for_each(|(sum, &part)| *sum += part);
            }
            if from == 0 {
                dt = tape.part(time).to_vec();
                tape.seed(0).fill(F::ONE);
                s = tape.pull_x(1).to_vec();
            }
        }
        let phi = |(row, c): (usize, &Coefficients)| {
            let (x, s) = (&x[row * dim..][..dim], &s[row * dim..][..dim]);
            let laplacian = F::of(divergence.coefficient()) * laplacian[row];
            #[allow(clippy::cast_precision_loss)]
            let dim = F::of(dim as f64);
            F::of(0.5 * c.g2) * (laplacian + dot(s, s)) - F::of(c.a) * (dot(x, s) + dim)
        };
        let residual: Vec<F> = sde.iter().enumerate().map(phi).zip(&dt).map(|(phi, &dt)| dt - phi).collect();
        (residual, dt)
    });
    let mut all = LogDensityResiduals { residual: Vec::with_capacity(t.len()), dt: Vec::with_capacity(t.len()) };
    for (residual, dt) in chunks {
        all.residual.extend(residual);
        all.dt.extend(dt);
    }
    Ok(all)
}
