//! Requests that would take more memory than there is: refused in one line, before anything is taken. The program runs under a
//! limit on its address space, so that what it takes all the same would end it.
#![cfg(target_os = "linux")]

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::util::{self, Scratch, TINY, black_png, gzip_of_zeros, npy, npy_bytes, sets, zip_of_zeros};

const GIB: u64 = 1 << 30;

/// The program under a limit of 4 GiB refuses at once, in one line that says all of `parts`.
#[track_caller]
fn refused(scratch: &Scratch, args: &[&str], parts: &[&str]) {
    let start = Instant::now();
    let done = scratch.limited(4 * GIB, args);
    done.one_line(2, &[&["would take about", "but the memory budget is 2.0 GiB"], parts].concat());
    assert_eq!(done.stdout, "", "{done}");
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}: {done}", start.elapsed());
}

#[track_caller]
fn refused_config(preset: &str, assignments: &[&str], key: &str) {
    let scratch = Scratch::new();
    let args = [&["train", "--preset", preset, "-o", "run"], &*sets(TINY), &*sets(assignments)].concat();
    refused(&scratch, &args, &[key]);
    assert!(!scratch.path("run").exists());
}

const PROBES: &str = "divergence = { kind = \"hutchinson\", probes = 9000000000000000000 }";

#[test]
fn probes_beyond_all_measure() {
    for (assignments, key) in [
        (vec!["loss.fp.divergence.probes=9000000000000000000"], "loss.fp.divergence.probes"),
        (vec!["loss.fp.divergence.probes=9000000000000000000", "loss.fp.unbiased=true"], "loss.fp.divergence.probes"),
        (vec!["loss.fp.divergence.probes=4611686018427387904", "loss.fp.unbiased=true"], "loss.fp.divergence.probes"),
        (vec!["loss.fp.divergence.probes=10001", "loss.fp.estimator=sliced"], "loss.fp.divergence.probes"),
        (vec![&*format!("loss.scalar={{ weight = 1, {PROBES} }}")], "loss.scalar.divergence.probes"),
    ] {
        let scratch = Scratch::new();
        for args in [&["train", "--preset", "ring8", "-o", "run"][..], &["compare"]] {
            scratch.refuses(&[args, &*sets(TINY), &*sets(&assignments)].concat(), &[key, "between 1 and 10000"]);
        }
    }
}

#[test]
fn networks_batches_and_derivatives() {
    let normal = "data={ kind = \"normal\", dim = 3072 }";
    let million = "data={ kind = \"normal\", dim = 1000000 }";
    let (weight, exact) = ("loss.fp.weight=1e-4", "loss.fp.divergence={ kind = \"exact\" }");
    refused_config("ring8", &[normal, weight, exact, "network.width=128"], "error: loss.fp.divergence:");
    let (alone, many) = ("loss.reference_batch=0", "loss.reference_batch=1048576");
    refused_config("ring8", &[million, weight, exact, alone, "network.width=1"], "error: loss.fp.divergence:");
    refused_config("ring8", &[normal, many, "network.width=2"], "error: loss.reference_batch:");
    refused_config("ring8", &["network.width=16384", "network.depth=4"], "error: network.width:");
    refused_config("ring8", &["network.width=1000", "network.depth=1000"], "error: network.width:");
    refused_config("ring8", &[million, alone, "network.width=512"], "error: network.width:");
    let rows = ["train.batch=16777216", "train.chunk_rows=65536", "network.width=2048", "network.depth=1"];
    refused_config("ring8", &rows, "error: train.chunk_rows:");
    refused_config("ring8", &["train.threads=256", "network.width=1500"], "error: train.threads:");
    refused_config(
        "ring8",
        &[weight, "loss.fp.divergence.probes=10000", "network.width=512"],
        "loss.fp.divergence.probes",
    );
}

#[test]
fn the_budget_can_be_raised_and_lowered() {
    let scratch = Scratch::new();
    let run = |more: &[&str], assignments: &[&str]| {
        let args = ["train", "--preset", "ring8", "-o", "run"];
        scratch.fokker(&[&args[..], more, &*sets(TINY), &*sets(assignments)].concat())
    };
    run(&["--memory", "100 KiB"], &[]).one_line(2, &["budget is 100.0 KiB", "--memory"]);
    run(&[], &["memory=\"100 KiB\""]).one_line(2, &["budget is 100.0 KiB", "the key memory"]);
    // The option goes before the key.
    run(&["--memory", "1 GiB"], &["memory=\"100 KiB\""]).succeeded();
    // The key is the run's: it holds for what is done with the run directory, too.
    scratch.fokker(&["train", "--resume", "run"]).one_line(2, &["budget is 100.0 KiB"]);
    scratch.fokker(&["audit", "run", "--memory", "1 GiB"]).succeeded();
    scratch.fokker(&["audit", "run"]).one_line(2, &["budget is 100.0 KiB"]);
}

