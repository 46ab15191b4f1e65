//! `fokker eval`

use std::collections::BTreeMap;

use crate::util::{Scratch, npy, read_npz};

type Arrays = BTreeMap<String, (Vec<usize>, Vec<f64>)>;

fn eval(scratch: &Scratch, rows: &[f64], t: f64, more: &[&str]) -> Arrays {
    scratch.put("x.npy", npy(&[rows.len() / 2, 2], rows));
    let t = t.to_string();
    let args = ["eval", "run", "--data", "x.npy", "--t", &t, "-o", "y.npz"];
    scratch.fokker(&[&args, more].concat()).succeeded();
    read_npz(&scratch.read("y.npz"))
}

#[test]
fn arrays_have_the_shapes_that_are_promised() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &[]);
    let found = eval(&scratch, &[0.3, -0.2, 1.5, 0.0, -1.0, 1.0], 0.5, &[]);
    let shapes: Vec<(&str, &[usize])> = found.iter().map(|(name, (shape, _))| (name.as_str(), &shape[..])).collect();
    let expected: [(&str, &[usize]); 5] =
        [("div", &[3]), ("dt", &[3, 2]), ("jacobian", &[3, 2, 2]), ("residual", &[3, 2]), ("score", &[3, 2])];
    assert_eq!(shapes, expected);
    assert!(found.values().all(|(_, values)| values.iter().all(|value| value.is_finite())));
    let some = eval(&scratch, &[0.3, -0.2], 0.5, &["--what", "div,score"]);
    assert_eq!(some.keys().collect::<Vec<_>>(), ["div", "score"]);
    assert_eq!(some["score"].1, found["score"].1[..2]);
    assert_eq!(eval(&scratch, &[0.3, -0.2], 0.5, &["--what", "div,div"]).len(), 1);
}

#[test]
fn derivatives_are_those_of_the_score() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &["train.steps=200"]);
    let (x, t, h) = ([0.3, -0.2], 0.5, 1e-5);
    let at = eval(&scratch, &x, t, &[]);
    let score = |x: [f64; 2], t: f64| eval(&scratch, &x, t, &["--what", "score"])["score"].1.clone();
    let close = |found: f64, plus: f64, minus: f64| {
        let expected = (plus - minus) / (2.0 * h);
        assert!((found - expected).abs() < 1e-6 * (1.0 + expected.abs()), "{found} {expected}");
    };
    let (later, sooner) = (score(x, t + h), score(x, t - h));
    for i in 0..2 {
        close(at["dt"].1[i], later[i], sooner[i]);
    }
    for j in 0..2 {
        let moved = |step: f64| {
            let mut y = x;
            y[j] += step;
            score(y, t)
        };
        let (plus, minus) = (moved(h), moved(-h));
        for i in 0..2 {
            close(at["jacobian"].1[2 * i + j], plus[i], minus[i]);
        }
    }
    assert!((at["jacobian"].1[0] + at["jacobian"].1[3] - at["div"].1[0]).abs() < 1e-12);
}

#[test]
fn the_residual_is_that_of_its_definition() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &["train.steps=200"]);
    let (x, t, h) = ([0.3, -0.2], 0.5, 1e-5);
    let at = eval(&scratch, &x, t, &[]);
    // The preset's SDE: g² = β, f = −β x/2 with β = 0.1 + 19.9 t.
    let beta = 0.1 + 19.9 * t;
    let phi = |x: [f64; 2]| {
        let found = eval(&scratch, &x, t, &["--what", "score,div"]);
        let (s, div) = (&found["score"].1, found["div"].1[0]);
        beta / 2.0 * (div + s[0] * s[0] + s[1] * s[1] + s[0] * x[0] + s[1] * x[1] + 2.0)
    };
    let gradient = [
        (phi([x[0] + h, x[1]]) - phi([x[0] - h, x[1]])) / (2.0 * h),
        (phi([x[0], x[1] + h]) - phi([x[0], x[1] - h])) / (2.0 * h),
    ];
    for (i, slope) in gradient.iter().enumerate() {
        let (found, expected) = (at["residual"].1[i], at["dt"].1[i] - slope);
        assert!((found - expected).abs() < 1e-5 * (1.0 + expected.abs()), "{found} {expected}");
    }
}

#[test]
fn points_are_in_model_coordinates() {
    let scratch = Scratch::new();
    scratch.put("far.csv", "100,-70\n120,-90\n140,-80\n105,-85\n");
    let args = ["train", "--preset", "ring8", "--data", "far.csv", "-o", "run"];
    scratch.fokker(&[&args, &*crate::util::sets(crate::util::TINY)].concat()).succeeded();
    let found = eval(&scratch, &[0.0, 0.0], 1.0, &["--what", "score"]);
    assert!(found["score"].1.iter().all(|value| value.abs() < 5.0), "near the prior's mean: {found:?}");
}
