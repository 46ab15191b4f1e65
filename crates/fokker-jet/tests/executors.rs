//! The two executors against each other: same graph, same jets, same numbers.
#![allow(clippy::unwrap_used, missing_docs)]

use burn::tensor::{Device, Element};
use fokker_jet::panel::{Panel, Plan};
use fokker_jet::tensor::TensorTape;
use fokker_jet::{Function, Graph, JetError, JetSet, Live, Parameters, Real, Tape, Wrt};

/// Numbers in (−0.5, 0.5).
struct Numbers(u64);

impl Numbers {
    fn next<F: Real>(&mut self) -> F {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        F::of(f64::from((self.0 >> 40) as u32) / f64::from(1_u32 << 24) - 0.5)
    }

    fn fill<F: Real>(&mut self, out: &mut [F]) {
        out.iter_mut().for_each(|x| *x = self.next());
    }
}

/// Every operation and every function, wide and narrow layers, a skip connection, a factor of one number a row, a square.
fn graph(function: Function) -> Graph {
    let mut graph = Graph::new();
    let (x, c, scale) = (graph.input(3), graph.input(2), graph.input(1));
    let joined = graph.concat(&[x, c]);
    let a = graph.dense("first", joined, 20);
    // Keeps the argument of ln, √ and 1/a away from 0.
    let safe = graph.mul(a, a);
    let safe = graph.map(safe, Function::Exp);
    let h = graph.map(safe, function);
    let b = graph.dense("second", h, 20);
    let b = graph.map(b, Function::Silu);
    let sum = graph.add(b, a);
    let narrow = graph.dense("narrow", sum, 4);
    let wide = graph.dense("wide", narrow, 40);
    let wide = graph.map(wide, Function::Tanh);
    let raw = graph.dense("output", wide, 3);
    let output = graph.mul(raw, scale);
    graph.set_output(output);
    graph
}

/// Outputs of all parts, the x-gradient of a prefix of the parts, the parameter gradient of all.
fn walk<F: Real>(
    tape: &mut dyn Tape<F>, graph: &Graph, set: &JetSet, live: &[Live], rows: usize, stage: usize,
) -> [Vec<F>; 3] {
    let mut numbers = Numbers(7);
    let mut parameters = vec![F::ZERO; graph.parameter_count()];
    numbers.fill(&mut parameters);
    let parameters = Parameters::new(graph, parameters);
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
    let x_gradient = tape.input_gradient()[..rows * 3].to_vec();
    tape.clear_gradient();
    for part in 0..set.parts() {
        numbers.fill(tape.seed(part));
    }
    tape.reverse(&parameters, set.parts(), Wrt::Parameters);
    [outputs, x_gradient, tape.parameter_gradient().to_vec()]
}

fn compare<F: Real + Element>(tolerance: f64) {
    let sets = [
        JetSet::primal(),
        JetSet::first_order(2),
        JetSet::first_order(3).with_pair(0, 1).unwrap(),
        JetSet::first_order(3).with_pair(0, 0).unwrap().with_pair(2, 0).unwrap().with_pair(1, 2).unwrap(),
    ];
    let functions = [Function::Silu, Function::Tanh, Function::Sin, Function::Cos, Function::Exp, Function::Log];
    let more = [Function::Sqrt, Function::Recip, Function::Power(1.5)];
    for (i, function) in functions.into_iter().chain(more).enumerate() {
        for (j, set) in sets.iter().enumerate() {
            let rows = [1, 5, 16, 23][(i + j) % 4];
            let graph = graph(function);
            let n = set.directions();
            // x moves along all directions but the last, the other inputs along the last: parts are missing on both sides.
            let x_parts: Vec<usize> = (1..=n.saturating_sub(1)).collect();
            let c_parts: Vec<usize> = (n.max(1)..=n).collect();
            let live = [Live::parts(set, &x_parts), Live::parts(set, &c_parts), Live::parts(set, &c_parts)];
            let stage = if n == 0 { 1 } else { n };
            let mut panel = Panel::<F>::new(&Plan::new(&graph, set, &live).unwrap(), 23);
            let mut tensor = TensorTape::<F>::new(&graph, set, &live, &Device::flex().autodiff()).unwrap();
            let a = walk(&mut panel, &graph, set, &live, rows, stage);
            let b = walk(&mut tensor, &graph, set, &live, rows, stage);
            for (name, a, b) in [("values", &a[0], &b[0]), ("x", &a[1], &b[1]), ("parameters", &a[2], &b[2])] {
                assert_eq!(a.len(), b.len());
                let norm = b.iter().map(|v| v.as_f64().powi(2)).sum::<f64>().sqrt();
                let error = a.iter().zip(b).map(|(&a, &b)| (a - b).as_f64().powi(2)).sum::<f64>().sqrt();
                assert!(error <= tolerance * norm, "{function:?} {set:?} {rows} rows, {name}: {error:e} of {norm:e}");
                assert!(norm > 0.0, "{name} says nothing");
            }
        }
    }
}

