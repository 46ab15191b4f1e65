//! Inputs of which a few bytes ask for very much: refused at once by a limit that the message names; and as much as anyone means is
//! taken.
#![cfg(target_os = "linux")]

use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

use crate::util::{Scratch, TINY, gzip_of_zeros, idx, png, sets};

const GIB: u64 = 1 << 30;

/// Refused in a moment, in little memory, in one short line.
#[track_caller]
fn refused(scratch: &Scratch, args: &[&str], parts: &[&str]) {
    let start = Instant::now();
    let done = scratch.limited(GIB, args);
    done.one_line(2, parts);
    assert!(done.stdout.is_empty() && done.stderr.len() < 1000, "{done}");
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}: {done}", start.elapsed());
}

#[test]
fn keys_without_end() {
    let scratch = Scratch::new();
    let deep = vec!["a"; 20_000].join(".");
    let value = format!("train.steps={}{}", "[".repeat(20_000), "]".repeat(20_000));
    for (set, part) in [(&*format!("{deep}=1"), "no key lies so deep"), (&value, "train.steps")] {
        refused(&scratch, &["train", "--preset", "ring8", "-o", "run", "--set", set], &["preset ring8", part]);
    }
    let keys: String = (0..130_000).map(|at| format!("k{at}=1\n")).collect();
    let arms: String = (0..40_000).map(|at| format!("[[arm]]\nname=\"{at}\"\n")).collect();
    let ring = scratch.fokker(&["presets", "ring8"]).succeeded().stdout;
    let many: String = (0..11_000_000).map(|at| format!("k{at}=1\n")).collect();
    for (text, part) in [
        (keys[..=keys[..1 << 20].rfind('\n').unwrap()].to_owned(), "more than 2000 keys"),
        (format!("{ring}{arms}"), "more than 2000 keys"),
        (many, "longer than 1 MiB"),
        (format!("{}=1\n", vec!["a"; 500_000].join(".")), "recursion limit"),
        (format!("[{}]\nx=1\n", vec!["a"; 500_000].join(".")), "recursion limit"),
    ] {
        scratch.put("x.toml", text);
        refused(&scratch, &["train", "x.toml", "-o", "run"], &["x.toml", part]);
    }
    // Numbers are no keys: a long list of times is what it is, and so is a long comment.
    let times: Vec<String> = (0..40_000).map(|at| format!("{}", 0.001 + f64::from(at) * 1e-5)).collect();
    let comment = "# nothing\n".repeat(20_000);
    let text =
        format!("{comment}{}", ring.replacen("[train]", &format!("[audit]\ntimes=[{}]\n[train]", times.join(",")), 1));
    scratch.put("long.toml", text);
    let tiny: Vec<&str> = TINY.iter().copied().filter(|key| !key.starts_with("audit.times")).collect();
    scratch.fokker(&[&["train", "long.toml", "-o", "run"], &*sets(&tiny)].concat()).succeeded();
}

/// Folders in one another, with pictures in the innermost.
fn nested(scratch: &Scratch, name: &str, depth: usize) {
    let folder = format!("{name}/{}", "a/".repeat(depth));
    scratch.put(&format!("{folder}x.png"), png(4, 4, &[9; 16]));
    scratch.put(&format!("{folder}y.png"), png(4, 4, &[8; 16]));
}

#[test]
fn folders_without_end() {
    let scratch = Scratch::new();
    nested(&scratch, "deep", 800);
    nested(&scratch, "shallow", 60);
    refused(&scratch, &["data", "describe", "deep"], &["deep", "more than 64 folders in one another"]);
    let args = ["train", "--preset", "mnist", "-o", "run", "--data", "deep"];
    refused(&scratch, &args, &["deep", "more than 64 folders in one another"]);
    assert!(scratch.fokker(&["data", "describe", "shallow"]).succeeded().stdout.contains("1 for training, 1 held out"));
    // Two links in each of thirty folders to the next: a billion paths to one picture.
    for at in 0..30 {
        scratch.put(&format!("links/{at}/hidden/.x"), "");
        for name in ["a", "b"] {
            symlink(format!("../{}", at + 1), scratch.path(&format!("links/{at}/{name}"))).unwrap();
        }
    }
    nested(&scratch, "links/30", 0);
    refused(&scratch, &["data", "describe", "links/0"], &["links/0", "more than 200000 folders"]);
    assert!(scratch.fokker(&["data", "describe", "links/28"]).succeeded().stdout.contains("images    "));
    // A circle of links ends by itself.
    symlink("..", scratch.path("shallow/a/up")).unwrap();
    assert!(scratch.fokker(&["data", "describe", "shallow"]).succeeded().stdout.contains("1 for training, 1 held out"));
}

