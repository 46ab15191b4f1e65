//! `fokker audit`

use crate::util::{Scratch, TINY, at, number, sets};

#[test]
fn repeats_the_figures_of_compare() {
    let scratch = Scratch::new();
    scratch.fokker(&[&["compare", "-o", "x"], &*sets(TINY)].concat()).succeeded();
    let figures = scratch.read("x/fp/audit.json");
    std::fs::remove_file(scratch.path("x/fp/audit.json")).unwrap();
    let done = scratch.fokker(&["audit", "x/fp"]).succeeded();
    assert!(figures == scratch.read("x/fp/audit.json"));
    for words in ["residual", "negative log-likelihood", "of the truth or entropy", "report: x/fp/report.html"] {
        assert!(done.stdout.contains(words), "{}", done.stdout);
    }
    let page = scratch.text("x/fp/report.html");
    assert!(page.contains("<svg") && page.contains("Audit of x/fp"));
}

#[test]
fn keys_can_be_changed_and_the_run_is_left_as_it_is() {
    let scratch = Scratch::new();
    scratch.train("run", "moons", &[]);
    let config = scratch.text("run/config.toml");
    let changed = ["audit.times=[0.25]", "audit.points=20", "seed=3"];
    scratch.fokker(&[&["audit", "run", "--json", "mine.json"], &*sets(&changed)].concat()).succeeded();
    let found = scratch.json("mine.json");
    assert_eq!(at(&found, "residual").as_array().unwrap().len(), 1);
    assert_eq!(number(&found, "residual.0.t"), 0.25);
    assert!(!scratch.path("run/audit.json").exists());
    assert_eq!(config, scratch.text("run/config.toml"));
}

/// An audit of a run that is not finished is of its newest checkpoint, and is not taken for that of its model later.
#[test]
fn a_run_that_is_not_finished_is_audited_as_it_is() {
    let scratch = Scratch::new();
    let compare =
        [&["compare", "--preset", "ring8-energy", "-o", "x"], &*sets(TINY), &sets(&["train.checkpoint_every=20"])]
            .concat();
    scratch.fokker(&compare).succeeded();
    let (model, whole) = (scratch.read("x/fp/model.safetensors"), scratch.json("x/fp/audit.json"));
    assert_eq!(number(&whole, "steps"), 60.0);
    std::fs::remove_file(scratch.path("x/fp/model.safetensors")).unwrap();
    // The checkpoint of the last step holds the model's weights: its audit is the model's.
    scratch.fokker(&["audit", "x/fp"]).succeeded();
    let same = scratch.json("x/fp/audit.json");
    for key in ["nll.mean", "energy_nll.mean", "residual.0.mean", "steps"] {
        assert_eq!(number(&same, key), number(&whole, key), "{key}");
    }
    std::fs::remove_file(scratch.path("x/fp/checkpoints/step-000000060.safetensors")).unwrap();
    let done = scratch.fokker(&["audit", "x/fp"]).succeeded();
    assert!(done.stdout.contains("as it was at step 40 of 60"), "{done}");
    let before = scratch.json("x/fp/audit.json");
    assert_eq!(number(&before, "steps"), 40.0);
    assert_ne!(number(&before, "nll.mean"), number(&whole, "nll.mean"));
    assert!(scratch.text("x/fp/report.html").contains("at step 40 of 60"));
    // Gone on with, the model is audited anew.
    scratch.fokker(&compare).succeeded();
    assert!(scratch.read("x/fp/model.safetensors") == model);
    assert_eq!(number(&scratch.json("x/fp/audit.json"), "nll.mean"), number(&whole, "nll.mean"));
}

#[test]
fn one_dimension_has_no_asymmetry() {
    let scratch = Scratch::new();
    scratch.put("x.csv", "1\n2\n3\n5\n8\n13\n");
    let args = ["train", "--preset", "ring8", "--data", "x.csv", "-o", "run"];
    scratch.fokker(&[&args, &*sets(TINY)].concat()).succeeded();
    scratch.fokker(&["audit", "run"]).succeeded();
    assert_eq!(number(&scratch.json("run/audit.json"), "asymmetry.0.mean"), 0.0);
}

/// −log p is in the units of the data, as `logp` gives it.
#[test]
fn the_likelihood_is_in_the_units_of_the_data() {
    let scratch = Scratch::new();
    let rows: Vec<(f64, f64)> = (0..40).map(|i| (f64::from(i * 7 % 13), f64::from(i * 5 % 11))).collect();
    let file = |scale: f64| -> String { rows.iter().map(|(x, y)| format!("{},{}\n", scale * x, y)).collect() };
    let nll = |run: &str, scale: f64| {
        scratch.put(&format!("{run}.csv"), file(scale));
        let data = format!("{run}.csv");
        let args = ["train", "--preset", "ring8", "--data", &data, "-o", run];
        scratch.fokker(&[&args, &*sets(TINY)].concat()).succeeded();
        scratch.fokker(&["audit", run]).succeeded();
        number(&scratch.json(&format!("{run}/audit.json")), "nll.mean")
    };
    // The same numbers to the model; in the data's units the density is a thousandth.
    assert!((nll("wide", 1000.0) - nll("narrow", 1.0) - 1000.0_f64.ln()).abs() < 1e-3);
}
