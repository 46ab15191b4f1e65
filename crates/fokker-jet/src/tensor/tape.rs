//! The tensor executor: the crate's [`Tape`] on Burn tensors.

use std::ops::Range;
use std::sync::Arc;

use burn::tensor::{Device, Element, Tensor, TensorData};

use super::evaluate::evaluate_node;
use super::jet::Jet;
use super::parameters::Parameters;
use crate::{Graph, JetError, JetSet, Live, NodeId, Real, Tape, Wrt};

/// A [`Tape`] whose work is done by Burn tensors on any of Burn's devices, with host arrays at the boundary.
///
/// The precision is `F`'s, `f32` or `f64`. It is the reference executor: each [`forward`](Tape::forward) stage evaluates the
/// jets from the inputs up to the parts asked for, and each [`reverse`](Tape::reverse) does so again with a graph of its own,
/// which Burn's reverse mode consumes.
///
/// ```
/// use burn::tensor::Device;
/// use fokker_jet::{Function, Graph, JetSet, Live, Tape, Wrt, tensor::{Parameters, TensorTape}};
/// # fn main() -> Result<(), fokker_jet::JetError> {
/// // y = sin(x): y_vv = −sin(x) v², and d(y_vv)/dx = −cos(x) v².
/// let mut graph = Graph::new();
/// let x = graph.input(1);
/// let y = graph.map(x, Function::Sin);
/// graph.set_output(y);
///
/// let set = JetSet::first_order(1).with_pair(0, 0)?;
/// let mut tape = TensorTape::<f64>::new(&graph, &set, &[Live::parts(&set, &[1])], &Device::flex())?;
/// tape.begin(1);
/// tape.input(0, 0)[0] = 0.3;
/// tape.input(0, 1)[0] = 1.0;
/// let none = Parameters::new(&graph, &[], &Device::flex());
/// tape.forward(&none, 0..set.parts());
/// assert!((tape.output(2)[0] + 0.3_f64.sin()).abs() < 1e-15);
///
/// tape.seed(2)[0] = 1.0;
/// tape.reverse(&none, set.parts(), Wrt::Input(0));
/// assert!((tape.input_gradient()[0] + 0.3_f64.cos()).abs() < 1e-15);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct TensorTape<F> {
    graph: Graph,
    output_node: NodeId,
    /// The jet set cut down to its first `k + 1` parts, for each `k`.
    sets: Vec<Arc<JetSet>>,
    live: Vec<Live>,
    device: Device,
    rows: usize,
    /// By input and part; empty if the part is not live.
    inputs: Vec<Vec<Vec<F>>>,
    /// By part.
    outputs: Vec<Vec<F>>,
    /// By part.
    seeds: Vec<Vec<F>>,
    /// Are the seeds of the next reverse pass in the tangent's input to be kept?
    recording: bool,
    /// By part: the seeds kept for the parts along the tangent, empty if none are.
    kept: Vec<Vec<F>>,
    input_gradient: Vec<F>,
    parameter_gradient: Vec<F>,
}

/// The tensors of one evaluation: what a reverse pass may differentiate with respect to, and the output.
struct Evaluation {
    primals: Vec<Tensor<2>>,
    parameters: Vec<Tensor<1>>,
    output: Jet<2>,
}

impl<F: Real + Element> TensorTape<F> {
    /// A tape for a graph on a device; `live` names the live parts of each graph input.
    ///
    /// Whether the device has autodiff enabled makes no difference.
    ///
    /// # Errors
    /// [`JetError::NoOutput`], [`JetError::InputCount`], or [`JetError::LiveParts`] if a list was made for another jet set.
    pub fn new(graph: &Graph, set: &JetSet, live: &[Live], device: &Device) -> Result<Self, JetError> {
        let output_node = graph.output()?;
        if graph.inputs().len() != live.len() {
            return Err(JetError::InputCount { inputs: graph.inputs().len(), given: live.len() });
        }
        for (input, live) in live.iter().enumerate() {
            let reason = match live {
                Live(parts) if parts.len() != set.parts() => "made for a set with another number of parts",
                Live(parts) if !parts[0] => "the primal part is missing",
                Live(_) => continue,
            };
            return Err(JetError::LiveParts { input, reason });
        }
        let sets = (1..=set.parts()).map(|parts| set.first_parts(parts).map(Arc::new)).collect::<Result<_, _>>()?;
        Ok(Self {
            output_node,
            sets,
            live: live.to_vec(),
            device: device.clone().without_autodiff(),
            rows: 0,
            inputs: live.iter().map(|_| vec![Vec::new(); set.parts()]).collect(),
            outputs: vec![Vec::new(); set.parts()],
            seeds: vec![Vec::new(); set.parts()],
            recording: false,
            kept: Vec::new(),
            input_gradient: Vec::new(),
            parameter_gradient: vec![F::ZERO; graph.parameter_count()],
            graph: graph.clone(),
        })
    }

