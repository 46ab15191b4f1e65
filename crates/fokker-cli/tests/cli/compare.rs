//! `fokker compare`: the main job.

use serde_json::Value;

use crate::util::{Scratch, TINY, at, number, sets};

fn compare(scratch: &Scratch, preset: &str, output: &str, more: &[&str]) -> (String, Value) {
    let json = format!("{output}.json");
    let args = ["compare", "--preset", preset, "-o", output, "--json", &json];
    let done = scratch.fokker(&[&args, &*sets(TINY), more].concat()).succeeded();
    (done.stdout, scratch.json(&json))
}

/// A list of {t, mean, se} at the times of the audit, all finite.
#[track_caller]
fn profile(model: &Value, name: &str) {
    let list = at(model, name).as_array().unwrap();
    let times: Vec<f64> = list.iter().map(|entry| number(entry, "t")).collect();
    assert_eq!(times, [1e-3, 0.1, 1.0], "{name}");
    for entry in list {
        assert!(number(entry, "mean") >= 0.0 && number(entry, "se") >= 0.0, "{name}: {entry}");
    }
}

/// Everything that each model's figures hold.
#[track_caller]
fn figures(comparison: &Value, truth: bool, entropy: bool) {
    for name in ["dsm", "fp"] {
        let model = at(comparison, &format!("models.{name}"));
        profile(model, "residual");
        profile(model, "asymmetry");
        if truth {
            profile(model, "score_error");
            assert!(number(model, "nll.mean") > number(model, "true_nll") - 3.0 * number(model, "nll.se"));
        } else {
            assert!(at(model, "score_error").is_null());
        }
        assert_eq!(at(model, "true_nll").is_number(), truth || entropy);
        if truth || entropy {
            let gap = number(model, "nll.mean") - number(model, "true_nll");
            assert!((number(model, "gap.mean") - gap).abs() < 1e-9 && number(model, "gap.se") > 0.0);
        }
        assert!(number(model, "nll.mean").is_finite() && number(model, "nll.se") > 0.0);
        assert_eq!(number(model, "nll_failed"), 0.0);
        let (seconds, step) = (number(model, "train_seconds"), number(model, "step_ms"));
        // In equal time: 0.61 of DSM's steps.
        let steps = if name == "dsm" { 60.0 } else { 37.0 };
        assert!(seconds > 0.0 && (step - seconds * 1e3 / steps).abs() < 1e-9 * step);
    }
}

#[test]
fn ring8_is_the_default() {
    let scratch = Scratch::new();
    let done = scratch.fokker(&[&["compare", "--json", "x.json"], &*sets(TINY)].concat()).succeeded();
    let found = scratch.json("x.json");
    assert_eq!(at(&found, "config"), "ring8");
    figures(&found, true, false);
    assert_eq!(at(&found, "models"), at(&found, "seeds.0.models"));
    assert_eq!(at(&found, "difference"), at(&found, "seeds.0.difference"));
    // Pairs know more than two means do.
    let nll = |model: &str, what: &str| number(&found, &format!("models.{model}.nll.{what}"));
    let difference = number(&found, "difference.nll.mean");
    assert!((difference - (nll("fp", "mean") - nll("dsm", "mean"))).abs() < 1e-9);
    assert!(number(&found, "difference.nll.se") < nll("fp", "se").hypot(nll("dsm", "se")));
    for words in ["residual", "NAsym", "negative log-likelihood (nats)", "FP/DSM", "report: fokker-ring8/report.html"] {
        assert!(done.stdout.contains(words), "{}", done.stdout);
    }
    for file in ["report.html", "dsm/model.safetensors", "fp/model.safetensors", "fp/config.toml", "dsm/audit.json"] {
        assert!(scratch.path("fokker-ring8").join(file).is_file(), "{file}");
    }
    assert!(!scratch.text("fokker-ring8/dsm/config.toml").contains("[loss.fp]"));
    assert!(scratch.text("fokker-ring8/fp/config.toml").contains("[loss.fp]"));
}

#[test]
fn other_presets() {
    let scratch = Scratch::new();
    figures(&compare(&scratch, "mixture5d", "m", &[]).1, true, false);
    // Of the checkerboard the entropy is known, of the moons nothing.
    figures(&compare(&scratch, "checkerboard", "c", &[]).1, false, true);
    figures(&compare(&scratch, "moons", "n", &[]).1, false, false);
}

