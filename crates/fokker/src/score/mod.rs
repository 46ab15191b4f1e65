//! Scores s(x, t) ≈ ∇ₓ log q_t(x), and how their derivatives are had.
//!
//! Everything downstream (residual, conservativity, objective, likelihood, samplers) is written once against [`ScoreTape`]; what
//! stands behind it may be a network ([`network`]) or a closed form ([`analytic`]).

pub mod analytic;
pub mod mixture;
pub mod network;

use std::ops::Range;

use fokker_jet::{JetError, JetSet, Real};

use crate::Error;
use crate::sde::{Coefficients, Sde};

/// A direction along which a score is expanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// A direction in x, given for each row.
    Space,
    /// Time: the part along it is ∂ₜs.
    Time,
}

/// Which derivatives of a score are wanted: directions in x and time, and pairs of directions in x.
///
/// ```
/// use fokker::score::{Direction::{Space, Time}, Directions};
/// # fn main() -> Result<(), fokker::Error> {
/// // s, s_u = J u, s_v = J v, ∂ₜs and s_uv = D²s[u, v]
/// let sliced = Directions::new(&[Space, Space, Time]).pair(0, 1)?;
/// assert_eq!(sliced.parts(), 5);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Directions {
    kinds: Vec<Direction>,
    set: JetSet,
}

impl Directions {
    /// First-order parts along these directions; direction `i` is part `1 + i`.
    #[must_use]
    pub fn new(kinds: &[Direction]) -> Self {
        Self { kinds: kinds.to_vec(), set: JetSet::first_order(kinds.len()) }
    }

    /// `n` directions in x and no other.
    #[must_use]
    pub fn space(n: usize) -> Self {
        Self::new(&vec![Direction::Space; n])
    }

    /// Adds the mixed second-order part along two directions in x.
    ///
    /// # Errors
    /// If either direction does not exist.
    pub fn pair(mut self, first: usize, second: usize) -> Result<Self, JetError> {
        self.set = self.set.with_pair(first, second)?;
        Ok(self)
    }

    /// Makes the last direction the tangent of a reverse pass; see [`JetSet::with_tangent`].
    ///
    /// # Errors
    /// If a pair is not of it and another direction.
    pub fn tangent(mut self) -> Result<Self, JetError> {
        self.set = self.set.with_tangent()?;
        Ok(self)
    }

    /// Number of parts: 1 + directions + pairs.
    #[must_use]
    pub fn parts(&self) -> usize {
        self.set.parts()
    }

    /// The kinds of the directions.
    #[must_use]
    pub fn kinds(&self) -> &[Direction] {
        &self.kinds
    }

    /// The same as a jet set.
    #[must_use]
    pub fn set(&self) -> &JetSet {
        &self.set
    }
}

/// Rows of (x, t) on their way through a score: forward for its derivatives, back for the gradient in x.
///
/// Arrays are row-major, `rows × D`. The order of calls is that of [`fokker_jet::Tape`].
pub trait ScoreTape<F: Real> {
    /// Starts a batch at the points `x` (`rows × D`) and the times of `sde`, the score's SDE at each row; directions and seeds
    /// become zero.
    fn begin(&mut self, x: &[F], sde: &[Coefficients]);
    /// The rows of a direction in x, to be filled in.
    fn direction(&mut self, direction: usize) -> &mut [F];
    /// Computes the given parts; those below `parts.start` must have been computed before.
    fn forward(&mut self, parts: Range<usize>);
    /// A part of the score, `rows × D`.
    fn part(&self, part: usize) -> &[F];
    /// The cotangent of a part, to be filled in; zero after `begin` and after each reverse pass.
    fn seed(&mut self, part: usize) -> &mut [F];
    /// A part of the score, and the cotangent of a part, to be filled in.
    fn part_and_seed(&mut self, part: usize, seed: usize) -> (&[F], &mut [F]);
    /// ∇ₓ of Σ over parts below `parts` of ⟨seed, part⟩, directions held constant; `rows × D`.
    fn pull_x(&mut self, parts: usize) -> &[F];
}

/// A score under an SDE.
pub trait Score<F: Real>: Sync {
    /// Dimension D of x.
    fn dim(&self) -> usize;
    /// The forward SDE whose marginals' score it is.
    fn sde(&self) -> &Sde;
    /// A workspace for up to `rows` rows.
    ///
    /// # Errors
    /// If the directions cannot be had; [`Error::Memory`] if the workspace would take more than there may be.
    fn tape<'a>(&'a self, directions: &Directions, rows: usize) -> Result<Box<dyn ScoreTape<F> + Send + 'a>, Error>;
}
