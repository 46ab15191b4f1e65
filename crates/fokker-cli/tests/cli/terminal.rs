//! What a terminal, a log and a script see: progress in lines, more and less of it, JSON alone, completions, pages of the manual.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::util::{Done, Scratch, TINY, send, sets, wait_for};

const COMMANDS: [&str; 15] = [
    "compare",
    "sweep",
    "train",
    "audit",
    "logp",
    "sample",
    "simulate",
    "eval",
    "export",
    "data",
    "presets",
    "bench",
    "doctor",
    "completions",
    "man",
];

/// Training that lasts until it is stopped.
const LONG: &[&str] = &["train.steps=10000000", "train.threads=1"];

/// Trains until it is stopped, for so long, as any program that keeps what is said would have it; standard error.
fn trained(scratch: &Scratch, run: &str, seconds: u64, more: &[&str]) -> String {
    let args = [&["train", "--preset", "ring8", "-o", run], more, &*sets(TINY), &*sets(LONG)].concat();
    let mut command = scratch.command(&args);
    command.env_remove("FOKKER_PROGRESS").stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let metrics = scratch.path(&format!("{run}/metrics.jsonl"));
    wait_for(&mut child, &|| metrics.exists());
    std::thread::sleep(Duration::from_secs(seconds));
    send(&child, "INT");
    String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap()
}

#[test]
fn progress_is_lines_where_there_is_no_terminal() {
    let scratch = Scratch::new();
    let said = trained(&scratch, "run", 6, &[]);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 3, "{said}");
    for (line, end) in [(lines[0], " left, dsm 0."), (lines[1], ", took ")] {
        let parts = ["train: step ", " of 10,000,000 (", " %), ", " steps/s, ", end];
        assert!(parts.iter().all(|part| line.contains(part)), "{said}");
    }
    assert!(lines[2].starts_with("stopped; step "), "{said}");
    // No escapes: a log is read by people and by grep.
    assert!(!said.contains('\u{1b}') && !said.contains('\r'), "{said:?}");
}

#[test]
fn quiet_prints_nothing_and_verbose_more() {
    let scratch = Scratch::new();
    let train = |run, more: &[&str]| {
        let args = [&["train", "--preset", "ring8", "-o", run], more, &*sets(TINY)].concat();
        scratch.fokker(&args)
    };
    let quiet = train("quiet", &["-q"]);
    assert_eq!((quiet.code, &*quiet.stdout, &*quiet.stderr), (Some(0), "", ""), "{quiet}");
    let loud = train("loud", &["--verbose", "--threads", "1"]);
    assert_eq!((loud.code, loud.stdout.lines().count()), (Some(0), 1), "{loud}");
    // TINY's `--set train.threads` comes after the option, and refines it.
    let parts =
        ["kernels, 1 threads, memory budget", "config: preset ring8; 2 threads", "train: training took", "in all"];
    assert!(parts.iter().all(|part| loud.stderr.contains(part)), "{loud}");
    scratch.refuses(&["presets", "-q", "-v"], &["--quiet", "--verbose"]);
    let none = trained(&scratch, "none", 6, &["--quiet"]);
    assert!(none.starts_with("stopped; step ") && none.lines().count() == 1, "{none}");
    // What was asked for is printed all the same.
    let figures = scratch.fokker(&["audit", "-q", "quiet"]).succeeded().stdout;
    assert!(figures.contains("negative log-likelihood") && !figures.contains("report"), "{figures}");
}

#[test]
fn threads_are_asked_for_in_one_way() {
    let scratch = Scratch::new();
    let tiny: Vec<&str> = TINY.iter().copied().filter(|set| !set.starts_with("train.threads")).collect();
    let args = [&["train", "--threads", "1", "--preset", "ring8", "-o", "run"], &*sets(&tiny)].concat();
    scratch.fokker(&args).succeeded();
    assert!(scratch.text("run/config.toml").contains("\nthreads = 1\n"));
    scratch.fokker(&["audit", "run", "--threads", "2"]).succeeded();
    // Before the command, too.
    scratch.fokker(&["--threads", "2", "sample", "run", "-n", "3", "-o", "x.csv"]).succeeded();
    scratch.refuses(&["sample", "run", "-n", "3", "-o", "y.csv", "--threads", "257"], &["threads", "at most 256"]);
    // Sums depend on it: a run is not gone on with otherwise.
    scratch.refuses(&["train", "--resume", "run", "--threads", "2"], &["train.threads", "cannot be changed"]);
}

