//! `fokker logp`

use crate::util::{Scratch, npy, read_npy, read_npz};

const ROWS: &[f64] = &[0.3, -0.2, 1.5, 0.0, -1.0, 1.0];

fn prepared() -> Scratch {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &[]);
    scratch.put("x.npy", npy(&[3, 2], ROWS));
    scratch
}

#[test]
fn all_formats_hold_the_same_numbers() {
    let scratch = prepared();
    scratch.put("x.csv", "x,y\n0.3,-0.2\n1.5,0\n-1,1\n");
    for (data, output) in [("x.npy", "y.npy"), ("x.csv", "y.npz"), ("x.npy", "y.CSV")] {
        let done = scratch.fokker(&["logp", "run", "--data", data, "-o", output]).succeeded();
        assert!(done.stdout.starts_with(&format!("{output}: 3 rows, mean log p")), "{done}");
    }
    let (shape, log_p) = read_npy(&scratch.read("y.npy"));
    assert_eq!(shape, [3]);
    assert!(log_p.iter().all(|value| value.is_finite()));
    let arrays = read_npz(&scratch.read("y.npz"));
    assert_eq!(arrays.keys().collect::<Vec<_>>(), ["bits_per_dim", "evaluations", "log_prob", "outcome"]);
    assert_eq!(arrays["log_prob"], (vec![3], log_p.clone()));
    let text = scratch.text("y.CSV");
    let (header, rows) = text.split_once('\n').unwrap();
    assert_eq!(header, "log_prob,bits_per_dim,outcome,evaluations");
    assert_eq!(rows.lines().count(), 3);
    for (row, expected) in rows.lines().zip(&log_p) {
        let fields: Vec<&str> = row.split(',').collect();
        assert_eq!(fields[2], "converged");
        let fields: Vec<f64> = fields[..2].iter().map(|field| field.parse().unwrap()).collect();
        assert_eq!(fields[0], *expected);
        assert!((fields[1] + expected / (2.0 * 2.0_f64.ln())).abs() < 1e-12);
    }
}

#[test]
fn a_row_does_not_depend_on_its_neighbours() {
    let scratch = prepared();
    scratch.fokker(&["logp", "run", "--data", "x.npy", "-o", "y.npy"]).succeeded();
    let (_, together) = read_npy(&scratch.read("y.npy"));
    for (row, expected) in ROWS.chunks(2).zip(together) {
        scratch.put("one.npy", npy(&[1, 2], row));
        scratch.fokker(&["logp", "run", "--data", "one.npy", "-o", "y.npy", "--threads", "1"]).succeeded();
        assert_eq!(read_npy(&scratch.read("y.npy")).1, [expected]);
    }
}

#[test]
fn probes_come_with_their_standard_error() {
    let scratch = prepared();
    let probed = |seed: &str| {
        let args = ["logp", "run", "--data", "x.npy", "-o", "y.npz", "--probes", "4", "--seed", seed];
        scratch.fokker(&args).succeeded();
        read_npz(&scratch.read("y.npz"))
    };
    let (first, again, other) = (probed("1"), probed("1"), probed("2"));
    assert!(first["se"].1.iter().all(|se| *se >= 0.0) && first["se"].0 == [3]);
    assert_eq!(first, again);
    assert_ne!(first["log_prob"], other["log_prob"]);
}

#[test]
fn the_model_file_will_do_for_the_run() {
    let scratch = prepared();
    scratch.fokker(&["logp", "run", "--data", "x.npy", "-o", "a.npy"]).succeeded();
    scratch.fokker(&["logp", "run/model.safetensors", "--data", "x.npy", "-o", "b.npy"]).succeeded();
    assert_eq!(scratch.read("a.npy"), scratch.read("b.npy"));
}

#[test]
fn double_precision_where_the_tolerance_asks_for_it() {
    let scratch = prepared();
    let at = |more: &[&str]| {
        scratch.fokker(&[&["logp", "run", "--data", "x.npy", "-o", "y.npz"], more].concat()).succeeded();
        read_npz(&scratch.read("y.npz"))
    };
    let (single, double) = (at(&[]), at(&["--f64"]));
    assert_ne!(single["log_prob"], double["log_prob"]);
    let truth = at(&["--f64", "--tolerance", "1e-11"]);
    for (found, tolerance) in [(single, 1e-5), (double, 1e-5), (at(&["--tolerance", "1e-8"]), 1e-8)] {
        assert_eq!(found["outcome"].1, [0.0; 3]);
        for (value, truth) in found["log_prob"].1.iter().zip(&truth["log_prob"].1) {
            assert!((value - truth).abs() < 10.0 * tolerance, "{value} {truth} {tolerance:e}");
        }
    }
    assert_eq!(at(&["--tolerance", "1e-8"]), at(&["--tolerance", "1e-8", "--f64"]));
}

#[test]
fn rows_far_out_are_given_up_counted_and_ranked() {
    let scratch = prepared();
    scratch.put("x.npy", npy(&[4, 2], &[0.3, -0.2, 1.5, 0.0, 1e12, -1e12, 1e15, 1e15]));
    let args = ["logp", "run", "--data", "x.npy", "-o", "y.npz"];
    let plain = scratch.fokker(&args);
    plain.one_line(1, &["2 of 4 rows failed", "far_out", "--bound"]);
    assert!(plain.stdout.contains("4 rows, mean log p") && plain.stdout.contains("over 2 of them"), "{plain}");
    let ranked = scratch.fokker(&[&args[..], &["--bound"]].concat());
    ranked.one_line(1, &["2 of 4 rows failed", "far_out"]);
    let arrays = read_npz(&scratch.read("y.npz"));
    assert_eq!(arrays["outcome"].1, [0.0, 0.0, 4.0, 4.0]);
    assert!(arrays["evaluations"].1.iter().all(|n| *n < 5000.0));
    let (bound, se) = (&arrays["log_prob_bound"].1, &arrays["log_prob_bound_se"].1);
    assert!(se.iter().all(|se| *se > 0.0 && se.is_finite()), "{se:?}");
    assert!(bound[0].min(bound[1]) > bound[2] && bound[2] > bound[3], "{bound:?}");
}

#[test]
fn one_row_has_no_standard_error() {
    let scratch = prepared();
    scratch.put("x.npy", npy(&[1, 2], &ROWS[..2]));
    let done = scratch.fokker(&["logp", "run", "--data", "x.npy", "-o", "y.npy"]).succeeded();
    assert!(done.stdout.ends_with(" nats\n") && !done.stdout.contains('±'), "{done}");
}
