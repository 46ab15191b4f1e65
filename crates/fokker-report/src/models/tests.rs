//! A page about one model, two and three: columns, what is bold, what is said.

use fokker::audit::{Answer, DataPictures, Judgement, LogDensity, ModelPictures};
use fokker::data::{ImageShape, Scaling};
use fokker::figure::{Better, Cell, Definition, Difference, Figure, Figures, Look, Root, Shown, Value};
use fokker::stats::{AtTime, Average, MeanSe};

use super::*;
use crate::{Listing, Made};

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

/// Data of two columns, or more.
fn data(columns: &[&str]) -> DataPictures {
    let dim = columns.len();
    let map = LogDensity { side: 2, values: vec![-1.0, -2.0, -3.0, f64::NAN] };
    DataPictures {
        dim,
        image: None,
        columns: Some(columns.iter().map(|&name| name.to_owned()).collect()),
        scaling: Scaling { shift: vec![100.0; dim], scale: vec![10.0; dim] },
        windows: vec![[0.0, 1.0]; dim],
        train_rows: Some(1630),
        held_out_rows: Some(70),
        held_out: (0_u8..6).flat_map(|row| vec![f32::from(row) / 6.0; dim]).collect(),
        log_density: (dim == 2).then_some(map),
    }
}

fn made() -> Made {
    Made { at: std::time::SystemTime::UNIX_EPOCH, command: "fokker audit run".into() }
}

fn page_of(all: &[(&str, Figures)], data: &DataPictures, compared: bool, columns: &[usize]) -> String {
    let pictures = ModelPictures { samples: vec![0.5; 6 * data.dim], ..ModelPictures::default() };
    let model =
        |(name, figures)| Model { name, figures, metrics: &[], pictures: &pictures, data: Some(data), answers: &[] };
    let models: Vec<Model<'_>> = all.iter().map(|(name, figures)| model((*name, figures))).collect();
    let reference = &all[0].1;
    let others = if compared { &all[1..] } else { &[] };
    let differences: Vec<Difference> =
        others.iter().map(|(_, figures)| Difference::between(figures, reference)).collect();
    let made = made();
    let config = Listing { name: "Resolved config", text: "seed = 0" };
    Report { models: &models, differences: &differences, columns, configs: &[config], ..Report::new("A < B", &made) }
        .render()
}

fn page(all: &[(&str, Figures)]) -> String {
    page_of(all, &data(&["mass, kg", "age"]), true, &[])
}

#[test]
fn one_model_has_no_differences() {
    let html = page(&[("only", figures(0.0, Average::Mean))]);
    for part in ["A &lt; B", ">only<", "negative log-likelihood (nats)", "copies (%)", "2.0 ± 1.0", "r(t) at t = 0.5"]
    {
        assert!(html.contains(part), "{part}");
    }
    for part in [
        "paired",
        "gained",
        "hidden",
        "of the truth (",
        "<strong>",
        "relative to",
        "Of roots.",
        "oth models",
        "models&#39;",
    ] {
        assert!(!html.contains(part), "{part}");
    }
    assert!(html.contains("Of means.") && html.contains("Log-density: the truth"));
}

