//! What is known of every node of a compiled network, whatever it computes.

use std::ops::Range;
use std::sync::Arc;

use crate::Live;

/// The nodes' live parts, what they depend on, and where their cotangents are kept.
#[derive(Debug)]
pub(crate) struct Layout {
    /// Live parts of every node.
    pub live: Vec<Live>,
    /// Numbers of a part of every node, per row.
    pub width: Vec<usize>,
    /// Numbers of all stored parts of every node, per row.
    pub stored: Vec<usize>,
    /// The nodes that a node reads.
    pub operands: Vec<Vec<usize>>,
    /// The parameters that a node has.
    pub parameters: Vec<Vec<usize>>,
    /// Where each parameter is in the flat vector.
    pub spans: Vec<Range<usize>>,
    /// Does the node depend on any parameter?
    pub on_parameters: Vec<bool>,
    /// For every input: does the node depend on it?
    pub on_input: Vec<Vec<bool>>,
    /// For every node, the buffer that holds its cotangent.
    pub cotangent: Vec<usize>,
    /// For every node: does its operand's cotangent take the place of its own?
    pub in_place: Vec<bool>,
    /// What is known of the parts along the tangent.
    pub tangent: Option<Tangent>,
}

/// The parts along the set's tangent.
#[derive(Debug)]
pub(crate) struct Tangent {
    /// The only input that moves along it.
    pub input: usize,
    /// The first of its parts, which are the last of all.
    pub first: usize,
    /// For every node, the stored places of the parts whose derivatives along the tangent are live there, in order.
    pub kept: Vec<Arc<[usize]>>,
}

/// Whether cotangents are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recording {
    /// No.
    None,
    /// Those of the next reverse pass are to be.
    Next,
    /// Those of this reverse pass, of parts below the number, are being kept.
    Now(usize),
    /// They are there.
    Done,
}

impl Layout {
    /// The stored places, at a node, of the parts whose cotangents are kept for the tangent.
    pub fn kept(&self, node: usize) -> &[usize] {
        let kept = self.tangent.as_ref().filter(|_| self.on_parameters[node]).map(|tangent| &tangent.kept[node]);
        kept.map_or(&[], |kept| kept)
    }

    /// While cotangents are kept: are the node's just those that the pass is about, so that they can be made where they are kept?
    pub fn kept_at_once(&self, node: usize, recording: Recording) -> bool {
        let Recording::Now(parts) = recording else { return false };
        let kept = self.kept(node);
        kept.len() == self.live[node].slot(parts) && kept.iter().enumerate().all(|(i, &place)| i == place)
    }
}