#[test]
fn arms_may_be_named_on_the_command_line() {
    let scratch = Scratch::new();
    let arms = ["--arm", "DSM", "without=loss.fp", "--arm", "FP", "loss.fp.weight=1e-3", "--arm", "DSM, FP's time"];
    let more = ["without=loss.fp", "as-long-as=FP", "--set", "train.steps=400"];
    let (said, found) = compare(&scratch, "moons", "three", &[&arms[..], &more].concat());
    assert!(scratch.text("three/fp/config.toml").contains("weight = 0.001"));
    assert!(!scratch.text("three/dsm-fp-s-time/config.toml").contains("[loss.fp]"));
    assert!(said.contains("FP against DSM: negative log-likelihood "), "{said}");
    assert!(said.contains("FP against DSM, FP's time: negative log-likelihood "), "{said}");
    let verdicts = at(&found, "verdicts").as_array().unwrap();
    let rivals: Vec<&str> = verdicts.iter().map(|verdict| at(verdict, "rival").as_str().unwrap()).collect();
    assert_eq!(rivals, ["DSM", "DSM, FP's time"]);
    for verdict in verdicts {
        let (mean, se) = (number(verdict, "less.mean"), number(verdict, "less.se"));
        let want = if mean.abs() <= 2.0 * se {
            "no-difference"
        } else if mean < 0.0 {
            "better"
        } else {
            "worse"
        };
        assert_eq!(at(verdict, "outcome"), want);
    }
    assert!(scratch.text("three/report.html").contains("FP against DSM, FP&#39;s time"));
    scratch.refuses(&["compare", "--arm", "DSM", "mine.toml"], &["--arm DSM", "\"mine.toml\" is no KEY=VALUE"]);
    scratch
        .refuses(&["compare", "--arm", "A", "--arm", "B", "as-long-as=C"], &["arm.as_long_as", "c is no earlier arm"]);
}

#[test]
fn what_an_arm_of_the_config_sets_is_not_set_beside_it() {
    let args = ["compare", "--preset", "ring8", "--set", "loss.fp.weight=1e-3"];
    Scratch::new().refuses(&args, &["--set loss.fp.weight", "arm FP sets it itself", "--arm FP loss.fp.weight="]);
    let args = ["compare", "--arm", "A", "steps-times=x", "--set", "train.steps=3"];
    Scratch::new().refuses(&args, &["--arm A", "steps-times=x", "number"]);
    let args = ["compare", "--arm", "A", "--arm", "B", "steps-times=-1"];
    Scratch::new().refuses(&args, &["arm.steps_times", "positive"]);
}

#[test]
fn an_arm_unlike_all_others_is_timed_by_a_trial() {
    let scratch = Scratch::new();
    let arms = ["--arm", "DSM", "--arm", "FP", "loss.fp.weight=1e-3", "as-long-as=DSM"];
    let (said, found) = compare(&scratch, "moons", "two", &[&arms[..], &["--set", "train.steps=2000"]].concat());
    let steps: toml::Table = toml::from_str(&scratch.text("two/fp/config.toml")).unwrap();
    let steps = steps["train"]["steps"].as_integer().unwrap();
    // How many depends on the machine.
    assert!(steps >= 100 && steps % 100 == 0, "{steps}");
    assert!(said.contains("FP against DSM: negative log-likelihood "), "{said}");
    assert_eq!(at(&found, "verdicts").as_array().unwrap().len(), 1);
}

#[test]
fn a_config_file_gives_the_comparison_its_name() {
    let scratch = Scratch::new();
    scratch.put("mine.toml", scratch.fokker(&["presets", "moons"]).succeeded().stdout);
    scratch.fokker(&[&["compare", "mine.toml", "--json", "x.json"], &*sets(TINY)].concat()).succeeded();
    assert_eq!(at(&scratch.json("x.json"), "config"), "mine");
    assert!(scratch.path("fokker-mine/report.html").is_file());
}

