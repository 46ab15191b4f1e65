//! A flipped bit in any file of a run is told, or changes nothing.

use std::path::PathBuf;

use crate::util::{Chance, Done, Scratch, TINY, copy, sets};

/// A copy of files with one bit flipped.
fn flipped(scratch: &Scratch, from: &str, to: &str, chance: &mut Chance) -> String {
    let target = scratch.path(to);
    let _ = std::fs::remove_dir_all(&target);
    copy(&scratch.path(from), &target);
    let files: Vec<PathBuf> = scratch
        .contents()
        .into_iter()
        .filter(|(path, bytes)| path.starts_with(&target) && !bytes.is_empty() && path.is_file())
        .map(|(path, _)| path)
        .filter(|path| path.extension().is_some_and(|end| end != "html"))
        .collect();
    let path = &files[chance.below(files.len())];
    let mut bytes = std::fs::read(path).unwrap();
    let bit = chance.below(8 * bytes.len());
    bytes[bit / 8] ^= 1 << (bit % 8);
    std::fs::write(path, bytes).unwrap();
    format!("bit {bit} of {}", path.display())
}

/// Flips so many bits of a finished and of an unfinished run: what is made of them is the same as without, or nothing.
fn flips(times: u64) {
    let (scratch, mut chance) = (Scratch::new(), Chance(7));
    let more = ["train.checkpoint_every=50", "train.steps=200", "train.threads=1"];
    let compare = |folder: &'static str| -> Vec<&'static str> {
        [&["compare", "--preset", "ring8", "-o", folder, "--json", "c.json"], &*sets(TINY), &*sets(&more)].concat()
    };
    scratch.fokker(&compare("whole")).succeeded();
    let table = scratch.text("c.json");
    // What an interrupted one left.
    copy(&scratch.path("whole/fp"), &scratch.path("unfinished"));
    std::fs::remove_file(scratch.path("unfinished/model.safetensors")).unwrap();
    let last =
        std::fs::read_dir(scratch.path("unfinished/checkpoints")).unwrap().map(|entry| entry.unwrap().path()).max();
    std::fs::remove_file(last.unwrap()).unwrap();
    scratch.train("model", "ring8", &[]);
    scratch.fokker(&["sample", "model", "-n", "50", "-o", "few.npy", "--tolerance", "1e-2"]).succeeded();
    let logp = |run: &'static str| ["logp", run, "--data", "few.npy", "-o", "logp.csv"];
    scratch.fokker(&logp("whole/fp")).succeeded();
    let (densities, model) = (scratch.read("logp.csv"), scratch.read("whole/fp/model.safetensors"));
    let (mut told, mut same) = (0, 0);
    let mut check = |what: &str, done: &Done, equal: &dyn Fn() -> bool| {
        if done.code == Some(0) {
            assert!(equal(), "{what}: another result\n{done}");
            same += 1;
        } else {
            done.one_line(done.code.unwrap_or(0), &[]);
            assert_eq!(done.code, Some(2), "{what}: {done}");
            told += 1;
        }
    };
    for _ in 0..times {
        let what = flipped(&scratch, "unfinished", "b", &mut chance);
        let done = scratch.fokker(&["train", "--resume", "b"]);
        check(&what, &done, &|| scratch.read("b/model.safetensors") == model);

        let what = flipped(&scratch, "whole", "c", &mut chance);
        let _ = std::fs::remove_file(scratch.path("logp.csv"));
        let done = scratch.fokker(&logp("c/fp"));
        check(&what, &done, &|| scratch.read("logp.csv") == densities);
        let done = scratch.fokker(&compare("c"));
        check(&what, &done, &|| scratch.text("c.json") == table);
    }
    assert!(told > times && same > 0, "{told} told, {same} the same");
}

#[test]
fn a_flipped_bit_is_told_or_changes_nothing() {
    flips(12);
}

#[test]
#[ignore = "two hundred flips take minutes"]
fn two_hundred_flipped_bits_are_told_or_change_nothing() {
    flips(100);
}
