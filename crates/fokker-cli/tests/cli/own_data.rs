//! Rows of one's own: log p and samples are in their units.

use serde_json::{Value, json};

use crate::util::{Scratch, TINY, Zip, npy, number, read_npy, sets, split_safetensors, write_safetensors, zip};

const MODEL: &str = "run/model.safetensors";

fn train(scratch: &Scratch, data: &str) {
    let args = ["train", "--preset", "ring8", "--data", data, "-o", "run"];
    scratch.fokker(&[&args, &*sets(TINY), &*sets(&["train.steps=300"])].concat()).succeeded();
}

fn log_p(scratch: &Scratch, dim: usize, rows: &[f64]) -> Vec<f64> {
    scratch.put("x.npy", npy(&[rows.len() / dim, dim], rows));
    scratch.fokker(&["logp", "run", "--data", "x.npy", "-o", "y.npy", "--tolerance", "1e-6"]).succeeded();
    read_npy(&scratch.read("y.npy")).1
}

/// What the model file says of itself.
fn info(header: &Value) -> Value {
    serde_json::from_str(header["__metadata__"]["fokker"].as_str().unwrap()).unwrap()
}

/// Two columns far from standard, rows that are spread out.
fn table() -> String {
    let row = |i: u32| format!("{},{}\n", 1000.0 + 20.0 * f64::from(i * 7 % 31), -3.0 + 0.01 * f64::from(i * 11 % 29));
    "length,weight\n".to_owned() + &(0..200).map(row).collect::<String>()
}

#[test]
fn columns_are_standardised() {
    let scratch = Scratch::new();
    scratch.put("own.csv", table());
    train(&scratch, "own.csv");
    let info = info(&split_safetensors(&scratch.read(MODEL)).0);
    for (column, mean, std) in [("0", 1300.0, 179.0), ("1", -2.86, 0.0837)] {
        let found = number(&info, &format!("scaling.shift.{column}"));
        assert!((found - mean).abs() < 0.2 * std, "{info}");
        let found = number(&info, &format!("scaling.scale.{column}"));
        assert!((found / std - 1.0).abs() < 0.1, "{info}");
    }
    assert!(scratch.text("run/config.toml").contains("scaling = \"standardise\""));
}

#[test]
fn log_p_in_data_units_is_that_in_model_units_and_the_log_determinant() {
    let scratch = Scratch::new();
    scratch.put("own.csv", table());
    train(&scratch, "own.csv");
    let rows = [1234.0, -2.9, 1500.0, -2.8];
    let found = log_p(&scratch, 2, &rows);
    // The same network without its scaling, given the rows in model coordinates.
    let (mut header, data) = split_safetensors(&scratch.read(MODEL));
    let mut info = info(&header);
    let part = |key: &str| [0, 1].map(|i| number(&info, &format!("scaling.{key}.{i}")));
    let (shift, scale) = (part("shift"), part("scale"));
    info["scaling"] = json!({"shift": [0.0, 0.0], "scale": [1.0, 1.0]});
    info.as_object_mut().unwrap().remove("sha256");
    header["__metadata__"]["fokker"] = json!(info.to_string());
    scratch.put(MODEL, write_safetensors(&header, &data));
    let scaled: Vec<f64> = rows.iter().enumerate().map(|(i, x)| (x - shift[i % 2]) / scale[i % 2]).collect();
    let scaled = log_p(&scratch, 2, &scaled);
    assert_eq!((found.len(), scaled.len()), (2, 2));
    for (a, b) in found.iter().zip(scaled) {
        let expected = b - scale[0].ln() - scale[1].ln();
        assert!((a - expected).abs() < 1e-9, "{a} {expected}");
    }
}

