//! Every key that a config may have, asked of the program's own complaints, so that none can be forgotten.

use std::collections::{BTreeMap, BTreeSet};

use fokker::Error;
use fokker::config::{Config, PRESETS};

/// A key, and values that it may well have: those of the presets, and the choices that a complaint lists.
#[derive(Debug)]
pub struct Key {
    pub path: String,
    pub values: Vec<String>,
}

/// What a complaint about a key of no table, or a choice of no list, says there is instead.
fn expected(overrides: &[String]) -> Vec<String> {
    let Err(Error::Config { reason, .. }) = Config::preset("ring8", overrides) else { return Vec::new() };
    let unknown = reason.starts_with("unknown field `zzz`") || reason.starts_with("unknown variant `zzz`");
    let Some((_, list)) = reason.split_once("expected ").filter(|_| unknown) else { return Vec::new() };
    list.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// All keys.
pub fn all() -> Vec<Key> {
    let mut found = BTreeMap::<String, BTreeSet<String>>::new();
    for (path, value) in presets() {
        found.entry(path).or_default().insert(value);
    }
    table("", &[], &mut found);
    found.into_iter().map(|(path, values)| Key { path, values: values.into_iter().collect() }).collect()
}

/// The keys of the presets, every default written out.
pub fn of_presets() -> BTreeSet<String> {
    presets().into_iter().map(|(path, _)| path).collect()
}

/// The keys of a preset and their values, every default written out.
pub fn of_preset(name: &str) -> Vec<(String, String)> {
    let (text, mut section) = (Config::preset(name, &[]).unwrap().to_toml().unwrap(), String::new());
    let mut found = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = format!("{name}.");
        } else if let Some((key, value)) = line.split_once(" = ") {
            found.push((format!("{section}{key}"), value.to_owned()));
        }
    }
    assert!(found.len() > 20, "{found:?}");
    found
}

fn presets() -> Vec<(String, String)> {
    PRESETS.iter().flat_map(|preset| of_preset(preset.name)).collect()
}

/// Adds the keys of a table, and of the tables in it, for a config with these overrides.
fn table(path: &str, overrides: &[String], found: &mut BTreeMap<String, BTreeSet<String>>) {
    let dotted = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    let with = |more: String| [overrides, &[more]].concat();
    let kinds = expected(&with(format!("{path}={{ kind = \"zzz\" }}")));
    if path.is_empty() || kinds.is_empty() {
        for name in expected(&with(format!("{}=1", dotted("zzz")))) {
            key(&dotted(&name), overrides, found);
        }
        return;
    }
    found.entry(dotted("kind")).or_default().extend(kinds.iter().map(|kind| format!("\"{kind}\"")));
    for kind in kinds {
        let chosen = with(format!("{path}={{ kind = \"{kind}\" }}"));
        for name in expected(&with(format!("{path}={{ kind = \"{kind}\", zzz = 1 }}"))) {
            key(&dotted(&name), &chosen, found);
        }
    }
}

/// Adds a key, and if it is a table, all in it.
fn key(path: &str, overrides: &[String], found: &mut BTreeMap<String, BTreeSet<String>>) {
    let choices = expected(&[overrides, &[format!("{path}=\"zzz\"")]].concat());
    let values = found.entry(path.to_owned()).or_default();
    values.extend(choices.iter().map(|choice| format!("\"{choice}\"")));
    table(path, overrides, found);
}
