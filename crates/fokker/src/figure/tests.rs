//! Figures in JSON and back, over seeds, and compared.

use serde_json::json;

use super::*;
use crate::stats::{AtTime, MeanSe};

static NLL: Definition = Definition::mean("nll").paired();
static GAP: Definition = Definition::mean("gap").paired_as("nll").optional();
static ROWS: Definition = Definition::count("rows");
static FAILED: Definition = Definition::count("failed").over_seeds(OverSeeds::Sum);
static KIND: Definition = Definition::word("residual_average");
static RESIDUAL: Definition = Definition::profile("residual").paired();
static FAR: Definition = Definition::number("far.w2");
static P: Definition = Definition::list("far.p_values");
static SHARE: Definition = Definition::mean("copies.deep.share").over_seeds(OverSeeds::First).optional();
static NEAREST: Definition = Definition::records("copies.nearest").optional();
static ALL: [&Definition; 10] = [&NLL, &GAP, &ROWS, &FAILED, &KIND, &RESIDUAL, &FAR, &P, &SHARE, &NEAREST];

/// A model's figures, `shift` apart from those of another.
fn model(shift: f64, copies: bool) -> Figures {
    let nll = vec![1.0 + shift, 5.0 + 2.0 * shift];
    let residual = vec![vec![4.0 + shift, 6.0 + shift], vec![1.0, 1.0]];
    let profile = [0.1, 0.9].iter().zip(&residual).map(|(&t, values)| AtTime::new(t, MeanSe::of(values)));
    let values = [
        Some(Value::Mean(MeanSe::of(&nll))),
        None,
        Some(Value::Count(7)),
        Some(Value::Count(2)),
        Some(Value::Word("mean".into())),
        Some(Value::Profile(profile.collect())),
        Some(Value::Number(if copies { f64::NAN } else { 3.0 + shift })),
        Some(Value::List(vec![shift])),
        copies.then_some(Value::Mean(MeanSe { mean: 0.25 + shift, se: 0.5 })),
        copies.then(|| Value::Records(vec![Record(vec![("row".into(), 3.into()), ("d".into(), 4.into())])])),
    ];
    let points = [vec![nll], vec![], vec![], vec![], vec![], residual, vec![], vec![], vec![], vec![]];
    let figures = ALL.into_iter().zip(values).zip(points);
    figures.map(|((definition, value), points)| Figure { definition, value, points }).collect()
}

#[test]
fn dots_lead_into_objects_which_are_null_if_they_hold_nothing() {
    let found = serde_json::to_string(&model(0.0, false)).unwrap();
    let start =
        "{\"nll\":{\"mean\":3.0,\"se\":2.0},\"gap\":null,\"rows\":7,\"failed\":2,\"residual_average\":\"mean\",";
    assert!(found.starts_with(start), "{found}");
    assert!(found.ends_with("\"far\":{\"w2\":3.0,\"p_values\":[0.0]},\"copies\":null}"), "{found}");
    let found = serde_json::to_value(model(0.0, true)).unwrap();
    assert_eq!(found["far"], json!({"w2": null, "p_values": [0.0]}));
    assert_eq!(found["copies"], json!({"deep": {"share": {"mean": 0.25, "se": 0.5}}, "nearest": [{"row": 3, "d": 4}]}));
}

#[test]
fn figures_are_read_back() {
    for copies in [false, true] {
        let mut figures = model(0.5, copies);
        figures.iter_mut().for_each(|figure| figure.points.clear());
        let json = serde_json::to_value(&figures).unwrap();
        let found = Figures::read(&json, ALL).unwrap();
        assert_eq!(found, figures);
        assert!(found.is_complete());
    }
    // What is not there has no value; what is of the wrong kind is named.
    let found = Figures::read(&json!({"rows": 1}), ALL).unwrap();
    assert!((found.count("rows"), found.mean("nll")) == (Some(1), None) && !found.is_complete());
    let error = Figures::read(&json!({"far": {"w2": "many"}}), ALL).unwrap_err();
    assert!(error.starts_with("far.w2: invalid type"), "{error}");
}

#[test]
fn over_seeds_each_figure_is_what_its_definition_says() {
    let (one, other) = (model(0.0, false), model(2.0, false));
    let both = Figures::over_seeds(&[&one, &other]);
    assert_eq!(both.mean("nll"), Some(MeanSe::of(&[3.0, 6.0])));
    assert_eq!((both.count("rows"), both.count("failed"), both.number("far.w2")), (Some(7), Some(4), Some(4.0)));
    assert_eq!((both.list("far.p_values"), both.word("residual_average")), (&[0.0, 2.0][..], Some("mean")));
    assert_eq!(both.profile("residual")[0], AtTime::new(0.1, MeanSe::of(&[5.0, 7.0])));
    assert!(both.iter().all(|figure| figure.points.is_empty()) && both.value("copies.deep.share").is_none());
    // A single seed is itself; one that has what the other has not, alone.
    assert_eq!(Figures::over_seeds(&[&other]), other);
    let both = Figures::over_seeds(&[&model(0.0, true), &model(1.0, true)]);
    assert_eq!(both.mean("copies.deep.share"), Some(MeanSe { mean: 0.25, se: 0.5 }));
    assert_eq!(
        (both.value("copies.nearest"), both.number("far.w2").map(f64::is_nan)),
        (Some(&Value::Records(vec![])), Some(true))
    );
}

#[test]
fn differences_are_by_pairs_of_points_and_then_by_pairs_of_seeds() {
    let found = Difference::between(&model(1.0, true), &model(0.0, false));
    assert_eq!(found.less("nll"), Some(MeanSe::of(&[1.0, 2.0])));
    assert_eq!((found.of(&GAP), found.of(&ROWS)), (found.less("nll"), None));
    let ratios = found.ratio("residual").unwrap();
    assert!((ratios.at[0].mean - 1.2).abs() < 1e-12 && ratios.at[1].mean == 1.0);
    assert!((ratios.mean.mean - 1.2_f64.sqrt()).abs() < 1e-12);
    assert_eq!(found.iter().map(|(definition, _)| definition.key).collect::<Vec<_>>(), ["nll", "residual"]);
    let other = Difference::between(&model(3.0, true), &model(0.0, false));
    let both = Difference::over_seeds(&[&found, &other]).unwrap();
    assert_eq!(both.less("nll"), Some(MeanSe::of(&[1.5, 4.5])));
    assert!((both.ratio("residual").unwrap().at[0].mean - (1.2_f64 * 1.6).sqrt()).abs() < 1e-12);
    assert_eq!(Difference::over_seeds(&[&found]), Some(found));
    assert_eq!(Difference::over_seeds(&[]), None);
    // Without points there is nothing to compare, and the key is still there.
    let mean = Figures::over_seeds(&[&model(0.0, true), &model(1.0, true)]);
    let none = Difference::between(&mean, &model(0.0, false));
    assert_eq!(none.less("nll"), None);
    assert_eq!(serde_json::to_value(&none).unwrap()["nll"], json!(null));
}
