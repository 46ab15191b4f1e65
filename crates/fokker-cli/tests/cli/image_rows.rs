//! Images as rows of `logp`, `eval` and `sample --encode`.

use std::fs;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::util::{Scratch, TINY, gzip, idx, npy, npy_bytes, png, read_npy, read_npz, sets};

/// The pixels of [`idx`].
fn pixels(count: usize) -> Vec<u8> {
    idx(count, 6, 6)[16..].to_vec()
}

/// A model of 6 × 6 grey levels in `run`; 40 training images, 10 test images.
fn grey() -> Scratch {
    let scratch = Scratch::new();
    scratch.put("m/train-images-idx3-ubyte", idx(40, 6, 6));
    scratch.put("m/t10k-images-idx3-ubyte.gz", gzip(&idx(10, 6, 6)));
    let args = ["train", "--preset", "mnist", "--data", "m", "-o", "run"];
    let wider = ["train.steps=300", "network.width=64"];
    scratch.fokker(&[&args, &*sets(TINY), &*sets(&wider)].concat()).succeeded();
    scratch
}

/// A model of 6 × 6 floating-point images in `run`.
fn continuous() -> Scratch {
    let scratch = Scratch::new();
    let values: Vec<f64> = pixels(40).iter().map(|&u| f64::from(u) / 255.0).collect();
    scratch.put("f.npy", npy(&[40, 6, 6], &values));
    let args = ["train", "--preset", "mnist", "--data", "f.npy", "-o", "run"];
    scratch.fokker(&[&args, &*sets(TINY), &*sets(&["train.steps=300", "network.width=64"])].concat()).succeeded();
    scratch
}

fn logp<'a>(data: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["logp", "run", "--data", data, "-o", "y.npy", "--tolerance", "1e-2"], more].concat()
}

fn log_p(scratch: &Scratch, data: &str, more: &[&str]) -> Vec<f64> {
    scratch.fokker(&logp(data, more)).succeeded();
    read_npy(&scratch.read("y.npy")).1
}

#[test]
fn every_form_of_the_same_images_has_the_same_likelihood() {
    let scratch = grey();
    let expected = log_p(&scratch, "m", &[]);
    assert_eq!(expected.len(), 10, "the test images");
    assert_eq!(log_p(&scratch, "m/t10k-images-idx3-ubyte.gz", &[]), expected);
    let (test, doubles) = (pixels(10), pixels(10).iter().map(|&u| f64::from(u)).collect::<Vec<_>>());
    scratch.put("a.npy", npy_bytes(&[10, 6, 6], &test));
    scratch.put("flat.npy", npy(&[10, 36], &doubles));
    scratch.put("deep.npy", npy(&[10, 6, 6], &doubles));
    for (at, pixels) in test.chunks(36).enumerate() {
        scratch.put(&format!("p/{at:02}.png"), png(6, 6, pixels));
    }
    for data in ["a.npy", "flat.npy", "deep.npy", "p"] {
        assert_eq!(log_p(&scratch, data, &["--chunk-rows", "3"]), expected, "{data}");
    }
    let train = log_p(&scratch, "m/train-images-idx3-ubyte", &[]);
    assert_eq!((train.len(), &train[..10]), (40, &expected[..]), "a single file: its own images");
}

