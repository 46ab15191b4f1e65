//! Reading TOML with errors that name the key.

use serde::de::DeserializeOwned;
use toml::{Table, Value};

use super::{AuditConfig, Config, PRESETS, Preset};
use crate::Error;
use crate::data::nearest;
use crate::data::one_line::one_line;

pub(super) fn parse(text: &str, origin: &str, overrides: &[String]) -> Result<Config, Error> {
    let fail = |key: &str, reason: String| {
        let words = reason.split_whitespace().collect::<Vec<_>>().join(" ");
        Error::Config { origin: origin.into(), key: one_line(key, LONGEST), reason: one_line(&words, LONGEST) }
    };
    let mut table: Table = toml::from_str(text).map_err(|error| {
        let line = |start: usize| format!("line {}", text[..start.min(text.len())].matches('\n').count() + 1);
        let place = error.span().map_or_else(|| "(whole)".into(), |span| line(span.start));
        fail(&place, error.message().into())
    })?;
    // Whatever is wrong is looked for key by key.
    if count(&table) > MOST_KEYS {
        return Err(fail("(whole)", format!("more than {MOST_KEYS} keys")));
    }
    fill(&mut table);
    for assignment in overrides {
        let (key, value) = split(assignment).map_err(|reason| fail(assignment, reason))?;
        assign(&mut table, &key, value).map_err(|reason| fail(&key.join("."), reason))?;
    }
    // What the data are may have been said by an override alone.
    fill(&mut table);
    let mut config = Config::deserialize_table(&table).map_err(|reason| {
        let key = culprit(&table, &reason).unwrap_or_else(|| "(top level)".into());
        let meant = meant(&reason).map_or_else(String::new, |meant| format!("; is `{meant}` meant?"));
        fail(&key, reason + &meant)
    })?;
    let times = table.get("audit").and_then(|audit| audit.get("times"));
    if times.is_none() {
        config.audit.times = AuditConfig::default_times(config.sde.t_min());
    }
    Ok(config)
}

/// Gives a config that says what its data are the tables that it leaves out: those of the preset for such data.
fn fill(table: &mut Table) {
    let kind = table.get("data").and_then(|data| data.get("kind")).and_then(Value::as_str);
    let Some(preset) = kind.and_then(preset_for) else { return };
    let left_out: Vec<&str> = NEEDED.into_iter().filter(|key| !table.contains_key(*key)).collect();
    if left_out.is_empty() {
        return;
    }
    let Ok(mut preset) = toml::from_str::<Table>(preset.toml) else { return };
    // How the network's output is read goes with the network, and what is compared with the objective.
    let more = [("score", "network"), ("arm", "loss")].map(|(key, with)| (key, left_out.contains(&with)));
    let keys = left_out.iter().copied().chain(more.into_iter().filter(|(_, is)| *is).map(|(key, _)| key));
    for key in keys.collect::<Vec<_>>() {
        if let (false, Some(value)) = (table.contains_key(key), preset.remove(key)) {
            table.insert(key.to_owned(), value);
        }
    }
}

/// Tables without which there is no run.
const NEEDED: [&str; 4] = ["sde", "network", "loss", "train"];

/// The preset that has what suits a kind of data.
fn preset_for(kind: &str) -> Option<&'static Preset> {
    let name = match kind {
        "file" | "memory" => "table",
        "images" => "images",
        "potential" => "double-well",
        "ring" | "checkerboard" | "spirals" | "moons" | "finite" => "ring8",
        "normal" | "mixture" => "mixture5d",
        _ => return None,
    };
    PRESETS.iter().find(|preset| preset.name == name)
}

/// Tables that an override may lie in, and some more.
const DEEPEST: usize = 16;

/// Keys that a config has, and many times more.
const MOST_KEYS: usize = 2000;

/// Characters that a message repeats of what it was given.
const LONGEST: usize = 400;

/// The keys of a table and of the tables in it.
fn count(table: &Table) -> usize {
    table.values().map(|value| 1 + inside(value)).sum()
}

/// The keys of the tables in a value. A parser's own limit on depth has been kept.
fn inside(value: &Value) -> usize {
    match value {
        Value::Table(table) => count(table),
        Value::Array(values) => values.iter().map(inside).sum(),
        _ => 0,
    }
}

impl Config {
    fn deserialize_table(table: &Table) -> Result<Self, String> {
        read(table)
    }
}

fn read<T: DeserializeOwned>(table: &Table) -> Result<T, String> {
    Value::Table(table.clone()).try_into().map_err(|error: toml::de::Error| error.message().to_owned())
}

