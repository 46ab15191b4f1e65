//! Exact derivatives of a score at given points: what outsiders check us by.

use fokker_jet::Real;
use fokker_jet::panel::Workers;

use crate::Error;
use crate::loss::Divergence;
use crate::memory;
use crate::residual::residual;
use crate::score::{Directions, Score};

/// A score and its derivatives at some points at one time.
#[derive(Clone, Debug, PartialEq)]
pub struct Derivatives<F> {
    /// s, `rows × D`.
    pub score: Vec<F>,
    /// ∂ₜs, `rows × D`.
    pub dt: Vec<F>,
    /// div s, `rows`.
    pub divergence: Vec<F>,
    /// ε = ∂ₜs − ∇φ, `rows × D`.
    pub residual: Vec<F>,
    /// J, `rows × D × D`, entry (i, j) = ∂s_i/∂x_j; empty if not asked for.
    pub jacobian: Vec<F>,
}

/// s, ∂ₜs, div s, ε and, if asked for, J at points `x` (`rows × D`, model coordinates) and time `t`; all exact.
///
/// ```
/// use fokker::{evaluate::evaluate, score::{analytic::AnalyticScore, mixture::Mixture}, sde::Sde};
/// use fokker_jet::panel::Workers;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let truth = AnalyticScore::new(Mixture::ring(8, 1.5, 0.15)?, Sde::vp());
/// let at = evaluate(&truth, &[0.3, -0.2], 0.4, true, &Workers::new(1, 8)?)?;
/// assert!((at.jacobian[0] + at.jacobian[3] - at.divergence[0]).abs() < 1e-12);
/// # Ok(()) }
/// ```
///
/// # Errors
/// If the score cannot carry the jets, or they take more memory than there may be.
pub fn evaluate<F: Real>(
    score: &dyn Score<F>, x: &[F], t: f64, jacobian: bool, workers: &Workers,
) -> Result<Derivatives<F>, Error> {
    let dim = score.dim();
    let numbers = if jacobian { dim.saturating_mul(2).saturating_add(8) } else { 8 };
    memory::require("--what jacobian", memory::product(&[x.len(), numbers, size_of::<F>()]))?;
    let times = vec![t; x.len() / dim.max(1)];
    let residuals = residual(score, x, &times, Divergence::Exact {}, 0, workers)?;
    let sde = vec![score.sde().at(t); times.len()];
    let tape = || score.tape(&Directions::space(1), workers.panel_rows());
    let lanes: Result<Vec<_>, _> = (0..workers.lanes()).map(|_| tape()).collect();
    let panels = workers.map(times.len(), lanes?, |tape, _, range| {
        let (rows, x) = (range.len(), &x[range.start * dim..range.end * dim]);
        tape.begin(x, &sde[range]);
        tape.forward(0..1);
        let s = tape.part(0).to_vec();
        let mut divergence = vec![F::ZERO; rows];
        let mut j = vec![F::ZERO; if jacobian { rows * dim * dim } else { 0 }];
        for column in 0..dim {
            let direction = tape.direction(0);
            direction.fill(F::ZERO);
            direction.iter_mut().skip(column).step_by(dim).for_each(|v| *v = F::ONE);
            tape.forward(1..2);
            let s_v = tape.part(1);
            for row in 0..rows {
                divergence[row] += s_v[row * dim + column];
                if jacobian {
                    for i in 0..dim {
                        j[(row * dim + i) * dim + column] = s_v[row * dim + i];
                    }
                }
            }
        }
        (s, divergence, j)
    });
    let mut found = Derivatives {
        score: Vec::with_capacity(x.len()),
        dt: residuals.dt,
        divergence: Vec::with_capacity(times.len()),
        residual: residuals.residual,
        jacobian: Vec::new(),
    };
    for (s, divergence, j) in panels {
        found.score.extend(s);
        found.divergence.extend(divergence);
        found.jacobian.extend(j);
    }
    Ok(found)
}
