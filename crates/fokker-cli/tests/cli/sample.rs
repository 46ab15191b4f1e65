//! `fokker sample`

use crate::util::{Scratch, read_npy, read_npz};

#[test]
fn all_formats_hold_the_same_numbers() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &[]);
    for output in ["y.csv", "y.npy", "y.npz"] {
        let done = scratch.fokker(&["sample", "run", "-n", "7", "-o", output]).succeeded();
        assert_eq!(done.stdout, format!("{output}: 7 samples\n"));
    }
    let (shape, samples) = read_npy(&scratch.read("y.npy"));
    assert_eq!(shape, [7, 2]);
    assert!(samples.iter().all(|value| value.is_finite()));
    assert_eq!(read_npz(&scratch.read("y.npz"))["samples"], (shape, samples.clone()));
    let text = scratch.text("y.csv");
    let (header, rows) = text.split_once('\n').unwrap();
    assert_eq!(header, "x0,x1");
    let fields: Vec<f64> = rows.lines().flat_map(|row| row.split(',')).map(|field| field.parse().unwrap()).collect();
    assert_eq!(fields, samples);
}

#[test]
fn samplers_differ() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &[]);
    let sample = |more: &[&str]| {
        scratch.fokker(&[&["sample", "run", "-n", "7", "-o", "y.npy"], more].concat()).succeeded();
        read_npy(&scratch.read("y.npy")).1
    };
    let sde = sample(&["--sampler", "euler-maruyama", "--steps", "20"]);
    assert!(sde.iter().all(|value| value.is_finite()));
    assert_ne!(sde, sample(&[]));
    assert_ne!(sde, sample(&["--sampler", "euler-maruyama", "--steps", "21"]));
}

#[test]
fn samples_can_be_evaluated() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &[]);
    for extension in ["csv", "npy", "npz"] {
        let (samples, log_p) = (format!("s.{extension}"), format!("l.{extension}"));
        scratch.fokker(&["sample", "run", "-n", "4", "-o", &samples]).succeeded();
        scratch.fokker(&["logp", "run", "--data", &samples, "-o", &log_p]).succeeded();
    }
}
