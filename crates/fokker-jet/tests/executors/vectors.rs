//! Networks of vectors.

use burn::tensor::Element;
use fokker_jet::cpu::{Parameters, Plan, Workspace};
use fokker_jet::{Function, Graph, JetError, JetSet, Live, Real, Tape, Wrt};

use crate::harness::{Numbers, agree, check_tangent, on_both, passes, sets};

/// Every operation and every function, wide and narrow layers, a skip connection, a factor of one number per row, a square.
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

fn compare<F: Real + Element>(tolerance: f64) {
    let functions = [Function::Silu, Function::Tanh, Function::Sin, Function::Cos, Function::Exp, Function::Log];
    let more = [Function::Sqrt, Function::Recip, Function::Power(1.5)];
    for (i, function) in functions.into_iter().chain(more).enumerate() {
        for (j, set) in sets().iter().enumerate() {
            let rows = [1, 5, 16, 23][(i + j) % 4];
            let [a, b] = on_both::<F>(&graph(function), set, rows, 23);
            for (name, a, b) in [("values", &a[0], &b[0]), ("x", &a[1], &b[1]), ("parameters", &a[2], &b[2])] {
                agree(a, b, tolerance, &format!("{function:?} {set:?} {rows} rows, {name}"));
            }
        }
    }
}

#[test]
fn cpu_and_tensor_executor_agree_in_f64() {
    compare::<f64>(1e-13);
}

#[test]
fn cpu_and_tensor_executor_agree_in_f32() {
    compare::<f32>(4e-6);
}

#[test]
fn cotangents_kept_for_the_tangent_are_those_that_a_full_pass_would_have() {
    for function in [Function::Silu, Function::Tanh, Function::Sin] {
        check_tangent::<f64>(&graph(function), 7, 1e-12, &format!("{function:?}"));
        check_tangent::<f32>(&graph(function), 7, 4e-6, &format!("{function:?}"));
    }
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
    let mut workspace = Workspace::<f64>::new(&Plan::new(&graph, &set, &live).unwrap(), 7);
    let once = passes(&mut workspace, &graph, &set, &live, 7, 1)[2].clone();
    assert!(once.iter().any(|&g| g != 0.0));
    workspace.clear_gradient();
    assert!(workspace.parameter_gradient().iter().all(|&g| g == 0.0));
    // Two passes add up.
    assert_eq!(passes(&mut workspace, &graph, &set, &live, 7, 1)[2], once);
    let parameters = Parameters::new(&graph, {
        let mut flat = vec![0.0; graph.parameter_count()];
        Numbers(7).fill(&mut flat);
        flat
    });
    for _ in 0..2 {
        workspace.forward(&parameters, 0..1);
        workspace.seed(0).fill(1.0);
        workspace.reverse(&parameters, 1, Wrt::Parameters);
    }
    let thrice = workspace.parameter_gradient().to_vec();
    workspace.clear_gradient();
    workspace.seed(0).fill(1.0);
    workspace.reverse(&parameters, 1, Wrt::Parameters);
    let alone = workspace.parameter_gradient();
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
        let mut workspace = Workspace::<f64>::new(&plan, rows);
        workspace.begin(rows);
        for (input, part, width) in [(0, 0, 3), (0, 1, 3), (1, 0, 2), (2, 0, 1)] {
            let values = workspace.input(input, part);
            Numbers(9).fill(&mut values[..shown * width]);
            Numbers(2 + part as u64).fill(&mut values[shown * width..(shown + 1) * width]);
        }
        workspace.forward(&parameters, 0..2);
        [0, 1].map(|part| workspace.output(part)[shown * 3..(shown + 1) * 3].to_vec())
    };
    let (alone, among) = (run(1, 0), run(4, 2));
    for (a, b) in alone.iter().flatten().zip(among.iter().flatten()) {
        assert!(a.to_bits() == b.to_bits() && a.is_finite() && *a != 0.0, "{a} {b}");
    }
}
