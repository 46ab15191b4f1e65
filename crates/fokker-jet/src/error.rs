//! What can be wrong with a request for jets.

/// Errors of this crate. Everything here is the caller's request, never a numerical event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JetError {
    /// A pair names a direction that the set does not have.
    #[error("pair ({first}, {second}) names a direction outside 0..{directions}")]
    UnknownDirection {
        /// First direction of the pair.
        first: usize,
        /// Second direction of the pair.
        second: usize,
        /// How many directions the set has.
        directions: usize,
    },
    /// The graph has no output node.
    #[error("the graph has no output: call set_output")]
    NoOutput,
    /// The number of live-part lists differs from the number of graph inputs.
    #[error("the graph has {inputs} inputs but live parts were given for {given}")]
    InputCount {
        /// Inputs of the graph.
        inputs: usize,
        /// Lists given.
        given: usize,
    },
    /// A live-part list was made for another jet set, or leaves out the primal part.
    #[error("live parts of input {input} do not fit the jet set: {reason}")]
    LiveParts {
        /// The input.
        input: usize,
        /// What is wrong.
        reason: &'static str,
    },
    /// The last direction cannot be a tangent.
    #[error("the last direction cannot be a tangent: {reason}")]
    Tangent {
        /// Why.
        reason: &'static str,
    },
    /// The system refused to start the threads.
    #[error("cannot start {threads} threads: {reason}")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// What the system said.
        reason: String,
    },
}
