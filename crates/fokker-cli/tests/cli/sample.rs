//! `fokker sample`

use crate::util::{Scratch, npy, read_npy, read_npz};

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
    let corrector = ["--sampler", "predictor-corrector", "--steps", "20", "--corrector-steps", "2", "--snr", "0.1"];
    let found = [
        sample(&[]),
        sample(&["--tolerance", "1e-2"]),
        sample(&["--sampler", "euler-maruyama", "--steps", "20"]),
        sample(&["--sampler", "euler-maruyama", "--steps", "21"]),
        sample(&["--sampler", "reverse-diffusion", "--steps", "20"]),
        sample(&["--sampler", "reverse-diffusion", "--steps", "20", "--grid", "uniform"]),
        sample(&corrector),
        sample(&[&corrector[..4], &corrector[6..]].concat()),
        sample(&corrector[..6]),
        sample(&["--sampler", "heun"]),
        sample(&["--sampler", "heun", "--grid", "karras"]),
        sample(&["--sampler", "heun", "--no-denoise"]),
        sample(&["--sampler", "dpm-solver-pp"]),
        sample(&["--sampler", "dpm-solver-pp", "--steps", "10"]),
    ];
    assert!(found.iter().flatten().all(|value| value.is_finite()));
    for (i, samples) in found.iter().enumerate() {
        assert!(!found[..i].contains(samples), "{i}");
    }
    // The ODE's solvers agree; a model of 60 steps sends some samples far.
    for name in ["heun", "dpm-solver-pp"] {
        let samples = sample(&["--sampler", name, "--steps", "1000", "--no-denoise"]);
        let near = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-3 * b.abs().max(1.0);
        let all = samples.len() == 14 && samples.iter().zip(&found[0]).all(near);
        assert!(all, "{name} {samples:?} {:?}", found[0]);
    }
}

#[test]
fn trajectories() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &[]);
    for sampler in [&["--sampler", "heun", "--steps", "6"][..], &[]] {
        scratch
            .fokker(&[&["sample", "run", "-n", "5", "-o", "y.npz", "--trajectory", "7"], sampler].concat())
            .succeeded();
        let arrays = read_npz(&scratch.read("y.npz"));
        let (shape, states) = &arrays["trajectory"];
        assert_eq!(shape, &[7, 5, 2]);
        assert_eq!(states[60..], arrays["samples"].1);
        let (shape, times) = &arrays["times"];
        assert_eq!((&shape[..], times[0], times[6]), (&[7][..], 1.0, 1e-3));
    }
    let sample = |more: &[&str], parts: &[&str]| {
        scratch.refuses(&[&["sample", "run", "-n", "5", "--trajectory"], more].concat(), parts);
    };
    for output in ["t.npy", "t.csv", "t.png"] {
        sample(&["7", "-o", output], &[output, "--trajectory writes .npz only"]);
    }
    sample(&["1", "-o", "t.npz"], &["--trajectory", "at least 2"]);
    sample(&["12", "-o", "t.npz", "--sampler", "heun", "--steps", "10"], &["--trajectory 12", "at most 11"]);
    sample(&["99999999", "-o", "t.npz"], &["--trajectory 99999999", "at most 10000"]);
}

#[test]
fn data_to_latents_and_back() {
    let scratch = Scratch::new();
    scratch.put(
        "x.csv",
        (0..40).map(|i| format!("{},{}\n", 50 + i % 7, 3.0 + 0.1 * f64::from(i % 5))).collect::<String>(),
    );
    scratch.train("run", "ring8", &["data={kind=\"file\",path=\"x.csv\"}"]);
    let x = [52.5, 3.1, 55.0, 3.3];
    scratch.put("points.npy", npy(&[2, 2], &x));
    let fine = ["--tolerance", "1e-6"];
    let map = |which: &str, from: &str, to: &str| {
        scratch.fokker(&[&["sample", "run", which, from, "-o", to], &fine[..]].concat()).succeeded().stdout
    };
    assert_eq!(map("--encode", "points.npy", "z.npz"), "z.npz: 2 latents\n");
    let (shape, latents) = read_npz(&scratch.read("z.npz"))["latents"].clone();
    assert!(shape == [2, 2] && latents.iter().all(|z| z.abs() < 6.0), "{latents:?}");
    assert_eq!(map("--decode", "z.npz", "back.npy"), "back.npy: 2 samples\n");
    let back = read_npy(&scratch.read("back.npy")).1;
    assert!(back.iter().zip(x).all(|(a, b)| (a - b).abs() < 1e-2 * b.abs()), "{back:?}");
    map("--encode", "points.npy", "z.csv");
    assert!(scratch.text("z.csv").starts_with("z0,z1\n"));
    scratch.put("wide.csv", "1,2,3\n");
    scratch.put("gap.csv", "1,NaN\n");
    for which in ["--encode", "--decode"] {
        scratch.refuses(&["sample", "run", which, "wide.csv", "-o", "y.npy"], &["wide.csv", "3 columns"]);
        scratch.refuses(&["sample", "run", which, "gap.csv", "-o", "y.npy"], &["gap.csv", "NaN"]);
        scratch.refuses(&["sample", "run", which, "none.csv", "-o", "y.npy"], &["none.csv"]);
        scratch.refuses(&["sample", "run", which, "x.csv", "-n", "3", "-o", "y.npy"], &[which, "cannot be used with"]);
        let inert = [
            &["--sampler", "heun"][..],
            &["--steps", "3"],
            &["--no-denoise"],
            &["--grid", "karras"],
            &["--inpaint", "x.csv"],
            &["--snr", "0.1"],
            &["--resample", "2"],
        ];
        for more in inert {
            let args = [&["sample", "run", which, "x.csv", "-o", "y.npz"], more].concat();
            scratch.refuses(&args, &[more[0], "has no meaning with"]);
        }
    }
    scratch
        .refuses(&["sample", "run", "--encode", "x.csv", "--decode", "x.csv", "-o", "y.npy"], &["cannot be used with"]);
    scratch.refuses(&["sample", "run", "--encode", "x.csv", "-o", "y.png"], &["y.png", "latents"]);
}

