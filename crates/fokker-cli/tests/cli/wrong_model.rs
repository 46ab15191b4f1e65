//! Run directories and model files that are missing, damaged or of another kind.

use serde_json::{Value, json};

use crate::util::{Scratch, TINY, sets, split_safetensors, unsealed, write_safetensors};

const MODEL: &str = "run/model.safetensors";

fn trained() -> Scratch {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &["train.steps=20", "train.log_every=10", "train.checkpoint_every=10"]);
    scratch.put("x.csv", "1,2\n");
    scratch
}

/// Every command that reads the model refuses it.
#[track_caller]
fn model_refused(scratch: &Scratch, parts: &[&str]) {
    no_model(scratch, parts);
    scratch.refuses(&["audit", "run"], parts);
}

/// By all that need a finished model.
fn no_model(scratch: &Scratch, parts: &[&str]) {
    scratch.refuses(&["logp", "run", "--data", "x.csv", "-o", "y.csv"], parts);
    scratch.refuses(&["eval", "run", "--data", "x.csv", "--t", "0.5", "-o", "y.npz"], parts);
    scratch.refuses(&["sample", "run", "-n", "2", "-o", "y.csv"], parts);
}

#[test]
fn nothing_there() {
    let scratch = Scratch::new();
    scratch.put("x.csv", "1,2\n");
    scratch.refuses(&["audit", "run"], &["run", "No such file"]);
    scratch.refuses(&["train", "--resume", "run"], &["run/config.toml", "No such file"]);
    scratch.refuses(&["logp", "run", "--data", "x.csv", "-o", "y.csv"], &["run", "No such file"]);
    scratch.refuses(&["sample", "run", "-n", "2", "-o", "y.csv"], &["run", "No such file"]);
    scratch.put("run/readme", "");
    model_refused(&scratch, &["error: run is not a run: no model.safetensors in it"]);
    scratch.refuses(&["export", "run", "-o", "y.safetensors"], &["run is not a run: no model.safetensors in it"]);
}

#[test]
fn a_run_without_its_config_or_model() {
    let scratch = trained();
    let config = scratch.read("run/config.toml");
    std::fs::remove_file(scratch.path("run/config.toml")).unwrap();
    scratch.refuses(&["audit", "run"], &["run: is not a run: no config.toml in it"]);
    scratch.put("run/config.toml", "[network]\nwidth = 3\n");
    scratch.refuses(&["audit", "run"], &["run/config.toml", "missing field"]);
    scratch.put("run/config.toml", config);
    std::fs::remove_file(scratch.path(MODEL)).unwrap();
    no_model(&scratch, &["error: run: no model.safetensors in it", "`fokker train --resume run`"]);
    // An audit takes the newest checkpoint.
    scratch.fokker(&["audit", "run"]).succeeded();
    scratch.fokker(&["train", "--resume", "run"]).succeeded();
    scratch.fokker(&["sample", "run", "-n", "2", "-o", "y.csv"]).succeeded();
}

#[test]
fn an_audit_changes_audit_keys_only() {
    let scratch = trained();
    scratch.refuses(&["audit", "run", "--set", "train.steps=5"], &["--set train.steps=5", "only audit.*"]);
    scratch.refuses(&["audit", "run", "--set", "audit"], &["--set audit"]);
    scratch.refuses(&["audit", "run", "--set", "audit.points=1"], &["run/config.toml", "audit.points"]);
    scratch.refuses(&["audit", "run", "--set", "audit.pints=9"], &["run/config.toml", "audit.pints", "unknown field"]);
}

#[test]
fn truncated_models() {
    let scratch = trained();
    let whole = scratch.read(MODEL);
    for length in [0, 1, 7, 8, 100, 600, whole.len() - 4, whole.len() - 1] {
        scratch.put(MODEL, &whole[..length]);
        let args = ["sample", "run", "-n", "2", "-o", "y.csv"];
        scratch.refuses(&args, &[MODEL]);
    }
    scratch.put(MODEL, [&whole[..], b"x"].concat());
    model_refused(&scratch, &[MODEL]);
    scratch.put(MODEL, "not a model at all, but long enough to have a header");
    model_refused(&scratch, &[MODEL, "not a safetensors file"]);
}

