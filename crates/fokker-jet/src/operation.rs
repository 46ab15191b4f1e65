//! What a node computes from earlier nodes.

use std::any::Any;
use std::fmt::Debug;
use std::panic::RefUnwindSafe;

use crate::pass::{Program, Site};
#[cfg(feature = "burn")]
use crate::tensor::{Jet, operands::Operands};
use crate::{JetSet, Live, NodeId, ParamId};

/// An operation of a [`Graph`](crate::Graph): what it reads, its rules, and its form on each executor. (How to add one is said at
/// the crate's root.)
pub(crate) trait Operation: Same + Debug + Send + Sync + RefUnwindSafe {
    /// The nodes that it reads.
    fn operands(&self) -> Vec<NodeId>;

    /// Its parameters, such as weight and bias.
    fn parameters(&self) -> Vec<ParamId> {
        Vec::new()
    }

    /// The parameter whose matrices, its last two axes, are to be packed for matrix products, by its place among
    /// [`parameters`](Self::parameters).
    fn packed(&self) -> Option<usize> {
        None
    }

    /// The live parts of the result, from those of the operands.
    fn live(&self, set: &JetSet, operands: &[&Live]) -> Live;

    /// The operation on the CPU.
    fn compile(&self, site: &mut Site<'_>) -> Program;

    /// The operation on Burn tensors.
    #[cfg(feature = "burn")]
    fn evaluate(&self, operands: &Operands<'_>) -> Jet<2>;
}

/// Equality of operations, which need not be of one type.
pub(crate) trait Same {
    /// Is the other one of the same type, and equal?
    fn same(&self, other: &dyn Operation) -> bool;
    /// The operation as a value of its own type.
    fn as_any(&self) -> &dyn Any;
}

impl<T: Operation + PartialEq + Any> Same for T {
    fn same(&self, other: &dyn Operation) -> bool {
        other.as_any().downcast_ref::<T>() == Some(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl PartialEq for dyn Operation {
    fn eq(&self, other: &Self) -> bool {
        self.same(other)
    }
}