    /// Evaluates parts `0..parts` (at least one) with leaves that require gradients where `wrt` says so.
    fn evaluate(&self, parameters: &Parameters<F>, parts: usize, wrt: Option<Wrt>) -> Evaluation {
        let set = &self.sets[parts - 1];
        let device = if wrt.is_some() { self.device.clone().autodiff() } else { self.device.clone() };
        let tracked = |wanted: Wrt| wrt == Some(wanted);

        let mut primals = Vec::new();
        let mut jets = Vec::new();
        for (number, values) in self.inputs.iter().enumerate() {
            let width = self.graph.width(self.graph.inputs()[number]);
            let tensor = |values: &[F]| host_tensor(values.to_vec(), [self.rows, width], &device);
            let primal = tensor(&values[0]).set_require_grad(tracked(Wrt::Input(number)));
            let others = (1..parts)
                .filter(|&part| self.live[number].has(part))
                .map(|part| (part, tensor(&values[part])))
                .collect();
            jets.push(Jet::new(Arc::clone(set), primal.clone(), others));
            primals.push(primal);
        }
        let leaf = |parameter: &Tensor<1>| match wrt {
            Some(wrt) => parameter.clone().autodiff().set_require_grad(wrt == Wrt::Parameters),
            None => parameter.clone(),
        };
        let leaves: Vec<Tensor<1>> = parameters.tensors().iter().map(leaf).collect();
        let output = evaluate_node(&self.graph, self.output_node, &jets, &leaves);
        Evaluation { primals, parameters: leaves, output }
    }

    fn set(&self) -> &JetSet {
        &self.sets[self.sets.len() - 1]
    }

    /// The input that moves along the tangent.
    fn tangent_input(&self) -> Option<usize> {
        let first = self.set().tangent()?;
        self.live.iter().position(|live| live.has(first))
    }

    /// Gives the parts along the tangent the seeds kept.
    fn seed_tangent(&mut self) {
        for part in 0..self.seeds.len() {
            if let Some(of) = self.set().undifferentiated(part) {
                self.seeds[part].copy_from_slice(&self.kept[of]);
            }
        }
    }

    /// `Σ_p ⟨output part p, seed p⟩` over the live parts of the output.
    fn seeded_sum(&self, output: Jet<2>) -> Tensor<1> {
        let live = output.live().clone();
        let stacked = output.into_stacked();
        let seeds: Vec<F> = self
            .seeds
            .iter()
            .enumerate()
            .filter(|&(part, _)| live.has(part))
            .flat_map(|(_, s)| s.iter().copied())
            .collect();
        let seeds = host_tensor(seeds, stacked.dims(), &stacked.device());
        (stacked * seeds).sum()
    }

    /// The gradient of the seeded sum of parts `0..parts`, as host arrays: one for the input, or one for each parameter.
    fn gradients(&self, parameters: &Parameters<F>, parts: usize, wrt: Wrt) -> Vec<Option<Vec<F>>> {
        let Evaluation { primals, parameters, output } = self.evaluate(parameters, parts, Some(wrt));
        let sum = self.seeded_sum(output);
        if !sum.is_tracked() {
            return Vec::new();
        }
        let gradients = sum.backward();
        match wrt {
            Wrt::Input(number) => vec![primals[number].grad(&gradients).map(|g| host_values(g))],
            Wrt::Parameters => parameters.iter().map(|leaf| leaf.grad(&gradients).map(|g| host_values(g))).collect(),
        }
    }
}

