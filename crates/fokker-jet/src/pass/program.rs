//! What an operation is compiled to.

use std::any::Any;
use std::fmt;
use std::panic::RefUnwindSafe;
use std::sync::Arc;

use super::forward::Forward;
use super::reverse::Reverse;
use crate::Real;

/// An operation's passes in one precision.
pub(crate) trait Passes<F>: Send + Sync + RefUnwindSafe {
    /// Computes the parts that are asked for.
    fn forward(&self, pass: &mut Forward<'_, F>);
    /// Pulls the result's cotangents back to the operands and adds to the parameters' gradients.
    fn reverse(&self, pass: &mut Reverse<'_, F>);
}

/// An operation compiled for a jet set and for its operands' shapes and live parts.
pub(crate) struct Program {
    single: Arc<dyn Passes<f32>>,
    double: Arc<dyn Passes<f64>>,
    /// Numbers per row that the forward pass saves for later ones, beside the values.
    pub saved: usize,
    /// Numbers per row of its scratch memory, where they are worth counting.
    pub scratch: u64,
    /// May its only operand's cotangent take the place of its own, part by part?
    pub in_place: bool,
}

impl Program {
    /// Passes that save nothing.
    pub fn new<P: Passes<f32> + Passes<f64> + 'static>(passes: P) -> Self {
        let passes = Arc::new(passes);
        Self { single: passes.clone(), double: passes, saved: 0, scratch: 0, in_place: false }
    }

    /// Says how many numbers per row the forward pass saves for later ones.
    pub fn saves(self, saved: usize) -> Self {
        Self { saved, ..self }
    }

    /// Says how many numbers per row of scratch memory are worth counting.
    pub fn scratch(self, scratch: u64) -> Self {
        Self { scratch, ..self }
    }

    /// Says that the only operand's cotangent may take the place of the result's.
    pub fn in_place(self) -> Self {
        Self { in_place: true, ..self }
    }

    /// The passes in a precision.
    pub fn passes<F: Real>(&self) -> &dyn Passes<F> {
        let either: [&dyn Any; 2] = [&self.single, &self.double];
        let passes = either.into_iter().find_map(|passes| passes.downcast_ref::<Arc<dyn Passes<F>>>());
        passes.map_or_else(|| unreachable!("`Real` is f32 or f64"), |passes| &**passes)
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { saved, scratch, in_place, single: _, double: _ } = self;
        let mut fields = f.debug_struct("Program");
        fields.field("saved", saved).field("scratch", scratch).field("in_place", in_place).finish_non_exhaustive()
    }
}
