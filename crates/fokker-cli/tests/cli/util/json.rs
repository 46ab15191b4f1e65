//! Looking into JSON.

use std::collections::BTreeSet;

use serde_json::Value;

/// The value at a dotted path; list entries go by their number.
#[track_caller]
pub fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    let found = path.split('.').try_fold(value, |value, key| match value {
        Value::Array(list) => list.get(key.parse::<usize>().ok()?),
        other => other.get(key),
    });
    found.unwrap_or_else(|| panic!("no {path} in {value}"))
}

/// The number at a dotted path.
#[track_caller]
pub fn number(value: &Value, path: &str) -> f64 {
    at(value, path).as_f64().unwrap_or_else(|| panic!("{path} is {}", at(value, path)))
}

/// Every path of a document with the type found there, sorted; `[]` stands for all entries of a list.
pub fn key_paths(value: &Value) -> String {
    let mut paths = BTreeSet::new();
    walk(value, String::new(), &mut paths);
    paths.into_iter().collect::<Vec<_>>().join("\n")
}

fn walk(value: &Value, path: String, paths: &mut BTreeSet<String>) {
    let leaf = match value {
        Value::Object(map) => {
            return map.iter().for_each(|(key, value)| {
                walk(value, if path.is_empty() { key.clone() } else { format!("{path}.{key}") }, paths);
            });
        }
        Value::Array(list) => return list.iter().for_each(|value| walk(value, format!("{path}[]"), paths)),
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
    };
    paths.insert(format!("{path}: {leaf}"));
}