#[test]
fn panel_and_tensor_executor_agree_in_f64() {
    compare::<f64>(1e-12);
}

#[test]
fn panel_and_tensor_executor_agree_in_f32() {
    compare::<f32>(4e-6);
}

/// Directions v, τ and the tangent w with its pair (w, v): the reverse pass in x that is recorded, then that in the parameters.
/// With `record`, the seeds along w are left to the tape; else they are written out.
fn differentiate<F: Real>(tape: &mut dyn Tape<F>, graph: &Graph, record: bool) -> [Vec<F>; 2] {
    let rows = 7;
    let mut numbers = Numbers(3);
    let mut parameters = vec![F::ZERO; graph.parameter_count()];
    numbers.fill(&mut parameters);
    let parameters = Parameters::new(graph, parameters);
    tape.begin(rows);
    for (input, part) in [(0, 0), (0, 1), (1, 0), (1, 2), (2, 0), (2, 2)] {
        numbers.fill(tape.input(input, part));
    }
    tape.forward(&parameters, 0..3);
    let mut seeds = [vec![F::ZERO; rows * 3], vec![F::ZERO; rows * 3]];
    seeds.iter_mut().for_each(|seed| numbers.fill(seed));
    for (part, seed) in seeds.iter().enumerate() {
        tape.seed(part).copy_from_slice(seed);
    }
    if record {
        tape.record();
    }
    tape.reverse(&parameters, 2, Wrt::Input(0));
    let pulled = tape.input_gradient()[..rows * 3].to_vec();
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

fn tangent<F: Real + Element>(tolerance: f64) {
    let plain = JetSet::first_order(3).with_pair(2, 0).unwrap();
    let set = plain.clone().with_tangent().unwrap();
    let live = [Live::parts(&set, &[1, 3]), Live::parts(&set, &[2]), Live::parts(&set, &[2])];
    for function in [Function::Silu, Function::Tanh, Function::Sin] {
        let graph = graph(function);
        let panel = |set: &JetSet| Panel::<F>::new(&Plan::new(&graph, set, &live).unwrap(), 9);
        let tensor = TensorTape::<F>::new(&graph, &set, &live, &Device::flex());
        let want = differentiate(&mut panel(&plain), &graph, false);
        let recorded = differentiate(&mut panel(&set), &graph, true);
        let reference = differentiate(&mut tensor.unwrap(), &graph, true);
        // A tape that could record, but was not asked to, does without.
        let unrecorded = differentiate(&mut panel(&set), &graph, false);
        for (name, got) in [("recorded", recorded), ("tensor", reference), ("unrecorded", unrecorded)] {
            for (got, want) in got.iter().zip(&want) {
                let norm = want.iter().map(|v| v.as_f64().powi(2)).sum::<f64>().sqrt();
                let error = got.iter().zip(want).map(|(&a, &b)| (a - b).as_f64().powi(2)).sum::<f64>().sqrt();
                assert!(error <= tolerance * norm && norm > 0.0, "{function:?} {name}: {error:e} of {norm:e}");
            }
        }
    }
}

#[test]
fn cotangents_kept_for_the_tangent_are_those_that_a_full_pass_would_have() {
    tangent::<f64>(1e-12);
    tangent::<f32>(4e-6);
}

#[test]
fn the_tangent_moves_just_one_input() {
    let set = JetSet::first_order(1).with_tangent().unwrap();
    let graph = graph(Function::Silu);
    let (moving, still) = (Live::parts(&set, &[1]), Live::parts(&set, &[]));
    let plan = |live: [&Live; 3]| Plan::new(&graph, &set, &live.map(Clone::clone)).map(|_| ());
    assert!(plan([&moving, &still, &still]).is_ok());
    assert!(matches!(plan([&moving, &moving, &still]), Err(JetError::Tangent { .. })));
    assert!(matches!(plan([&still, &still, &still]), Err(JetError::Tangent { .. })));
}

#[test]
fn a_cleared_gradient_is_zero_until_something_is_added() {
    let graph = graph(Function::Silu);
    let set = JetSet::primal();
    let live = [Live::parts(&set, &[]), Live::parts(&set, &[]), Live::parts(&set, &[])];
    let mut panel = Panel::<f64>::new(&Plan::new(&graph, &set, &live).unwrap(), 7);
    let once = walk(&mut panel, &graph, &set, &live, 7, 1)[2].clone();
    assert!(once.iter().any(|&g| g != 0.0));
    panel.clear_gradient();
    assert!(panel.parameter_gradient().iter().all(|&g| g == 0.0));
    // Two passes add up.
    assert_eq!(walk(&mut panel, &graph, &set, &live, 7, 1)[2], once);
    let parameters = Parameters::new(&graph, {
        let mut flat = vec![0.0; graph.parameter_count()];
        Numbers(7).fill(&mut flat);
        flat
    });
    for _ in 0..2 {
        panel.forward(&parameters, 0..1);
        panel.seed(0).fill(1.0);
        panel.reverse(&parameters, 1, Wrt::Parameters);
    }
    let thrice = panel.parameter_gradient().to_vec();
    panel.clear_gradient();
    panel.seed(0).fill(1.0);
    panel.reverse(&parameters, 1, Wrt::Parameters);
    let alone = panel.parameter_gradient();
    for ((all, first), one) in thrice.iter().zip(&once).zip(alone) {
        assert!((all - first - 2.0 * one).abs() < 1e-9 * (1.0 + all.abs()));
    }
}

#[test]
fn a_row_does_not_depend_on_the_rows_beside_it() {
    // One row alone, and as the third of four: the sums run over features alone.
    let graph = graph(Function::Silu);
    let set = JetSet::first_order(1);
    let live = [Live::parts(&set, &[1]), Live::parts(&set, &[]), Live::parts(&set, &[])];
    let plan = Plan::new(&graph, &set, &live).unwrap();
    let mut parameters = vec![0.0_f64; graph.parameter_count()];
    Numbers(1).fill(&mut parameters);
    let parameters = Parameters::new(&graph, parameters);
    let run = |rows: usize, shown: usize| {
        let mut panel = Panel::<f64>::new(&plan, rows);
        panel.begin(rows);
        for (input, part, width) in [(0, 0, 3), (0, 1, 3), (1, 0, 2), (2, 0, 1)] {
            let values = panel.input(input, part);
            Numbers(9).fill(&mut values[..shown * width]);
            Numbers(2 + part as u64).fill(&mut values[shown * width..(shown + 1) * width]);
        }
        panel.forward(&parameters, 0..2);
        [0, 1].map(|part| panel.output(part)[shown * 3..(shown + 1) * 3].to_vec())
    };
    let (alone, among) = (run(1, 0), run(4, 2));
    for (a, b) in alone.iter().flatten().zip(among.iter().flatten()) {
        assert!(a.to_bits() == b.to_bits(), "{a} {b}");
    }
}
