//! A network's parameters on a device.

use std::marker::PhantomData;

use burn::tensor::{Device, Element, Tensor, TensorData};

use crate::{Graph, Real};

/// A network's parameters on a device, in the precision `F`.
///
/// ```
/// use burn::tensor::Device;
/// use fokker_jet::{Graph, tensor::Parameters};
/// let mut graph = Graph::new();
/// let x = graph.input(2);
/// let y = graph.dense("only", x, 3);
/// graph.set_output(y);
/// let parameters = Parameters::new(&graph, &vec![0.5_f32; graph.parameter_count()], &Device::flex());
/// assert_eq!(parameters.tensors().iter().map(|p| p.dims()[0]).collect::<Vec<_>>(), [6, 3]);
/// ```
#[derive(Clone, Debug)]
pub struct Parameters<F> {
    tensors: Vec<Tensor<1>>,
    precision: PhantomData<F>,
}

impl<F: Real + Element> Parameters<F> {
    /// Copies the flat vector of a graph's parameters to a device.
    ///
    /// # Panics
    /// If their number is not [`Graph::parameter_count`].
    #[must_use]
    pub fn new(graph: &Graph, flat: &[F], device: &Device) -> Self {
        assert_eq!(flat.len(), graph.parameter_count(), "length of the flat parameter vector");
        let device = device.clone().without_autodiff();
        let tensor = |values: &[F]| {
            let data = TensorData::new(values.to_vec(), [values.len()]);
            Tensor::from_data(data, (&device, F::dtype()))
        };
        let tensors = graph.parameters().iter().map(|spec| tensor(&flat[spec.span()])).collect();
        Self { tensors, precision: PhantomData }
    }

    /// The parameters in the graph's order, each flattened to one axis: what [`evaluate`](super::evaluate) takes.
    #[must_use]
    pub fn tensors(&self) -> &[Tensor<1>] {
        &self.tensors
    }
}
