//! Which parts a jet carries.

use std::sync::Arc;

use crate::JetError;

/// The parts of a jet: the primal, one first-order part per direction, one second-order part per chosen pair.
///
/// Parts are numbered in that order: part 0 is the primal `y`, part `1 + i` is `y_i` along direction `i`, and the pairs follow in
/// the order in which they were added; but a [tangent](JetSet::with_tangent) and its pairs come last of all. A caller that wants to
/// run the network in stages (some parts first, others once their directions are known) names the directions of the first stage
/// first.
///
/// ```
/// use fokker_jet::JetSet;
/// # fn main() -> Result<(), fokker_jet::JetError> {
/// // directions u, v, τ and the mixed part uv
/// let set = JetSet::first_order(3).with_pair(0, 1)?;
/// assert_eq!(set.parts(), 5);
/// assert_eq!(set.pairs().collect::<Vec<_>>(), [(4, 1, 2)]);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct JetSet {
    directions: usize,
    pairs: Vec<(usize, usize)>,
    /// The number of pairs that come before the tangent, if there is one.
    tangent: Option<usize>,
}

impl JetSet {
    /// The jet of order 0: plain evaluation.
    #[must_use]
    pub fn primal() -> Self {
        Self::first_order(0)
    }

    /// First-order parts along `directions` directions.
    #[must_use]
    pub fn first_order(directions: usize) -> Self {
        Self { directions, pairs: Vec::new(), tangent: None }
    }

    /// Adds the mixed second-order part along directions `first` and `second` (which may be the same).
    ///
    /// # Errors
    /// [`JetError::UnknownDirection`] if either is not a direction of the set.
    pub fn with_pair(mut self, first: usize, second: usize) -> Result<Self, JetError> {
        if first >= self.directions || second >= self.directions {
            return Err(JetError::UnknownDirection { first, second, directions: self.directions });
        }
        self.pairs.push((first, second));
        Ok(self)
    }

    /// Makes the last direction, w, the *tangent* of a reverse pass: what is seeded along w and its pairs is to be the derivative
    /// along w of what an earlier reverse pass pulled back, so that the cotangents are known (see [`Tape::record`](crate::Tape::record)).
    /// w and its pairs become the last parts.
    ///
    /// # Errors
    /// [`JetError::Tangent`] unless the pairs of w are with other directions, and were added after those without it.
    ///
    /// ```
    /// use fokker_jet::JetSet;
    /// # fn main() -> Result<(), fokker_jet::JetError> {
    /// // directions v, w and the part vv: 0, v = 1, vv = 2, w = 3
    /// let set = JetSet::first_order(2).with_pair(0, 0)?.with_tangent()?;
    /// assert_eq!((set.part_of(0), set.part_of(1), set.tangent()), (1, 3, Some(3)));
    /// assert_eq!(set.pairs().collect::<Vec<_>>(), [(2, 1, 1)]);
    /// # Ok(()) }
    /// ```
    pub fn with_tangent(mut self) -> Result<Self, JetError> {
        let wrong = |reason| Err(JetError::Tangent { reason });
        let Some(last) = self.directions.checked_sub(1) else { return wrong("there is no direction") };
        let of_last = |&(i, j): &(usize, usize)| i == last || j == last;
        let early = self.pairs.iter().take_while(|pair| !of_last(pair)).count();
        if !self.pairs[early..].iter().all(of_last) {
            return wrong("its pairs must be added after all others");
        }
        if self.pairs.contains(&(last, last)) {
            return wrong("its pairs must be with other directions");
        }
        self.tangent = Some(early);
        Ok(self)
    }

    /// The first of the parts along the tangent, which are the last ones: w, then its pairs.
    #[must_use]
    pub fn tangent(&self) -> Option<usize> {
        self.tangent.map(|early| self.directions + early)
    }

    /// The first-order part along a direction.
    #[must_use]
    pub fn part_of(&self, direction: usize) -> usize {
        match self.tangent {
            Some(early) if direction + 1 == self.directions => self.directions + early,
            _ => 1 + direction,
        }
    }

    /// The part of a pair, by its place among the pairs.
    fn part_of_pair(&self, pair: usize) -> usize {
        let early = self.tangent.is_some_and(|early| pair < early);
        self.directions + pair + usize::from(!early)
    }

