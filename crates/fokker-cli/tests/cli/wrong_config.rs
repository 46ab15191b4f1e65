//! Configs that do not say what they must.

use crate::util::{Scratch, TINY, sets};

/// A preset with one key changed, to be refused.
#[track_caller]
fn refused_set(assignments: &[&str], parts: &[&str]) {
    let scratch = Scratch::new();
    for args in [&["train", "--preset", "ring8", "-o", "run"][..], &["compare"]] {
        scratch.refuses(&[args, &*sets(TINY), &*sets(assignments)].concat(), &[&["preset ring8"], parts].concat());
    }
}

#[test]
fn unknown_keys() {
    refused_set(&["network.widht=16"], &["network.widht", "unknown field", "`width`"]);
    refused_set(&["nettwork.width=16"], &["nettwork", "unknown field", "`network`"]);
    refused_set(&["loss.fp.divergence.probe=2"], &["loss.fp.divergence.probe", "unknown field", "`probes`"]);
    refused_set(&["train.adam.beta3=0.5"], &["train.adam.beta3", "unknown field", "`beta1`"]);
}

#[test]
fn wrong_types_and_choices() {
    refused_set(&["network.width=\"wide\""], &["network.width", "string", "wide"]);
    refused_set(&["network.width=16.5"], &["network.width", "16.5"]);
    refused_set(&["train.steps=true"], &["train.steps", "boolean"]);
    refused_set(&["train=3"], &["train", "integer `3`"]);
    refused_set(&["sde.kind=\"vpp\""], &["sde.kind", "vpp", "`sub-vp`"]);
    refused_set(&["loss.weighting=uniform"], &["loss.weighting", "uniform", "`simple`"]);
    refused_set(&["loss.fp.norm=3"], &["loss.fp.norm", "1 or 2, not 3"]);
}

#[test]
fn numbers_out_of_range() {
    refused_set(&["network.width=-16"], &["network.width", "-16"]);
    refused_set(&["network.width=0"], &["network.width", "between 1 and"]);
    refused_set(&["network.depth=0"], &["network.depth", "between 1 and"]);
    refused_set(&["train.batch=0"], &["train.batch"]);
    refused_set(&["train.steps=99999999999999999999"], &["train.steps"]);
    refused_set(&["train.learning_rate=nan"], &["train.learning_rate", "positive and finite"]);
    refused_set(&["train.learning_rate=-1e-3"], &["train.learning_rate", "positive and finite"]);
    refused_set(&["train.ema_decay=1.0"], &["train.ema_decay", "[0, 1)"]);
    refused_set(&["train.log_every=0"], &["train.log_every", "at least 1"]);
    refused_set(&["loss.fp.weight=-1"], &["loss.fp.weight"]);
    refused_set(&["loss.fp.divergence.probes=0"], &["loss.fp.divergence.probes", "between 1 and 10000"]);
    refused_set(&["loss.reference_batch=2000000"], &["loss.reference_batch", "at most 1048576"]);
    refused_set(&["network.dropout=1.0"], &["network.dropout", "[0, 1)"]);
    refused_set(&["loss.consistency={ weight = 1, step = 0 }"], &["loss.consistency.step", "(0, 1]"]);
    refused_set(&["loss.consistency={ weight = -1 }"], &["loss.consistency.weight", "at least 0"]);
    refused_set(&["sde.beta_min=0.0"], &["sde", "beta_min", "greater than 0"]);
    refused_set(&["sde.t_min=1.5"], &["sde", "t_min"]);
}

#[test]
fn keys_that_contradict_each_other() {
    refused_set(&["loss.fp.unbiased=true", "loss.fp.norm=1"], &["loss.fp.unbiased", "norm = 2"]);
    refused_set(&["loss.fp.relative=true", "loss.fp.norm=1"], &["loss.fp.relative", "norm = 2"]);
    let two = ["loss.combination=balanced", "loss.fp.weight=1", "loss.conservativity={ weight = 1 }"];
    refused_set(&two, &["loss.combination", "one regulariser"]);
    refused_set(&["audit.times=[1e-4, 0.5]"], &["audit.times", "sde.t_min = 0.001"]);
    refused_set(&["audit.times=[0.5, 1.5]"], &["audit.times", "and 1"]);
    refused_set(&["audit.times=[]"], &["audit.times", "empty"]);
    let exact = ["loss.fp.unbiased=true", "loss.fp.divergence={kind=\"exact\"}"];
    refused_set(&exact, &["loss.fp.unbiased", "no use with an exact divergence"]);
    refused_set(&["memory=\"much\""], &["memory", "a size is"]);
}