impl<F: Real + Element> Tape<F> for TensorTape<F> {
    type Parameters = Parameters<F>;

    fn begin(&mut self, rows: usize) {
        self.rows = rows;
        self.recording = false;
        self.kept.clear();
        for (number, parts) in self.inputs.iter_mut().enumerate() {
            let width = self.graph.width(self.graph.inputs()[number]);
            for (part, values) in parts.iter_mut().enumerate() {
                refill(values, if self.live[number].has(part) { rows * width } else { 0 });
            }
        }
        let width = self.graph.width(self.output_node);
        for values in self.outputs.iter_mut().chain(&mut self.seeds) {
            refill(values, rows * width);
        }
    }

    fn rows(&self) -> usize {
        self.rows
    }

    fn input(&mut self, input: usize, part: usize) -> &mut [F] {
        assert!(self.live[input].has(part), "part {part} of input {input} was not declared live");
        &mut self.inputs[input][part]
    }

    fn forward(&mut self, parameters: &Parameters<F>, parts: Range<usize>) {
        let end = parts.end.min(self.sets.len());
        if self.rows == 0 || parts.start >= end {
            return;
        }
        let output = self.evaluate(parameters, end, None).output;
        for part in parts.start..end {
            match output.part(part) {
                Some(tensor) => self.outputs[part] = host_values(tensor),
                None => self.outputs[part].fill(F::ZERO),
            }
        }
    }

    fn output(&self, part: usize) -> &[F] {
        &self.outputs[part]
    }

    fn seed(&mut self, part: usize) -> &mut [F] {
        &mut self.seeds[part]
    }

    fn output_and_seed(&mut self, output: usize, seed: usize) -> (&[F], &mut [F]) {
        (&self.outputs[output], &mut self.seeds[seed])
    }

    // A part's number exceeds those of all parts that it is made of, so cutting the set down to 0..parts keeps just the seeds
    // that count.
    fn reverse(&mut self, parameters: &Parameters<F>, parts: usize, wrt: Wrt) {
        let parts = parts.min(self.sets.len());
        match wrt {
            Wrt::Input(input) if self.recording && Some(input) == self.tangent_input() => {
                self.recording = false;
                self.kept.clone_from(&self.seeds);
                // Seeds of parts that this pass leaves out do not count.
                self.kept[parts..].iter_mut().for_each(|seed| seed.fill(F::ZERO));
            }
            Wrt::Parameters if !self.kept.is_empty() => self.seed_tangent(),
            _ => {}
        }
        let gradients = if self.rows == 0 || parts == 0 { Vec::new() } else { self.gradients(parameters, parts, wrt) };
        match wrt {
            Wrt::Input(number) => {
                let width = self.graph.width(self.graph.inputs()[number]);
                let zeros = || vec![F::ZERO; self.rows * width];
                self.input_gradient = gradients.into_iter().next().flatten().unwrap_or_else(zeros);
            }
            Wrt::Parameters => {
                for (spec, gradient) in self.graph.parameters().iter().zip(gradients) {
                    let total = &mut self.parameter_gradient[spec.span()];
                    for (sum, term) in total.iter_mut().zip(gradient.unwrap_or_default()) {
                        *sum += term;
                    }
                }
            }
        }
        for seed in &mut self.seeds {
            seed.fill(F::ZERO);
        }
    }

    fn input_gradient(&self) -> &[F] {
        &self.input_gradient
    }

    fn parameter_gradient(&mut self) -> &[F] {
        &self.parameter_gradient
    }

    fn record(&mut self) {
        self.recording = true;
    }

    fn clear_gradient(&mut self) {
        self.parameter_gradient.fill(F::ZERO);
    }
}

fn refill<F: Real>(values: &mut Vec<F>, len: usize) {
    values.clear();
    values.resize(len, F::ZERO);
}

fn host_tensor<F: Element, const D: usize>(values: Vec<F>, dims: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values, dims), (device, F::dtype()))
}

fn host_values<F: Element, const D: usize>(tensor: Tensor<D>) -> Vec<F> {
    tensor.into_data().iter::<F>().collect()
}