#[test]
fn columns_without_end() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &["train.steps=1"]);
    let wide =
        |columns: usize, rows: usize, between: &str| format!("{}\n", vec!["1"; columns].join(between)).repeat(rows);
    scratch.put("wide.csv", wide(50_000_000, 1, ","));
    scratch.put("wide.tsv", wide(2_000_000, 1, "\t"));
    for name in ["wide.csv", "wide.tsv"] {
        let parts = [name, "more than 1048576 columns"];
        refused(&scratch, &["data", "describe", name], &parts);
        refused(&scratch, &["logp", "run", "--data", name, "-o", "p.csv"], &parts);
        refused(&scratch, &["train", "--preset", "ring8", "-o", "new", "--data", name], &parts);
    }
    scratch.put("most.csv", wide(1 << 20, 2, ","));
    assert!(scratch.limited(GIB, &["data", "describe", "most.csv"]).succeeded().stdout.contains("columns   1048576"));
    // Many rows are not many columns.
    scratch.put("long.csv", wide(3, 1_000_000, ","));
    assert!(scratch.limited(GIB, &["data", "describe", "long.csv"]).succeeded().stdout.contains("rows      1000000"));
}

#[test]
fn gzip_without_end() {
    let scratch = Scratch::new();
    let header = |count: u32| [[0, 0, 8, 3], count.to_be_bytes(), 64_u32.to_be_bytes(), 64_u32.to_be_bytes()].concat();
    scratch.put("m/t10k-images-idx3-ubyte", idx(2, 64, 64));
    let images = "m/train-images-idx3-ubyte.gz";
    scratch.put(images, gzip_of_zeros(&header(800_000), 800_000 << 12));
    let start = Instant::now();
    refused(&scratch, &["data", "describe", "m"], &["train-images-idx3-ubyte.gz", "would take about 3.1 GiB"]);
    assert!(start.elapsed() < Duration::from_secs(2), "it was unpacked first: {:?}", start.elapsed());
    // A header that promises less than there is, or more (what is wrong first is the checksum).
    scratch.put(images, gzip_of_zeros(&header(2), 800_000 << 12));
    scratch.limited(GIB, &["data", "describe", "m"]).one_line(2, &[images, "too long"]);
    scratch.put(images, gzip_of_zeros(&header(90_000), 1 << 12));
    scratch.limited(GIB, &["data", "describe", "m"]).one_line(2, &[images]);
    scratch.put(images, crate::util::gzip(&idx(9, 64, 64)[..]));
    assert!(scratch.limited(GIB, &["data", "describe", "m"]).succeeded().stdout.contains("9 for training, 2 held out"));
}

#[test]
fn steps_without_end() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &["train.steps=1"]);
    scratch.put("known.csv", "1,NaN\n");
    scratch.put("x.csv", "1,2\n");
    let sample = &["sample", "run", "-n", "1", "-o", "s.npy"][..];
    let corrected = &[sample, &["--sampler", "predictor-corrector"]].concat()[..];
    let known = &[sample, &["--inpaint", "known.csv"]].concat()[..];
    let simulate = &["simulate", "run", "-n", "1", "--dt", "0.01", "-o", "f.npy"][..];
    for count in ["9000000000000000000", "18446744073709551615"] {
        refused(
            &scratch,
            &[corrected, &["--corrector-steps", count]].concat(),
            &["--corrector-steps", "at most 10000"],
        );
        refused(&scratch, &[corrected, &["--steps", count]].concat(), &["--steps", "at most 10000000"]);
        refused(&scratch, &[known, &["--resample", count]].concat(), &["--resample", "at most 10000"]);
        refused(&scratch, &[simulate, &["--steps", count, "--save-every", count]].concat(), &["--steps", "at most"]);
        refused(&scratch, &[simulate, &["--steps", count, "--save-every", "1"]].concat(), &["--steps", "at most"]);
        let args = ["logp", "run", "--data", "x.csv", "-o", "p.csv", "--step-limit", count];
        refused(&scratch, &args, &["--step-limit", "between 1 and 10000000"]);
    }
    // Each of them alone might be meant.
    let many = ["--steps", "1000000", "--corrector-steps", "10000"];
    refused(&scratch, &[corrected, &many].concat(), &["--corrector-steps", "more than 1000000000 in all"]);
    let many =
        ["--sampler", "predictor-corrector", "--corrector-steps", "1000", "--steps", "101", "--resample", "10000"];
    refused(&scratch, &[known, &many].concat(), &["--resample", "more than 1000000000 in all"]);
    for (args, more) in [
        (corrected, &["--steps", "3", "--corrector-steps", "2000"][..]),
        (known, &["--steps", "3", "--resample", "1000"]),
        (simulate, &["--steps", "1000", "--save-every", "1000"]),
        (&["logp", "run", "--data", "x.csv", "-o", "p.csv"], &["--step-limit", "10000000"]),
    ] {
        scratch.fokker(&[args, more].concat()).succeeded();
    }
}
