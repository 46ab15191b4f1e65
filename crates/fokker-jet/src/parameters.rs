//! A network's parameters.

use std::ops::{Deref, Range};

use crate::cpu::matrix::{MicroPanel, Place};
use crate::cpu::{Workers, dense};
use crate::{Graph, Op, Real};

/// A network's parameters: the flat vector, and copies of its matrices in the order in which matrix products read them.
///
/// ```
/// use fokker_jet::{Graph, Parameters, cpu::Workers};
/// # fn main() -> Result<(), fokker_jet::JetError> {
/// let mut graph = Graph::new();
/// let x = graph.input(2);
/// let y = graph.dense("only", x, 3);
/// graph.set_output(y);
/// let mut parameters = Parameters::new(&graph, vec![0.5_f32; graph.parameter_count()]);
/// parameters.update(&Workers::new(1, 64)?, |flat| flat[0] = 0.25);
/// assert_eq!(parameters[..2], [0.25, 0.5]);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Parameters<F> {
    flat: Vec<F>,
    micro_panels: Vec<MicroPanel<F>>,
    /// For every parameter: the micro-panels of W and those of Wᵀ.
    of: Vec<[Range<usize>; 2]>,
}

impl<F: Real> Parameters<F> {
    /// Parameters for a graph.
    ///
    /// # Panics
    /// If their number is not [`Graph::parameter_count`].
    #[must_use]
    pub fn new(graph: &Graph, flat: Vec<F>) -> Self {
        assert_eq!(flat.len(), graph.parameter_count(), "length of the flat parameter vector");
        let mut micro_panels: Vec<MicroPanel<F>> = Vec::new();
        let mut of = vec![[0..0, 0..0]; graph.parameters().len()];
        for node in graph.nodes() {
            let (Op::Dense { weight, .. } | Op::Conv { weight, .. }) = &node.op else { continue };
            let spec = &graph.parameters()[weight.index()];
            // A convolution is a dense layer for each pixel of its kernel; the transposed one runs through them backwards.
            let &[.., k, n] = &spec.shape[..] else { continue };
            let (size, taps) = (k * n, spec.len() / (k * n).max(1));
            let start = micro_panels.len();
            if dense::packs(n) {
                micro_panels.extend(MicroPanel::of(&[Place { offset: spec.offset, rs: n, cs: 1 }], taps * k, n));
            }
            let middle = micro_panels.len();
            if dense::packs(k) {
                let backwards = (0..taps).rev().map(|tap| Place { offset: spec.offset + tap * size, rs: 1, cs: n });
                micro_panels.extend(MicroPanel::of(&backwards.collect::<Vec<_>>(), n, k));
            }
            of[weight.index()] = [start..middle, middle..micro_panels.len()];
        }
        micro_panels.iter_mut().for_each(|micro_panel| micro_panel.pack(&flat));
        Self { flat, micro_panels, of }
    }

    /// Bytes that the parameters of a graph take, their packed copies included.
    #[must_use]
    pub fn bytes(graph: &Graph) -> u64 {
        let packed = |k: usize, n: usize| if dense::packs(n) { MicroPanel::<F>::numbers(k, n) } else { 0 };
        let weights = graph.nodes().iter().filter_map(|node| match &node.op {
            Op::Dense { weight, .. } | Op::Conv { weight, .. } => Some(&graph.parameters()[weight.index()].shape),
            _ => None,
        });
        let micro_panels = weights.map(|shape| match shape[..] {
            [.., k, n] => {
                let taps: usize = shape[..shape.len() - 2].iter().product();
                packed(taps * k, n).saturating_add(packed(taps * n, k))
            }
            _ => 0,
        });
        micro_panels.fold(graph.parameter_count() as u64, u64::saturating_add).saturating_mul(size_of::<F>() as u64)
    }

    /// Changes the parameters, on all of the workers' threads.
    pub fn update<R>(&mut self, workers: &Workers, change: impl FnOnce(&mut [F]) -> R) -> R {
        let result = change(&mut self.flat);
        let flat = &self.flat;
        workers.for_each(&mut self.micro_panels, |micro_panel| micro_panel.pack(flat));
        result
    }

    /// A parameter's micro-panels: of W, or of Wᵀ.
    pub(crate) fn micro_panels(&self, parameter: usize, transposed: bool) -> &[MicroPanel<F>] {
        &self.micro_panels[self.of[parameter][usize::from(transposed)].clone()]
    }
}

impl<F> Deref for Parameters<F> {
    type Target = [F];

    fn deref(&self) -> &[F] {
        &self.flat
    }
}
