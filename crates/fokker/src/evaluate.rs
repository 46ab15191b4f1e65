//! Exact derivatives of a score at given points: what outsiders check us by.

use fokker_jet::Real;
use fokker_jet::cpu::Workers;

use crate::Error;
use crate::data::Scaling;
use crate::divergence::Divergence;
use crate::memory;
use crate::residual::residual;
use crate::score::Direction::{Space, Time};
use crate::score::{Differentiable, Directions, ScoreTape};

/// What can be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// s.
    Score,
    /// ∂ₜs.
    Dt,
    /// div s.
    Divergence,
    /// ε = ∂ₜs − ∇φ.
    Residual,
    /// J.
    Jacobian,
}

/// A score and its derivatives at some points at one time; what was not asked for is empty.
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
    /// J, `rows × D × D`, entry (i, j) = ∂s_i/∂x_j.
    pub jacobian: Vec<F>,
}

/// What is asked for of s, ∂ₜs, div s, ε and J at points `x` (`rows × D`) and time `t`; all exact. Nothing else is computed.
///
/// Without `units` points and derivatives are in model coordinates. With them both are in those of the data, y = scale·x + shift: s is
/// ∇_y log p_t(y), so that s_i, ∂ₜs_i and ε_i are those of the model divided by scale_i, J_ij is divided by scale_i scale_j, and div s is
/// the trace of that J. (ε too: φ = ∂ₜ log p_t is the same number in any units, and its gradient is taken in y.)
///
/// ```
/// use fokker::evaluate::{Quantity, evaluate};
/// use fokker::{density::mixture::Mixture, score::analytic::AnalyticScore, sde::Sde};
/// use fokker_jet::cpu::Workers;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let truth = AnalyticScore::new(Mixture::ring(8, 1.5, 0.15)?, Sde::vp());
/// let what = [Quantity::Jacobian, Quantity::Divergence];
/// let at = evaluate(&truth, &[0.3, -0.2], 0.4, None, &what, &Workers::new(1, 8)?)?;
/// assert!((at.jacobian[0] + at.jacobian[3] - at.divergence[0]).abs() < 1e-12);
/// assert!(at.score.is_empty());
/// # Ok(()) }
/// ```
///
/// # Errors
/// If the score cannot carry the jets, or they take more memory than there may be.
pub fn evaluate<F: Real>(
    score: &dyn Differentiable<F>, x: &[F], t: f64, units: Option<&Scaling>, what: &[Quantity], workers: &Workers,
) -> Result<Derivatives<F>, Error> {
    let model: Vec<F>;
    let x = match units {
        None => x,
        Some(scaling) => {
            let mut rows: Vec<f64> = x.iter().map(|v| v.as_f64()).collect();
            scaling.apply_f64(&mut rows);
            model = rows.into_iter().map(F::of).collect();
            &model
        }
    };
    let scale = units.map(|scaling| &scaling.scale[..]);
    let wants = |quantity| what.contains(&quantity);
    let dim = score.dim();
    // The chunks' pieces and the whole.
    let numbers = if wants(Quantity::Jacobian) { dim.saturating_mul(2).saturating_add(8) } else { 8 };
    let asks = if wants(Quantity::Jacobian) { "--what jacobian" } else { "--what" };
    memory::require(asks, memory::product(&[x.len(), numbers, size_of::<F>()]))?;
    let mut found = at_points(score, x, t, scale, &wants, workers)?;
    if wants(Quantity::Residual) {
        let times = vec![t; x.len() / score.dim().max(1)];
        found.residual = residual(score, x, &times, Divergence::Exact {}, 0, workers)?.residual;
        divide(&mut found.residual, scale);
    }
    Ok(found)
}