#[test]
fn the_density_integrates_to_one_in_the_units_of_the_data() {
    let scratch = Scratch::new();
    let rows: String = (0..100).map(|i| format!("{}\n", 50.0 + 10.0 * (f64::from(i) * 0.7).sin())).collect();
    scratch.put("own.csv", rows);
    train(&scratch, "own.csv");
    let (low, high, count) = (-30.0, 130.0, 320);
    let width = (high - low) / f64::from(count);
    let points: Vec<f64> = (0..count).map(|i| low + width * (f64::from(i) + 0.5)).collect();
    let mass: f64 = log_p(&scratch, 1, &points).iter().map(|value| value.exp() * width).sum();
    assert!((mass - 1.0).abs() < 1e-3, "{mass}");
}

#[test]
fn samples_are_in_the_units_of_the_data() {
    let scratch = Scratch::new();
    scratch.put("own.csv", table());
    train(&scratch, "own.csv");
    scratch.fokker(&["sample", "run", "-n", "200", "-o", "s.npy"]).succeeded();
    let (shape, samples) = read_npy(&scratch.read("s.npy"));
    assert_eq!(shape, [200, 2]);
    let mean = |column: usize| samples.iter().skip(column).step_by(2).sum::<f64>() / 200.0;
    assert!((mean(0) - 1300.0).abs() < 180.0 && (mean(1) + 2.86).abs() < 0.084, "{} {}", mean(0), mean(1));
}

#[test]
fn every_format_gives_the_same_model() {
    let scratch = Scratch::new();
    let values: Vec<f64> = (0..40).map(|i| f64::from(i * i % 23)).collect();
    scratch.put("own.npy", npy(&[20, 2], &values));
    scratch.put("own.csv", values.chunks(2).map(|row| format!("{},{}\n", row[0], row[1])).collect::<String>());
    train(&scratch, "own.npy");
    let first = scratch.read(MODEL);
    std::fs::remove_dir_all(scratch.path("run")).unwrap();
    train(&scratch, "own.csv");
    assert!(first == scratch.read(MODEL));
}

/// Archives as others write them: entries that are deflated, written as a stream (sizes after the bytes), or with 64-bit sizes; a
/// table among labels, names of columns and settings.
#[test]
fn archives_as_others_write_them() {
    let x = npy(&[3, 2], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let labels = npy(&[3], &[0.0, 1.0, 0.0]);
    let names = String::from_utf8_lossy(&npy(&[2], &[])).replace("<f8", "<U1").into_bytes();
    for kind in [Zip::Stored, Zip::Deflated, Zip::Streamed, Zip::Zip64] {
        let scratch = Scratch::new();
        scratch.put("one.npz", zip(&[("arr_0.npy", &x)], kind));
        let cache = [("target.npy", &labels[..]), ("data.npy", &x), ("feature_names.npy", &names), ("README", b"text")];
        scratch.put("cache.npz", zip(&cache, kind));
        scratch.put("two.npz", zip(&[("a.npy", &x), ("b.npy", &x)], kind));
        scratch.put("none.npz", zip(&[("a.npy", &labels), ("b.npy", &labels)], kind));
        for name in ["one.npz", "cache.npz"] {
            let said = scratch.fokker(&["data", "describe", name]).succeeded().stdout;
            assert!(said.contains("rows      3\ncolumns   2\n"), "{kind:?} {name}: {said}");
            let train = ["train", "--preset", "ring8", "--data", name, "-o", "run", "--force"];
            scratch.fokker(&[&train, &*sets(TINY)].concat()).succeeded();
        }
        scratch.refuses(&["data", "describe", "two.npz"], &["two.npz", "several arrays", "`array`", "it holds a, b"]);
        scratch.refuses(&["data", "describe", "none.npz"], &["none.npz", "none of them numbers in rows and columns"]);
        assert!(
            scratch.fokker(&["data", "describe", "two.npz", "--array", "b"]).succeeded().stdout.contains("rows      3")
        );
    }
    // What is not read is named.
    for (method, part) in [(12, "bzip2"), (14, "LZMA"), (93, "Zstandard"), (77, "method 77")] {
        let scratch = Scratch::new();
        scratch.put("x.npz", zip(&[("x.npy", &x)], Zip::Method(method)));
        scratch.refuses(&["data", "describe", "x.npz"], &["x.npz/x.npy", "compressed by", part, "not read"]);
    }
}
