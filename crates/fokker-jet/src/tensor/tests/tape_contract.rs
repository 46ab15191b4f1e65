//! The executor's contract: stages, seeds, accumulation, errors.

use burn::tensor::Device;

use super::harness::{assert_close, largest, numbers};
use super::tape::{fill, flat, live, network, parameters, seed_all, set, tape};
use crate::tensor::{Parameters, TensorTape};
use crate::{Function, Graph, JetError, JetSet, Live, Tape, Wrt};

#[test]
fn stages_give_what_one_pass_gives() {
    let parameters = parameters();
    let mut whole = tape();
    fill(&mut whole, [0.0; 3]);
    whole.forward(&parameters, 0..6);

    // Stage 1: primal and u, then the x-gradient of part u; its result sets the direction v of stage 2.
    let mut staged = tape();
    fill(&mut staged, [0.0; 3]);
    let later = [staged.input(0, 2).to_vec(), staged.input(1, 3).to_vec()];
    staged.input(0, 2).fill(f64::NAN);
    staged.input(1, 3).fill(f64::NAN);
    staged.forward(&parameters, 0..2);
    assert_eq!(staged.output(1), whole.output(1));
    seed_all(&mut staged, 6);
    staged.reverse(&parameters, 2, Wrt::Input(0));
    let gradient = staged.input_gradient().to_vec();
    staged.input(0, 2).copy_from_slice(&later[0]);
    staged.input(1, 3).copy_from_slice(&later[1]);
    staged.forward(&parameters, 2..6);
    for part in 0..6 {
        assert!(largest(whole.output(part)) > 1e-3);
        assert_close(staged.output(part), whole.output(part), 1e-15, &format!("part {part}"));
    }

    seed_all(&mut whole, 6);
    whole.reverse(&parameters, 2, Wrt::Input(0));
    assert!(largest(&gradient) > 1e-3);
    assert_eq!(gradient, whole.input_gradient());
}

#[test]
fn seeds_are_zero_after_a_reverse_pass() {
    let parameters = parameters();
    let mut tape = tape();
    fill(&mut tape, [0.0; 3]);
    tape.forward(&parameters, 0..6);
    seed_all(&mut tape, 6);
    tape.reverse(&parameters, 2, Wrt::Input(0));
    assert!(largest(tape.input_gradient()) > 1e-3);
    assert!((0..6).all(|part| tape.seed(part).iter().all(|s| *s == 0.0)));
    tape.reverse(&parameters, 6, Wrt::Input(0));
    assert_eq!(tape.input_gradient(), [0.0; 6]);
}

#[test]
fn parameter_gradients_add_up_until_they_are_cleared() {
    let parameters = parameters();
    let mut tape = tape();
    fill(&mut tape, [0.0; 3]);
    tape.forward(&parameters, 0..6);
    let pass = |tape: &mut TensorTape<f64>| {
        seed_all(tape, 6);
        tape.reverse(&parameters, 6, Wrt::Parameters);
        tape.parameter_gradient().to_vec()
    };
    let once = pass(&mut tape);
    assert!(largest(&once) > 1e-2);
    let twice = pass(&mut tape);
    assert_close(&twice, &once.iter().map(|g| 2.0 * g).collect::<Vec<_>>(), 1e-15, "two passes");
    tape.clear_gradient();
    assert!(tape.parameter_gradient().iter().all(|g| *g == 0.0));
    // A reverse pass with respect to an input leaves them alone.
    seed_all(&mut tape, 6);
    tape.reverse(&parameters, 6, Wrt::Input(1));
    assert!(tape.parameter_gradient().iter().all(|g| *g == 0.0));
}

#[test]
fn a_new_batch_starts_from_zeros_and_may_have_another_size() {
    let parameters = parameters();
    let mut tape = tape();
    fill(&mut tape, [0.0; 3]);
    tape.forward(&parameters, 0..6);
    let row: Vec<f64> = (0..6).flat_map(|part| tape.output(part)[2..4].to_vec()).collect();
    let [x, u, v] = [1, 2, 3].map(|seed| numbers(6, seed));
    let [t, tau] = [4, 5].map(|seed| numbers(3, seed));

    // The second row alone gives what it gave in company.
    tape.begin(1);
    assert_eq!(tape.rows(), 1);
    assert!(tape.input(0, 1).iter().all(|v| *v == 0.0));
    tape.input(0, 0).copy_from_slice(&x[2..4]);
    tape.input(0, 1).copy_from_slice(&u[2..4]);
    tape.input(0, 2).copy_from_slice(&v[2..4]);
    tape.input(1, 0).copy_from_slice(&t[1..2]);
    tape.input(1, 3).copy_from_slice(&tau[1..2]);
    tape.forward(&parameters, 0..6);
    let alone: Vec<f64> = (0..6).flat_map(|part| tape.output(part).to_vec()).collect();
    assert_close(&alone, &row, 1e-14, "row 1");

    tape.begin(0);
    tape.forward(&parameters, 0..6);
    tape.reverse(&parameters, 6, Wrt::Input(0));
    assert!(tape.output(0).is_empty() && tape.input_gradient().is_empty());
}