    /// The same set without its last parts, down to its first `parts` ones, with the same numbers.
    ///
    /// # Errors
    /// None, for `parts` from 1 to [`parts`](Self::parts).
    #[cfg(feature = "burn")]
    pub fn first_parts(&self, parts: usize) -> Result<Self, JetError> {
        let directions = (0..self.directions).filter(|&direction| self.part_of(direction) < parts).count();
        let pairs = (0..self.pairs.len()).filter(|&pair| self.part_of_pair(pair) < parts);
        let cut = pairs
            .map(|pair| self.pairs[pair])
            .try_fold(Self::first_order(directions), |cut, (i, j)| cut.with_pair(i, j))?;
        if self.tangent().is_some_and(|tangent| tangent < parts) { cut.with_tangent() } else { Ok(cut) }
    }

    /// For a part along the tangent w, the part whose derivative along w it is: `y` for `y_w`, `y_v` for `y_wv`.
    #[must_use]
    pub fn undifferentiated(&self, part: usize) -> Option<usize> {
        let w = self.tangent().filter(|&w| part >= w)?;
        Some(self.pair_of(part).map_or(0, |(u, v)| if u == w { v } else { u }))
    }

    /// Number of directions.
    #[must_use]
    pub fn directions(&self) -> usize {
        self.directions
    }

    /// Number of parts: 1 + directions + pairs.
    #[must_use]
    pub fn parts(&self) -> usize {
        1 + self.directions + self.pairs.len()
    }

    /// The pairs as part numbers: `(part of y_uv, part of y_u, part of y_v)`.
    pub fn pairs(&self) -> impl Iterator<Item = (usize, usize, usize)> + '_ {
        let numbered = self.pairs.iter().enumerate();
        numbered.map(|(pair, &(i, j))| (self.part_of_pair(pair), self.part_of(i), self.part_of(j)))
    }

    /// The two first-order parts behind a second-order part; `None` for the primal and the first-order parts.
    #[must_use]
    pub fn pair_of(&self, part: usize) -> Option<(usize, usize)> {
        let pair = match self.tangent() {
            Some(tangent) if part < tangent => part.checked_sub(self.directions)?,
            _ => part.checked_sub(1 + self.directions)?,
        };
        let known = self.pairs.get(pair).filter(|_| self.part_of_pair(pair) == part);
        known.map(|&(i, j)| (self.part_of(i), self.part_of(j)))
    }
}

/// Which parts of a quantity may be nonzero. Parts that are structurally zero are neither stored nor computed.
///
/// Copies share their memory, and so do quantities of a network whose live parts are the same because one is made of the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live(pub(crate) Arc<[bool]>);

impl Live {
    /// The listed parts are live (the primal always is).
    #[must_use]
    pub fn parts(set: &JetSet, parts: &[usize]) -> Self {
        let mut live = vec![false; set.parts()];
        live[0] = true;
        for &part in parts {
            if let Some(slot) = live.get_mut(part) {
                *slot = true;
            }
        }
        Self(live.into())
    }

    /// Is the part live?
    #[must_use]
    pub fn has(&self, part: usize) -> bool {
        self.0.get(part).copied().unwrap_or(false)
    }

    /// Number of live parts below `part`: the place of `part` among the stored ones.
    pub(crate) fn slot(&self, part: usize) -> usize {
        self.0[..part.min(self.0.len())].iter().filter(|&&l| l).count()
    }

    /// [`slot`](Self::slot) of every part.
    pub(crate) fn slots(&self) -> Vec<usize> {
        let slot = |below: &mut usize, &live: &bool| {
            let slot = *below;
            *below += usize::from(live);
            Some(slot)
        };
        self.0.iter().scan(0, slot).collect()
    }

    /// Number of live parts.
    pub(crate) fn count(&self) -> usize {
        self.slot(self.0.len())
    }

    /// Is it the very same list?
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn union(&self, other: &Self) -> Self {
        let covers = |a: &Self, b: &Self| a.is(b) || a.0.iter().zip(&*b.0).all(|(&a, &b)| a || !b);
        if covers(self, other) {
            self.clone()
        } else if covers(other, self) {
            other.clone()
        } else {
            Self(self.0.iter().zip(&*other.0).map(|(&a, &b)| a || b).collect())
        }
    }

    /// The same and some more.
    fn with(&self, mut more: impl Iterator<Item = usize>) -> Self {
        let Some(first) = more.next() else { return self.clone() };
        let mut live = self.0.to_vec();
        live[first] = true;
        more.for_each(|part| live[part] = true);
        Self(live.into())
    }

