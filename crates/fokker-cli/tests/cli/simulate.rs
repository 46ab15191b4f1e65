//! `fokker simulate`

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use fokker::data::read_table;

use crate::util::{Scratch, TINY, npy, read_npy, read_npz, sets};

fn prepared() -> Scratch {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &["score.parameterisation=noise"]);
    scratch
}

const SIMULATE: &[&str] = &["simulate", "run", "--dt", "1e-3"];

/// The arguments for a few chains.
fn few<'a>(output: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [SIMULATE, &["-n", "7", "--steps", "20", "--save-every", "4", "-o", output], more].concat()
}

#[test]
fn all_formats_hold_the_same_numbers() {
    let scratch = prepared();
    for output in ["y.npy", "y.npz", "y.csv", "y.PARQUET"] {
        let done = scratch.fokker(&few(output, &[])).succeeded();
        assert_eq!(done.stdout, format!("{output}: 5 frames of 7 chains\n"));
        assert!(!scratch.path(&format!("{output}.part")).exists());
    }
    let (shape, positions) = read_npy(&scratch.read("y.npy"));
    assert_eq!(shape, [5, 7, 2]);
    assert!(positions.iter().all(|value| value.is_finite()));
    let arrays = read_npz(&scratch.read("y.npz"));
    assert_eq!(arrays.keys().collect::<Vec<_>>(), ["outcome", "positions", "steps", "times"]);
    assert_eq!(arrays["positions"], (shape, positions.clone()));
    assert_eq!((&arrays["outcome"].1, &arrays["steps"].1), (&vec![0.0; 7], &vec![20.0; 7]));
    assert_eq!(arrays["times"].1, [4.0, 8.0, 12.0, 16.0, 20.0].map(|step| step * 1e-3));
    for output in ["y.csv", "y.PARQUET"] {
        let table = read_table(&scratch.path(output), None).unwrap();
        assert_eq!(table.names.as_deref(), Some(&["chain", "frame", "x0", "x1"].map(String::from)[..]));
        for (at, (row, position)) in table.values.chunks(4).zip(positions.chunks(2)).enumerate() {
            assert_eq!(row, [(at % 7) as f64, (at / 7) as f64, position[0], position[1]]);
        }
        assert_eq!(table.rows, 35);
    }
}

#[test]
fn a_chain_depends_on_its_seed_and_number_and_on_nothing_else() {
    let scratch = prepared();
    let positions = |more: &[&str]| {
        let _ = fs::remove_file(scratch.path("y.npy"));
        scratch.fokker(&few("y.npy", more)).succeeded();
        read_npy(&scratch.read("y.npy")).1
    };
    let usual = positions(&["--threads", "1"]);
    assert_eq!(positions(&["--threads", "3"]), usual);
    assert_eq!(positions(&["--integrator", "baoab", "--kt", "1", "--mass", "1", "--friction", "1"]), usual);
    assert_eq!(positions(&["--t", "1e-3"]), usual);
    let others = [
        positions(&["--seed", "1"]),
        positions(&["--integrator", "scoremd"]),
        positions(&["--integrator", "overdamped"]),
        positions(&["--kt", "2"]),
        positions(&["--mass", "2"]),
        positions(&["--friction", "2"]),
        positions(&["--t", "0.5"]),
    ];
    for (at, other) in others.iter().enumerate() {
        assert!(*other != usual && !others[..at].contains(other), "{at}");
    }
    // A frame is the same however many there are.
    let args = ["-n", "7", "--steps", "20", "--save-every", "2", "-o", "z.npy"];
    scratch.fokker(&[SIMULATE, &args[..]].concat()).succeeded();
    let often = read_npy(&scratch.read("z.npy")).1;
    assert!((0..5).all(|frame| often[(2 * frame + 1) * 14..][..14] == usual[frame * 14..][..14]));
    let args = ["-n", "7", "--steps", "23", "--save-every", "4", "-o", "w.npy"];
    let done = scratch.fokker(&[SIMULATE, &args[..]].concat()).succeeded();
    assert!(done.stdout.starts_with("note: the last 3 of 23 steps"), "{done}");
    assert_eq!(read_npy(&scratch.read("w.npy")).1, usual);
}

