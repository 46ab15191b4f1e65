//! Names of a graph's nodes and parameters.

/// A node of a [`Graph`](crate::Graph).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NodeId(pub(crate) usize);

/// A parameter of a [`Graph`](crate::Graph).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ParamId(pub(crate) usize);

impl NodeId {
    /// The node's place in [`Graph::nodes`](crate::Graph::nodes).
    #[must_use]
    pub fn index(self) -> usize {
        self.0
    }
}

impl ParamId {
    /// The parameter's place in [`Graph::parameters`](crate::Graph::parameters).
    #[must_use]
    pub fn index(self) -> usize {
        self.0
    }
}
