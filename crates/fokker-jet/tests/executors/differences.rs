//! The jets of every operation on images against differences of its values, on both executors, in f64.

use burn::tensor::Device;
use fokker_jet::cpu::{Parameters, Plan, Workspace};
use fokker_jet::tensor::TensorTape;
use fokker_jet::{Function, Graph, JetSet, Live, NodeId, Resampling, Shape, Tape};

use crate::harness::{Executor, Numbers, agree};

const SHAPE: Shape = Shape { height: 4, width: 6, channels: 4 };

/// An operation on an image `a` and the same image seen through a function, so that both factors of products move.
type Build = fn(&mut Graph, NodeId) -> NodeId;

const OPERATIONS: [(&str, Build); 14] = [
    ("dense", |g, a| g.dense("dense", a, 11)),
    ("convolution", |g, a| g.conv("conv", a, 9, 3)),
    ("narrow convolution", |g, a| g.conv("conv", a, 2, 5)),
    ("group norm", |g, a| g.group_norm("norm", a, 2, 1e-6)),
    ("group norm of one group", |g, a| g.group_norm("norm", a, 1, 1e-2)),
    ("silu", |g, a| g.map(a, Function::Silu)),
    ("softmax", |g, a| g.softmax(a)),
    ("mean", |g, a| g.resample(a, Resampling::Mean)),
    ("nearest", |g, a| g.resample(a, Resampling::Nearest)),
    ("fir down", |g, a| g.resample(a, Resampling::FirDown)),
    ("fir up", |g, a| g.resample(a, Resampling::FirUp)),
    ("matrix product", |g, a| {
        let b = g.map(a, Function::Sin);
        let logits = g.matmul(a, b, true, 0.5);
        g.matmul(logits, b, false, 2.0)
    }),
    ("sum", |g, a| {
        let b = g.map(a, Function::Exp);
        g.add_scaled(a, b, 0.7)
    }),
    ("concatenation", |g, a| {
        let b = g.map(a, Function::Tanh);
        g.concat(&[b, a])
    }),
];

fn graph(build: Build) -> Graph {
    let mut graph = Graph::new();
    let x = graph.image_input(SHAPE);
    // A curved path through the operation: its second-order part has all terms.
    let a = graph.map(x, Function::Tanh);
    let y = build(&mut graph, a);
    graph.set_output(y);
    graph
}

#[test]
fn jets_of_every_operation_equal_differences() {
    let set = JetSet::first_order(2).with_pair(0, 1).unwrap();
    for (name, build) in OPERATIONS {
        let graph = graph(build);
        let live = [Live::parts(&set, &[1, 2])];
        let mut numbers = Numbers(11);
        let mut flat = vec![0.0; graph.parameter_count()];
        numbers.fill(&mut flat);
        let parameters = Parameters::new(&graph, flat.clone());
        let [x, u, v] = [(); 3].map(|()| {
            let mut values = vec![0.0_f64; SHAPE.len()];
            numbers.fill(&mut values);
            values
        });
        let plain = JetSet::primal();
        let mut primal = Workspace::new(&Plan::new(&graph, &plain, &[Live::parts(&plain, &[])]).unwrap(), 1);
        let mut at = |h: f64, k: f64| {
            primal.begin(1);
            for (to, ((x, u), v)) in primal.input(0, 0).iter_mut().zip(x.iter().zip(&u).zip(&v)) {
                *to = x + h * u + k * v;
            }
            primal.forward(&parameters, 0..1);
            primal.output(0).to_vec()
        };
        // Central differences of the fourth order.
        let h = 4e-3;
        let weights = [(-2.0, 1.0 / 12.0), (-1.0, -8.0 / 12.0), (1.0, 8.0 / 12.0), (2.0, -1.0 / 12.0)];
        let n = graph.width(graph.output().unwrap());
        let mut along = |first: bool| {
            let mut sum = vec![0.0; n];
            for (step, weight) in weights {
                let value = if first { at(step * h, 0.0) } else { at(0.0, step * h) };
                sum.iter_mut().zip(value).for_each(|(s, y)| *s += weight * y / h);
            }
            sum
        };
        let (of_u, of_v) = (along(true), along(false));
        let mut of_uv = vec![0.0; n];
        for (i, wi) in weights {
            for (j, wj) in weights {
                let value = at(i * h, j * h);
                of_uv.iter_mut().zip(value).for_each(|(s, y)| *s += wi * wj * y / (h * h));
            }
        }
        let workspace = Workspace::<f64>::new(&Plan::new(&graph, &set, &live).unwrap(), 1);
        let tensor = TensorTape::<f64>::new(&graph, &set, &live, &Device::flex()).unwrap();
        for (executor, parts) in [
            ("workspace", parts(workspace, &graph, &flat, [&x, &u, &v])),
            ("tensor", parts(tensor, &graph, &flat, [&x, &u, &v])),
        ] {
            for (part, want) in [&of_u, &of_v, &of_uv].into_iter().enumerate() {
                agree(&parts[part], want, 2e-8, &format!("{name}, {executor}, part {}", part + 1));
            }
        }
    }
}

/// The parts of the output along u, v and both.
fn parts<T: Executor<f64>>(mut tape: T, graph: &Graph, flat: &[f64], input: [&[f64]; 3]) -> [Vec<f64>; 3] {
    let parameters = T::parameters(graph, flat.to_vec());
    tape.begin(1);
    for (part, values) in input.into_iter().enumerate() {
        tape.input(0, part).copy_from_slice(values);
    }
    tape.forward(&parameters, 0..4);
    [1, 2, 3].map(|part| tape.output(part).to_vec())
}