#[test]
fn what_does_not_matter_has_a_zero_gradient() {
    let mut graph = Graph::new();
    let (x, idle) = (graph.input(1), graph.input(2));
    let y = graph.dense("y", x, 1);
    let _ = graph.dense("idle", idle, 1);
    graph.set_output(y);
    let set = JetSet::first_order(1).with_pair(0, 0).unwrap();
    let live = [Live::parts(&set, &[]), Live::parts(&set, &[1])];
    let mut tape = TensorTape::<f32>::new(&graph, &set, &live, &Device::flex().autodiff()).unwrap();
    tape.begin(2);
    tape.input(0, 0).copy_from_slice(&[1.0, 2.0]);
    let parameters = Parameters::new(&graph, &[3.0, 0.5, 1.0, 1.0, 1.0], &Device::flex());
    tape.forward(&parameters, 0..3);
    assert_eq!(tape.output(0), [3.5, 6.5]);
    assert_eq!((tape.output(1), tape.output(2)), ([0.0; 2].as_slice(), [0.0; 2].as_slice()));
    tape.seed(0).fill(1.0);
    tape.seed(1).fill(1.0);
    tape.reverse(&parameters, 3, Wrt::Parameters);
    assert_eq!(tape.parameter_gradient(), [3.0, 2.0, 0.0, 0.0, 0.0]);
    tape.seed(0).fill(1.0);
    tape.reverse(&parameters, 3, Wrt::Input(1));
    assert_eq!(tape.input_gradient(), [0.0; 4]);
}

#[test]
fn single_precision_agrees_with_double() {
    let (set, parameters) = (set(), parameters());
    let mut double = tape();
    fill(&mut double, [0.0; 3]);
    let mut single = TensorTape::<f32>::new(&network(), &set, &live(&set), &Device::flex()).unwrap();
    single.begin(3);
    for (input, part) in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 3)] {
        let values: Vec<f32> = double.input(input, part).iter().map(|v| *v as f32).collect();
        single.input(input, part).copy_from_slice(&values);
    }
    let short: Vec<f32> = flat().into_iter().map(|p| p as f32).collect();
    let short = Parameters::new(&network(), &short, &Device::flex());
    double.forward(&parameters, 0..6);
    single.forward(&short, 0..6);
    for part in 0..6 {
        let got: Vec<f64> = single.output(part).iter().map(|v| f64::from(*v)).collect();
        assert_close(&got, double.output(part), 1e-5, &format!("part {part}"));
    }
}

#[test]
fn wrong_requests_are_errors() {
    let (graph, set, device) = (network(), set(), Device::flex());
    let live = live(&set);
    let failure =
        |graph: &Graph, live: &[Live]| TensorTape::<f32>::new(graph, &set, live, &device).map(|_| ()).unwrap_err();
    assert_eq!(failure(&Graph::new(), &[]), JetError::NoOutput);
    assert_eq!(failure(&graph, &live[..1]), JetError::InputCount { inputs: 2, given: 1 });
    let other = Live::parts(&JetSet::primal(), &[]);
    assert!(matches!(failure(&graph, &[live[0].clone(), other]), JetError::LiveParts { input: 1, .. }));
}

#[test]
#[should_panic(expected = "was not declared live")]
fn an_input_part_that_is_not_live_cannot_be_filled() {
    let mut tape = tape();
    tape.begin(1);
    tape.input(1, 1);
}

/// The trial's check of the whole idea: `∂_u φ` of a network by the pair (u, v), against differences of the divergence.
#[test]
fn the_gradient_of_a_divergence_along_a_direction() {
    let mut graph = Graph::new();
    let x = graph.input(2);
    let h = graph.dense("hidden", x, 7);
    let h = graph.map(h, Function::Silu);
    let y = graph.dense("out", h, 2);
    graph.set_output(y);
    // e₁, e₂, u and the pairs (u, e₁), (u, e₂): div s = Σ ⟨s_e, e⟩, ∂_u div s = Σ ⟨s_ue, e⟩.
    let set = JetSet::first_order(3).with_pair(2, 0).and_then(|s| s.with_pair(2, 1)).unwrap();
    let mut tape = TensorTape::<f64>::new(&graph, &set, &[Live::parts(&set, &[1, 2, 3])], &Device::flex()).unwrap();
    let parameters = Parameters::new(&graph, &numbers(graph.parameter_count(), 3), &Device::flex());
    let mut at = |shift: f64| {
        tape.begin(1);
        tape.input(0, 0).copy_from_slice(&[0.3 + shift * 0.6, -0.4 + shift * 0.8]);
        tape.input(0, 1).copy_from_slice(&[1.0, 0.0]);
        tape.input(0, 2).copy_from_slice(&[0.0, 1.0]);
        tape.input(0, 3).copy_from_slice(&[0.6, 0.8]);
        tape.forward(&parameters, 0..6);
        (tape.output(1)[0] + tape.output(2)[1], tape.output(4)[0] + tape.output(5)[1])
    };
    let step = 1e-5;
    let slope = (at(step).0 - at(-step).0) / (2.0 * step);
    assert!(slope.abs() > 1e-2);
    assert!((at(0.0).1 - slope).abs() < 1e-9, "{} {slope}", at(0.0).1);
}