#[test]
fn known_coordinates_are_kept() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &[]);
    scratch.put("one.csv", "1.5,NaN\n");
    scratch.put("three.npy", npy(&[3, 2], &[f64::NAN, 0.25, 1.0, f64::NAN, f64::NAN, f64::NAN]));
    let sample = |known: &str, more: &[&str]| {
        let args = ["sample", "run", "-n", "3", "-o", "y.npy", "--inpaint", known, "--steps", "10"];
        scratch.fokker(&[&args, more].concat()).succeeded();
        read_npy(&scratch.read("y.npy")).1
    };
    let one = sample("one.csv", &[]);
    assert!(one.chunks(2).all(|x| (x[0] - 1.5).abs() < 1e-12 && x[1].is_finite()), "{one:?}");
    assert!(one[1] != one[3]);
    assert_ne!(one, sample("one.csv", &["--resample", "1"]));
    assert_ne!(one, sample("one.csv", &["--sampler", "euler-maruyama"]));
    let three = sample("three.npy", &[]);
    assert!((three[1] - 0.25).abs() < 1e-12 && (three[2] - 1.0).abs() < 1e-12 && three.iter().all(|x| x.is_finite()));
    let refuses = |more: &[&str], parts: &[&str]| {
        scratch.refuses(&[&["sample", "run", "-o", "z.npz", "--inpaint", "three.npy"], more].concat(), parts);
    };
    refuses(&["-n", "2"], &["three.npy: 3 rows, neither 1 nor -n 2"]);
    refuses(&[], &["-n <N>"]);
    refuses(&["-n", "3", "--resample", "0"], &["--resample", "at least 1"]);
    refuses(&["-n", "3", "--trajectory", "3"], &["--trajectory", "--inpaint"]);
    for sampler in ["probability-flow", "heun", "dpm-solver-pp"] {
        refuses(&["-n", "3", "--sampler", sampler], &[sampler, "noise"]);
    }
    scratch.put("inf.csv", "1,inf\n");
    scratch.refuses(&["sample", "run", "-n", "3", "-o", "z.npy", "--inpaint", "inf.csv"], &["inf.csv"]);
}

#[test]
fn options_that_have_no_meaning() {
    let scratch = Scratch::new();
    let refuses = |more: &[&str], parts: &[&str]| {
        scratch.refuses(&[&["sample", "run", "-n", "3", "-o", "y.npy"], more].concat(), parts);
    };
    for option in [&["--steps", "5"][..], &["--grid", "karras"], &["--no-denoise"], &["--corrector-steps", "1"]] {
        refuses(option, &[option[0], "has no meaning with --sampler probability-flow"]);
    }
    for sampler in ["euler-maruyama", "reverse-diffusion", "heun", "dpm-solver-pp"] {
        for option in [["--snr", "0.1"], ["--corrector-steps", "2"], ["--tolerance", "1e-3"], ["--resample", "2"]] {
            refuses(&[&["--sampler", sampler], &option[..]].concat(), &[option[0], "has no meaning with"]);
        }
    }
    for snr in ["0", "1", "nan"] {
        refuses(&["--sampler", "predictor-corrector", "--snr", snr], &["--snr", "between 0 and 1"]);
    }
    refuses(&["--sampler", "heun", "--steps", "99999999999"], &["--steps", "at most"]);
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
