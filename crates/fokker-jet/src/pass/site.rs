//! Where an operation is compiled.

use std::sync::Arc;

use crate::routines::parts::{Part, Term, chain_rule, product_rule};
use crate::{JetSet, Live, Shape};

/// What an operation is told when it is compiled: the shapes and live parts of its operands and result, its parameters' shapes.
pub(crate) struct Site<'a> {
    pub set: &'a JetSet,
    /// The result's shape.
    pub shape: Shape,
    /// The result's live parts.
    pub live: &'a Live,
    pub operands: Vec<(Shape, &'a Live)>,
    pub parameters: Vec<&'a [usize]>,
    pub lists: &'a mut Lists,
}

impl Site<'_> {
    /// The chain rule for the result as a function of an operand.
    pub fn chain_rule(&mut self, operand: usize) -> Arc<[Part]> {
        let a = self.operands[operand].1;
        self.lists.parts.of([a, self.live], || chain_rule(self.set, a, self.live))
    }

    /// The product rule for the result as a product of two operands.
    pub fn product_rule(&mut self, a: usize, b: usize) -> Arc<[Term]> {
        let (a, b) = (self.operands[a].1, self.operands[b].1);
        self.lists.terms.of([a, b, self.live], || product_rule(self.set, a, b, self.live))
    }
}

/// The lists that operations share.
#[derive(Default)]
pub(crate) struct Lists {
    parts: Shared<Part, 2>,
    terms: Shared<Term, 3>,
}

/// Lists that follow from the live parts of some nodes. Many nodes have the same live parts, and then share the list: a plan of
/// thousands of parts is small beside the workspaces that it is for.
pub(crate) struct Shared<T, const N: usize>(Vec<([Live; N], Arc<[T]>)>);

impl<T, const N: usize> Default for Shared<T, N> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, const N: usize> Shared<T, N> {
    /// The list for these live parts, which `make` makes the first time.
    pub fn of(&mut self, live: [&Live; N], make: impl FnOnce() -> Vec<T>) -> Arc<[T]> {
        let same = |known: &[Live; N]| known.iter().zip(live).all(|(a, b)| a.is(b));
        if let Some((_, list)) = self.0.iter().find(|(known, _)| same(known)) {
            return Arc::clone(list);
        }
        let list: Arc<[T]> = make().into();
        self.0.push((live.map(Live::clone), Arc::clone(&list)));
        list
    }
}
