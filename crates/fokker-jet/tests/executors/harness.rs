//! What the tests of the executors share.

use burn::tensor::{Device, Element};
use fokker_jet::cpu::{self, Plan, Workspace};
use fokker_jet::tensor::{self, TensorTape};
use fokker_jet::{Graph, JetSet, Live, Real, Tape, Wrt};

/// Numbers in (−0.5, 0.5).
pub struct Numbers(pub u64);

impl Numbers {
    pub fn next<F: Real>(&mut self) -> F {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        F::of(f64::from((self.0 >> 40) as u32) / f64::from(1_u32 << 24) - 0.5)
    }

    pub fn fill<F: Real>(&mut self, out: &mut [F]) {
        out.iter_mut().for_each(|x| *x = self.next());
    }
}

/// An executor whose parameters can be made of a flat vector.
pub trait Executor<F>: Tape<F> {
    fn parameters(graph: &Graph, flat: Vec<F>) -> Self::Parameters;
}

impl<F: Real> Executor<F> for Workspace<F> {
    fn parameters(graph: &Graph, flat: Vec<F>) -> cpu::Parameters<F> {
        cpu::Parameters::new(graph, flat)
    }
}

impl<F: Real + Element> Executor<F> for TensorTape<F> {
    fn parameters(graph: &Graph, flat: Vec<F>) -> tensor::Parameters<F> {
        tensor::Parameters::new(graph, &flat, &Device::flex())
    }
}

/// Outputs of all parts, the x-gradient of a prefix of the parts, the parameter gradient of all.
pub fn passes<F: Real, T: Executor<F>>(
    tape: &mut T, graph: &Graph, set: &JetSet, live: &[Live], rows: usize, stage: usize,
) -> [Vec<F>; 3] {
    let mut numbers = Numbers(7);
    let mut parameters = vec![F::ZERO; graph.parameter_count()];
    numbers.fill(&mut parameters);
    let parameters = T::parameters(graph, parameters);
    tape.begin(rows);
    for (input, live) in live.iter().enumerate() {
        for part in (0..set.parts()).filter(|&part| live.has(part)) {
            numbers.fill(tape.input(input, part));
        }
    }
    tape.forward(&parameters, 0..stage);
    tape.forward(&parameters, stage..set.parts());
    let mut outputs = Vec::new();
    for part in 0..set.parts() {
        outputs.extend_from_slice(tape.output(part));
    }
    for part in 0..stage {
        numbers.fill(tape.seed(part));
    }
    tape.reverse(&parameters, stage, Wrt::Input(0));
    let width = graph.width(graph.inputs()[0]);
    let x_gradient = tape.input_gradient()[..rows * width].to_vec();
    tape.clear_gradient();
    for part in 0..set.parts() {
        numbers.fill(tape.seed(part));
    }
    tape.reverse(&parameters, set.parts(), Wrt::Parameters);
    [outputs, x_gradient, tape.parameter_gradient().to_vec()]
}

/// Directions v, τ and the tangent w with its pair (w, v): the reverse pass in x that is recorded, then that in the parameters.
/// With `record`, the seeds along w are left to the tape; else they are written out.
fn differentiate<F: Real, T: Executor<F>>(tape: &mut T, graph: &Graph, rows: usize, record: bool) -> [Vec<F>; 2] {
    let mut numbers = Numbers(3);
    let mut parameters = vec![F::ZERO; graph.parameter_count()];
    numbers.fill(&mut parameters);
    let parameters = T::parameters(graph, parameters);
    tape.begin(rows);
    numbers.fill(tape.input(0, 0));
    numbers.fill(tape.input(0, 1));
    for input in 1..graph.inputs().len() {
        numbers.fill(tape.input(input, 0));
        numbers.fill(tape.input(input, 2));
    }
    tape.forward(&parameters, 0..3);
    let width = graph.width(graph.output().unwrap());
    let mut seeds = [vec![F::ZERO; rows * width], vec![F::ZERO; rows * width]];
    seeds.iter_mut().for_each(|seed| numbers.fill(seed));
    for (part, seed) in seeds.iter().enumerate() {
        tape.seed(part).copy_from_slice(seed);
    }
    if record {
        tape.record();
    }
    tape.reverse(&parameters, 2, Wrt::Input(0));
    let pulled = tape.input_gradient()[..rows * graph.width(graph.inputs()[0])].to_vec();
    // w depends on what was pulled back, as in the residual's gradient.
    tape.input(0, 3).copy_from_slice(&pulled);
    tape.forward(&parameters, 3..5);
    tape.clear_gradient();
    for part in [0, 2] {
        numbers.fill(tape.seed(part));
    }
    if !record {
        tape.seed(3).copy_from_slice(&seeds[0]);
        tape.seed(4).copy_from_slice(&seeds[1]);
    }
    tape.reverse(&parameters, 5, Wrt::Parameters);
    [pulled, tape.parameter_gradient().to_vec()]
}