/// All but the residual.
fn at_points<F: Real>(
    score: &dyn Differentiable<F>, x: &[F], t: f64, scale: Option<&[f64]>, wants: &dyn Fn(Quantity) -> bool,
    workers: &Workers,
) -> Result<Derivatives<F>, Error> {
    let dim = score.dim();
    let rows = x.len() / dim.max(1);
    let wanted = Wanted {
        dim,
        scale,
        score: wants(Quantity::Score),
        dt: wants(Quantity::Dt),
        divergence: wants(Quantity::Divergence),
        jacobian: wants(Quantity::Jacobian),
    };
    let reserved = |asked: bool, width: usize| Vec::with_capacity(if asked { rows * width } else { 0 });
    let mut found = Derivatives {
        score: reserved(wanted.score, dim),
        dt: reserved(wanted.dt, dim),
        divergence: reserved(wanted.divergence, 1),
        residual: Vec::new(),
        jacobian: reserved(wanted.jacobian, dim * dim),
    };
    if !(wanted.score || wanted.dt || wanted.space()) {
        return Ok(found);
    }
    let kinds = [(Time, wanted.dt), (Space, wanted.space())];
    let directions =
        Directions::new(&kinds.iter().filter(|(_, asked)| *asked).map(|(kind, _)| *kind).collect::<Vec<_>>());
    let sde = vec![score.sde().at(t); rows];
    let shards: Result<Vec<_>, _> =
        (0..workers.shards()).map(|_| score.tape(&directions, workers.chunk_rows())).collect();
    let chunks = workers.map(rows, shards?, |tape, _, range| {
        tape.begin(&x[range.start * dim..range.end * dim], &sde[range.clone()]);
        wanted.chunk(&mut **tape, range.len())
    });
    for chunk in chunks {
        found.score.extend(chunk.score);
        found.dt.extend(chunk.dt);
        found.divergence.extend(chunk.divergence);
        found.jacobian.extend(chunk.jacobian);
    }
    Ok(found)
}

/// What is wanted of a chunk of rows.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    dim: usize,
    /// Of the units, if they are not the model's.
    scale: Option<&'a [f64]>,
    score: bool,
    dt: bool,
    divergence: bool,
    jacobian: bool,
}

impl Wanted<'_> {
    /// Are there derivatives in x?
    fn space(&self) -> bool {
        self.divergence || self.jacobian
    }

    /// The parts of a tape that has begun: s, ∂ₜs if it is wanted, and last the derivative along a direction in x.
    fn chunk<F: Real>(&self, tape: &mut (dyn ScoreTape<F> + Send), rows: usize) -> Derivatives<F> {
        let first = 1 + usize::from(self.dt);
        tape.forward(0..first);
        let taken = |asked: bool, part: usize, tape: &(dyn ScoreTape<F> + Send)| {
            let mut values = if asked { tape.part(part).to_vec() } else { Vec::new() };
            divide(&mut values, self.scale);
            values
        };
        let (score, dt) = (taken(self.score, 0, tape), taken(self.dt, 1, tape));
        let dim = self.dim;
        let mut divergence = vec![F::ZERO; if self.divergence { rows } else { 0 }];
        let mut jacobian = vec![F::ZERO; if self.jacobian { rows * dim * dim } else { 0 }];
        for column in 0..if self.space() { dim } else { 0 } {
            let direction = tape.direction(first - 1);
            direction.fill(F::ZERO);
            // Along y_j: ∂x_j/∂y_j = 1/scale_j.
            let along = F::of(self.scale.map_or(1.0, |scale| 1.0 / scale[column]));
            direction.iter_mut().skip(column).step_by(dim).for_each(|v| *v = along);
            tape.forward(first..first + 1);
            let mut s_v = tape.part(first).to_vec();
            divide(&mut s_v, self.scale);
            for (row, s_v) in s_v.chunks_exact(dim).enumerate() {
                if self.divergence {
                    divergence[row] += s_v[column];
                }
                if self.jacobian {
                    for (i, &value) in s_v.iter().enumerate() {
                        jacobian[(row * dim + i) * dim + column] = value;
                    }
                }
            }
        }
        Derivatives { score, dt, divergence, residual: Vec::new(), jacobian }
    }
}

/// From ∂/∂x to ∂/∂y of rows of components.
fn divide<F: Real>(values: &mut [F], scale: Option<&[f64]>) {
    let Some(scale) = scale else {
        return;
    };
    for row in values.chunks_mut(scale.len().max(1)) {
        row.iter_mut().zip(scale).for_each(|(value, scale)| *value = F::of(value.as_f64() / scale));
    }
}