/// A change to the header of a model file and to the description of the model inside it.
fn tampered(scratch: &Scratch, change: impl FnOnce(&mut Value, &mut Value, &mut Vec<u8>)) -> Vec<u8> {
    let (mut header, mut data) = split_safetensors(&scratch.read(MODEL));
    let text = header["__metadata__"]["fokker"].as_str().unwrap().to_owned();
    let mut info: Value = serde_json::from_str(&text).unwrap();
    change(&mut header, &mut info, &mut data);
    if header["__metadata__"]["fokker"] == text {
        info.as_object_mut().unwrap().remove("sha256");
        header["__metadata__"]["fokker"] = json!(info.to_string());
    }
    write_safetensors(&header, &data)
}

#[test]
fn models_of_another_kind() {
    let scratch = trained();
    let whole = scratch.read(MODEL);
    scratch.put(MODEL, tampered(&scratch, |_, _, _| ()));
    scratch.fokker(&["sample", "run", "-n", "2", "-o", "good.csv"]).succeeded();
    let refused = |change: &dyn Fn(&mut Value, &mut Value, &mut Vec<u8>), parts: &[&str]| {
        scratch.put(MODEL, &whole);
        scratch.put(MODEL, tampered(&scratch, change));
        model_refused(&scratch, &[&[MODEL], parts].concat());
    };
    refused(&|header, _, _| header["__metadata__"] = json!({}), &["not a fokker model"]);
    refused(&|header, _, _| header["__metadata__"]["fokker"] = json!("{}"), &["metadata"]);
    refused(&|_, info, _| info["version"] = json!(5), &["version 5", "versions 1 to 4"]);
    refused(&|_, info, _| info["version"] = json!(0), &["version 0"]);
    refused(&|_, info, _| info["version"] = json!(1), &["`data`", "version 1"]);
    refused(&|_, info, _| info["colour"] = json!("red"), &["metadata", "colour"]);
    refused(&|_, info, _| info["sde"]["beta_min"] = json!(0.0), &["sde", "beta_min"]);
    refused(&|_, info, _| info["network"]["width"] = json!(17), &["layers.0", "shape"]);
    refused(&|_, info, _| info["network"]["depth"] = json!(3), &["layers.2", "missing"]);
    refused(&|_, info, _| info["network"]["depth"] = json!(1), &["layers.1", "does not belong"]);
    let rename = |header: &mut Value, _: &mut Value, _: &mut Vec<u8>| {
        let tensor = header.as_object_mut().unwrap().remove("output.bias").unwrap();
        header["output.bais"] = tensor;
    };
    refused(&rename, &["output.bias", "missing"]);
    refused(&|header, _, _| header["output.bias"]["shape"] = json!([1, 2]), &["output.bias", "shape"]);
    refused(&|_, _, data| data[..4].copy_from_slice(&f32::NAN.to_le_bytes()), &["not finite"]);
}

#[test]
fn models_whose_description_contradicts_itself() {
    let scratch = trained();
    let whole = scratch.read(MODEL);
    let refused = |change: &dyn Fn(&mut Value)| {
        scratch.put(MODEL, &whole);
        scratch.put(MODEL, tampered(&scratch, |_, info, _| change(info)));
        model_refused(&scratch, &[MODEL]);
    };
    refused(&|info| info["dim"] = json!(3));
    refused(&|info| info["dim"] = json!(0));
    refused(&|info| info["scaling"] = json!({"shift": [0.0], "scale": [1.0]}));
    refused(&|info| info["scaling"] = json!({"shift": [0.0, 0.0], "scale": [1.0, 0.0]}));
    refused(&|info| info["image"] = json!({"height": 5, "width": 5, "channels": 1}));
    refused(&|info| info["data"]["kind"] = json!("images"));
    refused(&|info| info["data"]["kind"] = json!("tables"));
    refused(&|info| info["data"]["columns"] = json!(["x"]));
    refused(&|info| info["data"]["low"] = json!([0.0]));
    refused(&|info| info["data"]["low"] = json!([9e9, 0.0]));
    refused(&|info| info["data"]["fingerprint"] = json!("0123"));
    refused(&|info| info["data"]["colour"] = json!("red"));
    refused(&|info| drop(info["data"].as_object_mut().unwrap().remove("kind")));
    refused(&|info| info["network"]["width"] = json!(0));
    refused(&|info| info["network"]["width"] = json!(1_u64 << 40));
    refused(&|info| info["network"]["depth"] = json!(1_u64 << 40));
}

