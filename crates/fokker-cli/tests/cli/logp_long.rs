//! `fokker logp` on files that take long: chunks, kills, `--resume`.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use fokker::data::Fingerprint;

use crate::util::{Scratch, npy, read_npy, read_npz};

/// Points around the ring, no two alike.
fn points(rows: u32) -> Vec<f64> {
    let point = |i: u32| [1.5 * f64::from(i).sin(), f64::from(i % 97) / 40.0 - 1.2];
    (0..rows).flat_map(point).collect()
}

fn prepared(rows: u32) -> Scratch {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &["network.width=48"]);
    scratch.put("x.npy", npy(&[rows as usize, 2], &points(rows)));
    scratch
}

const LOGP: &[&str] = &["logp", "run", "--data", "x.npy", "--probes", "3"];

/// The arguments for a file to be written.
fn to<'a>(output: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [LOGP, &["-o", output], more].concat()
}

/// Starts the program and kills it once `least` bytes of finished rows are on disk.
fn kill_after(scratch: &Scratch, args: &[&str], part: &str, least: usize) {
    let mut child = scratch.command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let (path, start) = (scratch.path(part), Instant::now());
    while fs::metadata(&path).map_or(0, |file| file.len()) < least as u64 {
        assert!(start.elapsed() < Duration::from_secs(60), "no chunk was kept");
        sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(path.exists(), "it ended before it was killed");
}

#[test]
fn a_row_does_not_depend_on_chunks_threads_or_format() {
    let scratch = prepared(300);
    scratch.fokker(&to("y.npz", &[])).succeeded();
    let expected = read_npz(&scratch.read("y.npz"));
    assert_eq!(expected["outcome"], (vec![300], vec![0.0; 300]));
    assert!(expected["evaluations"].1.iter().all(|count| *count > 10.0));
    // The twin that must differ: another seed.
    scratch.fokker(&to("z.npz", &["--seed", "1"])).succeeded();
    assert_ne!(read_npz(&scratch.read("z.npz"))["log_prob"], expected["log_prob"]);
    for (chunk, threads) in [("1", "1"), ("7", "2"), ("64", "1"), ("299", "3"), ("100000", "2")] {
        scratch.fokker(&to("z.npz", &["--chunk-rows", chunk, "--threads", threads])).succeeded();
        assert!(scratch.read("z.npz") == scratch.read("y.npz"), "chunks of {chunk}, {threads} threads");
    }
    let text: String = points(300).chunks(2).map(|p| format!("{:?},{:?}\n", p[0], p[1])).collect();
    scratch.put("x.csv", text);
    let args = ["logp", "run", "--probes", "3", "--chunk-rows", "50", "--data", "x.csv", "-o", "z.npz"];
    scratch.fokker(&args).succeeded();
    assert!(scratch.read("z.npz") == scratch.read("y.npz"), "csv");
}

#[test]
fn rows_have_probes_of_their_own() {
    let scratch = prepared(1);
    scratch.put("x.npy", npy(&[12, 2], &[0.5, 0.25].repeat(12)));
    scratch.fokker(&to("y.npy", &["--chunk-rows", "1"])).succeeded();
    let (_, values) = read_npy(&scratch.read("y.npy"));
    // In two dimensions an estimate has few values, but not one alone.
    assert!(values[1..].iter().any(|value| *value != values[0]), "{values:?}");
}

#[test]
fn after_a_kill_the_result_is_the_same_to_the_last_bit() {
    let scratch = prepared(4000);
    let args = to("y.npz", &["--chunk-rows", "100", "--threads", "1"]);
    kill_after(&scratch, &args, "y.npz.part", 100 * ROW + 500);
    assert!(!scratch.path("y.npz").exists());

    scratch.refuses(&args, &["y.npz.part", "--resume", "delete"]);
    // What a kill in the middle of a write leaves.
    OpenOptions::new().append(true).open(scratch.path("y.npz.part")).unwrap().write_all(&[7; 1000]).unwrap();
    let kept = scratch.read("y.npz.part");
    let done = scratch.fokker(&to("y.npz", &["--resume", "--chunk-rows", "333"])).succeeded();
    assert!(done.stdout.starts_with("y.npz: 4,000 rows, mean log p"), "{done}");
    assert!(!scratch.path("y.npz.part").exists());
    // `--resume` with nothing to go on from starts at the beginning.
    let whole = scratch.fokker(&to("z.npz", &["--resume"])).succeeded();
    assert!(scratch.read("y.npz") == scratch.read("z.npz"));
    assert_eq!(done.stdout.replace("y.npz", "z.npz"), whole.stdout);

    // A record that is damaged is computed again.
    let row = header(&kept) + 12 + ROW * 3;
    let mut changed = kept.clone();
    changed[row] ^= 1;
    scratch.put("y.npz.part", &changed);
    scratch.fokker(&to("y.npz", &["--resume"])).succeeded();
    assert!(scratch.read("y.npz") == scratch.read("z.npz"));
    // One that is whole is used as it stands, even if its numbers are wrong.
    let record = header(&kept)..header(&kept) + 12 + 100 * ROW;
    let mut print = Fingerprint::default();
    print.bytes(&changed[record.clone()]);
    changed[record.end..record.end + 8].copy_from_slice(&print.digest().to_le_bytes());
    scratch.put("y.npz.part", &changed);
    scratch.fokker(&to("y.npz", &["--resume"])).succeeded();
    let [used, whole] = ["y.npz", "z.npz"].map(|name| read_npz(&scratch.read(name))["log_prob"].1.clone());
    let others: Vec<usize> = (0..4000).filter(|&at| used[at] != whole[at]).collect();
    assert_eq!(others, [3]);
}

/// Bytes of a finished row.
const ROW: usize = 49;

/// Bytes of the header of a file of finished rows.
fn header(part: &[u8]) -> usize {
    let magic = b"fokker logp part 2\n".len();
    magic + 4 + u32::from_le_bytes(part[magic..magic + 4].try_into().unwrap()) as usize + 8
}

#[test]
fn cut_anywhere_it_goes_on() {
    let scratch = prepared(1000);
    let args = to("y.npy", &["--chunk-rows", "50"]);
    kill_after(&scratch, &args, "y.npy.part", 50 * ROW * 2 + 500);
    let kept = scratch.read("y.npy.part");
    scratch.fokker(&to("z.npy", &[])).succeeded();
    let header = header(&kept);
    for end in [header, header + 1, header + 12, header + 50 * ROW, header + 50 * ROW + 20, header + 50 * ROW + 21] {
        scratch.put("y.npy.part", &kept[..end]);
        scratch.fokker(&to("y.npy", &["--resume"])).succeeded();
        assert!(scratch.read("y.npy") == scratch.read("z.npy"), "cut at {end}");
    }
    for end in [0, 1, 18, 19, 22, 40, header - 1] {
        scratch.put("y.npy.part", &kept[..end]);
        scratch.refuses(&to("y.npy", &["--resume"]), &["y.npy.part", "header is damaged"]);
    }
    for at in [0, 18, 20, 30, header - 9, header - 1] {
        let mut bytes = kept.clone();
        bytes[at] ^= 4;
        scratch.put("y.npy.part", &bytes);
        scratch.refuses(&to("y.npy", &["--resume"]), &["y.npy.part", "header is damaged"]);
    }
}

#[test]
fn rows_of_another_request_are_refused() {
    let scratch = prepared(1000);
    kill_after(&scratch, &to("y.npy", &["--chunk-rows", "50"]), "y.npy.part", 50 * ROW + 500);
    for (option, value) in [("--seed", "1"), ("--tolerance", "1e-4"), ("--step-limit", "77")] {
        scratch.refuses(&to("y.npy", &["--resume", option, value]), &["y.npy.part", &format!("another {option}")]);
    }
    for option in ["--f64", "--bound"] {
        scratch.refuses(&to("y.npy", &["--resume", option]), &["y.npy.part", &format!("another {option}")]);
    }
    let exact = ["logp", "run", "--data", "x.npy", "-o", "y.npy", "--resume"];
    scratch.refuses(&exact, &["y.npy.part", "another --probes"]);
    let mut rows = points(1000);
    rows[1999] += 1e-9;
    scratch.put("x.npy", npy(&[1000, 2], &rows));
    scratch.refuses(&to("y.npy", &["--resume"]), &["y.npy.part", "another --data"]);
    scratch.put("x.npy", npy(&[999, 2], &points(999)));
    scratch.refuses(&to("y.npy", &["--resume"]), &["y.npy.part", "another --data"]);
    scratch.put("x.npy", npy(&[1000, 2], &points(1000)));
    scratch.train("other", "ring8", &["network.width=48", "seed=9"]);
    let mut other = to("y.npy", &["--resume"]);
    other[1] = "other";
    scratch.refuses(&other, &["y.npy.part", "another model"]);
}

#[test]
fn an_interrupt_leaves_the_rows() {
    let scratch = prepared(40_000);
    let args = to("y.csv", &["--chunk-rows", "100"]);
    let mut child = scratch.command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let (path, start) = (scratch.path("y.csv.part"), Instant::now());
    while fs::metadata(&path).map_or(0, |file| file.len()) < 3000 {
        assert!(start.elapsed() < Duration::from_secs(60), "no chunk was kept");
        sleep(Duration::from_millis(1));
    }
    let id = child.id().to_string();
    std::process::Command::new("kill").args(["-INT", &id]).status().unwrap();
    assert!(!child.wait().unwrap().success());
    assert!(path.exists() && !scratch.path("y.csv").exists());
    scratch.fokker(&to("y.csv", &["--resume"])).succeeded();
    assert_eq!(scratch.text("y.csv").lines().count(), 40_001);
}

#[test]
fn two_at_a_time_are_refused() {
    let scratch = prepared(4000);
    let args = to("y.csv", &["--chunk-rows", "20", "--threads", "1"]);
    let mut child = scratch.command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let start = Instant::now();
    while fs::metadata(scratch.path("y.csv.part")).map_or(0, |file| file.len()) < 1000 {
        assert!(start.elapsed() < Duration::from_secs(60), "no chunk was kept");
        sleep(Duration::from_millis(1));
    }
    let second = scratch.fokker(&to("y.csv", &["--resume"]));
    child.kill().unwrap();
    child.wait().unwrap();
    second.one_line(2, &["y.csv.part", "another process"]);
}

#[test]
fn failed_rows_are_named_in_every_format() {
    let scratch = prepared(60);
    let limited = |output: &'static str| to(output, &["--step-limit", "14", "--chunk-rows", "25"]);
    scratch.fokker(&limited("y.csv")).one_line(1, &["of 60 rows failed", "NaN", "step_limit", "y.csv"]);
    let text = scratch.text("y.csv");
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("log_prob,bits_per_dim,se,outcome,evaluations"));
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    let failed = rows.iter().filter(|row| row[3] == "step_limit").count();
    assert!(failed > 0 && rows.len() == 60, "{text}");
    for row in &rows {
        assert_eq!(row[..3].iter().all(|field| *field == "NaN"), row[3] == "step_limit", "{row:?}");
        assert!(row[3] == "step_limit" || row[3] == "converged");
        assert!(row[4].parse::<u64>().unwrap() > 0);
    }
    scratch.fokker(&limited("y.npz")).one_line(1, &[&format!("{failed} of 60 rows failed")]);
    let arrays = read_npz(&scratch.read("y.npz"));
    let codes: Vec<f64> = rows.iter().map(|row| f64::from(u8::from(row[3] == "step_limit"))).collect();
    assert_eq!(arrays["outcome"].1, codes);
    assert!(!scratch.path("y.npz.part").exists());
}

