//! Images of the MNIST family, from the folder to the picture.

use crate::util::{Scratch, TINY, at, gzip, idx, npy, number, read_npy, read_npz, sets};

/// 40 images of 6 × 6, the held-out ones gzipped.
fn folder() -> Scratch {
    let scratch = Scratch::new();
    scratch.put("m/train-images-idx3-ubyte", idx(40, 6, 6));
    scratch.put("m/t10k-images-idx3-ubyte.gz", gzip(&idx(10, 6, 6)));
    scratch
}

fn train(scratch: &Scratch, run: &str) {
    let args = ["train", "--preset", "mnist", "--data", "m", "-o", run];
    let wider = ["train.steps=300", "network.width=64"];
    scratch.fokker(&[&args, &*sets(TINY), &*sets(&wider)].concat()).succeeded();
}

#[test]
fn compare_tells_bits_and_shows_images() {
    let scratch = folder();
    let args = ["compare", "--preset", "mnist", "--data", "m", "-o", "x", "--json", "x.json"];
    let few = ["audit.nll_points=8", "audit.points=8", "train.steps=100"];
    let done = scratch.fokker(&[&args, &*sets(TINY), &*sets(&few)].concat()).succeeded();
    assert!(done.stdout.contains("bits per dimension"), "{done}");
    let found = scratch.json("x.json");
    for model in ["dsm", "fp"] {
        let (nll, bits) =
            (number(&found, &format!("models.{model}.nll.mean")), format!("models.{model}.bits_per_dim.mean"));
        let expected = nll / (36.0 * 2.0_f64.ln()) + 7.0;
        assert!((number(&found, &bits) - expected).abs() < 1e-9, "128 grey levels are one unit of the model");
        assert!(at(&found, &format!("models.{model}.true_nll")).is_null());
    }
    let page = scratch.text("x/report.html");
    for caption in ["held-out data", "samples of DSM", "samples of FP", "bits per dimension"] {
        assert!(page.contains(caption), "{caption}");
    }
    assert_eq!(page.matches("<img src=\"data:image/png;base64,").count(), 3);
}

#[test]
fn plain_and_gzipped_files_give_the_same_model() {
    let scratch = folder();
    train(&scratch, "a");
    std::fs::remove_file(scratch.path("m/train-images-idx3-ubyte")).unwrap();
    scratch.put("m/train-images-idx3-ubyte.gz", gzip(&idx(40, 6, 6)));
    train(&scratch, "b");
    assert!(scratch.read("a/model.safetensors") == scratch.read("b/model.safetensors"));
}

#[test]
fn samples_are_pictures_or_grey_levels() {
    let scratch = folder();
    train(&scratch, "run");
    let done = scratch.fokker(&["sample", "run", "-n", "5", "-o", "grid.png"]).succeeded();
    assert_eq!(done.stdout, "grid.png: 5 samples\n");
    let png = scratch.read("grid.png");
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    // Three columns and two rows of 6 × 6 with gaps of 2.
    assert_eq!([&png[16..20], &png[20..24]], [22_u32.to_be_bytes(), 14_u32.to_be_bytes()]);
    scratch.fokker(&["sample", "run", "-n", "5", "-o", "s.npy"]).succeeded();
    let (shape, samples) = read_npy(&scratch.read("s.npy"));
    assert_eq!(shape, [5, 36]);
    let size = (samples.iter().map(|value| value * value).sum::<f64>() / 180.0).sqrt();
    assert!(size > 40.0, "grey levels, not model coordinates: {size}");
}

#[test]
fn grey_levels_are_dequantised() {
    let scratch = folder();
    train(&scratch, "run");
    let levels: Vec<f64> = (0..72).map(|i| f64::from(i * 7 % 256)).collect();
    scratch.put("x.npy", npy(&[2, 36], &levels));
    let logp = |more: &[&str]| {
        let args = ["logp", "run", "--data", "x.npy", "-o", "y.npz", "--tolerance", "1e-3"];
        scratch.fokker(&[&args, more].concat()).succeeded();
        read_npz(&scratch.read("y.npz"))
    };
    let (plain, one, again) = (logp(&["--dequantise", "0"]), logp(&[]), logp(&["--dequantise", "1"]));
    assert_eq!(one, again, "one draw is the default");
    assert_ne!(plain["log_prob"], one["log_prob"]);
    assert!(!one.contains_key("log_prob_importance"));
    let several = logp(&["--dequantise", "5"]);
    let pairs = || several["log_prob"].1.iter().zip(&several["log_prob_importance"].1);
    assert!(pairs().all(|(mean, importance)| importance > mean));
    assert!(several["se"].1.iter().all(|se| *se > 0.0));
    // Bits and nats say the same.
    for (nats, bits) in several["log_prob_importance"].1.iter().zip(&several["bits_per_dim_importance"].1) {
        assert!((bits + nats / (36.0 * 2.0_f64.ln())).abs() < 1e-9);
    }
    // The density at t = 0 is another.
    assert_ne!(logp(&["--at-zero"])["log_prob"], one["log_prob"]);
    let refused = ["logp", "run", "--data", "x.npy", "-o", "y.npz", "--dequantise", "10001"];
    scratch.refuses(&refused, &["--dequantise", "10000"]);
    scratch.train("ring", "ring8", &[]);
    scratch.put("z.npy", npy(&[1, 2], &[0.5, 0.5]));
    let refused = ["logp", "ring", "--data", "z.npy", "-o", "y.npy", "--dequantise", "2"];
    scratch.refuses(&refused, &["--dequantise", "no grey levels"]);
}
