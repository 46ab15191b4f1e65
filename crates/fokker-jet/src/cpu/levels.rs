//! A whole network, forward and back, on every instruction set.

use super::{Parameters, Plan, Workspace};
use crate::routines::testing::{numbers, on_every_instruction_set};
use crate::{Function, Graph, JetSet, Live, Real, Resampling, Shape, Tape, Wrt};

/// Every operation, wide and narrow.
fn network() -> Graph {
    let mut graph = Graph::new();
    let shape = Shape { height: 4, width: 6, channels: 3 };
    let (x, c, scale) = (graph.image_input(shape), graph.input(5), graph.input(1));
    let h = graph.conv("in", x, 36, 3);
    let bias = graph.dense("time", c, 36);
    let h = graph.add(h, bias);
    let h = graph.group_norm("norm", h, 4, 1e-5);
    let h = graph.map(h, Function::Silu);
    let low = graph.resample(h, Resampling::FirDown);
    let [q, k] = ["query", "key"].map(|name| graph.dense(name, low, 17));
    let v = graph.dense("value", low, 36);
    let logits = graph.matmul(q, k, true, 0.25);
    let weights = graph.softmax(logits);
    let attended = graph.matmul(weights, v, false, 1.0);
    let low = graph.add_scaled(low, attended, 0.7);
    let high = graph.resample(low, Resampling::Nearest);
    let joined = graph.concat(&[high, x]);
    let y = graph.map(joined, Function::Tanh);
    let y = graph.conv("out", y, 3, 3);
    let y = graph.mul(y, scale);
    graph.set_output(y);
    graph
}

/// All parts of the output, the gradient in x and those of the parameters, some of whose cotangents were kept.
fn pass<F: Real>() -> Vec<F> {
    const ROWS: usize = if cfg!(miri) { 1 } else { 3 };
    let graph = network();
    let set = JetSet::first_order(3).with_pair(2, 0).and_then(JetSet::with_tangent).unwrap();
    let live = [Live::parts(&set, &[1, 3]), Live::parts(&set, &[2]), Live::parts(&set, &[2])];
    let mut tape = Workspace::<F>::new(&Plan::new(&graph, &set, &live).unwrap(), ROWS);
    let parameters = Parameters::new(&graph, numbers(graph.parameter_count(), 1));
    tape.begin(ROWS);
    for (input, live) in live.iter().enumerate() {
        for part in (0..set.parts()).filter(|&part| live.has(part)) {
            let values = tape.input(input, part);
            values.copy_from_slice(&numbers(values.len(), 10 * input as u64 + part as u64));
        }
    }
    tape.forward(&parameters, 0..3);
    tape.forward(&parameters, 3..5);
    let mut found: Vec<F> = (0..5).flat_map(|part| tape.output(part).to_vec()).collect();
    for part in 0..2 {
        let seed = tape.seed(part);
        seed.copy_from_slice(&numbers(seed.len(), 100 + part as u64));
    }
    tape.record();
    tape.reverse(&parameters, 2, Wrt::Input(0));
    found.extend(tape.input_gradient());
    for part in [0, 2] {
        let seed = tape.seed(part);
        seed.copy_from_slice(&numbers(seed.len(), 200 + part as u64));
    }
    tape.reverse(&parameters, 5, Wrt::Parameters);
    found.extend(tape.parameter_gradient());
    found
}

/// The passes on every instruction set agree with those on the baseline, but not to the last bit where multiply-adds are fused.
fn agree<F: Real>(tolerance: f64) {
    let mut baseline: Option<Vec<F>> = None;
    on_every_instruction_set(|| {
        let found = pass::<F>();
        let Some(want) = &baseline else {
            assert!(found.iter().all(|y| y.is_finite()) && found.iter().filter(|&&y| y != F::ZERO).count() > 1000);
            baseline = Some(found);
            return;
        };
        let size = want.iter().map(|y| y.as_f64().abs()).fold(0.0, f64::max);
        for (got, want) in found.iter().zip(want) {
            assert!((*got - *want).as_f64().abs() <= tolerance * size, "{got} for {want}");
        }
        assert!(found != *want, "the same to the last bit: was it the baseline that ran?");
    });
}

#[test]
fn a_network_is_the_same_on_every_instruction_set() {
    agree::<f32>(2e-5);
    if !cfg!(miri) {
        agree::<f64>(1e-13);
    }
}