#[test]
fn the_better_of_two_is_bold_and_what_is_gained_stands_on_top() {
    let html = page(&[("old", figures(0.0, Average::Mean)), ("new", figures(-0.5, Average::Mean))]);
    assert!(html.contains("difference, paired") && html.contains("Both models are measured"));
    assert!(html.contains("new relative to old, geometric mean over t; below 1 is better"));
    assert!(html.contains("0.5000 nats") && html.contains("old&#39;s negative log-likelihood less new&#39;s"));
    // Of the likelihood and of the one time; each again on top.
    assert_eq!(html.matches("<strong>").count(), 4, "{html}");
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

#[test]
fn only_what_is_beyond_two_errors_is_bold() {
    // Worse by chance at one point, better at the others: 0.5 ± 0.58.
    let mut noisy = figures(0.0, Average::Mean);
    for figure in noisy.iter_mut().filter(|figure| !figure.points.is_empty()) {
        figure.points.iter_mut().for_each(|row| row.iter_mut().zip([0.5, -1.5, -0.5]).for_each(|(x, by)| *x += by));
    }
    let html = page(&[("old", figures(0.0, Average::Mean)), ("new", noisy)]);
    assert!(html.contains("0.50 ± 0.58 nats") && !html.contains("<strong>"), "{html}");
    // Of two that are better, both are bold.
    let html = page(&[("a", 0.0), ("b", -0.5), ("c", -0.25)].map(|(name, by)| (name, figures(by, Average::Mean))));
    assert!(html.contains("<strong>4.5 ± 2.3</strong>") && html.contains("<strong>4.8 ± 2.3</strong>"));
}

#[test]
fn models_that_are_not_compared_have_no_differences() {
    let all = [("a", figures(0.0, Average::Mean)), ("b", figures(-0.5, Average::Mean))];
    let html = page_of(&all, &data(&["x", "y"]), false, &[]);
    for part in ["paired", "<strong>", "oth models", "Verdict"] {
        assert!(!html.contains(part), "{part}");
    }
}

#[test]
fn the_page_says_when_and_of_what_it_is() {
    let html = page(&[("only", figures(0.0, Average::Mean))]);
    let version = format!("1 January 1970, 00:00 UTC · fokker {}", env!("CARGO_PKG_VERSION"));
    for part in [&version, "<code>fokker audit run</code>", "1,630 training rows, 70 held-out rows"] {
        assert!(html.contains(part), "{part}");
    }
    assert_eq!(html.matches("<pre>seed = 0</pre>").count(), 2, "folded on a screen, open on paper");
    assert!(crate::is_page(&html));
}

#[test]
fn answers_come_first() {
    let made = made();
    let answers = [Answer {
        question: "Is it good?",
        judgement: Judgement::Good,
        word: "yes".into(),
        evidence: "p = 0.4".into(),
    }];
    let (found, pictures) = (Figures::default(), ModelPictures::default());
    let model =
        |name| Model { name, figures: &found, metrics: &[], pictures: &pictures, data: None, answers: &answers };
    let html = Report { models: &[model("one")], ..Report::new("Run", &made) }.render();
    let place = |part: &str| html.find(part).unwrap_or_else(|| panic!("{part}"));
    assert!(place("good: yes") < place("Is it good?") && place("Is it good?") < place("<h2>Figures</h2>"));
    assert!(place("✓") < place("p = 0.4"));
    let html = Report { models: &[model("one"), model("two")], ..Report::new("Runs", &made) }.render();
    assert_eq!(html.matches("✓").count(), 2);
}

#[test]
fn axes_have_the_units_and_names_of_the_data() {
    let html = page(&[("only", figures(0.0, Average::Mean))]);
    // From 100 to 110: shift and scale.
    for part in [">mass, kg<", ">age<", ">102<", ">110<", "Distribution of age", "Samples of only"] {
        assert!(html.contains(part), "{part}");
    }
    // The map's densities, too: −2 ln 10 of the scale.
    assert!(html.contains("to −5.605"), "{html}");
}

#[test]
fn more_columns_are_drawn_by_pairs() {
    let columns = data(&["a", "b", "c", "d", "e"]);
    let of = |names: &[&str], chosen: &[usize]| {
        let all: Vec<_> = names.iter().map(|&name| (name, figures(0.0, Average::Mean))).collect();
        page_of(&all, &columns, true, chosen)
    };
    let html = of(&["only"], &[]);
    assert_eq!((html.matches("class=\"pairs\"").count(), html.matches("class=\"steps").count()), (1, 10));
    assert!(html.contains("The first 4 of 5 columns") && html.contains(">d<") && !html.contains(">e<"));
    let html = of(&["one", "two"], &[4, 0, 2]);
    assert_eq!((html.matches("class=\"pairs\"").count(), html.matches("class=\"steps").count()), (2, 16));
    assert!(html.contains(">e<") && !html.contains("The first") && !html.contains(">b<"));
    let html = of(&["only"], &[1, 3]);
    assert!(html.contains("Distribution of d") && !html.contains("class=\"pairs\"") && !html.contains("Log-density"));
    assert!(of(&["only"], &[1]).contains("Distribution of b") && !of(&["only"], &[9]).contains("Distribution"));
}

#[test]
fn data_that_differ_are_drawn_apart() {
    let (one, two) = (data(&["x", "y"]), data(&["u", "v"]));
    let (found, pictures) = (figures(0.0, Average::Mean), ModelPictures::default());
    let model = |name, data| Model { name, figures: &found, metrics: &[], pictures: &pictures, data, answers: &[] };
    let models = [model("a", Some(&one)), model("b", Some(&two)), model("c", Some(&one)), model("d", None)];
    let made = made();
    let html = Report { models: &models, ..Report::new("Runs", &made) }.render();
    for part in ["<h3>a, c</h3>", "<h3>b</h3>", "<li>b: 1,630 training rows"] {
        assert!(html.contains(part), "{part}");
    }
}

#[test]
fn images_are_sheets() {
    let shape = ImageShape { height: 2, width: 2, channels: 1 };
    let images = DataPictures { image: Some(shape), windows: vec![], columns: None, ..data(&["a", "b", "c", "d"]) };
    let html = page_of(&[("only", figures(0.0, Average::Mean))], &images, true, &[]);
    assert!(html.contains("class=\"row sheets\"") && html.contains("Samples of only") && !html.contains("pairs\""));
}
