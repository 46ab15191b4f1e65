//! Data that changed, or moved, since a model was trained on it.

use std::fs;

use crate::util::{Scratch, TINY, at, idx, npy, number, sets, split_safetensors, unsealed};

/// Two columns far from standard; `factor` changes the units.
fn table(factor: f64) -> String {
    let row = |i: u32| {
        let (length, weight) = (1000.0 + 20.0 * f64::from(i * 7 % 31), -3.0 + 0.01 * f64::from(i * 11 % 29));
        format!("{},{}\n", length * factor, weight * factor)
    };
    "length,weight\n".to_owned() + &(0..60).map(row).collect::<String>()
}

const KEPT: &[&str] = &["train.checkpoint_every=20", "train.log_every=20"];

fn train(scratch: &Scratch, run: &str) {
    let args = ["train", "--preset", "ring8", "--data", "x.csv", "-o", run];
    scratch.fokker(&[&args, &*sets(TINY), &*sets(KEPT)].concat()).succeeded();
}

/// As if the run had been killed before its last checkpoint.
fn cut(scratch: &Scratch, run: &str) {
    fs::remove_file(scratch.path(&format!("{run}/checkpoints/step-000000060.safetensors"))).unwrap();
    fs::remove_file(scratch.path(&format!("{run}/model.safetensors"))).unwrap();
}

#[test]
fn a_run_is_not_resumed_on_other_data() {
    let scratch = Scratch::new();
    let good = table(1.0);
    scratch.put("x.csv", &good);
    train(&scratch, "whole");
    train(&scratch, "run");
    cut(&scratch, "run");
    let lines: Vec<&str> = good.lines().collect();
    let mut exchanged = lines.clone();
    exchanged.swap(5, 6);
    for changed in [
        table(1000.0),
        good.replacen("-3,", "-3.001,", 1).replacen("-3\n", "-3.001\n", 1),
        exchanged.join("\n"),
        good.clone() + "1,2\n",
    ] {
        assert_ne!(changed, good);
        scratch.put("x.csv", changed);
        scratch.refuses(&["train", "--resume", "run"], &["x.csv", "is not what training began with"]);
    }
    for (header, reason) in
        [("weight,length", "the same in another order"), ("length,mass", "without weight, and with mass")]
    {
        scratch.put("x.csv", good.replacen("length,weight", header, 1));
        let names =
            format!("its columns are {}, but the model's are length, weight: {reason}", header.replace(',', ", "));
        scratch.refuses(&["train", "--resume", "run"], &["x.csv", &names]);
    }
    let wider: String = lines.iter().map(|line| format!("{line},1\n")).collect();
    scratch.put("x.csv", wider.replacen("weight,1", "weight,age", 1));
    scratch.refuses(&["train", "--resume", "run"], &["x.csv", "length, weight, age", "with age"]);
    // The same values without names are taken in their order, which is said; the result is that of a run never cut.
    scratch.put("x.csv", lines[1..].join("\n"));
    let done = scratch.fokker(&["train", "--resume", "run"]).succeeded();
    assert!(
        done.stdout.contains("note: ") && done.stdout.contains("x.csv: no column names: taken as length, weight"),
        "{done}"
    );
    let weights = |run: &str| split_safetensors(&scratch.read(&format!("{run}/model.safetensors"))).1;
    assert_eq!(weights("run"), weights("whole"));
}

#[test]
fn a_run_is_not_resumed_on_other_images() {
    let scratch = Scratch::new();
    let (train, test) = (idx(40, 6, 6), idx(10, 6, 6));
    scratch.put("m/train-images-idx3-ubyte", &train);
    scratch.put("m/t10k-images-idx3-ubyte", &test);
    let args = ["train", "--preset", "mnist", "--data", "m", "-o", "run"];
    scratch.fokker(&[&args, &*sets(TINY), &*sets(KEPT)].concat()).succeeded();
    cut(&scratch, "run");
    let mut changed = train.clone();
    changed[700] ^= 1;
    scratch.put("m/train-images-idx3-ubyte", changed);
    scratch.refuses(&["train", "--resume", "run"], &["/m: it is not what training began with"]);
    scratch.put("m/train-images-idx3-ubyte", train);
    scratch.fokker(&["train", "--resume", "run"]).succeeded();
}

