//! Which derivatives of a score are wanted.

use fokker_jet::{JetError, JetSet};

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
