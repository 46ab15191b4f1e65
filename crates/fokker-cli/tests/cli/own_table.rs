//! Tables as people have them, from the file to samples, likelihoods and pages.

use crate::util::{Scratch, TINY, at, number, sets};

/// Three measurements of fish, with a number, a remark, gaps and whole grams.
fn fish() -> String {
    let row = |i: u32| {
        let length = 38.0 + f64::from(i * 7 % 13) / 2.0 + f64::from(i * 37 % 101) / 50.0;
        let girth = 0.5 * length + f64::from(i * 11 % 17) / 8.0;
        let mass = if i.is_multiple_of(20) { String::new() } else { format!("{:.0}", 0.02 * length * girth * girth) };
        format!("{i},{length:.2},{girth:.2},{mass},{}\n", if i.is_multiple_of(9) { "net torn" } else { "" })
    };
    "id,length,girth,mass,remark\n".to_owned() + &(1..=200).map(row).collect::<String>()
}

const READ: &[&str] = &["data.drop=[\"id\", \"remark\"]", "data.missing=drop-row", "data.dequantise=[\"mass\"]"];

/// A tiny network that stops by the held-out loss, as the preset for tables does.
fn trained(scratch: &Scratch) {
    scratch.put("fish.csv", fish());
    let args = [&["train", "--data", "fish.csv", "-o", "run"], &*sets(TINY), &*sets(READ)].concat();
    let done = scratch.fokker(&args).succeeded();
    assert!(
        done.stdout.contains("10 of 200 rows are left out, in which a value is missing: 10 in column 3 (mass)"),
        "{done}"
    );
}

#[test]
fn the_file_alone_is_enough_and_what_stands_in_the_way_is_named() {
    let scratch = Scratch::new();
    scratch.put("fish.csv", fish());
    let described = scratch.fokker(&["data", "describe", "fish.csv"]).succeeded().stdout;
    for part in [
        "1 (id)",
        "note: column 5 (remark) has 22 values that are text: data.drop = [\"remark\"]",
        "note: column 4 (mass) has 10 missing values: data.missing = \"drop-row\"",
        "note: column 1 (id) counts the rows",
    ] {
        assert!(described.contains(part), "{part}: {described}");
    }
    let train: &[&str] = &["train", "--data", "fish.csv", "-o", "run"];
    scratch.refuses(train, &["fish.csv: row 2, column 5 (remark)", "is a missing value", "data.missing"]);
    let dropped = [train, &["--set", "data.drop=[\"remarks\"]"]].concat();
    scratch.refuses(&dropped, &["fish.csv: no column \"remarks\"", "is `remark` meant?"]);
    trained(&scratch);
    let config = scratch.text("run/config.toml");
    for part in ["drop = [\"id\", \"remark\"]", "missing = \"drop-row\"", "keep = \"best\""] {
        assert!(config.contains(part), "{part}: {config}");
    }
}

#[test]
fn names_and_steps_of_columns_are_kept() {
    let scratch = Scratch::new();
    trained(&scratch);
    scratch.fokker(&["sample", "run", "-n", "20", "-o", "x.csv"]).succeeded();
    let samples = scratch.text("x.csv");
    assert!(samples.starts_with("length,girth,mass\n"));
    let masses: Vec<f64> =
        samples.lines().skip(1).map(|line| line.rsplit(',').next().unwrap().parse().unwrap()).collect();
    assert!(masses.len() == 20 && masses.iter().all(|mass| mass.fract() == 0.0), "whole grams: {masses:?}");
    assert!(
        samples.lines().skip(1).any(|line| !line.split(',').next().unwrap().ends_with(".0")),
        "and lengths of any size"
    );
    // A wider table: the model's columns are found by their names, wherever they stand.
    scratch.put("new.csv", "remark,length,id,girth,mass\nscales lost,40.5,1,21.5,370\n,39.1,2,20.25,320\n");
    let done = scratch.fokker(&["logp", "run", "--data", "new.csv", "-o", "p.csv"]).succeeded();
    assert!(done.stdout.contains("left out, since the model has no such columns: remark, id"), "{done}");
    scratch.put("same.csv", "length,girth,mass\n40.5,21.5,370\n39.1,20.25,320\n");
    scratch.fokker(&["logp", "run", "--data", "same.csv", "-o", "q.csv"]).succeeded();
    assert_eq!(scratch.text("p.csv"), scratch.text("q.csv"));
    scratch.put("other.csv", "length,mass\n40.5,370\n");
    scratch.refuses(&["logp", "run", "--data", "other.csv", "-o", "r.csv"], &["other.csv", "without girth"]);
}

#[test]
fn an_audit_answers_in_words() {
    let scratch = Scratch::new();
    trained(&scratch);
    let printed = scratch.fokker(&["audit", "run"]).succeeded().stdout;
    let audit = scratch.json("run/audit.json");
    assert_eq!(at(&audit, "column_names").as_array().unwrap().len(), 3);
    for key in [
        "baselines.gaussian.less.mean",
        "baselines.mixture.nll.mean",
        "baselines.kernels.nll.mean",
        "generalisation.gap.mean",
        "columns.0.ks",
        "tails.farthest",
    ] {
        assert!(number(&audit, key).is_finite(), "{key}");
    }
    // A network of sixty steps is worse than a Gaussian, and that is said.
    let verdict = at(&audit, "verdict").as_str().unwrap().to_owned();
    assert!(number(&audit, "baselines.gaussian.less.mean") > 0.0 && verdict.starts_with("not good: "), "{verdict}");
    assert!(printed.contains(&format!("verdict: {verdict}")), "{printed}");
    let page = scratch.text("run/report.html");
    for part in ["Is the model good?", "Does it fit held-out rows?", "girth"] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn a_config_of_data_alone_is_whole_and_its_path_is_beside_it() {
    let scratch = Scratch::new();
    scratch.put("project/fish.csv", "a;b\n1,5;2\n2,5;1\n0,5;3\n1;1\n2;2\n3,5;0\n");
    scratch.put("project/fish.toml", "[data]\nkind = \"file\"\npath = \"fish.csv\"\n");
    let args = [&["train", "project/fish.toml", "-o", "run"], &*sets(TINY)].concat();
    scratch.fokker(&args).succeeded();
    let config = scratch.text("run/config.toml");
    assert!(config.contains("project/fish.csv") && config.contains("[network]"), "{config}");
    // What is mistyped is told with what may have been meant.
    scratch.put("project/fish.toml", "[data]\nkind = \"fle\"\npath = \"fish.csv\"\n");
    scratch.refuses(&args, &["project/fish.toml: data.kind", "is `file` meant?"]);
    scratch.put("project/fish.toml", "[data]\nkind = \"file\"\npath = \"fish.csv\"\n[train]\nstep = 5\n");
    scratch.refuses(&["train", "project/fish.toml", "-o", "other"], &["train.step", "is `steps` meant?"]);
}

#[test]
fn the_reference_of_keys_is_the_page_of_the_documents() {
    let scratch = Scratch::new();
    scratch.fokker(&["config", "reference", "-o", "config.md"]).succeeded();
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/config.md");
    let known = std::fs::read_to_string(page).unwrap();
    assert!(scratch.text("config.md") == known, "docs/config.md is older: fokker config reference -o docs/config.md");
    let schema: serde_json::Value =
        serde_json::from_str(&scratch.fokker(&["config", "schema"]).succeeded().stdout).unwrap();
    assert!(at(&schema, "properties.train").is_object());
}
