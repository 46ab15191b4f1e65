//! Images, from the folder to the picture.

use crate::util::{Scratch, TINY, at, cifar, gzip, idx, npy, npy_bytes, number, png, read_npy, read_npz, sets};

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
        let expected = nll / (36.0 * 2.0_f64.ln());
        assert!((number(&found, &bits) - expected).abs() < 1e-9, "both are in grey levels");
        assert!(at(&found, &format!("models.{model}.true_nll")).is_null());
        let copies = at(&found, &format!("models.{model}.memorisation"));
        assert_eq!((number(copies, "k"), number(copies, "held_out.n")), (10.0, 10.0));
        assert!(number(copies, "samples.distance.mean") > 0.0 && at(copies, "closest.7").get("x").is_none());
    }
    assert!(done.stdout.contains("near-copies / if none (%)"), "{done}");
    let page = scratch.text("x/report.html");
    for caption in ["held-out data", "samples of DSM", "samples of FP", "bits per dimension"] {
        assert!(page.contains(caption), "{caption}");
    }
    assert_eq!(page.matches("<img src=\"data:image/png;base64,").count(), 3);
    // Of each model: samples with the training images that they are like, and the way from noise to image.
    assert_eq!(page.matches("href=\"data:image/png;base64,").count(), 4);
    for words in [
        "near-copies of training rows",
        "The samples of FP most like a training image",
        "From noise to image: 3 samples of DSM",
    ] {
        assert!(page.contains(words), "{words}");
    }
    scratch.fokker(&["audit", "x/fp", "--set", "audit.neighbours=0"]).succeeded();
    assert!(at(&scratch.json("x/fp/audit.json"), "memorisation").is_null());
    assert!(!scratch.text("x/fp/report.html").contains("most like a training image"));
    scratch.refuses(&["audit", "x/fp", "--set", "audit.neighbours=1"], &["audit.neighbours", "between 2 and 1000"]);
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
    assert_eq!((pairs().count(), several["se"].1.len()), (2, 2));
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

/// Colour pictures: red on the left, blue on the right, of many strengths; 4 × 6 pixels.
fn pictures(scratch: &Scratch, folder: &str, count: u8) {
    for image in 0..count {
        let left = [200 - image, 3 * image, 10];
        let right = [10, 60 + image, 250 - image];
        let line = [left, left, left, right, right, right].concat();
        scratch.put(&format!("{folder}/{image:02}.png"), png(6, 4, &line.repeat(4)));
    }
}

#[test]
fn colour_pictures_are_learnt_and_drawn() {
    let scratch = Scratch::new();
    pictures(&scratch, "m", 40);
    train(&scratch, "run");
    assert!(scratch.text("run/config.toml").contains("kind = \"images\""));
    scratch.fokker(&["audit", "run"]).succeeded();
    scratch.fokker(&["sample", "run", "-n", "4", "-o", "grid.png"]).succeeded();
    let grid = scratch.read("grid.png");
    // Two by two of 6 × 4 with gaps of 2; 8 bits, red, green and blue.
    assert_eq!([&grid[16..20], &grid[20..24]], [14_u32.to_be_bytes(), 10_u32.to_be_bytes()]);
    assert_eq!(grid[24..26], [8, 2]);
    scratch.fokker(&["sample", "run", "-n", "20", "-o", "s.npy"]).succeeded();
    let (shape, samples) = read_npy(&scratch.read("s.npy"));
    assert_eq!(shape, [20, 72]);
    // Channels last: the red of the left pixels outweighs their blue, and on the right it is the other way round.
    let mean = |at: usize| samples.iter().skip(at).step_by(72).sum::<f64>() / 20.0;
    assert!(
        mean(0) > mean(2) + 50.0 && mean(17) > mean(15) + 50.0,
        "{} {} {} {}",
        mean(0),
        mean(2),
        mean(15),
        mean(17)
    );
}

#[test]
fn pictures_and_an_array_of_them_give_the_same_model() {
    let scratch = Scratch::new();
    let mut all = Vec::new();
    for image in 0..30_u8 {
        let pixels: Vec<u8> = (0..60).map(|at| at * 3 + image).collect();
        scratch.put(&format!("m/{image:02}.png"), png(5, 4, &pixels));
        all.extend(pixels);
    }
    train(&scratch, "a");
    scratch.put("x.npy", npy_bytes(&[30, 4, 5, 3], &all));
    let wider = ["train.steps=300", "network.width=64"];
    let args = ["train", "--preset", "mnist", "--data", "x.npy", "-o", "b"];
    scratch.fokker(&[&args, &*sets(TINY), &*sets(&wider)].concat()).succeeded();
    assert!(scratch.read("a/model.safetensors") == scratch.read("b/model.safetensors"));
    let args = ["train", "--preset", "mnist", "--data", "x.npy", "--set", "data.flip=true", "-o", "c"];
    scratch.fokker(&[&args, &*sets(TINY), &*sets(&wider)].concat()).succeeded();
    assert!(scratch.read("a/model.safetensors") != scratch.read("c/model.safetensors"));
}

#[test]
fn data_are_described() {
    let scratch = Scratch::new();
    for batch in 1..=5_u8 {
        scratch.put(&format!("c/data_batch_{batch}.bin"), cifar(&[batch % 3], [100, 50 + 10 * batch, 7]));
    }
    scratch.put("c/test_batch.bin", [cifar(&[0], [1, 2, 3]), cifar(&[1], [1, 2, 3])].concat());
    let done = scratch.fokker(&["data", "describe", "c"]).succeeded();
    let expected = "c: CIFAR-10 binary\nimages    5 for training, 2 held out\n\
        size      32 × 32, 3 channels (red, green, blue); 3072 dimensions\nvalues    256 grey levels\n\
        labels    3 classes\nmean      100.00, 80.000, 7.0000\nstd       0, 14.142, 0\n";
    assert_eq!(done.stdout, expected);
    let describe = |path: &str, more: &[&str]| {
        let done = scratch.fokker(&[&["data", "describe", path, "--json"], more].concat()).succeeded();
        serde_json::from_str::<serde_json::Value>(&done.stdout).unwrap()
    };
    let found = describe("c", &[]);
    assert_eq!((at(&found, "kind"), at(&found, "classes")), (&"images".into(), &3.into()));
    assert!((number(&found, "mean.1") - 80.0).abs() < 1e-9 && number(&found, "held_out") == 2.0);
    pictures(&scratch, "m", 4);
    scratch.put("m/big.png", png(12, 4, &[9; 144]));
    let found = describe("m", &["--size", "3", "--held-out", "0.4"]);
    assert_eq!((number(&found, "height"), number(&found, "train"), number(&found, "held_out")), (3.0, 3.0, 2.0));
    scratch.put("x.npy", npy(&[4, 2], &[0.0, 1.0, 0.0, 2.0, 4.0, 3.0, 4.0, 4.0]));
    let done = scratch.fokker(&["data", "describe", "x.npy"]).succeeded();
    assert_eq!(done.stdout.lines().count(), 8, "two columns, and a note about each: {done}");
    let found = describe("x.npy", &[]);
    assert_eq!(
        (number(&found, "rows"), number(&found, "columns.0.std"), number(&found, "columns.1.max")),
        (4.0, 2.0, 4.0)
    );
}
