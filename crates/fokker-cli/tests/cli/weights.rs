//! `train --init` and `export`: weights from and for other programs.

use crate::util::{Scratch, TINY, sets, split_safetensors, write_safetensors};

const ZERO: &[&str] = &["train.steps=0"];

fn tensors(scratch: &Scratch, name: &str) -> std::collections::BTreeMap<String, (Vec<u64>, Vec<u8>)> {
    let (header, data) = split_safetensors(&scratch.read(name));
    let entries = header.as_object().unwrap().iter().filter(|(name, _)| *name != "__metadata__");
    let numbers = |value: &serde_json::Value| value.as_array().unwrap().iter().map(|v| v.as_u64().unwrap()).collect();
    entries
        .map(|(name, entry)| {
            let (shape, at): (Vec<u64>, Vec<u64>) = (numbers(&entry["shape"]), numbers(&entry["data_offsets"]));
            (name.clone(), (shape, data[at[0] as usize..at[1] as usize].to_vec()))
        })
        .collect()
}

#[test]
fn a_model_is_where_training_starts_and_a_run_of_no_steps_ends() {
    let scratch = Scratch::new();
    scratch.train("first", "ring8", &["train.steps=20"]);
    for (run, init) in [("as-run", "first"), ("second", "first/model.safetensors")] {
        scratch.train_from(run, init, &[], ZERO);
        let model = tensors(&scratch, &format!("{run}/model.safetensors"));
        assert_eq!(model, tensors(&scratch, "first/model.safetensors"));
    }
    let config = scratch.text("second/config.toml");
    assert!(config.starts_with("# weights at the start: first/model.safetensors, SHA-256 "), "{config}");
    // Nothing needs the file again.
    scratch.train_from("third", "first", &[], &["train.steps=20", "train.log_every=10", "train.checkpoint_every=10"]);
    let (third, _) = (scratch.read("third/model.safetensors"), std::fs::remove_dir_all(scratch.path("first")).unwrap());
    std::fs::remove_file(scratch.path("third/checkpoints/step-000000020.safetensors")).unwrap();
    scratch.fokker(&["train", "--resume", "third"]).succeeded();
    assert_eq!(scratch.read("third/model.safetensors"), third);
    assert_ne!(tensors(&scratch, "third/model.safetensors"), tensors(&scratch, "second/model.safetensors"));
    scratch.fokker(&["sample", "second", "-n", "3", "-o", "x.csv"]).succeeded();
    scratch.fokker(&[&["audit", "second"][..], &sets(&["audit.points=20"])].concat()).succeeded();
}

#[test]
fn exported_weights_have_pytorch_s_axes_and_the_map_s_names() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &["train.steps=2"]);
    scratch.put("map.toml", "prefix = \"net.\"\n[layers]\n\"layers.{k}\" = \"hidden.{k}\"\n");
    scratch.fokker(&["export", "run", "-o", "w.safetensors", "--names", "map.toml"]).succeeded();
    let (ours, theirs) = (tensors(&scratch, "run/model.safetensors"), tensors(&scratch, "w.safetensors"));
    assert_eq!(theirs.keys().filter(|name| name.starts_with("net.hidden.")).count(), 4);
    let ((shape, values), (turned, there)) = (&ours["output.weight"], &theirs["net.output.weight"]);
    assert_eq!((&shape[..], &turned[..]), (&[16, 2][..], &[2, 16][..]));
    assert_eq!((&values[4..8], &values[8..12]), (&there[64..68], &there[4..8]));
    scratch.train_from("back", "w.safetensors", &["--names", "map.toml"], ZERO);
    assert_eq!(tensors(&scratch, "back/model.safetensors"), ours);
    scratch.fokker(&["export", "run", "-o", "plain.safetensors"]).succeeded();
    scratch.train_from("plain", "plain.safetensors", &[], ZERO);
    assert_eq!(tensors(&scratch, "plain/model.safetensors"), ours);
}

#[test]
fn files_that_do_not_fit_leave_nothing_behind() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &["train.steps=2"]);
    scratch.fokker(&["export", "run", "-o", "w.safetensors"]).succeeded();
    let init = |file: &str, more: &[&str], changes: &[&str], parts: &[&str]| {
        let args = ["train", "--preset", "ring8", "-o", "new", "--init", file];
        scratch.refuses(&[&args, more, &*sets(TINY), &*sets(changes)].concat(), parts);
    };
    init("none", &[], &[], &["none", "No such file"]);
    init("run/config.toml", &[], &[], &["run/config.toml", "not a PyTorch checkpoint"]);
    init("run", &[], &["network.width=8"], &["run/model.safetensors", "another network"]);
    init("run", &[], &["network.activation=\"tanh\""], &["run/model.safetensors", "another network"]);
    init("w.safetensors", &[], &["network.width=8"], &["layers.0.weight", "[16, 12]", "[8, 12]"]);
    init("w.safetensors", &[], &["network.depth=3"], &["missing: layers.2.bias, layers.2.weight"]);
    init("w.safetensors", &[], &["network.depth=1"], &["superfluous: layers.1.bias, layers.1.weight"]);
    scratch.put("map.toml", "[layers]\n\"first\" = \"layers.0\"\n");
    init("w.safetensors", &["--names", "map.toml"], &[], &["map.toml", "layers.\"first\"", "no layer"]);
    init("run", &["--names", "map.toml"], &[], &["run/model.safetensors", "need no map"]);
    scratch.put("map.toml", "[layers]\n\"first\" = 3\n");
    init("w.safetensors", &["--names", "map.toml"], &[], &["map.toml", "line 2", "a name"]);
    init("w.safetensors", &["--names", "nomap.toml"], &[], &["nomap.toml", "No such file"]);
    let (mut header, data) = split_safetensors(&scratch.read("w.safetensors"));
    header["output.bias"]["dtype"] = "I32".into();
    scratch.put("whole.safetensors", write_safetensors(&header, &data));
    init("whole.safetensors", &[], &[], &["output.bias", "I32"]);
    scratch.refuses(&["train", "--resume", "run", "--init", "w.safetensors"], &["--init", "--resume"]);
    scratch.refuses(&["train", "--preset", "ring8", "-o", "new", "--names", "map.toml"], &["--init"]);
}

#[test]
fn exports_that_cannot_be() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &["train.steps=2"]);
    scratch.refuses(&["export", "run", "-o", "w.pth"], &["w.pth", ".safetensors"]);
    scratch.refuses(&["export", "run", "-o", "no/w.safetensors"], &["no/w.safetensors", "folder"]);
    scratch.refuses(&["export", "none", "-o", "w.safetensors"], &["none"]);
    scratch.put("map.toml", "[layers]\n\"layers.{k}\" = \"same\"\n");
    let args = ["export", "run", "-o", "w.safetensors", "--names", "map.toml"];
    scratch.refuses(&args, &["map.toml", "two tensors are called same.weight"]);
}

#[test]
fn no_steps_cannot_be_compared() {
    let args = ["compare", "--preset", "ring8", "-o", "x", "--set", "train.steps=0"];
    Scratch::new().refuses(&args, &["train.steps", "at least 1"]);
}
