//! What an operation sees of a chunk on the CPU: when it is [compiled](site), on the way [forward](forward) and on the way
//! [back](reverse). An operation names its operands and parameters by their places in its own lists; it knows neither the graph
//! nor the workspace that they are in.

pub(crate) mod forward;
pub(crate) mod layout;
pub(crate) mod program;
pub(crate) mod reverse;
pub(crate) mod scratch;
pub(crate) mod site;