#[test]
fn json_may_be_all_of_standard_output() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &[]);
    let json = |args: &[&str]| -> serde_json::Value {
        let done = scratch.fokker(&[args, &["--json", "-"]].concat()).succeeded();
        serde_json::from_str(&done.stdout).unwrap_or_else(|error| panic!("{error}: {done}"))
    };
    assert!(json(&["audit", "run"])["nll"]["mean"].is_number());
    let tiny = sets(TINY);
    assert!(json(&[&["compare", "--preset", "ring8", "-o", "both"], &*tiny].concat())["models"].is_object());
    let sweep = ["sweep", "--preset", "ring8", "-o", "swept", "--over", "train.learning_rate=1e-2,2e-2"];
    assert!(json(&[&sweep[..], &*tiny].concat())["rounds"].is_array());
    let small = ["--width", "8", "--depth", "1", "--threads", "1"];
    assert!(
        json(&[&["bench", "residual", "--rows", "10", "--repeats", "1"], &small[..]].concat())["exact"].is_object()
    );
    assert!(json(&[&["bench", "step", "--steps", "2", "--batch", "8"], &small[..]].concat())["dsm"].is_number());
    assert!(json(&["bench", "logp", "--points", "5", "--threads", "1"])["outcomes"].is_object());
    assert!(!scratch.path("-").exists());
}

#[test]
fn what_was_meant_is_suggested() {
    let scratch = Scratch::new();
    scratch.refuses(&["trian"], &["unrecognized subcommand 'trian'", "'train'", "similar"]);
    scratch.refuses(&["train", "--preste", "ring8"], &["'--preste'", "'--preset'", "similar"]);
    scratch.refuses(&["sample", "run", "-n", "1", "-o", "x.csv", "--sampler", "hune"], &["'hune'", "heun"]);
}

#[test]
fn nothing_typed_says_what_to_do_next() {
    let scratch = Scratch::new();
    let done = scratch.fokker(&[]);
    assert_eq!((done.code, &*done.stdout, done.stderr.lines().count()), (Some(2), "", 3), "{done}");
    let parts = ["fokker compare\n", "--data mine.csv", "fokker --help"];
    assert!(parts.iter().all(|part| done.stderr.contains(part)), "{done}");
    assert!(scratch.contents().is_empty());
}

#[test]
fn completions_name_every_command() {
    let scratch = Scratch::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = scratch.fokker(&["completions", shell]).succeeded().stdout;
        assert!(COMMANDS.iter().all(|command| script.contains(command)) && script.contains("fokker"), "{shell}");
        assert!(["preset", "quiet", "threads"].iter().all(|option| script.contains(option)), "{shell}");
    }
    scratch.refuses(&["completions", "bahs"], &["'bahs'", "bash", "fish"]);
}

#[test]
fn the_manual_has_a_page_for_every_command() {
    let scratch = Scratch::new();
    let page = scratch.fokker(&["man"]).succeeded().stdout;
    assert!(page.contains(".TH") && COMMANDS.iter().all(|command| page.contains(command)), "{page}");
    let done = scratch.fokker(&["man", "-o", "man/man1"]).succeeded();
    let pages = fs::read_dir(scratch.path("man/man1")).unwrap().count();
    assert!(done.stdout.contains(&format!("{pages} pages")), "{done}");
    for name in COMMANDS.iter().copied().chain(["bench-step", "data-fetch"]) {
        let page = scratch.text(&format!("man/man1/fokker-{name}.1"));
        assert!(page.contains(".SH SYNOPSIS") && page.contains("\\-\\-quiet"), "{name}: {page}");
    }
    assert!(scratch.path("man/man1/fokker.1").exists());
}

/// A training that is served, stopped when it is dropped, and its port.
struct Served(Child, u16);