#[test]
fn parquet_in_and_out() {
    let scratch = prepared(40);
    scratch.fokker(&["sample", "run", "-n", "40", "-o", "x.parquet"]).succeeded();
    scratch.fokker(&["sample", "run", "-n", "40", "-o", "s.npy"]).succeeded();
    let from = |data: &str| {
        scratch.fokker(&["logp", "run", "--data", data, "--chunk-rows", "7", "-o", "y.npy"]).succeeded();
        read_npy(&scratch.read("y.npy")).1
    };
    assert_eq!(from("x.parquet"), from("s.npy"));
    scratch.fokker(&to("y.parquet", &[])).succeeded();
    let bytes = scratch.read("y.parquet");
    assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
    // Its column of text is refused as data, by name.
    scratch.refuses(&["logp", "run", "--data", "y.parquet", "-o", "z.csv"], &["y.parquet", "column 4", "outcome"]);
}

#[test]
fn a_bad_last_row_is_found_before_the_first_is_computed() {
    let scratch = prepared(1);
    let mut rows = points(2000);
    rows[3999] = f64::NAN;
    scratch.put("x.npy", npy(&[2000, 2], &rows));
    scratch.refuses(&to("y.csv", &["--chunk-rows", "10"]), &["x.npy", "row 2000, column 2"]);
    for rows in ["0", "99999999"] {
        scratch.refuses(&to("y.csv", &["--chunk-rows", rows]), &["--chunk-rows", "between 1 and"]);
    }
}