#[test]
fn audits_of_too_many_points() {
    let scratch = Scratch::new();
    let wide = "data={ kind = \"normal\", dim = 20000 }";
    for key in ["audit.points", "audit.nll_points", "audit.samples", "audit.gap_samples"] {
        let many = format!("{key}=1000000");
        let args = [&["compare", "-o", "out"], &*sets(TINY), &*sets(&[wide, "network.width=2", &many])].concat();
        refused(&scratch, &args, &[&format!("error: {key}:")]);
        assert!(!scratch.path("out").exists(), "{key}: it was trained first");
    }
    scratch.train("run", "ring8", &["train.steps=1"]);
    let args = ["audit", "run", "--set", "audit.samples=16000000"];
    refused(&scratch, &args, &["error: audit.samples:"]);
}

#[test]
fn samples_and_derivatives() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &["train.steps=1"]);
    let sample = |n: &str, more: &[&str]| {
        refused(&scratch, &[&["sample", "run", "-o", "s.npz", "-n", n], more].concat(), &[&format!("error: -n {n}:")]);
    };
    sample("1073741823", &[]);
    sample("18446744073709551615", &[]);
    sample("1000000", &["--trajectory", "501", "--sampler", "reverse-diffusion"]);
    scratch.train("wide", "ring8", &["train.steps=1", "data={ kind = \"normal\", dim = 2000 }"]);
    scratch.put("x.npy", npy(&[100, 2000], &vec![0.0; 200_000]));
    scratch.put("one.npy", npy(&[1, 2000], &[0.0; 2000]));
    let args = ["eval", "wide", "--data", "x.npy", "--t", "0.5", "--what", "jacobian", "-o", "j.npz"];
    refused(&scratch, &args, &["--what jacobian"]);
    let args = ["logp", "wide", "--data", "one.npy", "--probes", "100000", "-o", "p.csv", "--step-limit", "1"];
    // Probes go through the network in groups, so that there is room for them.
    let done = scratch.limited(4 * GIB, &args);
    done.one_line(1, &["1 of 1 rows failed", "step_limit"]);
}

#[test]
fn benchmarks_of_absurd_sizes() {
    let scratch = Scratch::new();
    for repeats in ["0", "1000001", "1000000000000000", "18446744073709551615"] {
        scratch.refuses(&["bench", "residual", "--repeats", repeats], &["--repeats", "between 1 and 1000000"]);
        scratch.refuses(&["bench", "step", "--steps", repeats], &["--steps", "between 1 and 1000000"]);
    }
    for (args, what) in [
        (&["residual", "--rows", "1000000000000"][..], "--rows"),
        (&["residual", "--dim", "900000", "--rows", "1", "--width", "600", "--depth", "1"], "--width"),
        (&["residual", "--width", "16384", "--depth", "4"], "--width"),
        (&["step", "--dim", "900000", "--width", "1000", "--depth", "1"], "network.width"),
        (&["step", "--width", "16384", "--depth", "4"], "network.width"),
        (&["logp", "--points", "16777216", "--probes", "100000"], "--points"),
    ] {
        refused(&scratch, &[&["bench"], args].concat(), &[what]);
    }
    for dim in ["0", "1000001", "18446744073709551615"] {
        scratch.refuses(&["bench", "step", "--dim", dim], &["--dim", "between 1 and 1000000"]);
        scratch.refuses(&["bench", "residual", "--dim", dim], &["--dim", "between 1 and 1000000"]);
    }
    for threads in ["257", "1000000000", "18446744073709551615"] {
        scratch.refuses(&["bench", "step", "--threads", threads], &["threads", "at most 256"]);
        scratch.refuses(&["bench", "residual", "--threads", threads], &["threads", "at most 256"]);
    }
}

#[test]
fn threads_beyond_all_measure() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &["train.steps=1"]);
    for args in [
        &["sample", "run", "-n", "1", "-o", "s.npy"][..],
        &["logp", "run", "--data", "x.csv", "-o", "p.csv"],
        &["eval", "run", "--data", "x.csv", "--t", "0.5", "-o", "e.npz"],
    ] {
        scratch.put("x.csv", "1,2\n");
        let done = scratch.fokker(&[args, &["--threads", "1000000000"]].concat());
        done.one_line(2, &["1000000000 threads", "at most 256"]);
        let _ = std::fs::remove_file(scratch.path("p.csv.part"));
    }
    let args = ["train", "--preset", "ring8", "-o", "new", "--set", "train.threads=1000000000"];
    scratch.refuses(&args, &["train.threads", "at most 256"]);
}