#[test]
fn images_go_on_after_a_kill() {
    let scratch = grey();
    scratch.put("n/my-images-idx3-ubyte", idx(300, 6, 6));
    let args = ["logp", "run", "--data", "n/my-images-idx3-ubyte", "--tolerance", "1e-2", "--chunk-rows", "5", "-o"];
    scratch.fokker(&[&args[..], &["whole.npy"]].concat()).succeeded();
    let mut child =
        scratch.command(&[&args[..], &["y.npy"]].concat()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let (part, start) = (scratch.path("y.npy.part"), Instant::now());
    while fs::metadata(&part).map_or(0, |file| file.len()) < 1000 {
        assert!(start.elapsed() < Duration::from_secs(60), "no chunk was kept");
        sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(part.exists(), "it ended before it was killed");
    let whole = idx(300, 6, 6);
    let mut changed = whole.clone();
    changed[5000] ^= 1;
    scratch.put("n/my-images-idx3-ubyte", changed);
    scratch.refuses(&[&args[..], &["y.npy", "--resume"]].concat(), &["y.npy.part", "another --data"]);
    scratch.put("n/my-images-idx3-ubyte", whole);
    scratch.fokker(&[&args[..], &["y.npy", "--resume"]].concat()).succeeded();
    assert_eq!(scratch.read("y.npy"), scratch.read("whole.npy"));
}

#[test]
fn images_of_another_size_or_colour_are_refused() {
    let scratch = grey();
    scratch.put("n/t10k-images-idx3-ubyte", idx(3, 5, 6));
    scratch.put("a.npy", npy_bytes(&[2, 6, 6, 3], &[7; 216]));
    scratch.put("p/x.png", png(6, 6, &[7; 108]));
    scratch.put("q/x.png", png(6, 5, &[7; 30]));
    for (data, found) in [("n", "5×6"), ("a.npy", "6×6×3"), ("p", "6×6×3"), ("q", "5×6")] {
        let parts = [data, &format!("{found} pixels, but the model's images have 6×6")];
        scratch.refuses(&logp(data, &[]), &parts);
        scratch.refuses(&["eval", "run", "--data", data, "--units", "data", "--t", "0.5", "-o", "y.npz"], &parts);
    }
    scratch.refuses(&logp("p/x.png", &[]), &["p/x.png"]);
    scratch.put("e/readme", "");
    scratch.refuses(&logp("e", &[]), &["e: no images"]);
    // A model of tables takes none.
    scratch.train("ring", "ring8", &[]);
    scratch.refuses(&["logp", "ring", "--data", "m", "-o", "y.npy"], &["m"]);
    scratch.refuses(&["logp", "ring", "--data", "a.npy", "-o", "y.npy"], &["a.npy", "two dimensions"]);
}

#[test]
fn what_is_no_grey_level_is_refused_by_row() {
    let scratch = grey();
    let table = |at: usize, value: f64| {
        let mut values = vec![9.0; 108];
        values[at] = value;
        scratch.put("x.npy", npy(&[3, 36], &values));
    };
    for value in [150.25, -1.0, 256.0, 0.5] {
        table(40, value);
        let parts = ["x.npy: row 2, column 5", &format!("{value} is no grey level"), "--dequantise 0"];
        scratch.refuses(&logp("x.npy", &[]), &parts);
        scratch.refuses(&logp("x.npy", &["--dequantise", "3"]), &parts);
        let done = scratch.fokker(&logp("x.npy", &["--dequantise", "0"])).succeeded();
        assert!(!done.stdout.contains("note: "), "{done}");
    }
    let unit: Vec<f64> = pixels(3).iter().map(|&u| f64::from(u) / 255.0).collect();
    for (name, shape) in [("x.npy", &[3, 36][..]), ("d.npy", &[3, 6, 6])] {
        scratch.put(name, npy(shape, &unit));
        scratch.refuses(&logp(name, &[]), &[name, "row 1, column 2", "is no grey level"]);
        let done = scratch.fokker(&logp(name, &["--dequantise", "0"])).succeeded();
        let note =
            format!("note: {name}: values that all lie in [0, 1], but the model's grey levels go from 0 to 255\n");
        assert!(done.stdout.starts_with(&note), "{done}");
        let parts = [name, "values that all lie in [0, 1]", "images of 8-bit grey levels"];
        scratch.refuses(&["sample", "run", "--encode", name, "-o", "z.npy"], &parts);
        scratch.refuses(&["eval", "run", "--data", name, "--units", "data", "--t", "0.5", "-o", "y.npz"], &parts);
    }
}

#[test]
fn grey_levels_are_refused_by_a_model_of_continuous_images() {
    let scratch = continuous();
    assert_eq!(log_p(&scratch, "f.npy", &[]).len(), 40);
    scratch.put("a.npy", npy_bytes(&[3, 6, 6], &pixels(3)));
    scratch.put("m/t10k-images-idx3-ubyte", idx(3, 6, 6));
    for data in ["a.npy", "m"] {
        let parts = [data, "images of 8-bit grey levels, but the model was trained on images of continuous values"];
        scratch.refuses(&logp(data, &[]), &parts);
        scratch.refuses(&["eval", "run", "--data", data, "--t", "0.5", "-o", "y.npz"], &parts);
        scratch.refuses(&["sample", "run", "--encode", data, "-o", "z.npy"], &parts);
    }
    let levels: Vec<f64> = pixels(3).iter().map(|&u| f64::from(u)).collect();
    scratch.put("x.npy", npy(&[3, 36], &levels));
    scratch.refuses(&logp("x.npy", &[]), &["x.npy: whole numbers from 0 to 255, as grey levels are"]);
    scratch.refuses(&["sample", "run", "--encode", "x.npy", "-o", "z.npy"], &["x.npy: whole numbers"]);
}

#[test]
fn images_are_points_in_the_units_of_the_data() {
    let scratch = grey();
    let eval = |data: &str, more: &[&str]| {
        let args = ["eval", "run", "--data", data, "--t", "0.3", "-o", "y.npz"];
        scratch.fokker(&[&args, more].concat()).succeeded();
        read_npz(&scratch.read("y.npz"))
    };
    let found = eval("m", &["--units", "data"]);
    assert_eq!(found["score"].0, [10, 36]);
    // x = u / 128 − 1; slopes are per grey level.
    let x: Vec<f64> = pixels(10).iter().map(|&u| f64::from(u) / 128.0 - 1.0).collect();
    scratch.put("x.npy", npy(&[10, 6, 6], &x));
    let model = eval("x.npy", &[]);
    for (name, power) in [("score", 1), ("dt", 1), ("residual", 1), ("div", 2)] {
        for (data, model) in found[name].1.iter().zip(&model[name].1) {
            let expected = model / 128.0_f64.powi(power);
            assert!((data - expected).abs() <= 1e-9 * expected.abs(), "{name}: {data} {expected}");
        }
    }
    for data in ["m", "m/t10k-images-idx3-ubyte.gz"] {
        let args = ["eval", "run", "--data", data, "--t", "0.3", "-o", "y.npz"];
        scratch.refuses(&args, &[data, "grey levels are in the units of the data", "--units data"]);
    }
    // Grey levels in a table, taken for model coordinates.
    let levels: Vec<f64> = pixels(10).iter().map(|&u| f64::from(u)).collect();
    scratch.put("x.npy", npy(&[10, 36], &levels));
    scratch
        .refuses(&["eval", "run", "--data", "x.npy", "--t", "0.3", "-o", "y.npz"], &["x.npy: row 1", "--units data"]);
}

#[test]
fn images_are_encoded() {
    let scratch = grey();
    scratch.fokker(&["sample", "run", "--encode", "m", "-o", "z.npy"]).succeeded();
    assert_eq!(read_npy(&scratch.read("z.npy")).0, [10, 36]);
    // The way back gives what is between grey levels, which is encoded again.
    scratch.fokker(&["sample", "run", "--decode", "z.npy", "-o", "x.npy"]).succeeded();
    scratch.fokker(&["sample", "run", "--encode", "x.npy", "-o", "again.npy"]).succeeded();
    let (first, again) = (read_npy(&scratch.read("z.npy")).1, read_npy(&scratch.read("again.npy")).1);
    assert!(first.iter().zip(&again).all(|(a, b)| (a - b).abs() < 1e-2));
}
