//! What is said of figures.

use serde_json::json;

use super::*;
use crate::audit::AuditConfig;

/// An audit with these figures and no others.
fn audit(figures: serde_json::Value) -> Audit {
    let mut all = json!({ "seed": 0, "settings": AuditConfig::default(), "column_names": ["age", "mass"] });
    all.as_object_mut().unwrap().extend(figures.as_object().unwrap().clone());
    serde_json::from_value(all).unwrap()
}

fn of(question: &str, figures: serde_json::Value) -> Answer {
    let answers = audit(figures).answers();
    answers.into_iter().find(|answer| answer.question.contains(question)).unwrap()
}

fn mean(mean: f64, se: f64) -> serde_json::Value {
    json!({ "mean": mean, "se": se })
}

#[test]
fn a_model_is_held_against_the_best_simple_density() {
    let figures = |kernels: f64| {
        json!({ "nll": mean(3.0, 0.02), "baselines": {
            "gaussian": { "nll": mean(4.0, 0.02), "less": mean(-1.0, 0.03) },
            "mixture": { "nll": mean(3.2, 0.02), "less": mean(-0.2, 0.03) },
            "kernels": { "nll": mean(3.0 - kernels, 0.02), "less": mean(kernels, 0.03) },
        } })
    };
    for (kernels, judgement, word) in [
        (-0.5, Judgement::Good, "better than a Gaussian"),
        (0.01, Judgement::Fair, "a kernel density estimate fits as well"),
        (0.4, Judgement::Bad, "a kernel density estimate fits better, by 0.4000 nats"),
    ] {
        let answer = of("fit", figures(kernels));
        assert_eq!(answer.judgement, judgement, "{answer:?}");
        assert!(answer.word.contains(word) && answer.evidence.contains("3.000 ± 0.020"), "{answer:?}");
    }
    // By the truth, where it is known, whatever simple densities say.
    for (gap, judgement) in [(0.01, Judgement::Good), (0.15, Judgement::Fair), (2.0, Judgement::Bad)] {
        let answer = of("fit", json!({ "nll": mean(3.0, 0.02), "gap": mean(gap, 0.005) }));
        assert_eq!(answer.judgement, judgement, "{answer:?}");
    }
    assert_eq!(of("fit", json!({ "nll": mean(3.0, 0.02) })).judgement, Judgement::Open);
}

#[test]
fn columns_that_differ_are_named() {
    let column = |at: usize, ks: f64, p: f64| json!({ "column": at, "ks": ks, "p": p });
    let pair = |p: f64| json!({ "ode_data": { "sliced_w2": mean(0.05, 0.01), "p_values": [p] } });
    let of = |p: f64, columns: [serde_json::Value; 2]| {
        of("like the data", json!({ "samples": pair(p), "columns": columns }))
    };
    assert_eq!(
        of(0.4, [column(0, 0.02, 0.5), column(1, 0.03, 0.006)]).judgement,
        Judgement::Good,
        "one of two by chance"
    );
    let answer = of(0.4, [column(0, 0.3, 4e-34), column(1, 0.02, 0.5)]);
    assert_eq!(answer.judgement, Judgement::Bad);
    assert!(
        answer.evidence.contains("1 (age) (KS 0.3000, p = 4e-34)") && !answer.evidence.contains("mass"),
        "{answer:?}"
    );
    assert_eq!(
        of(0.4, [column(0, 0.05, 1e-4), column(1, 0.02, 0.5)]).judgement,
        Judgement::Fair,
        "significant and small"
    );
    assert_eq!(of(0.005, [column(0, 0.02, 0.5), column(1, 0.02, 0.5)]).judgement, Judgement::Fair);
}

#[test]
fn copies_and_rows_learned_by_heart() {
    let of = |share: f64, p: f64, gap: f64| {
        let figures = json!({
            "memorisation": { "share": mean(share, 0.01), "expected_share": mean(0.01, 0.005), "p_values": [p] },
            "generalisation": { "train_nll": mean(1.0, 0.02), "gap": mean(gap, 0.02) },
        });
        of("by heart", figures).judgement
    };
    assert_eq!(of(0.011, 0.4, 0.03), Judgement::Good);
    assert_eq!(of(0.4, 1e-9, 0.03), Judgement::Bad);
    assert_eq!(of(0.02, 1e-3, 0.03), Judgement::Good, "a share that does not matter");
    assert_eq!(of(0.011, 0.4, 0.3), Judgement::Fair);
    assert_eq!(of(0.011, 0.4, 5000.0), Judgement::Bad);
}

#[test]
fn stray_samples() {
    let of = |far: usize, rows: usize, failed: usize| {
        let tails = json!({ "samples": far, "of": 5000, "held_out": rows, "farthest": 34.5, "farthest_held_out": 4.2 });
        of("stray", json!({ "tails": tails, "samples": { "failed": failed } }))
    };
    assert_eq!(of(0, 0, 0).judgement, Judgement::Good);
    let answer = of(20, 0, 0);
    assert!(answer.judgement == Judgement::Bad && answer.evidence.contains("at 34.50 σ"), "{answer:?}");
    assert_eq!(of(7, 0, 0).judgement, Judgement::Fair);
    assert_eq!(of(7, 9, 0).judgement, Judgement::Fair, "data stray, too");
    assert_eq!(of(0, 0, 4000).judgement, Judgement::Bad);
}

#[test]
fn likelihoods_and_consistency() {
    let of_trust = |failed: usize, bound: f64| {
        of("trusted", json!({ "nll_rows": 1000, "nll_failed": failed, "bound_gap": mean(bound, 0.01) })).judgement
    };
    assert_eq!(of_trust(0, 0.02), Judgement::Good);
    assert_eq!(of_trust(3, 0.02), Judgement::Fair);
    assert_eq!(of_trust(30, 0.02), Judgement::Bad);
    assert_eq!(of_trust(0, 3.0), Judgement::Fair);
    assert_eq!(of_trust(0, -3.0), Judgement::Fair, "a bound above what it bounds");
    let answer = of("one density", json!({ "residual": [{ "t": 0.001, "mean": 0.5, "se": 0.1 }] }));
    assert!(answer.judgement == Judgement::Open && answer.evidence.contains("consistent and wrong"), "{answer:?}");
}

#[test]
fn what_is_wrong_comes_first() {
    let answer =
        |judgement, word: &str| Answer { question: "?", judgement, word: word.into(), evidence: String::new() };
    let (good, fair, bad) = (answer(Judgement::Good, "a"), answer(Judgement::Fair, "b"), answer(Judgement::Bad, "c"));
    assert_eq!(verdict(&[good.clone(), fair.clone(), bad]), "not good: c");
    assert_eq!(verdict(&[good.clone(), fair]), "fair: b");
    assert_eq!(verdict(&[good.clone(), answer(Judgement::Open, "d")]), "good: a");
}