#[test]
fn a_run_that_does_not_say_what_it_began_with_is_resumed() {
    let scratch = Scratch::new();
    scratch.put("x.csv", table(1.0));
    train(&scratch, "run");
    cut(&scratch, "run");
    let manifest = scratch.text("run/manifest.json");
    let sealed = manifest.lines().find(|line| line.contains("\"sha256\"")).unwrap();
    let changed = manifest.replacen("\"data_fingerprint\": \"", "\"data_fingerprint\": \"x", 1);
    scratch.put("run/manifest.json", &changed);
    scratch.refuses(&["train", "--resume", "run"], &["run/manifest.json: damaged"]);
    scratch.put("run/manifest.json", changed.replace(&format!("{sealed}\n"), ""));
    scratch.refuses(&["train", "--resume", "run"], &["run", "manifest.json", "data_fingerprint"]);
    scratch.put("run/manifest.json", "{");
    scratch.refuses(&["train", "--resume", "run"], &["run/manifest.json"]);
    fs::remove_file(scratch.path("run/manifest.json")).unwrap();
    scratch.fokker(&["train", "--resume", "run"]).succeeded();
}

#[test]
fn a_run_on_data_in_memory_cannot_be_gone_on_with_from_here() {
    let scratch = Scratch::new();
    scratch.put("x.csv", table(1.0));
    train(&scratch, "run");
    cut(&scratch, "run");
    // As it is where a program of one's own trained on its own rows.
    let config = unsealed(&scratch.text("run/config.toml"));
    let (before, data) = config.split_once("[data]\n").unwrap();
    let after = data.find("\n[").unwrap();
    scratch.put("run/config.toml", format!("{before}[data]\nkind = \"memory\"\n{}", &data[after..]));
    scratch.refuses(&["train", "--resume", "run"], &["data.kind = \"memory\"", "no file holds them"]);
    let new = ["train", "--preset", "ring8", "--set", "data={kind=\"memory\"}", "-o", "new"];
    scratch.refuses(&new, &["data.kind = \"memory\""]);
    assert!(!scratch.path("new").exists());
}

/// Audits the run on other data, or on its own, and gives the figures and what was printed first.
fn audit(scratch: &Scratch, more: &[&str]) -> (serde_json::Value, String) {
    let done = scratch.fokker(&[&["audit", "run", "--json", "a.json"], more].concat()).succeeded();
    (scratch.json("a.json"), done.stdout.lines().next().unwrap().to_owned())
}

#[test]
fn an_audit_is_not_made_on_a_changed_file() {
    let scratch = Scratch::new();
    scratch.put("x.csv", table(1.0));
    train(&scratch, "run");
    let (own, _) = audit(&scratch, &[]);
    scratch.put("x.csv", table(1000.0));
    scratch.refuses(&["audit", "run"], &["x.csv: it is not what training began with", "--data PATH"]);
    fs::rename(scratch.path("x.csv"), scratch.path("y.csv")).unwrap();
    scratch.refuses(&["audit", "run"], &["x.csv: no such file", "--data PATH"]);
    // In the model's coordinates, what is a thousand times too large is as unlikely as it looks.
    let (far, said) = audit(&scratch, &["--data", "y.csv", "--set", "audit.step_limit=100"]);
    assert!(said.starts_with("note: y.csv: every value of column 1 (length), 2 (weight)"), "{said}");
    let (near, far) = (number(&own, "nll.mean"), at(&far, "nll.mean").as_f64());
    assert!(far.is_none_or(|far| far > near + 100.0), "{near} {far:?}");
}

#[test]
fn an_audit_follows_the_data_wherever_it_is() {
    let scratch = Scratch::new();
    scratch.put("x.csv", table(1.0));
    train(&scratch, "run");
    let (own, first) = audit(&scratch, &[]);
    assert!(!first.starts_with("data: "), "{first}");
    fs::create_dir(scratch.path("colleague")).unwrap();
    fs::rename(scratch.path("x.csv"), scratch.path("colleague/mine.csv")).unwrap();
    fs::rename(scratch.path("run"), scratch.path("colleague/run")).unwrap();
    fs::rename(scratch.path("colleague"), scratch.path("elsewhere")).unwrap();
    let args = ["audit", "elsewhere/run", "--data", "elsewhere/mine.csv", "--json", "a.json"];
    let done = scratch.fokker(&args).succeeded();
    assert!(done.stdout.starts_with("data: elsewhere/mine.csv, what the model was trained on"), "{done}");
    assert_eq!(scratch.json("a.json"), own, "the same split");
    // In another format, without names: the same data all the same.
    let text = scratch.text("elsewhere/mine.csv");
    let values: Vec<f64> = text.lines().skip(1).flat_map(|line| line.split(',')).map(|x| x.parse().unwrap()).collect();
    scratch.put("mine.npy", npy(&[60, 2], &values));
    let done = scratch.fokker(&["audit", "elsewhere/run", "--data", "mine.npy", "--json", "a.json"]).succeeded();
    let mut lines = done.stdout.lines();
    assert_eq!(lines.next(), Some("note: mine.npy: no column names: taken as length, weight, in this order"));
    assert!(lines.next().unwrap().starts_with("data: mine.npy, what the model was trained on"), "{done}");
    let without_names = |mut audit: serde_json::Value| {
        for key in ["column_names", "answers"] {
            audit.as_object_mut().unwrap().remove(key).unwrap();
        }
        audit
    };
    assert_eq!(without_names(scratch.json("a.json")), without_names(own));
}