/// Setting a kind drops the keys of the kind before, so that the new one's defaults hold.
#[test]
fn another_kind_has_its_own_keys() {
    let scratch = Scratch::new();
    scratch.train("run", "ring8", &["sde.kind=ve", "data.kind=moons", "sde.t_min=0.001"]);
    let config: toml::Table = toml::from_str(&scratch.text("run/config.toml")).unwrap();
    assert_eq!(config["sde"]["sigma_max"].as_float(), Some(50.0));
    assert_eq!(config["data"]["noise"].as_float(), Some(0.1));
    assert!(config["sde"].get("beta_max").is_none() && config["data"].get("modes").is_none());
    // The same kind changes nothing.
    scratch.train("same", "ring8", &["data.std=0.3", "data.kind=ring"]);
    assert!(scratch.text("same/config.toml").contains("std = 0.3"));
    // A key of the old kind after it is still wrong.
    refused_set(&["data.kind=moons", "data.modes=3"], &["data.modes", "unknown field", "`noise`"]);
}

/// The audited times begin at t_min unless they are given.
#[test]
fn audited_times_follow_t_min() {
    let scratch = Scratch::new();
    let tiny: Vec<&str> = TINY.iter().copied().filter(|key| !key.starts_with("audit.times")).collect();
    let times = |run: &str, t_min: &str| {
        let t_min = format!("sde.t_min={t_min}");
        let args = ["train", "--preset", "ring8", "-o", run, "--set", &t_min];
        scratch.fokker(&[&args, &*sets(&tiny)].concat()).succeeded();
        let config: toml::Table = toml::from_str(&scratch.text(&format!("{run}/config.toml"))).unwrap();
        let list = config["audit"]["times"].as_array().unwrap();
        list.iter().map(|t| t.as_float().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(times("late", "0.2"), [0.2, 0.3, 0.5, 0.7, 0.9, 1.0]);
    assert_eq!(times("early", "1e-5")[..2], [1e-5, 5e-3]);
    assert_eq!(times("usual", "1e-3").len(), 11);
}

#[test]
fn overrides_that_are_none() {
    refused_set(&["seed"], &["seed", "KEY=VALUE"]);
    refused_set(&["=3"], &["empty key"]);
    refused_set(&["train..steps=3"], &["empty key"]);
    refused_set(&["seed.x=3"], &["seed.x", "not a table"]);
}

#[test]
fn potentials_name_their_key() {
    let potential = |more: &'static str| ["data.kind=potential", more];
    refused_set(&potential("data.potential=mueler-brown"), &["data.potential", "mueler-brown", "`mueller-brown`"]);
    refused_set(&potential("data.frame=10"), &["data.frame", "unknown field", "`frames`"]);
    refused_set(&potential("data.kt=0"), &["data.kt", "between 2.3 and 230"]);
    refused_set(&potential("data.frames=0"), &["data.frames", "at least 2"]);
    refused_set(&potential("data.dt=0"), &["data.dt", "between"]);
    refused_set(&potential("data.dt=1.0"), &["data.dt", "must be shorter"]);
    refused_set(&potential("data.frames=100000000000000000"), &["data.frames", "more than"]);
}

#[test]
fn data_parameters_name_their_key() {
    let scratch = Scratch::new();
    let args = ["train", "--preset", "ring8", "-o", "run", "--set", "data.modes=0"];
    scratch.refuses(&args, &["preset ring8", "data.modes", "between 1 and"]);
}

#[test]
fn nothing_to_compare_with() {
    let scratch = Scratch::new();
    let config = scratch.fokker(&["presets", "ring8"]).succeeded().stdout;
    let start = config.find("[loss.fp]").unwrap();
    let (end, arms) = (config.find("[train]").unwrap(), config.find("[[arm]]").unwrap());
    scratch.put("plain.toml", format!("{}{}", &config[..start], &config[end..arms]));
    scratch.refuses(&["compare", "plain.toml"], &["plain", "loss.fp", "no score-FPE term"]);
}

#[test]
fn files_that_are_no_config() {
    let scratch = Scratch::new();
    let train = |config: &'static str| ["train", config, "-o", "run"];
    scratch.refuses(&train("none.toml"), &["none.toml", "No such file"]);
    scratch.put("text.toml", "seed = 0\nthis is not TOML\n");
    scratch.refuses(&train("text.toml"), &["text.toml", "line 2"]);
    scratch.put("bytes.toml", [0xff, 0xfe, 0x00, 0x01]);
    scratch.refuses(&train("bytes.toml"), &["bytes.toml", "UTF-8"]);
    scratch.put("folder.toml/x", "");
    scratch.refuses(&train("folder.toml"), &["folder.toml", "directory"]);
    scratch.put("empty.toml", "");
    scratch.refuses(&train("empty.toml"), &["empty.toml", "data", "missing field"]);
    let config = scratch.fokker(&["presets", "ring8"]).succeeded().stdout;
    scratch.put("key.toml", config.replace("depth = 3", "depht = 3"));
    scratch.refuses(&train("key.toml"), &["key.toml", "network.depht", "unknown field"]);
    let lines = config.lines().filter(|line| !line.starts_with("weight = "));
    scratch.put("short.toml", lines.map(|line| format!("{line}\n")).collect::<String>());
    scratch.refuses(&train("short.toml"), &["short.toml", "loss.fp.weight", "missing field"]);
}
