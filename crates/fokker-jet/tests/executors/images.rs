//! Networks of images.

use burn::tensor::Element;
use fokker_jet::cpu::{Parameters, Plan, Workspace};
use fokker_jet::{Function, Graph, Init, JetSet, Live, NodeId, Real, Resampling, Shape, Tape};

use crate::harness::{Numbers, agree, check_tangent, on_both, sets};

/// x is an image, c a vector, scale one number.
fn inputs(graph: &mut Graph, shape: Shape) -> [NodeId; 3] {
    [graph.image_input(shape), graph.input(5), graph.input(1)]
}

fn norm(graph: &mut Graph, name: &str, x: NodeId, groups: usize) -> NodeId {
    let y = graph.group_norm(name, x, groups, 1e-5);
    // Not the ones and zeros that training starts from; the harness draws every parameter anyway.
    graph.initialise(y, Init::Ones, Init::Zeros);
    y
}

/// A small U-Net with every operation: convolutions wide and narrow, with kernels of 1, 3 and 5 pixels, norms of several groups,
/// resampling of all kinds, attention, a bias that depends on c at every pixel, skips.
fn unet(shape: Shape, fir: bool) -> Graph {
    let (down, up) =
        if fir { (Resampling::FirDown, Resampling::FirUp) } else { (Resampling::Mean, Resampling::Nearest) };
    let mut graph = Graph::new();
    let [x, c, scale] = inputs(&mut graph, shape);
    let h = graph.conv("in", x, 12, 3);
    let n = norm(&mut graph, "norm1", h, 3);
    let n = graph.map(n, Function::Silu);
    let n = graph.conv("conv1", n, 36, 5);
    let bias = graph.dense("time", c, 36);
    let n = graph.add(n, bias);
    let n = norm(&mut graph, "norm2", n, 4);
    let n = graph.map(n, Function::Silu);
    let n = graph.conv("conv2", n, 12, 3);
    let level = graph.add_scaled(h, n, std::f64::consts::FRAC_1_SQRT_2);
    let low = graph.resample(level, down);
    let low = graph.conv("low", low, 40, 1);
    let a = norm(&mut graph, "norm3", low, 10);
    let [q, k, v] = ["query", "key", "value"].map(|name| graph.dense(name, a, 16));
    let logits = graph.matmul(q, k, true, 0.25);
    let weights = graph.softmax(logits);
    let attended = graph.matmul(weights, v, false, 1.0);
    let attended = graph.dense("attended", attended, 40);
    let low = graph.add(low, attended);
    let high = graph.resample(low, up);
    let joined = graph.concat(&[high, level, x]);
    let y = norm(&mut graph, "norm4", joined, 1);
    let y = graph.map(y, Function::Tanh);
    let y = graph.conv("out", y, shape.channels, 3);
    let y = graph.mul(y, scale);
    graph.set_output(y);
    graph
}

fn graphs() -> [Graph; 3] {
    [
        unet(Shape { height: 4, width: 6, channels: 1 }, false),
        unet(Shape { height: 6, width: 4, channels: 3 }, true),
        // Lines of 14 and 7 pixels.
        unet(Shape { height: 2, width: 14, channels: 10 }, false),
    ]
}

fn compare<F: Real + Element>(tolerance: f64) {
    for (i, graph) in graphs().into_iter().enumerate() {
        for (j, set) in sets().iter().enumerate() {
            let rows = [1, 3, 2][(i + j) % 3];
            let [a, b] = on_both::<F>(&graph, set, rows, 4);
            for (name, a, b) in [("values", &a[0], &b[0]), ("x", &a[1], &b[1]), ("parameters", &a[2], &b[2])] {
                agree(a, b, tolerance, &format!("graph {i}, {set:?}, {rows} rows, {name}"));
            }
            // Each parameter by itself: a small one is not lost among the others.
            for spec in graph.parameters() {
                let at = spec.offset..spec.offset + spec.len();
                let what = format!("graph {i}, {set:?}, {}", spec.name);
                // A key's bias adds the same to all logits of a pixel: its gradient is 0 but for rounding.
                if spec.name != "key.bias" {
                    agree(&a[2][at.clone()], &b[2][at], 10.0 * tolerance, &what);
                }
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
    compare::<f32>(1e-5);
}

#[test]
fn cotangents_kept_for_the_tangent_are_those_that_a_full_pass_would_have() {
    for (i, graph) in graphs().iter().enumerate() {
        check_tangent::<f64>(graph, 2, 1e-12, &format!("graph {i}"));
        check_tangent::<f32>(graph, 2, 1e-5, &format!("graph {i}"));
    }
}

#[test]
fn a_row_does_not_depend_on_the_rows_beside_it() {
    let graph = unet(Shape { height: 4, width: 4, channels: 3 }, true);
    let set = JetSet::first_order(1).with_pair(0, 0).unwrap();
    let live = [Live::parts(&set, &[1]), Live::parts(&set, &[]), Live::parts(&set, &[])];
    let plan = Plan::new(&graph, &set, &live).unwrap();
    let mut parameters = vec![0.0_f32; graph.parameter_count()];
    Numbers(1).fill(&mut parameters);
    let parameters = Parameters::new(&graph, parameters);
    let run = |rows: usize, shown: usize| {
        let mut workspace = Workspace::<f32>::new(&plan, rows);
        workspace.begin(rows);
        for (input, part, width) in [(0, 0, 48), (0, 1, 48), (1, 0, 5), (2, 0, 1)] {
            let values = workspace.input(input, part);
            Numbers(9).fill(&mut values[..shown * width]);
            Numbers(2 + part as u64).fill(&mut values[shown * width..(shown + 1) * width]);
        }
        workspace.forward(&parameters, 0..3);
        [0, 1, 2].map(|part| workspace.output(part)[shown * 48..(shown + 1) * 48].to_vec())
    };
    let (alone, among) = (run(1, 0), run(4, 2));
    for (a, b) in alone.iter().flatten().zip(among.iter().flatten()) {
        assert!(a.to_bits() == b.to_bits() && a.is_finite() && *a != 0.0, "{a} {b}");
    }
}
