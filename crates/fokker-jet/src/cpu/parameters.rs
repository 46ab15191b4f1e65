//! A network's parameters as the CPU executor reads them.

use std::ops::Deref;

use super::Workers;
use crate::routines::packed::{Packed, Stack};
use crate::{Graph, Real};

/// A network's parameters: the flat vector, and copies of its matrices in the order in which matrix products read them.
///
/// ```
/// use fokker_jet::{Graph, cpu::{Parameters, Workers}};
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
    packed: Packed<F>,
}

impl<F: Real> Parameters<F> {
    /// Parameters for a graph.
    ///
    /// # Panics
    /// If their number is not [`Graph::parameter_count`].
    #[must_use]
    pub fn new(graph: &Graph, flat: Vec<F>) -> Self {
        assert_eq!(flat.len(), graph.parameter_count(), "length of the flat parameter vector");
        Self { packed: Packed::new(graph.parameters().len(), stacks(graph), &flat), flat }
    }

    /// Bytes that the parameters of a graph take, their packed copies included.
    #[must_use]
    pub fn bytes(graph: &Graph) -> u64 {
        let packed = stacks(graph).map(|(_, stack)| stack.numbers::<F>());
        packed.fold(graph.parameter_count() as u64, u64::saturating_add).saturating_mul(size_of::<F>() as u64)
    }

    /// Changes the parameters, on all of the workers' threads.
    pub fn update<R>(&mut self, workers: &Workers, change: impl FnOnce(&mut [F]) -> R) -> R {
        let result = change(&mut self.flat);
        let flat = &self.flat;
        workers.for_each(self.packed.all(), |micro_panel| micro_panel.pack(flat));
        result
    }

    pub(super) fn packed(&self) -> &Packed<F> {
        &self.packed
    }
}

/// The matrices that are packed, with the numbers of their parameters.
fn stacks(graph: &Graph) -> impl Iterator<Item = (usize, Stack)> {
    graph.nodes().iter().filter_map(|node| {
        let operation = node.operation()?;
        let id = operation.parameters()[operation.packed()?];
        let spec = &graph.parameters()[id.index()];
        Some((id.index(), Stack::new(spec.offset, &spec.shape)?))
    })
}

impl<F> Deref for Parameters<F> {
    type Target = [F];

    fn deref(&self) -> &[F] {
        &self.flat
    }
}
