//! Is the score a gradient? A field is one exactly where its Jacobian J is symmetric (Lai et al. 2023, arXiv 2210.04296,
//! section 4.3: a score that obeys the score FPE from a conservative end is conservative at every t).

use fokker_jet::Real;
use fokker_jet::cpu::Workers;

use crate::Error;
use crate::divergence::Divergence;
use crate::rng::Streams;
use crate::rows::dot;
use crate::score::{Differentiable, Directions};
use crate::sde::Coefficients;

/// The asymmetry of the Jacobian at each row.
#[derive(Clone, Debug, PartialEq)]
pub struct Asymmetry {
    /// ‖J − Jᵀ‖²_F of each row; its mean over x ~ q_t is Asym(t).
    pub absolute: Vec<f64>,
    /// ‖J − Jᵀ‖²_F / (4‖J‖²_F) of each row; its mean is NAsym(t). In [0, 1] with exact directions, since ‖J − Jᵀ‖ ≤ 2‖J‖; with probes
    /// a ratio of two estimates, which may exceed 1 and is biased where they are few.
    pub normalised: Vec<f64>,
}

/// The asymmetry of a score's Jacobian at points `x` (`rows × D`) and times `t`.
///
/// Over directions v that make up the identity, Σ c v vᵀ = I (all unit vectors, or random probes in the mean),
/// ‖J − Jᵀ‖²_F = Σ c ‖J v − Jᵀ v‖² and ‖J‖²_F = Σ c ‖J v‖². With probes the first and second sums are unbiased for each row, and
/// `normalised` is the ratio of the two. In one dimension every field is a gradient: both are 0.
///
/// ```
/// use fokker::{conservativity::asymmetry, divergence::Divergence, sde::Sde};
/// use fokker::{density::mixture::Mixture, score::analytic::AnalyticScore};
/// use fokker_jet::cpu::Workers;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let truth = AnalyticScore::new(Mixture::ring(8, 1.5, 0.15)?, Sde::vp());
/// let swirl = truth.clone().perturbed(vec![0.0, 1.0, -1.0, 0.0]);
/// let workers = Workers::new(1, 64)?;
/// let at = |score| asymmetry::<f64>(score, &[0.3, -0.2], &[0.4], Divergence::Exact {}, 0, &workers);
/// assert!(at(&truth)?.absolute[0] < 1e-20);
/// assert!((at(&swirl)?.absolute[0] - 8.0 * 0.4 * 0.4).abs() < 1e-10);
/// # Ok(()) }
/// ```
///
/// # Errors
/// If the score cannot carry the jets, or they take more memory than there may be.
pub fn asymmetry<F: Real>(
    score: &dyn Differentiable<F>, x: &[F], t: &[f64], directions: Divergence, seed: u64, workers: &Workers,
) -> Result<Asymmetry, Error> {
    let dim = score.dim();
    if dim == 1 {
        return Ok(Asymmetry { absolute: vec![0.0; t.len()], normalised: vec![0.0; t.len()] });
    }
    let tape = || score.tape(&Directions::space(1), workers.chunk_rows());
    let shards: Result<Vec<_>, _> = (0..workers.shards()).map(|_| tape()).collect();
    let streams = Streams::new(seed);
    let sde: Vec<Coefficients> = t.iter().map(|&t| score.sde().at(t)).collect();
    let c = directions.coefficient();
    let chunks = workers.map(t.len(), shards?, |tape, chunk, range| {
        let mut rng = streams.at("asymmetry-probes", 0, chunk as u64);
        let (rows, x, sde) = (range.len(), &x[range.start * dim..range.end * dim], &sde[range]);
        let mut sums = vec![(0.0, 0.0); rows];
        let mut v = vec![F::ZERO; x.len()];
        for j in 0..directions.directions(dim) {
            directions.fill(j, dim, &mut rng, &mut v);
            tape.begin(x, sde);
            tape.direction(0).copy_from_slice(&v);
            tape.forward(0..2);
            let forward = tape.part(1).to_vec();
            tape.seed(0).copy_from_slice(&v);
            let backward = tape.pull_x(1);
            for (row, sum) in sums.iter_mut().enumerate() {
                let at = row * dim..(row + 1) * dim;
                let (jv, vj) = (&forward[at.clone()], &backward[at]);
                sum.0 += c * jv.iter().zip(vj).map(|(&a, &b)| (a - b).as_f64().powi(2)).sum::<f64>();
                sum.1 += c * dot(jv, jv).as_f64();
            }
        }
        sums
    });
    let sums: Vec<(f64, f64)> = chunks.into_iter().flatten().collect();
    Ok(Asymmetry {
        absolute: sums.iter().map(|s| s.0).collect(),
        normalised: sums.iter().map(|s| s.0 / (4.0 * s.1).max(f64::MIN_POSITIVE)).collect(),
    })
}