    /// Live parts of `f(a)`: `y_uv = f″ a_u a_v + f′ a_uv`.
    pub(crate) fn mapped(&self, set: &JetSet) -> Self {
        let arises = |&(uv, u, v): &(usize, usize, usize)| !self.0[uv] && self.0[u] && self.0[v];
        self.with(set.pairs().filter(arises).map(|(uv, ..)| uv))
    }

    /// Live parts of `a b`: `y_uv = a_uv b + a_u b_v + a_v b_u + a b_uv`.
    pub(crate) fn multiplied(&self, other: &Self, set: &JetSet) -> Self {
        let either = self.union(other);
        let arises =
            |&(uv, u, v): &(usize, usize, usize)| !either.0[uv] && (self.0[u] && other.0[v] || self.0[v] && other.0[u]);
        either.with(set.pairs().filter(arises).map(|(uv, ..)| uv))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_outside_the_directions_is_refused() {
        let error = JetSet::first_order(1).with_pair(0, 1).unwrap_err();
        assert_eq!(error, JetError::UnknownDirection { first: 0, second: 1, directions: 1 });
    }

    #[test]
    fn parts_along_the_tangent_name_what_they_differentiate() {
        // v, τ, w with (w, v): parts 0, v = 1, τ = 2, w = 3, wv = 4.
        let set = JetSet::first_order(3).with_pair(2, 0).unwrap().with_tangent().unwrap();
        let of: Vec<_> = (0..5).map(|part| set.undifferentiated(part)).collect();
        assert_eq!(of, [None, None, None, Some(0), Some(1)]);
        assert!(JetSet::first_order(1).with_pair(0, 0).unwrap().with_tangent().is_err());
        let late = JetSet::first_order(3).with_pair(2, 0).unwrap().with_pair(0, 1).unwrap();
        assert!(late.with_tangent().is_err());
        assert!(JetSet::primal().with_tangent().is_err());
    }

    #[test]
    fn the_tangent_and_its_pairs_are_the_last_parts() {
        // v, τ, w with (v, v) and (w, v): parts 0, v = 1, τ = 2, vv = 3, w = 4, wv = 5.
        let set = JetSet::first_order(3).with_pair(0, 0).unwrap().with_pair(2, 0).unwrap();
        assert_eq!(set.pairs().collect::<Vec<_>>(), [(4, 1, 1), (5, 3, 1)]);
        let set = set.with_tangent().unwrap();
        assert_eq!(set.pairs().collect::<Vec<_>>(), [(3, 1, 1), (5, 4, 1)]);
        let of: Vec<_> = (0..6).map(|part| set.pair_of(part)).collect();
        assert_eq!(of, [None, None, None, Some((1, 1)), None, Some((4, 1))]);
        let of: Vec<_> = (0..6).map(|part| set.undifferentiated(part)).collect();
        assert_eq!(of, [None, None, None, None, Some(0), Some(1)]);
        assert_eq!((set.tangent(), set.parts()), (Some(4), 6));
    }

    #[test]
    fn a_map_makes_the_pair_live_only_if_both_directions_are() {
        let set = JetSet::first_order(2).with_pair(0, 1).unwrap();
        assert!(Live::parts(&set, &[1, 2]).mapped(&set).has(3));
        assert!(!Live::parts(&set, &[1]).mapped(&set).has(3));
    }

    #[test]
    fn what_has_the_same_live_parts_shares_them() {
        let set = JetSet::first_order(2).with_pair(0, 1).unwrap();
        let [primal, u, v, both] = [&[][..], &[1], &[2], &[1, 2]].map(|parts| Live::parts(&set, parts));
        assert!(both.union(&u).is(&both) && u.union(&both).is(&both) && !u.union(&v).is(&u));
        assert_eq!(u.union(&v), both);
        let mapped = both.mapped(&set);
        assert!(mapped.mapped(&set).is(&mapped) && mapped.multiplied(&u, &set).is(&mapped) && u.mapped(&set).is(&u));
        assert!(u.multiplied(&primal, &set).is(&u));
        assert_eq!(u.multiplied(&v, &set), mapped);
        for live in [&primal, &u, &both, &mapped] {
            assert_eq!(live.slots(), (0..set.parts()).map(|part| live.slot(part)).collect::<Vec<_>>());
        }
    }
}