/// Every way in which a table is read refuses the file, by its name.
#[track_caller]
fn refused_table(scratch: &Scratch, name: &str) {
    let train = [&["train", "--preset", "ring8", "-o", "new", "--data", name], &*sets(TINY)].concat();
    refused(scratch, &train, &[name]);
    refused(scratch, &["eval", "run", "--data", name, "--t", "0.5", "-o", "e.npz"], &[name]);
    refused(scratch, &["sample", "run", "--encode", name, "-o", "z.npy"], &[name]);
}

#[test]
fn sparse_arrays() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &["train.steps=1"]);
    let header = |shape: &[usize]| npy(shape, &[]);
    let sparse = |name: &str, head: &[u8], more: u64| {
        scratch.put(name, head);
        let file = File::options().write(true).open(scratch.path(name)).unwrap();
        file.set_len(head.len() as u64 + more).unwrap();
    };
    sparse("x.npy", &header(&[1 << 28, 2]), 4 * GIB);
    refused_table(&scratch, "x.npy");
    // One row, longer than memory: not even a piece of the table can be read.
    sparse("wide.npy", &header(&[1, 1 << 29]), 4 * GIB);
    refused_table(&scratch, "wide.npy");
    refused(&scratch, &["data", "describe", "wide.npy"], &["wide.npy"]);
    let text = String::from_utf8_lossy(&header(&[1 << 28, 2])[10..])
        .replace("'fortran_order': False", "'fortran_order': True ");
    sparse("columns.npy", &[&header(&[1 << 28, 2])[..10], text.as_bytes()].concat(), 4 * GIB);
    refused_table(&scratch, "columns.npy");
    // A table of contents almost as long as the file.
    let length = u32::MAX - 100;
    sparse("x.npz", b"PK\x03\x04", u64::from(length) - 4);
    let end = [&b"PK\x05\x06\0\0\0\0\x01\0\x01\0"[..], &(length - 30).to_le_bytes(), &[30, 0, 0, 0, 0, 0]].concat();
    File::options().append(true).open(scratch.path("x.npz")).unwrap().write_all(&end).unwrap();
    refused_table(&scratch, "x.npz");
}

#[test]
fn archives_that_hold_more_than_they_weigh() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &["train.steps=1"]);
    let bomb = zip_of_zeros("x.npy", &npy(&[1 << 29, 2], &[]), 8 * GIB);
    assert!(bomb.len() < 16 << 20);
    scratch.put("bomb.npz", &bomb);
    refused_table(&scratch, "bomb.npz");
    // As images, bytes in one file and floating-point numbers in the other.
    scratch.put("bytes/x.npz", zip_of_zeros("x.npy", &npy_bytes(&[1 << 20, 64, 64], &[]), 4 * GIB));
    scratch.put("floats/x.npz", zip_of_zeros("x.npy", &npy(&[1 << 18, 64, 64], &[]), 8 * GIB));
    for folder in ["bytes", "floats"] {
        refused(&scratch, &["data", "describe", folder], &["x.npz"]);
    }
    scratch.put("m/train-images-idx3-ubyte.gz", gzip_of_zeros(&idx(1 << 20, 64, 64), 4 * GIB));
    scratch.put("m/t10k-images-idx3-ubyte", util::idx(2, 64, 64));
    let args = ["train", "--preset", "mnist", "-o", "new", "--data", "m"];
    refused(&scratch, &[&args[..], &*sets(TINY)].concat(), &["train-images-idx3-ubyte.gz"]);
    refused(&scratch, &["data", "describe", "m"], &["train-images-idx3-ubyte.gz"]);
}

/// The header of images in the IDX format.
fn idx(count: u32, height: u32, width: u32) -> Vec<u8> {
    [[0, 0, 8, 3], count.to_be_bytes(), height.to_be_bytes(), width.to_be_bytes()].concat()
}

