//! Energy models from training to use.

use crate::util::{Scratch, npy, read_npy, read_npz};

const SMALL: &[&str] = &["network.width=16", "train.steps=60"];

fn energy(scratch: &Scratch) {
    scratch.train("run", "ring8-energy", SMALL);
}

const ROWS: &[f64] = &[0.3, -0.2, 1.5, 0.0, -1.0, 1.0, 0.1, 0.1];

#[test]
fn the_energy_s_log_density_is_one_evaluation_and_near_the_flow_s() {
    let scratch = Scratch::new();
    energy(&scratch);
    scratch.put("x.npy", npy(&[4, 2], ROWS));
    let of = |method: &str| {
        let file = format!("{method}.npz");
        scratch.fokker(&["logp", "run", "--data", "x.npy", "--method", method, "-o", &file]).succeeded();
        read_npz(&scratch.read(&file))
    };
    let (energy, flow) = (of("energy"), of("flow"));
    assert_eq!(energy["evaluations"].1, [1.0; 4]);
    assert!(flow["evaluations"].1.iter().all(|&evaluations| evaluations > 10.0));
    // A network of a few steps is far from the equation, but not without a relation to it.
    for (energy, flow) in energy["log_prob"].1.iter().zip(&flow["log_prob"].1) {
        assert!(energy.is_finite() && (energy - flow).abs() < 5.0 && energy != flow, "{energy} {flow}");
    }
    let probes = ["logp", "run", "--data", "x.npy", "--method", "energy", "--probes", "2", "-o", "y.npz"];
    scratch.refuses(&probes, &["--probes", "no divergence"]);
}

#[test]
fn forces_are_gradients_and_residuals_are_there() {
    let scratch = Scratch::new();
    energy(&scratch);
    scratch.put("x.npy", npy(&[4, 2], ROWS));
    let what = "score,dt,div,residual,jacobian";
    scratch.fokker(&["eval", "run", "--data", "x.npy", "--t", "0.3", "--what", what, "-o", "y.npz"]).succeeded();
    let found = read_npz(&scratch.read("y.npz"));
    for (row, jacobian) in found["jacobian"].1.chunks(4).enumerate() {
        assert!((jacobian[1] - jacobian[2]).abs() <= 1e-12 * jacobian[1].abs().max(1.0));
        assert!((jacobian[0] + jacobian[3] - found["div"].1[row]).abs() < 1e-10 * found["div"].1[row].abs().max(1.0));
    }
    assert!(found["residual"].1.iter().all(|value| value.is_finite() && *value != 0.0));
    scratch.fokker(&["sample", "run", "-n", "20", "-o", "s.npy"]).succeeded();
    assert!(read_npy(&scratch.read("s.npy")).1.iter().all(|value| value.is_finite()));
}

#[test]
fn steps_are_accepted_by_the_log_density() {
    let scratch = Scratch::new();
    energy(&scratch);
    let args =
        ["simulate", "run", "-n", "5", "--steps", "20", "--save-every", "10", "--dt", "1e-3", "--integrator", "mala"];
    let done = scratch.fokker(&[&args[..], &["-o", "y.npz"]].concat()).succeeded();
    assert!(done.stdout.contains("accept"), "{}", done.stdout);
    let found = read_npz(&scratch.read("y.npz"));
    assert_eq!(found["positions"].0, [2, 5, 2]);
    assert!(found["accepted"].1.iter().all(|&accepted| (1.0..=20.0).contains(&accepted)));
}

#[test]
fn a_score_network_has_no_log_density() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &[]);
    scratch.put("x.npy", npy(&[4, 2], ROWS));
    let args = ["logp", "run", "--data", "x.npy", "--method", "energy", "-o", "y.npz"];
    scratch.refuses(&args, &["--method energy", "no energy model"]);
}

#[test]
fn what_an_energy_model_cannot_train_is_refused_by_its_key() {
    let scratch = Scratch::new();
    for (set, key) in [
        ("loss.fp.estimator=vector", "loss.fp.estimator"),
        ("score.parameterisation=noise", "score.parameterisation"),
        ("network.output=score", "loss.fp.estimator"),
        ("network.output=enrgy", "network.output"),
    ] {
        scratch.refuses(&["train", "--preset", "ring8-energy", "--set", set, "-o", "run"], &[key]);
    }
    for (set, key) in
        [("data.potential=mueler-brown", "data.potential"), ("data.kt=0", "data.kt"), ("data.dt=0.5", "data.dt")]
    {
        scratch.refuses(&["train", "--preset", "mueller-brown", "--set", set, "-o", "run"], &[key]);
    }
}