#[test]
fn chains_start_where_they_are_told_in_the_units_of_the_data() {
    let scratch = Scratch::new();
    let row = |i: u32| format!("{},{}\n", 100 + i * 7 % 31, f64::from(i * 11 % 29) / 100.0);
    scratch.put("x.csv", "chain,weight\n".to_owned() + &(0..80).map(row).collect::<String>());
    scratch
        .fokker(&[&["train", "--preset", "ring8", "--data", "x.csv", "-o", "run"], &*sets(TINY)].concat())
        .succeeded();
    scratch.put("one.csv", "chain,weight\n110,0.1\n");
    let start: Vec<f64> = (0..7).flat_map(|at| [100.0 + f64::from(at), 0.15]).collect();
    scratch.put("seven.npy", npy(&[7, 2], &start));
    // So short a time that nothing moves far.
    let brief = |output: &str, from: &str| {
        let args = ["simulate", "run", "-n", "7", "--steps", "2", "--save-every", "1", "--dt", "1e-9", "-o", output];
        scratch.fokker(&[&args[..], &["--start", from]].concat()).succeeded();
    };
    brief("one.npy", "one.csv");
    let near = |found: &[f64], expected: &[f64]| found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-3);
    assert!(near(&read_npy(&scratch.read("one.npy")).1, &[110.0, 0.1].repeat(14)));
    brief("seven.csv", "seven.npy");
    let text = scratch.text("seven.csv");
    assert!(text.starts_with("chain_,frame,chain,weight\n0,0,"), "{text}");
    let table = read_table(&scratch.path("seven.csv"), None).unwrap();
    let found: Vec<f64> = table.values.chunks(4).flat_map(|row| row[2..].to_vec()).collect();
    assert!(near(&found, &start.repeat(2)), "{found:?}");
    // Otherwise at samples of the model, those of the same seed.
    let args = ["simulate", "run", "-n", "7", "--steps", "1", "--save-every", "1", "--dt", "1e-9", "-o", "y.npy"];
    scratch.fokker(&args).succeeded();
    scratch.fokker(&["sample", "run", "-n", "7", "-o", "samples.npy"]).succeeded();
    let [found, samples] = ["y.npy", "samples.npy"].map(|name| read_npy(&scratch.read(name)).1);
    assert!(near(&found, &samples) && !near(&found, &start), "{found:?} {samples:?}");

    scratch.put("three.csv", "chain,weight\n110,0.1\n111,0.1\n112,0.1\n");
    scratch.put("wide.csv", "1,2,3\n");
    scratch.put("other.csv", "weight,chain\n0.1,110\n");
    for (file, part) in [
        ("three.csv", "3 rows, neither 1 nor -n 7"),
        ("wide.csv", "3 columns"),
        ("other.csv", "the same in another order"),
        ("none.csv", "none.csv"),
    ] {
        scratch.refuses(&few("z.npy", &["--start", file]), &[file, part]);
    }
}

/// A simulation that takes seconds.
fn long<'a>(output: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [SIMULATE, &["-n", "40", "--steps", "30000", "--save-every", "30", "-o", output], more].concat()
}

/// Bytes of a frame, and of a state.
const FRAME: usize = 40 * 2 * 8;
const STATE: usize = 8 + 2 * FRAME + 2 * 40 * 8;

/// Bytes of the header.
fn header(part: &[u8]) -> usize {
    let magic = b"fokker simulate part 1\n".len();
    magic + 4 + u32::from_le_bytes(part[magic..magic + 4].try_into().unwrap()) as usize + 8
}

/// Bytes up to the end of the first record, where it is whole.
fn first_record(part: &[u8]) -> Option<usize> {
    let magic = b"fokker simulate part 1\n".len();
    part.get(magic..magic + 4)?;
    let head = header(part);
    let frames = u32::from_le_bytes(part.get(head + 8..head + 12)?.try_into().unwrap()) as usize;
    let end = head + 20 + frames * FRAME + STATE;
    (end <= part.len()).then_some(end)
}