impl Served {
    fn new(scratch: &Scratch) -> Self {
        let args = [&["train", "--preset", "ring8", "-o", "run", "--serve", "0"], &*sets(TINY), &*sets(LONG)].concat();
        let mut command = scratch.command(&args);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let (mut line, mut byte) = (Vec::new(), [0]);
        let out = child.stderr.as_mut().unwrap();
        while out.read(&mut byte).unwrap() == 1 && byte != *b"\n" {
            line.push(byte[0]);
        }
        let line = String::from_utf8(line).unwrap();
        let port = line.rsplit_once(':').unwrap().1.trim_end_matches('/').parse().unwrap();
        assert_eq!(line, format!("training is shown at http://127.0.0.1:{port}/"));
        Self(child, port)
    }

    /// What is answered to some bytes.
    fn says(&self, bytes: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.1)).unwrap();
        stream.write_all(bytes.as_bytes()).unwrap();
        let mut said = Vec::new();
        // What comes before a connection is reset counts.
        let _ = stream.read_to_end(&mut said);
        String::from_utf8(said).unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn training_is_shown_on_loopback() {
    let scratch = Scratch::new();
    let mut served = Served::new(&scratch);
    let metrics = scratch.path("run/metrics.jsonl");
    wait_for(&mut served.0, &|| metrics.metadata().is_ok_and(|file| file.len() > 2000));
    let host = format!("Host: 127.0.0.1:{}\r\n\r\n", served.1);
    let page = served.says(&format!("GET / HTTP/1.1\r\n{host}"));
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n") && page.contains("\r\nRefresh: 5\r\n"), "{page}");
    let parts =
        ["<h1>Training in run</h1>", "of 10,000,000", "Learning rate", "Speed since this start", "<svg", "</html>"];
    assert!(parts.iter().all(|part| page.contains(part)), "{page}");
    let head = served.says(&format!("HEAD / HTTP/1.1\r\n{host}"));
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.ends_with("\r\n\r\n"), "{head}");
    for (request, status) in [
        (format!("POST / HTTP/1.1\r\n{host}"), "405"),
        (format!("DELETE / HTTP/1.1\r\n{host}"), "405"),
        (format!("GET /config.toml HTTP/1.1\r\n{host}"), "404"),
        (format!("GET /../../etc/passwd HTTP/1.1\r\n{host}"), "404"),
        ("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n".into(), "403"),
        ("\r\n\r\n".into(), "405"),
        (format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(9000)), "431"),
    ] {
        let said = served.says(&request);
        assert!(said.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {said}");
    }
    // Whoever connects and says nothing keeps others waiting for a moment only.
    let silent = TcpStream::connect(("127.0.0.1", served.1)).unwrap();
    let begun = Instant::now();
    assert!(served.says(&format!("GET / HTTP/1.1\r\n{host}")).starts_with("HTTP/1.1 200"));
    assert!(begun.elapsed() < Duration::from_secs(6));
    drop(silent);
    // The port is taken.
    let port = served.1.to_string();
    let other = ["train", "--preset", "ring8", "-o", "other", "--serve", &port];
    scratch.fokker(&other).one_line(2, &["--serve", &port]);
    assert!(!scratch.path("other").exists());
    // It stops with the training.
    send(&served.0, "TERM");
    assert_eq!(served.0.wait().unwrap().code(), Some(143));
    assert!(TcpStream::connect(("127.0.0.1", served.1)).is_err());
}

#[test]
fn an_audit_tells_how_far_it_is() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &[]);
    let sets = sets(&["audit.nll_points=400000", "audit.tolerance=1e-7", "audit.bound_points=10"]);
    let mut command = scratch.command(&[&["audit", "run", "--threads", "1"], &*sets].concat());
    command.env("FOKKER_PROGRESS", "lines").stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let begun = Instant::now();
    let mut said = String::new();
    let mut out = child.stderr.take().unwrap();
    while !said.ends_with('\n') && begun.elapsed() < Duration::from_secs(60) {
        let mut byte = [0];
        if out.read(&mut byte).unwrap() == 0 {
            break;
        }
        said.push(char::from(byte[0]));
    }
    let _ = child.kill();
    let _ = child.wait();
    let parts = ["audit: log-likelihood; parts done: ", " %), ", " so far; this part: row ", " of 400,000, ", " left"];
    assert!(parts.iter().all(|part| said.contains(part)), "{said}");
}

#[test]
fn what_went_wrong_is_said_in_quiet_too() {
    let done: Done = Scratch::new().fokker(&["audit", "-q", "none"]);
    done.one_line(2, &["none"]);
}
