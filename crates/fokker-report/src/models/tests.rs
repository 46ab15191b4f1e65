//! A page about one model, two and three: columns, what is bold, what is said.

use fokker::audit::{DataPictures, LogDensity, ModelPictures};
use fokker::figure::{Better, Cell, Definition, Difference, Figure, Figures, Look, Root, Shown, Value};
use fokker::stats::{AtTime, Average, MeanSe};

use super::*;

static NLL: Definition = Definition::mean("nll")
    .named("negative log-likelihood", "nats")
    .better(Better::Lower)
    .gain("log-likelihood gained")
    .paired()
    .shown(Shown::Everywhere);
static TRUTH: Definition = Definition::number("truth").named("… of the truth", "nats").optional().shown(Shown::Page);
static SHARE: Definition = Definition::mean("share").named("copies", "%").cell(Cell::Percent).shown(Shown::Everywhere);
static FILES: Definition = Definition::mean("hidden").named("hidden", "");
static KIND: Definition = Definition::word("r_average");
static R: Definition =
    Definition::profile("r").named("residual", "").better(Better::Lower).paired().shown(Shown::Everywhere).look(Look {
        rows: true,
        root: Some(Root { caption: "Of roots.", note: "r is a root.", remark: "(a root)" }),
        ..Look::new("r(t)", "Of means.")
    });

fn figures(shift: f64, average: Average) -> Figures {
    let nll = [1.0, 5.0, 9.0].map(|x| x + shift).to_vec();
    let r = vec![vec![2.0 + shift, 2.1 + shift, 2.2 + shift]];
    let profile = vec![AtTime::new(0.5, average.of(&r[0]))];
    let mean = |mean| Value::Mean(MeanSe { mean, se: 0.01 });
    [
        Figure::new(&NLL, Value::Mean(MeanSe::of(&nll))).at_points(vec![nll]),
        Figure::absent(&TRUTH),
        Figure::new(&SHARE, mean(0.02)),
        Figure::new(&FILES, mean(7.0)),
        Figure::new(&KIND, Value::Word(average.name().into())),
        Figure::new(&R, Value::Profile(profile)).at_points(r),
    ]
    .into_iter()
    .collect()
}

fn page(all: &[(&str, Figures)]) -> String {
    let pictures = ModelPictures { samples: vec![0.5, 0.5], ..ModelPictures::default() };
    let model = |(name, figures)| Model { name, figures, metrics: &[], pictures: &pictures };
    let models: Vec<Model<'_>> = all.iter().map(|(name, figures)| model((*name, figures))).collect();
    let reference = &all[0].1;
    let differences: Vec<Difference> =
        all[1..].iter().map(|(_, figures)| Difference::between(figures, reference)).collect();
    let map = LogDensity { side: 2, values: vec![-1.0, -2.0, -3.0, f64::NAN] };
    let window = Some([[0.0, 1.0]; 2]);
    let data = DataPictures { dim: 2, image: None, window, held_out: vec![0.2, 0.3], log_density: Some(map) };
    Report {
        title: "A < B",
        data: &data,
        config: "seed = 0",
        models: &models,
        differences: &differences,
        verdicts: &[],
    }
    .render()
}

#[test]
fn one_model_has_no_differences() {
    let html = page(&[("only", figures(0.0, Average::Mean))]);
    for part in ["A &lt; B", ">only<", "negative log-likelihood (nats)", "copies (%)", "2.0 ± 1.0", "r(t) at t = 0.5"]
    {
        assert!(html.contains(part), "{part}");
    }
    for part in ["paired", "gained", "hidden", "of the truth (", "<strong>", "relative to", "Of roots."] {
        assert!(!html.contains(part), "{part}");
    }
    assert!(html.contains("Of means.") && html.contains("log-density: the truth"));
}

#[test]
fn the_better_of_two_is_bold_and_what_is_gained_stands_on_top() {
    let html = page(&[("old", figures(0.0, Average::Mean)), ("new", figures(-0.5, Average::Mean))]);
    assert!(html.contains("difference, paired") && html.contains("Both models are measured"));
    assert!(html.contains("new relative to old, geometric mean over t; below 1 is better"));
    assert!(html.contains("0.5000 nats") && html.contains("old&#39;s negative log-likelihood less new&#39;s"));
    // Of the likelihood and of the one time.
    assert_eq!(html.matches("<strong>").count(), 2, "{html}");
    assert!(html.contains("<strong>4.5 ± 2.3</strong>"));
    // The twin: two equal models, of which none is better.
    let html = page(&[("old", figures(0.0, Average::Mean)), ("new", figures(0.0, Average::Mean))]);
    assert_eq!(html.matches("<strong>").count(), 0);
    // And where the other is worse, the first is bold.
    let html = page(&[("old", figures(0.0, Average::Mean)), ("new", figures(0.5, Average::Mean))]);
    assert!(html.contains("<strong>5.0 ± 2.3</strong>"));
}

#[test]
fn three_models_have_a_difference_each() {
    let all = [("a", 0.0), ("b", 0.5), ("c", -0.25)].map(|(name, shift)| (name, figures(shift, Average::RootMean)));
    let html = page(&all);
    for part in ["b less a, paired", "c less a, paired", "All models are measured", "c: log-likelihood gained"] {
        assert!(html.contains(part), "{part}");
    }
    assert!(html.contains("<strong>4.8 ± 2.3</strong>"));
    assert!(html.contains("r is a root.") && html.contains("Of roots.") && !html.contains("Of means."));
}
