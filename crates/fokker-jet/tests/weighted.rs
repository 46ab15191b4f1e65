//! Nodes that are left out where their factor is 0: the same numbers as if they were not, and they are left out.
#![allow(clippy::unwrap_used, missing_docs)]

use fokker_jet::cpu::{Parameters, Plan, Workspace};
use fokker_jet::{Function, Graph, JetSet, Live, NodeId, Tape, Wrt};

/// x, time and two factors to h₀ f₀ + h₁ f₁, as weighted nodes or as plain products; with `also`, h₁ is read by others, too.
fn graph(weighted: bool, also: bool) -> Graph {
    let mut graph = Graph::new();
    let (x, time) = (graph.input(2), graph.input(1));
    let factors = [graph.input(1), graph.input(1)];
    let both = graph.concat(&[x, time]);
    let mut inside = x;
    let parts: Vec<NodeId> = (0..2)
        .map(|k| {
            let mut build = |graph: &mut Graph| {
                let h = graph.dense(&format!("{k}.hidden"), both, 5);
                inside = graph.map(h, Function::Silu);
                graph.dense(&format!("{k}.output"), inside, 3)
            };
            if weighted {
                graph.weighted(factors[k], build)
            } else {
                let h = build(&mut graph);
                graph.mul(h, factors[k])
            }
        })
        .collect();
    let mut output = graph.add(parts[0], parts[1]);
    if also {
        let sum = graph.sum(inside, 0.0);
        let sum = graph.dense("also", sum, 3);
        output = graph.add(output, sum);
    }
    graph.set_output(output);
    graph
}

/// Everything that a tape gives: parts, gradients in x (with what they leave behind) and in the parameters, batch by batch.
fn run(graph: &Graph, parameters: Vec<f64>, batches: &[[[f64; 4]; 3]]) -> Vec<Vec<f64>> {
    let set = JetSet::first_order(2).with_pair(0, 1).unwrap();
    let time = Live::parts(&set, &[2]);
    let live = [Live::parts(&set, &[0, 1]), time.clone(), time.clone(), time];
    let live: Vec<Live> = live.into_iter().collect();
    let plan = Plan::new(graph, &set, &live).unwrap();
    let mut tape = Workspace::<f64>::new(&plan, 3);
    let parameters = Parameters::new(graph, parameters);
    let mut found = Vec::new();
    tape.clear_gradient();
    for batch in batches {
        tape.begin(3);
        for (row, factors) in batch.iter().enumerate() {
            let at = row as f64;
            tape.input(0, 0)[2 * row..][..2].copy_from_slice(&[0.3 + at, -0.7 * at]);
            tape.input(0, 1)[2 * row..][..2].copy_from_slice(&[1.0, 0.5 - at]);
            tape.input(1, 0)[row] = 0.1 * at;
            tape.input(1, 2)[row] = 1.0;
            for k in 0..2 {
                tape.input(2 + k, 0)[row] = factors[2 * k];
                tape.input(2 + k, 2)[row] = factors[2 * k + 1];
            }
        }
        tape.forward(&parameters, 0..2);
        tape.forward(&parameters, 2..set.parts());
        for part in 0..set.parts() {
            found.push(tape.output(part).to_vec());
        }
        for wrt in [Wrt::Input(0), Wrt::Parameters] {
            for part in 0..set.parts() {
                tape.seed(part).fill(1.0 + part as f64);
            }
            tape.reverse(&parameters, set.parts(), wrt);
            found.push(tape.input_gradient().to_vec());
        }
    }
    found.push(tape.parameter_gradient().to_vec());
    found
}

/// A value and a slope of each factor in three rows: both everywhere; one nowhere; the other nowhere but for a slope; neither.
const BATCHES: [[[f64; 4]; 3]; 5] = [
    [[0.3, 1.0, 0.7, -1.0]; 3],
    [[1.0, 0.0, 0.0, 0.0]; 3],
    [[0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.0, 2.0, 1.0, -2.0]],
    [[0.0; 4]; 3],
    [[0.0, 0.0, 1.0, 0.0]; 3],
];

fn values(count: usize) -> Vec<f64> {
    (0..count).map(|i| (1.7 * i as f64).sin()).collect()
}

#[test]
fn what_is_left_out_changes_no_number() {
    for also in [false, true] {
        let (weighted, plain) = (graph(true, also), graph(false, also));
        let parameters = values(plain.parameter_count());
        assert_eq!(plain.parameters(), weighted.parameters());
        let found = run(&weighted, parameters.clone(), &BATCHES);
        assert_eq!(found, run(&plain, parameters, &BATCHES));
        assert!(found[0].iter().all(|value| value.abs() > 1e-3));
    }
}

#[test]
fn it_is_left_out_unless_another_reads_it() {
    let finite = |weighted, also| {
        let graph = graph(weighted, also);
        let mut parameters = values(graph.parameter_count());
        for spec in graph.parameters().iter().filter(|spec| spec.name.starts_with("1.")) {
            parameters[spec.span()].fill(f64::NAN);
        }
        run(&graph, parameters, &[BATCHES[1]]).concat().iter().all(|value| value.is_finite())
    };
    assert_eq!([finite(true, false), finite(true, true), finite(false, false)], [true, false, false]);
}
