//! `fokker report`: a page about runs.

use crate::util::{Scratch, TINY, sets};

/// A run that has been audited.
fn audited(scratch: &Scratch, preset: &str, run: &str, more: &[&str]) {
    scratch.train(run, preset, more);
    scratch.fokker(&["audit", run]).succeeded();
}

#[test]
fn one_run_and_several() {
    let scratch = Scratch::new();
    audited(&scratch, "moons", "a", &[]);
    audited(&scratch, "moons", "b", &["train.steps=90"]);
    let done = scratch.fokker(&["report", "a"]).succeeded();
    assert_eq!(done.stdout, "report: report.html\n");
    let page = scratch.text("report.html");
    for part in
        ["<h1>a</h1>", "<code>fokker report a</code>", "UTC · fokker ", "a generator", "Samples of a", "Config of a"]
    {
        assert!(page.contains(part), "{part}");
    }
    for part in ["oth models", "paired", "Verdict", "http://www.example"] {
        assert!(!page.contains(part), "{part}");
    }
    // A page of fokker's is replaced.
    scratch.fokker(&["report", "a", "b"]).succeeded();
    let page = scratch.text("report.html");
    for part in ["<h1>a and b</h1>", "difference, paired", "b against a: negative log-likelihood", "Config of b"] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("is not compared"));
}

#[test]
fn runs_that_cannot_be_compared_are_told_apart() {
    let scratch = Scratch::new();
    audited(&scratch, "moons", "a", &[]);
    audited(&scratch, "moons", "seed", &["seed=3"]);
    audited(&scratch, "moons", "finer", &["audit.points=40"]);
    audited(&scratch, "ring8", "ring", &[]);
    scratch.fokker(&["report", "a", "seed", "finer", "ring", "-o", "p.html"]).succeeded();
    let page = scratch.text("p.html");
    for part in [
        "seed is not compared with a, point by point: the seeds of the audits are 0 and 3",
        "finer is not compared with a, point by point: the audits have other settings",
        "ring is not compared with a, point by point: it is of other data",
        "<h1>a, seed, finer and ring</h1>",
        "<h3>ring</h3>",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("paired") && !page.contains("<strong>"));
}

#[test]
fn columns_are_drawn_by_name_or_number() {
    let scratch = Scratch::new();
    let rows: String = (0..60).map(|i| format!("{i},{},{},{},{}\n", i % 7, i * i % 11, i % 5, 60 - i)).collect();
    scratch.put("x.csv", format!("length,width,mass,age,height\n{rows}"));
    let args = ["train", "--preset", "ring8", "--data", "x.csv", "-o", "run"];
    scratch.fokker(&[&args, &*sets(TINY)].concat()).succeeded();
    scratch.fokker(&["audit", "run"]).succeeded();
    let page = scratch.text("run/report.html");
    assert!(page.contains("The first 4 of 5 columns") && page.contains(">age<") && !page.contains(">height<"));
    assert!(page.contains("54 training rows, 6 held-out rows"));
    scratch.fokker(&["report", "run", "--columns", "height,1,mass"]).succeeded();
    let page = scratch.text("report.html");
    assert!(page.contains(">height<") && page.contains(">length<") && !page.contains(">age<"));
    scratch.fokker(&["report", "run", "--columns", "age,width"]).succeeded();
    assert!(scratch.text("report.html").contains("Distribution of width"));
    let refuse = |columns: &str, parts: &[&str]| scratch.refuses(&["report", "run", "--columns", columns], parts);
    refuse("depth", &["--columns depth", "length, width, mass, age, height"]);
    refuse("6", &["no column", "there are length, width, mass, age, height"]);
    refuse("age,4", &["4 is there twice"]);
    refuse("1,2,3,4,5,1,2,3,4", &["at most 8"]);
    // The run alone is enough for a page.
    std::fs::remove_file(scratch.path("x.csv")).unwrap();
    scratch.fokker(&["report", "run"]).succeeded();
    let page = scratch.text("report.html");
    assert!(page.contains("run: no pictures: ") && page.contains("Denoising loss") && !page.contains("pairs\""));
    refuse("age", &["not at hand"]);
}

#[test]
fn what_is_wrong_is_said_before_anything_is_written() {
    let scratch = Scratch::new();
    scratch.train("run", "moons", &[]);
    scratch.refuses(&["report", "run"], &["run: no audit in it", "`fokker audit run`"]);
    scratch.refuses(&["report", "nowhere"], &["nowhere", "no folder"]);
    scratch.fokker(&["audit", "run"]).succeeded();
    scratch.put("report.html", "<!doctype html><title>My thesis</title>");
    scratch.refuses(&["report", "run"], &["report.html", "no page of fokker's", "--force"]);
    scratch.refuses(&["report", "run", "-o", "missing/x.html"], &["missing/x.html", "folder does not exist"]);
    assert!(scratch.text("report.html").contains("My thesis"));
    scratch.fokker(&["report", "run", "--force"]).succeeded();
    assert!(!scratch.text("report.html").contains("My thesis"));
}