#[test]
fn models_of_version_1_say_nothing_of_their_data() {
    let scratch = Scratch::new();
    scratch.put("x.csv", "a,b\n1,2\n3,5\n4,4\n0,1\n");
    let args = ["train", "--preset", "ring8", "--data", "x.csv", "-o", "run"];
    scratch.fokker(&[&args, &*sets(TINY)].concat()).succeeded();
    scratch.put("y.csv", "b,a\n2,1\n500,400\n");
    let logp = ["logp", "run", "--data", "y.csv", "-o", "y.npy", "--tolerance", "1e-2"];
    scratch.refuses(&logp, &["y.csv", "in another order"]);
    scratch.put(
        MODEL,
        tampered(&scratch, |_, info, _| {
            info["version"] = json!(1);
            info.as_object_mut().unwrap().remove("data");
        }),
    );
    let done = scratch.fokker(&logp).succeeded();
    assert!(!done.stdout.contains("columns") && !done.stdout.contains("ranges"), "{done}");
    scratch.fokker(&["eval", "run", "--data", "y.csv", "--t", "0.5", "-o", "y.npz"]).succeeded();
    scratch.fokker(&["audit", "run"]).succeeded();
    scratch.put("z.csv", "1,2\n3,5\n4,4\n0,1\n");
    let done = scratch.fokker(&["audit", "run", "--data", "z.csv"]).succeeded();
    assert!(done.stdout.starts_with("data: z.csv; the model's file does not say what it was trained on"), "{done}");
}

#[test]
fn a_checkpoint_is_no_model() {
    let scratch = trained();
    scratch.put(MODEL, scratch.read("run/checkpoints/step-000000020.safetensors"));
    model_refused(&scratch, &[MODEL, "not a fokker model"]);
}

#[test]
fn nothing_to_resume_from() {
    let scratch = trained();
    let (before, newest) = ("run/checkpoints/step-000000010.safetensors", "run/checkpoints/step-000000020.safetensors");
    let whole = scratch.read(newest);
    // One before it would be gone on from.
    std::fs::remove_file(scratch.path(before)).unwrap();
    for length in [0, 8, 100, whole.len() - 1] {
        scratch.put(newest, &whole[..length]);
        scratch.refuses(&["train", "--resume", "run"], &[newest]);
    }
    scratch.put(newest, scratch.read(MODEL));
    scratch.refuses(&["train", "--resume", "run"], &[newest, "not a fokker checkpoint"]);
    std::fs::remove_dir_all(scratch.path("run/checkpoints")).unwrap();
    scratch.refuses(&["train", "--resume", "run"], &["run/checkpoints"]);
    std::fs::create_dir(scratch.path("run/checkpoints")).unwrap();
    scratch.refuses(&["train", "--resume", "run"], &["run/checkpoints", "no checkpoint to resume from"]);
}

#[test]
fn a_checkpoint_of_another_network() {
    let scratch = trained();
    let config = scratch.text("run/config.toml");
    scratch.put("run/config.toml", unsealed(&config).replace("width = 16", "width = 8"));
    scratch.refuses(&["train", "--resume", "run"], &["run/checkpoints/step-000000020.safetensors", "parameters"]);
}

#[test]
fn data_of_another_dimension() {
    let scratch = Scratch::new();
    scratch.put("x.csv", "1,2\n3,5\n4,4\n0,1\n");
    let args = ["train", "--preset", "ring8", "--data", "x.csv", "-o", "run"];
    scratch.fokker(&[&args, &*sets(TINY)].concat()).succeeded();
    scratch.put("x.csv", "1,2,3\n3,5,4\n4,4,4\n");
    scratch.refuses(&["audit", "run"], &["x.csv", "dimension", "3", "2"]);
}
