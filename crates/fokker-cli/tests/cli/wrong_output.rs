//! Places that cannot be written to. The tests may run as root, so these are paths below a regular file.

use crate::util::{Scratch, TINY, sets, unsealed};

#[test]
fn folders_below_a_file() {
    let scratch = Scratch::new();
    scratch.put("file", "");
    for folder in ["file/run", "file"] {
        let args = ["train", "--preset", "ring8", "-o", folder];
        scratch.refuses(&[&args, &*sets(TINY)].concat(), &[folder, "directory"]);
        scratch.refuses(&[&["compare", "-o", folder], &*sets(TINY)].concat(), &[folder]);
    }
}

#[test]
fn files_below_a_file_or_in_no_folder() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &[]);
    scratch.put("x.csv", "1,2\n");
    for folder in ["x.csv", "none"] {
        for extension in ["csv", "npy", "npz", "parquet"] {
            let path = format!("{folder}/y.{extension}");
            scratch.refuses(&["logp", "run", "--data", "x.csv", "-o", &path], &[&path]);
            scratch.refuses(&["sample", "run", "-n", "2", "-o", &path], &[&path]);
        }
        let path = format!("{folder}/y.npz");
        scratch.refuses(&["eval", "run", "--data", "x.csv", "--t", "0.5", "-o", &path], &[&path]);
        let path = format!("{folder}/y.json");
        scratch.refuses(&["audit", "run", "--json", &path], &[&path]);
        scratch.refuses(&["bench", "step", "--steps", "1", "--batch", "2", "--json", &path], &[&path]);
    }
}

#[test]
fn compare_looks_for_its_json_before_it_trains() {
    let scratch = Scratch::new();
    scratch.put("file", "");
    let args = [&["compare", "-o", "new", "--json", "file/y.json"], &*sets(TINY)].concat();
    scratch.refuses(&args, &["file/y.json"]);
}

#[test]
fn unknown_extensions() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &[]);
    scratch.put("x.csv", "1,2\n");
    for path in ["y.txt", "y", "y.csv.bz2"] {
        scratch.refuses(&["logp", "run", "--data", "x.csv", "-o", path], &["-o", path, ".npz"]);
        scratch.refuses(&["sample", "run", "-n", "2", "-o", path], &["-o", path, ".png"]);
        scratch.refuses(&["eval", "run", "--data", "x.csv", "--t", "0.5", "-o", path], &["-o", path, ".npz"]);
    }
    scratch.refuses(&["logp", "run", "--data", "x.csv", "-o", "y.png"], &["-o", "y.png", ".npz"]);
    scratch.refuses(&["eval", "run", "--data", "x.csv", "--t", "0.5", "-o", "y.npy"], &["-o", "y.npy", ".npz"]);
}

#[test]
fn pictures_of_what_is_no_image() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &[]);
    scratch.refuses(&["sample", "run", "-n", "2", "-o", "y.png"], &["-o", "y.png", "not images"]);
}

/// A device, a FIFO or a link is not replaced by a file.
#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_written_through() {
    use std::os::unix::fs::{FileTypeExt, symlink};

    let scratch = Scratch::new();
    scratch.train("run", "ring8", &[]);
    scratch.fokker(&["audit", "run", "--json", "/dev/null"]).succeeded();
    assert!(std::fs::symlink_metadata("/dev/null").unwrap().file_type().is_char_device());
    let done = scratch.fokker(&["audit", "run", "--json", "/dev/stdout"]).succeeded();
    assert!(done.stdout.starts_with("{") && done.stdout.contains("\"residual\"") && done.stdout.contains("report:"));
    scratch.put("real/figures.json", "old");
    symlink("real/figures.json", scratch.path("link.json")).unwrap();
    scratch.fokker(&["audit", "run", "--json", "link.json"]).succeeded();
    assert!(std::fs::symlink_metadata(scratch.path("link.json")).unwrap().is_symlink());
    assert!(scratch.text("real/figures.json").contains("\"residual\""));
    assert!(std::process::Command::new("mkfifo").arg(scratch.path("fifo")).status().unwrap().success());
    let fifo = scratch.path("fifo");
    let reader = std::thread::spawn(move || std::fs::read_to_string(fifo).unwrap());
    scratch.fokker(&["audit", "run", "--json", "fifo"]).succeeded();
    assert!(reader.join().unwrap().contains("\"residual\""));
    assert!(std::fs::symlink_metadata(scratch.path("fifo")).unwrap().file_type().is_fifo());
}

/// A disk that is full is the run's failure, not the request's: exit status 1, with what was kept.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_the_run_s_failure() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &[]);
    scratch.fokker(&["audit", "run", "--json", "/dev/full"]).one_line(1, &["/dev/full", "cannot be written", "space"]);
    // Training, under a limit on the size of files that a checkpoint is beyond.
    let limited = |args: &[&str]| {
        let mut command = std::process::Command::new("sh");
        command.args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_fokker")]).args(args);
        scratch.run(args, command)
    };
    let done = limited(&[&["train", "--preset", "ring8", "-o", "new"], &*sets(TINY)].concat());
    done.one_line(1, &["step-000000060.safetensors", "cannot be written", "nothing is kept"]);
    let text = scratch.text("run/config.toml");
    scratch.put("run/config.toml", unsealed(&text).replace("steps = 60\n", "steps = 90\n"));
    let done = limited(&["train", "--resume", "run"]);
    done.one_line(1, &["cannot be written", "step-000000060.safetensors is kept", "fokker train --resume run"]);
    scratch.fokker(&["train", "--resume", "run"]).succeeded();
}
