//! The packed copies of a network's matrices.

use std::ops::Range;

use super::dense;
use super::matrix::{MicroPanel, Place};
use crate::Real;

/// Matrices `k × n` one after the other in the flat parameter vector: a dense layer's only one, or one for each pixel of a
/// convolution's kernel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stack {
    pub offset: usize,
    pub count: usize,
    pub k: usize,
    pub n: usize,
}

impl Stack {
    /// The matrices of a parameter of shape `[…, k, n]`; `None` if it is a vector.
    pub fn new(offset: usize, shape: &[usize]) -> Option<Self> {
        match *shape {
            [ref outer @ .., k, n] => Some(Self { offset, count: outer.iter().product(), k, n }),
            _ => None,
        }
    }

    /// Numbers of all its micro-panels.
    pub fn numbers<F: Real>(self) -> u64 {
        let Self { count, k, n, .. } = self;
        let packed = |k: usize, n: usize| if dense::packs(n) { MicroPanel::<F>::numbers(k, n) } else { 0 };
        packed(count * k, n).saturating_add(packed(count * n, k))
    }
}

/// Copies of a network's matrices in the order in which matrix products read them.
#[derive(Clone, Debug)]
pub(crate) struct Packed<F> {
    micro_panels: Vec<MicroPanel<F>>,
    /// For every parameter: the micro-panels of W and those of Wᵀ.
    of: Vec<[Range<usize>; 2]>,
}

impl<F: Real> Packed<F> {
    /// Copies of the matrices of some of `parameters` parameters, which are named by their places among them.
    pub fn new(parameters: usize, stacks: impl Iterator<Item = (usize, Stack)>, flat: &[F]) -> Self {
        let mut packed = Self { micro_panels: Vec::new(), of: vec![[0..0, 0..0]; parameters] };
        for (parameter, Stack { offset, count, k, n }) in stacks {
            // A convolution is a dense layer for each pixel of its kernel; the transposed one runs through them backwards.
            let start = packed.micro_panels.len();
            if dense::packs(n) {
                packed.micro_panels.extend(MicroPanel::of(&[Place { offset, rs: n, cs: 1 }], count * k, n));
            }
            let middle = packed.micro_panels.len();
            if dense::packs(k) {
                let backwards = (0..count).rev().map(|i| Place { offset: offset + i * k * n, rs: 1, cs: n });
                packed.micro_panels.extend(MicroPanel::of(&backwards.collect::<Vec<_>>(), n, k));
            }
            packed.of[parameter] = [start..middle, middle..packed.micro_panels.len()];
        }
        packed.micro_panels.iter_mut().for_each(|micro_panel| micro_panel.pack(flat));
        packed
    }

    /// All micro-panels, to be packed anew.
    pub fn all(&mut self) -> &mut [MicroPanel<F>] {
        &mut self.micro_panels
    }

    /// A parameter's micro-panels: of W, or of Wᵀ.
    pub fn of(&self, parameter: usize, transposed: bool) -> &[MicroPanel<F>] {
        &self.micro_panels[self.of[parameter][usize::from(transposed)].clone()]
    }
}
