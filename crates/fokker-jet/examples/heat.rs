//! The heat equation by a network that never sees a solution: the residual's derivatives are jets, one reverse pass gives the gradient.
//!
//! u_t = u_xx on 0 ≤ x ≤ π, u(x, 0) = sin x, u(0, t) = u(π, t) = 0, whose solution is e^(−t) sin x. The trial function
//! u = sin x (1 + t N(x, t)) keeps both conditions whatever the network N is (Lagaris, Likas & Fotiadis 1998, IEEE Trans. Neural
//! Networks 9, p. 987), so that only the mean square of u_t − u_xx is left to make small.
//!
//! Run it with `cargo run --release -p fokker-jet --example heat`.
#![allow(clippy::print_stdout, clippy::cast_precision_loss)]

use std::f64::consts::PI;

use fokker_jet::cpu::{Parameters, Plan, Workers, Workspace};
use fokker_jet::{Function, Graph, Init, JetError, JetSet, Live, Tape, Wrt};

/// Points along each axis, steps, their length and the share of the last one that is taken along.
const POINTS: usize = 16;
const STEPS: usize = 3000;
const RATE: f64 = 0.02;
const MOMENTUM: f64 = 0.95;

/// The parts of the jet: u, u_t along direction 0, u_x along direction 1, and u_xx.
const U: usize = 0;
const U_T: usize = 1;
const U_X: usize = 2;
const U_XX: usize = 3;

/// u = sin x + sin x · t · N(x, t), N of two layers of 16.
fn trial() -> Graph {
    let mut graph = Graph::new();
    let (x, t) = (graph.input(1), graph.input(1));
    let mut h = graph.concat(&[x, t]);
    for layer in ["first", "second"] {
        let a = graph.dense(layer, h, 16);
        h = graph.map(a, Function::Tanh);
    }
    let n = graph.dense("output", h, 1);
    let sine = graph.map(x, Function::Sin);
    let change = graph.mul(t, n);
    let change = graph.mul(sine, change);
    let u = graph.add(sine, change);
    graph.set_output(u);
    graph
}

/// Weights as the graph says that they are to be drawn, from the multiples of the golden ratio.
fn initial(graph: &Graph) -> Vec<f64> {
    let mut draws = (1..).map(|i| (f64::from(i) * 0.618_033_988_749_895).fract());
    let specs = graph.parameters().iter().flat_map(|spec| std::iter::repeat_n(spec.init, spec.len()));
    specs
        .map(|init| match init {
            Init::Zeros => 0.0,
            Init::Ones => 1.0,
            Init::Uniform { bound } => bound * (2.0 * draws.next().unwrap_or(0.5) - 1.0),
        })
        .collect()
}

fn main() -> Result<(), JetError> {
    let graph = trial();
    let set = JetSet::first_order(2).with_pair(1, 1)?;
    let inputs = [Live::parts(&set, &[U, U_X]), Live::parts(&set, &[U, U_T])];
    let plan = Plan::new(&graph, &set, &inputs)?;
    let rows = POINTS * POINTS;
    let mut tape = Workspace::<f64>::new(&plan, rows);
    let mut parameters = Parameters::new(&graph, initial(&graph));
    let (workers, mut step) = (Workers::new(1, rows)?, vec![0.0; graph.parameter_count()]);
    let at = |i: usize| (i as f64 + 0.5) / POINTS as f64;

    for number in 0..=STEPS {
        tape.begin(rows);
        tape.input(0, U).iter_mut().enumerate().for_each(|(row, x)| *x = PI * at(row % POINTS));
        tape.input(1, U).iter_mut().enumerate().for_each(|(row, t)| *t = at(row / POINTS));
        tape.input(0, U_X).fill(1.0);
        tape.input(1, U_T).fill(1.0);
        tape.forward(&parameters, 0..set.parts());
        let residual: Vec<f64> = tape.output(U_T).iter().zip(tape.output(U_XX)).map(|(u_t, u_xx)| u_t - u_xx).collect();
        // The loss is the mean of the squares: its derivatives by u_t and by u_xx seed the reverse pass.
        let loss = residual.iter().map(|r| r * r).sum::<f64>() / rows as f64;
        let seed = |seed: &mut [f64], factor: f64| {
            seed.iter_mut().zip(&residual).for_each(|(s, r)| *s = factor * 2.0 * r / rows as f64);
        };
        seed(tape.seed(U_T), 1.0);
        seed(tape.seed(U_XX), -1.0);
        tape.clear_gradient();
        tape.reverse(&parameters, set.parts(), Wrt::Parameters);
        step.iter_mut().zip(tape.parameter_gradient()).for_each(|(step, g)| *step = MOMENTUM * *step - RATE * g);
        parameters.update(&workers, |all| all.iter_mut().zip(&step).for_each(|(w, step)| *w += step));
        if number % (STEPS / 3) == 0 {
            let truth = |row: usize| (-at(row / POINTS)).exp() * (PI * at(row % POINTS)).sin();
            let error = tape.output(U).iter().enumerate().map(|(row, u)| (u - truth(row)).abs()).fold(0.0, f64::max);
            println!("step {number:4}: mean square of u_t - u_xx {loss:.1e}, largest error of u {error:.1e}");
            assert!(number < STEPS || error < 2e-3, "it has not learned");
        }
    }
    Ok(())
}
