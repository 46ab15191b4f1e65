//! `fokker eval`

use std::collections::BTreeMap;

use crate::util::{Scratch, TINY, npy, number, read_npz, sets, split_safetensors};

const ALL: &[&str] = &["--what", "score,dt,div,residual,jacobian"];

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
    let found = eval(&scratch, &[0.3, -0.2, 1.5, 0.0, -1.0, 1.0], 0.5, ALL);
    let shapes: Vec<(&str, &[usize])> = found.iter().map(|(name, (shape, _))| (name.as_str(), &shape[..])).collect();
    let expected: [(&str, &[usize]); 5] =
        [("div", &[3]), ("dt", &[3, 2]), ("jacobian", &[3, 2, 2]), ("residual", &[3, 2]), ("score", &[3, 2])];
    assert_eq!(shapes, expected);
    assert!(found.values().all(|(_, values)| values.iter().all(|value| value.is_finite())));
    let some = eval(&scratch, &[0.3, -0.2], 0.5, &["--what", "div,score"]);
    assert_eq!(some.keys().collect::<Vec<_>>(), ["div", "score"]);
    assert_eq!(some["score"].1, found["score"].1[..2]);
    // J takes rows × D × D numbers: it has to be asked for.
    let usual = eval(&scratch, &[0.3, -0.2], 0.5, &[]);
    assert_eq!(usual.keys().collect::<Vec<_>>(), ["div", "dt", "residual", "score"]);
    assert_eq!(eval(&scratch, &[0.3, -0.2], 0.5, &["--what", "div,div"]).len(), 1);
}

#[test]
fn derivatives_are_those_of_the_score() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &["train.steps=200"]);
    let (x, t, h) = ([0.3, -0.2], 0.5, 1e-5);
    let at = eval(&scratch, &x, t, ALL);
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

/// A model of two columns far from standard, in `run`; gives their shift and scale.
fn far() -> (Scratch, [f64; 2], [f64; 2]) {
    let scratch = Scratch::new();
    let row = |i: u32| format!("{},{}\n", 100 + i * 7 % 31, f64::from(i * 11 % 29) / 1000.0 - 70.0);
    scratch.put("far.csv", "length,weight\n".to_owned() + &(0..80).map(row).collect::<String>());
    let args = ["train", "--preset", "ring8", "--data", "far.csv", "-o", "run"];
    scratch.fokker(&[&args, &*sets(TINY), &*sets(&["train.steps=200"])].concat()).succeeded();
    let header = split_safetensors(&scratch.read("run/model.safetensors")).0;
    let info = serde_json::from_str(header["__metadata__"]["fokker"].as_str().unwrap()).unwrap();
    let part = |key: &str| [0, 1].map(|i| number(&info, &format!("scaling.{key}.{i}")));
    (scratch, part("shift"), part("scale"))
}

#[test]
fn points_are_in_model_coordinates_unless_said_otherwise() {
    let (scratch, shift, scale) = far();
    let found = eval(&scratch, &[0.0, 0.0], 1.0, &["--what", "score"]);
    assert!(found["score"].1.iter().all(|value| value.abs() < 5.0), "near the prior's mean: {found:?}");
    let (x, t) = ([0.4, -1.2], 0.3);
    let model = eval(&scratch, &x, t, ALL);
    let data = eval(&scratch, &[0, 1].map(|i| shift[i] + scale[i] * x[i]), t, &[ALL, &["--units", "data"]].concat());
    let close = |found: f64, expected: f64| {
        assert!((found - expected).abs() < 1e-6 * expected.abs(), "{found} {expected}");
    };
    for i in 0..2 {
        for name in ["score", "dt", "residual"] {
            close(data[name].1[i], model[name].1[i] / scale[i]);
        }
        for j in 0..2 {
            close(data["jacobian"].1[2 * i + j], model["jacobian"].1[2 * i + j] / (scale[i] * scale[j]));
        }
    }
    close(data["div"].1[0], data["jacobian"].1[0] + data["jacobian"].1[3]);
    assert!((data["div"].1[0] / model["div"].1[0] - 1.0).abs() > 0.1, "another number in other units");
}

#[test]
fn it_is_said_in_which_units_everything_is() {
    let (scratch, ..) = far();
    scratch.put("x.csv", "length,weight\n110,-70\n");
    let args = ["eval", "run", "--data", "x.csv", "--t", "0.5", "-o", "y.npz"];
    let done = scratch.fokker(&[&args[..], &["--units", "data"]].concat()).succeeded();
    assert_eq!(done.stdout, "y.npz: 1 rows at t = 0.5, points and derivatives in the units of the data\n");
    let done = scratch.fokker(&[&args[..], &["--unchecked"]].concat()).succeeded();
    assert_eq!(done.stdout, "y.npz: 1 rows at t = 0.5, points and derivatives in model coordinates\n");
}

#[test]
fn points_that_no_noise_explains_are_refused() {
    let (scratch, shift, scale) = far();
    scratch.put("x.csv", "length,weight\n1.5,-1\n0.2,-70\n");
    let args = ["eval", "run", "--data", "x.csv", "--t", "0.5", "-o", "y.npz"];
    let parts = ["x.csv: row 3, column 2 (weight): -70 is far outside", "at t = 0.5", "--units data", "--unchecked"];
    scratch.refuses(&args, &parts);
    let (sigma, m) =
        (|t: f64| (1.0 - (-0.1 * t - 9.95 * t * t).exp()).sqrt(), |t: f64| (-0.05 * t - 4.975 * t * t).exp());
    // A standardised column of a uniform law reaches about as far as ±√3; at 10 of that and 20 σ is the limit.
    for t in [0.01_f64, 0.5, 1.0] {
        let limit = 10.0 * m(t) * 3.0_f64.sqrt() + 20.0 * sigma(t);
        eval(&scratch, &[0.0, 0.85 * limit], t, &["--what", "score"]);
        scratch.put("x.npy", npy(&[1, 2], &[0.0, -1.15 * limit]));
        let t = t.to_string();
        scratch.refuses(&["eval", "run", "--data", "x.npy", "--t", &t, "-o", "y.npz"], &["x.npy: row 1, column 2"]);
    }
    let beyond = shift[0] + 60.0 * scale[0];
    scratch.put("x.csv", format!("length,weight\n{beyond},-70\n"));
    let args = [&args[..], &["--units", "data"]].concat();
    scratch.refuses(&args, &["x.csv: row 2, column 1 (length)", "--unchecked takes any"]);
    scratch.fokker(&[&args[..], &["--unchecked"]].concat()).succeeded();
}

#[test]
fn a_jacobian_too_large_for_memory_is_refused() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &[]);
    scratch.put("x.npy", npy(&[20_000, 2], &[0.5; 40_000]));
    let args = ["eval", "run", "--data", "x.npy", "--t", "0.5", "-o", "y.npz", "--memory", "1MiB", "--what"];
    scratch.refuses(&[&args[..], &["jacobian"]].concat(), &["--what jacobian: would take about 1.2 MiB", "1.0 MiB"]);
    scratch.fokker(&[&args[..], &["score"]].concat()).succeeded();
    scratch.put("x.npy", npy(&[80_000, 2], &[0.5; 160_000]));
    scratch.refuses(&[&args[..], &["score"]].concat(), &["x.npy: would take about 1.2 MiB"]);
}