/// Starts the program and kills it once its first record is on disk, whole: a write may be seen half done.
fn kill_after_a_record(scratch: &Scratch, args: &[&str], part: &str) {
    let mut child = scratch.command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let (path, start) = (scratch.path(part), Instant::now());
    while fs::read(&path).map_or(true, |part| first_record(&part).is_none()) {
        assert!(start.elapsed() < Duration::from_secs(60), "nothing was kept");
        sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(path.exists(), "it ended before it was killed");
}

#[test]
fn after_a_kill_the_result_is_the_same_to_the_last_bit() {
    let scratch = prepared();
    let args = long("y.npz", &["--threads", "1"]);
    kill_after_a_record(&scratch, &args, "y.npz.part");
    assert!(!scratch.path("y.npz").exists());
    scratch.refuses(&args, &["y.npz.part", "--resume", "delete"]);
    let kept = scratch.read("y.npz.part");
    // What a kill in the middle of a write leaves.
    OpenOptions::new().append(true).open(scratch.path("y.npz.part")).unwrap().write_all(&[7; 1000]).unwrap();
    let done = scratch.fokker(&long("y.npz", &["--resume", "--threads", "2"])).succeeded();
    assert_eq!(done.stdout, "y.npz: 1,000 frames of 40 chains\n");
    assert!(!scratch.path("y.npz.part").exists());
    // `--resume` with nothing to go on from starts at the beginning.
    scratch.fokker(&long("z.npz", &["--resume"])).succeeded();
    let whole = scratch.read("z.npz");
    assert!(scratch.read("y.npz") == whole);
    assert_eq!(read_npz(&whole)["positions"].0, [1000, 40, 2]);

    // Cut anywhere, or damaged, it goes on from the last whole record before.
    let head = header(&kept);
    let record = first_record(&kept).unwrap() - head;
    let mut changed = kept.clone();
    changed[head + 30] ^= 1;
    for part in [&kept[..head], &kept[..head + 13], &kept[..head + record - 1], &changed[..]] {
        fs::remove_file(scratch.path("y.npz")).unwrap();
        scratch.put("y.npz.part", part);
        scratch.fokker(&long("y.npz", &["--resume"])).succeeded();
        assert!(scratch.read("y.npz") == whole);
    }
    // The twin: what is whole is used as it stands, even if it is wrong.
    let body = head..head + record - 8;
    let mut print = fokker::data::Fingerprint::default();
    print.bytes(&changed[body.clone()]);
    changed[body.end..body.end + 8].copy_from_slice(&print.digest().to_le_bytes());
    fs::remove_file(scratch.path("y.npz")).unwrap();
    scratch.put("y.npz.part", &changed);
    scratch.fokker(&long("y.npz", &["--resume"])).succeeded();
    assert!(scratch.read("y.npz") != whole);

    fs::remove_file(scratch.path("y.npz")).unwrap();
    scratch.put("y.npz.part", &kept[..head - 1]);
    scratch.refuses(&long("y.npz", &["--resume"]), &["y.npz.part", "header is damaged"]);
    scratch.put("y.npz.part", &kept);
    for (option, value) in [
        ("--seed", "1"),
        ("--kt", "2"),
        ("--mass", "2"),
        ("--friction", "2"),
        ("--t", "0.5"),
        ("--integrator", "scoremd"),
    ] {
        let parts = ["y.npz.part", &format!("another {option}")];
        scratch.refuses(&long("y.npz", &["--resume", option, value]), &parts);
    }
    let other = ["simulate", "run", "-n", "40", "--steps", "30000", "--save-every", "30", "-o", "y.npz", "--resume"];
    scratch.refuses(&[&other[..], &["--dt", "2e-3"]].concat(), &["y.npz.part", "another --dt"]);
    scratch.put("one.csv", "1,1\n");
    scratch.refuses(&long("y.npz", &["--resume", "--start", "one.csv"]), &["y.npz.part", "another --start"]);
    scratch.train("other", "ring8", &["seed=9", "score.parameterisation=noise"]);
    let mut args = long("y.npz", &["--resume"]);
    args[1] = "other";
    scratch.refuses(&args, &["y.npz.part", "another model"]);
}

#[test]
fn a_step_too_long_ends_chains_and_not_the_simulation() {
    let scratch = prepared();
    scratch.put("start.csv", "1.5,0\n-1.5,0\n1e9,0\n");
    let args = ["simulate", "run", "-n", "3", "--steps", "20", "--save-every", "1", "--start", "start.csv", "-o"];
    // Beyond all data a chain is lost before its first step; the others go on.
    let done = scratch.fokker(&[&args[..], &["y.npz", "--dt", "1e-4"]].concat());
    done.one_line(1, &["1 of 3 chains blew up", "chain 2, at step 0", "y.npz", "--dt than 0.0001"]);
    assert_eq!(done.stdout, "y.npz: 20 frames of 3 chains\n");
    let arrays = read_npz(&scratch.read("y.npz"));
    assert_eq!((&arrays["outcome"].1, &arrays["steps"].1), (&vec![0.0, 0.0, 1.0], &vec![20.0, 20.0, 0.0]));
    let is_nan = |at: usize| arrays["positions"].1[2 * at].is_nan();
    assert!((0..60).all(|at| is_nan(at) == (at % 3 == 2)));
    // A step that is too long for all, and the same in a table.
    let done = scratch.fokker(&[&args[..], &["y.csv", "--dt", "1e4"]].concat());
    done.one_line(1, &["3 of 3 chains blew up", "--dt than 10000"]);
    assert!(scratch.text("y.csv").ends_with("2,19,NaN,NaN\n"));
}

#[test]
fn what_cannot_be_is_refused() {
    let scratch = prepared();
    let with = |more: &[&'static str]| {
        let usual = [("-n", "7"), ("--steps", "20"), ("--save-every", "4"), ("--dt", "0.01"), ("-o", "y.npy")];
        let kept = usual.iter().filter(|(option, _)| !more.contains(option));
        let mut args = vec!["simulate", "run"];
        args.extend(kept.flat_map(|(option, value)| [*option, *value]));
        [args, more.to_vec()].concat()
    };
    for (option, values) in [
        ("--dt", &["0", "-1", "NaN", "inf"][..]),
        ("--kt", &["0", "-0.5", "nan"]),
        ("--mass", &["0", "inf"]),
        ("--friction", &["0", "-2"]),
    ] {
        for value in values {
            scratch.refuses(&with(&[option, *value]), &[option, "must be positive"]);
        }
    }
    for option in ["-n", "--steps", "--save-every"] {
        scratch.refuses(&with(&[option, "0"]), &[option, "must be at least 1"]);
    }
    scratch.refuses(&with(&["--save-every", "21"]), &["--save-every 21", "--steps 20"]);
    scratch.refuses(&with(&["-n", "9999999999999"]), &["-n 9999999999999", "memory budget"]);
    for t in ["0", "1.5", "NaN"] {
        scratch.refuses(&with(&["--t", t]), &["--t", "must be in (0, 1]"]);
    }
    scratch.refuses(&with(&["--integrator", "verlet"]), &["'verlet'", "--integrator", "baoab"]);
    scratch.refuses(&with(&["--integrator", "mala"]), &["--integrator mala", "no log-densities"]);
    let bare = ["simulate", "run", "-n", "7", "--steps", "20", "--save-every", "4", "-o", "y.npy"];
    scratch.refuses(&bare, &["--dt", "needed"]);
    scratch.refuses(&["simulate", "run"], &["-n <CHAINS>", "--steps <STEPS>"]);
    scratch.refuses(&with(&["-o", "y.txt"]), &["-o", "y.txt", ".npz"]);
    scratch.refuses(&with(&["-o", "none/y.npy"]), &["none/y.npy", "its folder does not exist"]);
    scratch.put("y.npy", "something");
    scratch.refuses(&with(&[]), &["y.npy", "it is there already"]);
    scratch.refuses(&with(&["--resume"]), &["y.npy", "it is there already"]);
    let mut none = with(&["-o", "z.npy"]);
    none[1] = "none";
    scratch.refuses(&none, &["none"]);
}