/// Asserts that two lists of numbers agree relative to the norm of the second, which must not vanish.
pub fn agree<F: Real>(got: &[F], want: &[F], tolerance: f64, what: &str) {
    assert_eq!(got.len(), want.len(), "{what}");
    let norm = want.iter().map(|v| v.as_f64().powi(2)).sum::<f64>().sqrt();
    let error = got.iter().zip(want).map(|(&a, &b)| (a - b).as_f64().powi(2)).sum::<f64>().sqrt();
    assert!(norm > 0.0, "{what} says nothing");
    assert!(error <= tolerance * norm, "{what}: {error:e} of {norm:e}");
}

/// Sets without and with second-order parts, mixed and along one direction twice.
pub fn sets() -> [JetSet; 4] {
    [
        JetSet::primal(),
        JetSet::first_order(2),
        JetSet::first_order(3).with_pair(0, 1).unwrap(),
        JetSet::first_order(3).with_pair(0, 0).unwrap().with_pair(2, 0).unwrap().with_pair(1, 2).unwrap(),
    ]
}

/// [`passes`] on both executors. The first input moves along all directions but the last, the others along the last: parts are
/// missing on both sides.
pub fn on_both<F: Real + Element>(graph: &Graph, set: &JetSet, rows: usize, capacity: usize) -> [[Vec<F>; 3]; 2] {
    let n = set.directions();
    let x_parts: Vec<usize> = (1..=n.saturating_sub(1)).collect();
    let c_parts: Vec<usize> = (n.max(1)..=n).collect();
    let live = [Live::parts(set, &x_parts), Live::parts(set, &c_parts), Live::parts(set, &c_parts)];
    let stage = if n == 0 { 1 } else { n };
    let mut workspace = Workspace::<F>::new(&Plan::new(graph, set, &live).unwrap(), capacity);
    let mut tensor = TensorTape::<F>::new(graph, set, &live, &Device::flex().autodiff()).unwrap();
    [passes(&mut workspace, graph, set, &live, rows, stage), passes(&mut tensor, graph, set, &live, rows, stage)]
}

/// Cotangents kept for the tangent give what a full pass gives, on both executors; a tape that could record, but was not asked
/// to, does without.
pub fn check_tangent<F: Real + Element>(graph: &Graph, rows: usize, tolerance: f64, what: &str) {
    let plain = JetSet::first_order(3).with_pair(2, 0).unwrap();
    let set = plain.clone().with_tangent().unwrap();
    let live = [Live::parts(&set, &[1, 3]), Live::parts(&set, &[2]), Live::parts(&set, &[2])];
    let workspace = |set: &JetSet| Workspace::<F>::new(&Plan::new(graph, set, &live).unwrap(), rows + 2);
    let tensor = TensorTape::<F>::new(graph, &set, &live, &Device::flex());
    let want = differentiate(&mut workspace(&plain), graph, rows, false);
    let recorded = differentiate(&mut workspace(&set), graph, rows, true);
    let reference = differentiate(&mut tensor.unwrap(), graph, rows, true);
    let unrecorded = differentiate(&mut workspace(&set), graph, rows, false);
    for (name, got) in [("recorded", recorded), ("tensor", reference), ("unrecorded", unrecorded)] {
        for (got, want) in got.iter().zip(&want) {
            agree(got, want, tolerance, &format!("{what} {name}"));
        }
    }
}