#[test]
fn sparse_images() {
    let scratch = Scratch::new();
    let sparse = |name: &str, head: &[u8], length: u64| {
        scratch.put(name, head);
        File::options().write(true).open(scratch.path(name)).unwrap().set_len(length).unwrap();
    };
    sparse("m/train-images-idx3-ubyte", &idx(1 << 20, 64, 64), 16 + 4 * GIB);
    scratch.put("m/t10k-images-idx3-ubyte", util::idx(2, 64, 64));
    refused(&scratch, &["data", "describe", "m"], &["train-images-idx3-ubyte"]);
    for name in ["data_batch_1.bin", "data_batch_2.bin", "test_batch.bin"] {
        sparse(&format!("c/{name}"), &[], 3073 << 21);
    }
    refused(&scratch, &["data", "describe", "c"], &["data_batch_1.bin"]);
    let header = npy(&[1 << 20, 25, 40], &[]);
    sparse("a/x.npy", &header, header.len() as u64 + (8_000 << 20));
    refused(&scratch, &["data", "describe", "a"], &["x.npy"]);
    sparse("p/x.jpg", b"\xff\xd8\xff\xe0", 4 * GIB);
    refused(&scratch, &["data", "describe", "p"], &["x.jpg"]);
}

#[test]
fn pictures_larger_than_memory() {
    let scratch = Scratch::new();
    for name in ["p/a.png", "p/b.png"] {
        scratch.put(name, black_png(30_000, 30_000));
    }
    refused(&scratch, &["data", "describe", "p"], &["p"]);
    let args = ["train", "--preset", "mnist", "-o", "new", "--set", "data.size=28", "--data", "p"];
    refused(&scratch, &[&args[..], &*sets(TINY)].concat(), &["p/a.png"]);
    // What one takes to be decoded there is; not for two at the same time.
    for name in ["p/a.png", "p/b.png"] {
        scratch.put(name, black_png(15_000, 15_000));
    }
    let done = scratch.limited(4 * GIB, &[&args[..], &*sets(TINY)].concat()).succeeded();
    assert!(done.stdout.contains("new"), "{done}");
}

#[test]
fn streams_without_end() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &["train.steps=1"]);
    symlink("/dev/zero", scratch.path("zero.csv")).unwrap();
    refused_table(&scratch, "zero.csv");
    refused(&scratch, &["logp", "run", "--data", "zero.csv", "-o", "p.csv"], &["zero.csv"]);
    refused(&scratch, &["data", "describe", "zero.csv"], &["zero.csv"]);
    // Of no length: there is nothing in them.
    for name in ["zero.npy", "zero.npz", "zero.parquet"] {
        symlink("/dev/zero", scratch.path(name)).unwrap();
        scratch.limited(4 * GIB, &["logp", "run", "--data", name, "-o", "p.csv"]).one_line(2, &[name]);
    }
    symlink("/dev/zero", scratch.path("zero.toml")).unwrap();
    scratch.limited(4 * GIB, &["train", "zero.toml", "-o", "new"]).one_line(2, &["zero.toml", "longer than 1 MiB"]);
    symlink("/dev/zero", scratch.path("zero.safetensors")).unwrap();
    refused(&scratch, &["sample", "zero.safetensors", "-n", "1", "-o", "s.npy"], &["zero.safetensors"]);
    std::fs::create_dir(scratch.path("p")).unwrap();
    symlink("/dev/zero", scratch.path("p/zero.jpg")).unwrap();
    scratch.limited(4 * GIB, &["data", "describe", "p"]).one_line(2, &["zero.jpg"]);
    std::fs::create_dir(scratch.path("c")).unwrap();
    for name in ["data_batch_1.bin", "test_batch.bin"] {
        symlink("/dev/zero", scratch.path("c").join(name)).unwrap();
    }
    scratch.limited(4 * GIB, &["data", "describe", "c"]).one_line(2, &["c: no images"]);
}

/// What a program that never ends writes into a pipe.
#[track_caller]
fn refused_pipe(program: &str, parts: &[&str]) {
    let scratch = Scratch::new();
    let fifo = scratch.path("pipe.csv");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    // The reader's end is the writer's.
    let text = format!("({program}) > pipe.csv 2> /dev/null");
    let mut writer = Command::new("sh").args(["-c", &text]).current_dir(scratch.path("")).spawn().unwrap();
    let args = ["train", "--preset", "ring8", "--data", "pipe.csv", "-o", "new", "--memory", "256 MiB"];
    let done = scratch.limited(4 * GIB, &[&args[..], &*sets(TINY)].concat());
    writer.wait().unwrap();
    done.one_line(2, &[&["pipe.csv"], parts].concat());
}

#[test]
fn pipes_without_end() {
    let memory = ["would take about", "but the memory budget is 256.0 MiB"];
    // Rows without end; fields without end; one field without end, in one line and in many.
    refused_pipe("yes 1,2", &memory);
    refused_pipe("tr '\\0' ',' < /dev/zero", &["more than 1048576 columns"]);
    refused_pipe("tr '\\0' '1' < /dev/zero", &memory);
    refused_pipe("printf '\"'; exec yes", &memory);
}