#[test]
fn figures_of_several_seeds_are_their_means() {
    let scratch = Scratch::new();
    let (said, both) = compare(&scratch, "ring8", "two", &["--seeds", "2", "--set", "seed=5"]);
    assert!(said.contains("2 seeds, means") && said.contains("two/seed-5/report.html"), "{said}");
    assert_eq!((number(&both, "seeds.0.seed"), number(&both, "seeds.1.seed")), (5.0, 6.0));
    assert!(scratch.path("two/seed-6/fp/model.safetensors").is_file());
    let profiles = ["residual", "asymmetry", "score_error", "residual_relative", "asymmetry_absolute"];
    let points: Vec<String> = profiles.iter().flat_map(|name| (0..3).map(move |i| format!("{name}.{i}"))).collect();
    for model in ["dsm", "fp"] {
        let all = |path: &str| {
            let path = format!("models.{model}.{path}");
            [number(&both, &path), number(&both, &format!("seeds.0.{path}")), number(&both, &format!("seeds.1.{path}"))]
        };
        let close = |a: f64, b: f64| assert!((a - b).abs() <= 1e-12 * a.abs().max(b.abs()), "{a} {b}");
        for point in points.iter().map(String::as_str).chain(["nll"]) {
            let [mean, a, b] = all(&format!("{point}.mean"));
            assert_ne!(a, b, "{point}");
            close(mean, (a + b) / 2.0);
            close(all(&format!("{point}.se"))[0], (a - b).abs() / 2.0);
        }
        for path in ["true_nll", "train_seconds", "step_ms", "nll_evaluations"] {
            let [mean, a, b] = all(path);
            close(mean, (a + b) / 2.0);
        }
    }
    for path in ["difference.nll", "difference.bound_gap"] {
        let [mean, a, b] = ["", "seeds.0.", "seeds.1."].map(|of| number(&both, &format!("{of}{path}.mean")));
        assert!((mean - (a + b) / 2.0).abs() < 1e-12);
        assert!((number(&both, &format!("{path}.se")) - (a - b).abs() / 2.0).abs() < 1e-12);
    }
    // p-values are listed: a mean of them is none.
    let p = |of: &str| at(&both, &format!("{of}models.fp.samples.ode_sde.p_values")).as_array().unwrap().clone();
    assert_eq!(p(""), [p("seeds.0."), p("seeds.1.")].concat());
    let (_, alone) = compare(&scratch, "ring8", "one", &["--set", "seed=6"]);
    for path in ["models.fp.residual", "models.dsm.nll", "models.fp.score_error"] {
        assert_eq!(at(&alone, path), at(&both, &format!("seeds.1.{path}")), "a seed is itself in any company");
    }
}

#[test]
fn a_weight_of_zero_makes_two_equal_models() {
    let scratch = Scratch::new();
    let arms = ["--arm", "DSM", "without=loss.fp", "--arm", "FP"];
    compare(&scratch, "ring8", "x", &[&arms[..], &["loss.fp.weight=0"]].concat());
    assert_eq!(scratch.read("x/dsm/model.safetensors"), scratch.read("x/fp/model.safetensors"));
    compare(&scratch, "ring8", "y", &[&arms[..], &["loss.fp.weight=0.1"]].concat());
    assert_eq!(scratch.read("x/dsm/model.safetensors"), scratch.read("y/dsm/model.safetensors"));
    assert_ne!(scratch.read("x/fp/model.safetensors"), scratch.read("y/fp/model.safetensors"));
}

#[test]
fn the_report_is_self_contained() {
    let scratch = Scratch::new();
    compare(&scratch, "ring8", "x", &[]);
    let page = scratch.text("x/report.html").replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
    assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"));
    assert!(page.contains("<svg") && page.contains("data:image/png;base64,"));
    for word in ["http://", "https://", "<script", "<link", "<iframe", "@import", "NaN"] {
        assert!(!page.contains(word), "{word}");
    }
    for attribute in ["src=\"", "href=\"", "url("] {
        for (at, _) in page.match_indices(attribute) {
            let target = &page[at + attribute.len()..];
            assert!(target.starts_with("data:image/png") || target.starts_with('#'), "{}", &page[at..at + 60]);
        }
    }
    assert!(page.contains("Log-density: DSM") && page.contains("samples of FP") && page.contains("network"));
}
