//! Three arms: their keys, and how any of them differs from any other.

use super::*;
use crate::audit::{Audit, AuditConfig};
use crate::figure::{Better, Definition, Figure, Figures, Value};
use crate::stats::MeanSe;

static NLL: Definition = Definition::mean("nll").better(Better::Lower).paired().judged();

fn model(seed: u64, values: &[f64]) -> Audit {
    let nll = Figure::new(&NLL, Value::Mean(MeanSe::of(values))).at_points(vec![values.to_vec()]);
    let figures: Figures = [nll].into_iter().collect();
    timed(
        Audit { seed, settings: AuditConfig::default(), figures, closest: vec![], steps: None, columns: None },
        2.0,
        1000,
    )
}

fn three() -> (Vec<Arm>, Vec<SeedFigures>) {
    let arms = vec![Arm::new("dsm", "DSM").without("loss.fp"), Arm::new("long", "DSM, long"), Arm::new("fp", "FP")];
    let seed = |seed: u64, shift: f64| {
        let models = vec![
            model(seed, &[1.0, 2.0, 6.0]),
            model(seed, &[0.5 + shift, 1.0 + shift, 5.5 + shift]),
            model(seed, &[0.0, 1.0, 5.0]),
        ];
        SeedFigures::new(seed, models)
    };
    (arms, vec![seed(5, 0.0), seed(6, 1.0)])
}

#[test]
fn any_arm_is_compared_with_any_other() {
    let (arms, seeds) = three();
    let found = Comparison::new("ring8", &arms, seeds).unwrap();
    assert_eq!((found.models.len(), found.differences.len()), (3, 2));
    let less = |arm, reference| found.difference(arm, reference).and_then(|d| d.less("nll"));
    assert_eq!(found.differences[1].less("nll"), Some(MeanSe { mean: -1.0, se: 0.0 }));
    assert_eq!(less(2, 0), found.differences[1].less("nll"));
    // Over the seeds: −2/3 and 1/3.
    assert!((less(1, 0).unwrap().mean + 1.0 / 6.0).abs() < 1e-12 && (less(1, 0).unwrap().se - 0.5).abs() < 1e-12);
    assert!((less(0, 1).unwrap().mean - 1.0 / 6.0).abs() < 1e-12);
    assert_eq!(less(1, 1), Some(MeanSe { mean: 0.0, se: 0.0 }));
    assert_eq!(found.difference(3, 0), None);
    assert_eq!(found.models[2].figures.number("train_seconds"), Some(2.0));
}

#[test]
fn arms_are_held_against_the_first_and_against_those_of_their_time() {
    let (mut arms, seeds) = three();
    arms.swap(1, 2);
    arms[2] = arms[2].clone().as_long_as("fp");
    let turned = seeds.into_iter().map(|seed| {
        let [dsm, long, fp] = &seed.models[..] else { panic!("three models") };
        SeedFigures::new(seed.seed, vec![dsm.clone(), fp.clone(), long.clone()])
    });
    let found = Comparison::new("ring8", &arms, turned.collect()).unwrap().verdicts();
    let told = |i: usize| {
        let Verdict { arm, rival, outcome, less, .. } = &found[i];
        (arm.as_str(), rival.as_str(), *outcome, (less.mean * 6.0).round() / 6.0)
    };
    assert_eq!(found.len(), 2);
    assert_eq!(told(0), ("FP", "DSM", Judgement::Better, -1.0));
    // −1/3 and −4/3 over the seeds: −5/6 ± 1/2.
    assert_eq!(told(1), ("FP", "DSM, long", Judgement::NoDifference, -5.0 / 6.0));
    assert!(found.iter().all(Verdict::at_equal_time));
    // The twin: worse, or with nothing to tell by.
    let of = |arms: &[Arm], a: &[f64], b: &[f64]| {
        let seed = SeedFigures::new(0, vec![model(0, a), model(0, b)]);
        Comparison::new("x", arms, vec![seed]).unwrap().verdicts()[0].outcome
    };
    assert_eq!(of(&arms[..2], &[1.0, 2.0, 3.0], &[1.5, 2.6, 3.4]), Judgement::Worse);
    assert_eq!(of(&arms[..2], &[1.0], &[0.5]), Judgement::NoError);
}

#[test]
fn files_have_the_arms_keys() {
    let (arms, seeds) = three();
    let json = |arms: &[Arm], seeds| serde_json::to_value(Comparison::new("ring8", arms, seeds).unwrap()).unwrap();
    let keys = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let found = json(&arms, seeds.clone());
    assert_eq!(keys(&found), ["format", "config", "models", "differences", "verdicts", "seeds"]);
    assert_eq!(keys(&found["models"]), ["dsm", "long", "fp"]);
    assert_eq!(keys(&found["differences"]), ["long", "fp"]);
    assert_eq!(found["seeds"][1]["differences"]["fp"]["nll"]["mean"], -1.0);
    assert_eq!(found["seeds"][1]["models"]["long"]["step_ms"], 2.0);
    // Of two arms there is one difference.
    let two = seeds.into_iter().map(|seed| SeedFigures::new(seed.seed, seed.models[..2].to_vec())).collect();
    let found = json(&arms[..2], two);
    assert_eq!(keys(&found), ["format", "config", "models", "difference", "verdicts", "seeds"]);
    assert_eq!(keys(&found["seeds"][0]), ["seed", "models", "difference"]);
}

#[test]
fn a_study_has_a_model_of_every_arm() {
    let (arms, seeds) = three();
    assert_eq!(Comparison::new("ring8", &arms[..2], seeds), None);
    assert_eq!(Comparison::new("ring8", &arms, vec![]), None);
}