#[test]
fn all_rows_of_other_data_are_held_out() {
    let scratch = Scratch::new();
    scratch.put("x.csv", table(1.0));
    train(&scratch, "run");
    scratch.put("new.csv", "length,weight\n1100,-2.9\n1200,-2.8\n1300,-2.85\n");
    let (found, said) = audit(&scratch, &["--data", "new.csv"]);
    assert_eq!(said, "data: new.csv, not what the model was trained on: all 3 rows are held out");
    assert!(number(&found, "nll.mean").is_finite());
    scratch.put("new.csv", "weight,length\n-2.9,1100\n-2.8,1200\n-2.85,1300\n");
    scratch.refuses(&["audit", "run", "--data", "new.csv"], &["new.csv", "weight, length", "in another order"]);
    scratch.put("new.csv", "length,weight,age\n1100,-2.9,1\n1200,-2.8,2\n");
    let done = scratch.fokker(&["audit", "run", "--data", "new.csv"]).succeeded();
    assert!(done.stdout.contains("note: new.csv: left out, since the model has no such columns: age"), "{done}");
    scratch.put("new.csv", "length\n1100\n1200\n");
    scratch.refuses(&["audit", "run", "--data", "new.csv"], &["new.csv", "length,", "without weight"]);
    // A model of a generator, on a table: the truth is not that of the table.
    scratch.train("ring", "ring8", &[]);
    scratch.put("mine.csv", "x,y\n1,0\n0,1\n-1,0\n0,-1\n");
    let args = ["audit", "ring", "--data", "mine.csv", "--json", "r.json"];
    let done = scratch.fokker(&args).succeeded();
    assert!(done.stdout.contains("all 4 rows are held out"), "{done}");
    assert!(at(&scratch.json("r.json"), "true_nll").is_null());
}

#[test]
fn images_of_others_are_audited_without_a_search_for_copies() {
    let scratch = Scratch::new();
    scratch.put("m/train-images-idx3-ubyte", idx(40, 6, 6));
    scratch.put("m/t10k-images-idx3-ubyte", idx(10, 6, 6));
    let args = ["train", "--preset", "mnist", "--data", "m", "-o", "run"];
    scratch.fokker(&[&args, &*sets(TINY), &*sets(&["train.steps=100", "audit.nll_points=8"])].concat()).succeeded();
    assert!(!at(&audit(&scratch, &[]).0, "memorisation").is_null());
    fs::rename(scratch.path("m"), scratch.path("n")).unwrap();
    let (found, said) = audit(&scratch, &["--data", "n"]);
    assert_eq!(said, "data: n, what the model was trained on; held out are the rows that were then");
    assert!(!at(&found, "memorisation").is_null());
    scratch.put("n/t10k-images-idx3-ubyte", idx(11, 6, 6));
    let (found, said) = audit(&scratch, &["--data", "n"]);
    assert_eq!(said, "data: n, not what the model was trained on: all 51 rows are held out");
    assert!(at(&found, "memorisation").is_null());
    assert!(number(&found, "bits_per_dim.mean").is_finite());
    // Data of another kind, or size.
    scratch.put("n/t10k-images-idx3-ubyte", idx(11, 6, 5));
    scratch.put("n/train-images-idx3-ubyte", idx(11, 6, 5));
    scratch.refuses(&["audit", "run", "--data", "n"], &["n: 30 columns", "36"]);
    scratch.put("x.npy", npy(&[4, 36], &[9.0; 144]));
    scratch.refuses(
        &["audit", "run", "--data", "x.npy"],
        &["x.npy: a table, but the model was trained on images of 8-bit grey levels"],
    );
    scratch.put("x.npy", npy(&[4, 6, 6], &[0.25; 144]));
    scratch.refuses(
        &["audit", "run", "--data", "x.npy"],
        &["x.npy: images of continuous values, but the model was trained on images of 8-bit grey levels"],
    );
    scratch.put("t/x.csv", table(1.0));
    scratch
        .fokker(&[&["train", "--preset", "ring8", "--data", "t/x.csv", "-o", "table"], &*sets(TINY)].concat())
        .succeeded();
    scratch.put("pair/train-images-idx3-ubyte", idx(11, 1, 2));
    scratch.put("pair/t10k-images-idx3-ubyte", idx(11, 1, 2));
    scratch.refuses(
        &["audit", "table", "--data", "pair"],
        &["pair: images of 8-bit grey levels, but the model was trained on other data"],
    );
}
