//! `fokker bench`

use crate::util::{Scratch, at, number};

#[test]
fn times_are_positive_and_as_printed() {
    let scratch = Scratch::new();
    let args = ["bench", "step", "--dim", "3", "--width", "16", "--depth", "2", "--batch", "16", "--steps", "5"];
    let done = scratch.fokker(&[&args[..], &["--threads", "1", "--json", "b.json"]].concat()).succeeded();
    let found = scratch.json("b.json");
    for name in ["dsm", "fp_vector", "fp_sliced"] {
        let time = number(&found, name);
        assert!(time > 0.0);
        assert!(done.stdout.contains(&format!("{time:.3} ms")), "{done}");
    }
    assert_eq!(number(&found, "dim"), 3.0);
    assert_eq!(number(&found, "threads"), 1.0);
}

#[test]
fn only_some_kinds_of_step() {
    let scratch = Scratch::new();
    let args = ["bench", "step", "--width", "16", "--depth", "2", "--batch", "16", "--steps", "2", "--threads", "1"];
    let run = |more: &[&str]| {
        let done = scratch.fokker(&[&args[..], &["--json", "b.json"], more].concat()).succeeded();
        (done.stdout, scratch.json("b.json"))
    };
    let (text, found) = run(&["--only", "vector"]);
    assert!(
        text.starts_with("fp_vector")
            && text.lines().count() == 1 + usize::from(cfg!(feature = "gemm-baseline"))
            && !text.contains("dsm"),
        "{text}"
    );
    assert!(number(&found, "fp_vector") > 0.0);
    assert!(at(&found, "dsm").is_null() && at(&found, "fp_sliced").is_null());
    let (text, found) = run(&["--only", "sliced", "--only", "dsm"]);
    assert!(text.contains("dsm") && text.contains("fp_sliced") && text.contains("x dsm"), "{text}");
    assert!(at(&found, "fp_vector").is_null());
}

#[cfg(target_os = "linux")]
#[test]
fn a_step_needs_the_memory_of_its_network() {
    let scratch = Scratch::new();
    let args = ["bench", "step", "--only", "dsm", "--width", "1024", "--depth", "3", "--batch", "64", "--steps", "1"];
    scratch.fokker(&[&args[..], &["--threads", "1", "--json", "b.json"]].concat()).succeeded();
    let found = scratch.json("b.json");
    // Two hidden layers of 1024 x 1024, their gradient and Adam's two moments: 32 MiB.
    assert!(number(&found, "step_growth_mib") > 32.0 && number(&found, "step_growth_mib") < 400.0, "{found}");
    assert!(number(&found, "peak_rss_mib") > number(&found, "step_growth_mib"));
}

#[test]
fn residuals_are_timed_as_printed() {
    let scratch = Scratch::new();
    let args = ["bench", "residual", "--dim", "3", "--width", "16", "--depth", "2", "--rows", "100", "--repeats", "3"];
    let done = scratch.fokker(&[&args[..], &["--threads", "1", "--json", "b.json"]].concat()).succeeded();
    let found = scratch.json("b.json");
    for name in ["exact", "one_probe"] {
        let (ms, rows) = (number(&found, &format!("{name}.ms")), number(&found, &format!("{name}.rows_per_second")));
        assert!((ms * rows / 1e3 - 100.0).abs() < 1e-9, "{found}");
        assert!(done.stdout.contains(&format!("{ms:.3} ms")), "{done}");
        assert!(done.stdout.replace(',', "").contains(&format!("{rows:.0} rows/s")), "{done}");
    }
}

#[test]
fn log_likelihoods_come_with_their_error() {
    let scratch = Scratch::new();
    let run = |tolerance: &str, probes: &str| {
        let args = ["bench", "logp", "--points", "50", "--threads", "2", "--json", "b.json"];
        scratch.fokker(&[&args[..], &["--tolerance", tolerance, "--probes", probes]].concat()).succeeded();
        scratch.json("b.json")
    };
    let (loose, tight, probed) = (run("1e-3", "0"), run("1e-6", "0"), run("1e-3", "1"));
    for found in [&loose, &tight, &probed] {
        let values = number(found, "outcomes.converged") + number(found, "outcomes.precision_floor");
        assert_eq!(values, 50.0, "{found}");
        assert!(number(found, "seconds") > 0.0);
    }
    assert!(number(&tight, "error.max") < 1e-3, "{tight}");
    assert!(number(&tight, "error.mean") < number(&loose, "error.mean"));
    assert!(number(&tight, "evaluations.mean") > number(&loose, "evaluations.mean"));
    // One probe's noise is of the size of log p itself.
    assert!(number(&probed, "error.mean") > 0.1, "{probed}");
}
