//! What an operation sees of a chunk on the CPU: when it is compiled ([`Site`], which it makes a [`Program`]), on the way
//! [forward](Forward) and on the way back ([`Reverse`]). An operation names its operands and parameters by their places in its own
//! lists; it knows neither the graph nor the workspace that they are in.

mod forward;
mod layout;
mod program;
mod reverse;
mod scratch;
mod site;

pub(crate) use forward::{Forward, Operands, Weights};
pub(crate) use layout::{Layout, Recording, Tangent};
pub(crate) use program::{Passes, Program};
pub(crate) use reverse::{Gradients, Pulls, Reverse};
pub(crate) use scratch::Scratch;
pub(crate) use site::{Lists, Shared, Site};