/// The known name, of those in a complaint about one that is not known, that may have been meant.
fn meant(reason: &str) -> Option<&str> {
    let names: Vec<&str> = reason.split('`').skip(1).step_by(2).collect();
    let (typed, known) = names.split_first()?;
    nearest(typed, known.iter().copied()).filter(|_| reason.starts_with("unknown "))
}

/// The key without which the complaint would be another one. Serde's own path is lost inside tagged enums; this is not.
fn culprit(table: &Table, reason: &str) -> Option<String> {
    if let Some(path) = reason.starts_with("missing field").then(|| missing(table, reason)).flatten() {
        return Some(path);
    }
    let mut keys = Vec::new();
    leaves(table, &mut Vec::new(), &mut keys);
    keys.into_iter().rev().find_map(|path| {
        let mut without = table.clone();
        remove(&mut without, &path);
        match Config::deserialize_table(&without) {
            Err(same) if same == reason => None,
            _ => Some(path.join(".")),
        }
    })
}

/// A missing field's table: the one which, given the field, no longer lacks it.
fn missing(table: &Table, reason: &str) -> Option<String> {
    let field = reason.split('`').nth(1)?;
    let mut tables = vec![Vec::new()];
    let mut keys = Vec::new();
    leaves(table, &mut Vec::new(), &mut keys);
    for key in keys {
        let parent = key[..key.len() - 1].to_vec();
        if !tables.contains(&parent) {
            tables.push(parent);
        }
    }
    tables.into_iter().find_map(|mut path| {
        let mut with = table.clone();
        path.push(field.to_owned());
        assign(&mut with, &path, Value::String("?".into())).ok()?;
        match Config::deserialize_table(&with) {
            Err(same) if same == reason => None,
            // A table that has no such field.
            Err(other) if other.starts_with(&format!("unknown field `{field}`")) => None,
            _ => Some(path.join(".")),
        }
    })
}

/// The path to the first value that is another, or only there, in one of two tables; empty if there is none.
pub(super) fn difference(one: &Table, other: &Table) -> Vec<String> {
    let keys = one.keys().chain(other.keys().filter(|key| !one.contains_key(*key)));
    for key in keys {
        let below = match (one.get(key), other.get(key)) {
            (Some(a), Some(b)) if a == b => continue,
            (Some(Value::Table(a)), Some(Value::Table(b))) => difference(a, b),
            _ => Vec::new(),
        };
        return std::iter::once(key.clone()).chain(below).collect();
    }
    Vec::new()
}

fn leaves(table: &Table, path: &mut Vec<String>, keys: &mut Vec<Vec<String>>) {
    // A table's `kind` stands first, so that a search from the end comes to it last: without it any complaint changes.
    let (kind, others): (Vec<_>, Vec<_>) = table.iter().partition(|(key, _)| *key == "kind");
    for (key, value) in kind.into_iter().chain(others) {
        path.push(key.clone());
        keys.push(path.clone());
        if let Value::Table(inner) = value {
            leaves(inner, path, keys);
        }
        path.pop();
    }
}

fn remove(table: &mut Table, path: &[String]) {
    match path {
        [] => {}
        [key] => {
            table.remove(key);
        }
        [key, rest @ ..] => {
            if let Some(Value::Table(inner)) = table.get_mut(key) {
                remove(inner, rest);
            }
        }
    }
}

/// `a.b=value`, the value as TOML or, failing that, as a bare string.
fn split(assignment: &str) -> Result<(Vec<String>, Value), String> {
    let (key, value) = assignment.split_once('=').ok_or("an override is KEY=VALUE")?;
    let path: Vec<String> = key.trim().split('.').map(str::to_owned).collect();
    if path.iter().any(String::is_empty) {
        return Err("empty key".into());
    }
    if path.len() > DEEPEST {
        return Err("no key lies so deep".into());
    }
    let parsed = toml::from_str::<Table>(&format!("v = {value}")).ok().and_then(|mut t| t.remove("v"));
    Ok((path, parsed.unwrap_or_else(|| Value::String(value.trim().to_owned()))))
}

fn assign(table: &mut Table, path: &[String], value: Value) -> Result<(), String> {
    match path {
        [] => Err("empty key".into()),
        [key] => {
            // Another kind has other keys: those of the old one would be unknown to it.
            if key == "kind" && table.get(key).is_some_and(|old| *old != value) {
                table.clear();
            }
            table.insert(key.clone(), value);
            Ok(())
        }
        [key, rest @ ..] => match table.entry(key.clone()).or_insert_with(|| Value::Table(Table::new())) {
            Value::Table(inner) => assign(inner, rest, value),
            _ => Err(format!("`{key}` is not a table")),
        },
    }
}
