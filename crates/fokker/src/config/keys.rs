//! The keys of a config, as its types have them: for a reference, for editors, and for whoever mistypes one.

use serde_json::{Map, Value};

use super::Config;

/// A key of a config.
///
/// ```
/// use fokker::config::keys;
/// let all = keys();
/// let steps = all.iter().find(|key| key.path == "train.steps").ok_or("no such key")?;
/// assert_eq!((steps.default.as_deref(), steps.kind.as_str()), (Some("10000"), "integer"));
/// let modes = all.iter().find(|key| key.path == "data.modes").ok_or("no such key")?;
/// assert_eq!(modes.when, ["data.kind = \"ring\""]);
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its dotted path; `[]` after that of a list of tables.
    pub path: String,
    /// Values of other keys that it belongs to.
    pub when: Vec<String>,
    /// What its value is: a type, or the words that there are.
    pub kind: String,
    /// Its value where it is not given; `None` where it must be, or is not there then.
    pub default: Option<String>,
    /// Whether it must be given.
    pub required: bool,
    /// What it means, in one paragraph.
    pub meaning: String,
    /// The words that it may be, with what they mean, if it is one of some.
    pub words: Vec<(String, String)>,
}

/// The JSON schema of a config: editors complete and check TOML by it.
///
/// ```
/// assert_eq!(fokker::config::schema()["title"], "Config");
/// ```
#[must_use]
pub fn schema() -> Value {
    schemars::schema_for!(Config).to_value()
}

/// All keys, in the order of the tables, each table's own before those of the tables in it.
#[must_use]
pub fn keys() -> Vec<Key> {
    let schema = schema();
    let mut found = Vec::new();
    let walker = Walker { root: &schema, above: Vec::new() };
    walker.object(&schema, "", &[], &mut found);
    found
}

/// Walks through a schema.
struct Walker<'a> {
    root: &'a Value,
    /// The tables that the present one is in.
    above: Vec<&'a Value>,
}

impl<'a> Walker<'a> {
    /// A schema, or the one that it refers to.
    fn resolved(&self, of: &'a Value) -> &'a Value {
        let name = of.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
        name.map_or(of, |name| self.resolved(&self.root["$defs"][name]))
    }

    /// What an `Option` may hold, a value's default and meaning standing beside a reference.
    fn inner(&self, of: &'a Value) -> &'a Value {
        let not_null = |all: &'a Value| all.as_array()?.iter().find(|one| one["type"] != "null");
        of.get("anyOf").and_then(not_null).unwrap_or(of)
    }

    /// The keys of a table: its own, and those of each kind that it may be of.
    fn object(&self, of: &'a Value, path: &str, when: &[String], found: &mut Vec<Key>) {
        let table = self.resolved(of);
        // A kind that is a table of its own has its kind beside the reference.
        let parts = if std::ptr::eq(table, of) { vec![of] } else { vec![of, table] };
        for part in &parts {
            self.properties(part, path, when, found);
        }
        for kind in parts.iter().filter_map(|part| part.get("oneOf").and_then(Value::as_array)).flatten() {
            let known = kind["properties"]["kind"]["const"].as_str();
            let key = if path.is_empty() { "kind".to_owned() } else { format!("{path}.kind") };
            let here = known.map(|kind| format!("{key} = {kind:?}"));
            self.object(kind, path, &[when, here.as_slice()].concat(), found);
        }
        if let Some(kinds) = table.get("oneOf").and_then(Value::as_array) {
            let words: Vec<_> = kinds.iter().filter_map(|kind| word(kind, &kind["properties"]["kind"])).collect();
            if !words.is_empty() {
                found.push(Key {
                    path: format!("{path}.kind"),
                    when: when.to_vec(),
                    kind: listed(&words),
                    default: None,
                    required: true,
                    meaning: meaning(table),
                    words,
                });
            }
        }
    }

    fn properties(&self, of: &'a Value, path: &str, when: &[String], found: &mut Vec<Key>) {
        let none = Map::new();
        let required = |name: &str| of["required"].as_array().is_some_and(|all| all.iter().any(|key| key == name));
        let mut tables = Vec::new();
        for (name, property) in of["properties"].as_object().unwrap_or(&none) {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let inner = self.inner(property);
            let value = self.resolved(inner);
            if value.get("const").is_some() {
                continue;
            }
            let items = value.get("items").map(|items| self.resolved(items)).filter(|items| is_table(items));
            // A table within a table of its own kind has the keys of that.
            let again = self.above.iter().any(|above| std::ptr::eq(*above, value));
            if is_table(value) && !again {
                tables.push((value, path));
                continue;
            }
            if let Some(items) = items {
                tables.push((items, format!("{path}[]")));
                continue;
            }
            let words: Vec<_> = words(value);
            let default = property.get("default").filter(|value| !value.is_null()).map(ToString::to_string);
            let is_option = property.get("anyOf").is_some() || property["type"].is_array();
            let zero = || match value["type"].as_str() {
                _ if is_option => None,
                Some("integer" | "number") => Some("0".to_owned()),
                Some("boolean") => Some("false".to_owned()),
                Some("array") => Some("[]".to_owned()),
                _ => words.first().map(|(word, _)| format!("{word:?}")),
            };
            let required = required(name);
            let told = [property, inner, value].into_iter().map(meaning).find(|text| !text.is_empty());
            found.push(Key {
                path,
                when: when.to_vec(),
                kind: kind(value, &words),
                default: default.or_else(|| if required { None } else { zero() }),
                required,
                meaning: told.unwrap_or_default(),
                words,
            });
        }
        for (table, path) in tables {
            let above = [&self.above[..], &[table]].concat();
            Walker { above, ..*self }.object(table, &path, when, found);
        }
    }
}

fn is_table(value: &Value) -> bool {
    let kinds = value.get("oneOf").and_then(Value::as_array);
    value.get("properties").is_some() || kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind["type"] == "object"))
}

/// A word of some, and what it means.
fn word(of: &Value, value: &Value) -> Option<(String, String)> {
    Some((value["const"].as_str()?.to_owned(), meaning(of)))
}

/// The words that a value may be.
fn words(value: &Value) -> Vec<(String, String)> {
    let plain = value["enum"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let told = value["oneOf"].as_array().into_iter().flatten();
    plain
        .map(|word| (word.to_owned(), String::new()))
        .chain(told.flat_map(|one| {
            let several = one["enum"].as_array().into_iter().flatten().filter_map(Value::as_str);
            several.map(|word| (word.to_owned(), String::new())).chain(word(one, one)).collect::<Vec<_>>()
        }))
        .collect()
}

fn kind(value: &Value, words: &[(String, String)]) -> String {
    if !words.is_empty() {
        return listed(words);
    }
    let name = match &value["type"] {
        Value::Array(all) => all.iter().filter_map(Value::as_str).find(|name| *name != "null").unwrap_or_default(),
        other => other.as_str().unwrap_or_default(),
    };
    match name {
        "array" => format!("list of {}s", value["items"]["type"].as_str().unwrap_or("value")),
        _ if is_table(value) => "table".into(),
        "" => "value".into(),
        name => name.into(),
    }
}

fn listed(words: &[(String, String)]) -> String {
    words.iter().map(|(word, _)| format!("{word:?}")).collect::<Vec<_>>().join(", ")
}

/// The first paragraph of a description, without the brackets of links.
fn meaning(of: &Value) -> String {
    let text = of["description"].as_str().unwrap_or_default();
    let first = text.split("\n\n").next().unwrap_or_default();
    let joined = first.split_whitespace().collect::<Vec<_>>().join(" ");
    unlinked(&joined)
}

/// `[text](target)` as its text, and `[text]`.
fn unlinked(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("[`") {
        let Some(end) = rest[start..].find("`]").map(|end| start + end) else { break };
        out.push_str(&rest[..start]);
        out.push_str(&rest[start + 1..=end]);
        rest = &rest[end + 2..];
        if let Some(after) = rest.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
            rest = after.1;
        }
    }
    out + rest
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;

    use toml::Table;

    use super::*;
    use crate::config::PRESETS;

    fn leaves(table: &Table, path: &str, found: &mut BTreeSet<String>) {
        for (key, value) in table {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            match value {
                toml::Value::Table(inner) => leaves(inner, &path, found),
                toml::Value::Array(all) if all.iter().any(toml::Value::is_table) => {
                    let tables = all.iter().filter_map(toml::Value::as_table);
                    tables.for_each(|inner| leaves(inner, &format!("{path}[]"), found));
                }
                _ => {
                    found.insert(path);
                }
            }
        }
    }

    #[test]
    fn every_key_of_every_preset_is_there_with_its_meaning() {
        let all = keys();
        let known: BTreeSet<&str> = all.iter().map(|key| key.path.as_str()).collect();
        for preset in PRESETS {
            let config = Config::preset(preset.name, &[]).unwrap();
            let mut found = BTreeSet::new();
            leaves(&toml::from_str(&config.to_toml().unwrap()).unwrap(), "", &mut found);
            let missing: Vec<_> = found.iter().filter(|key| !known.contains(key.as_str())).collect();
            assert!(missing.is_empty(), "{}: {missing:?}", preset.name);
        }
        let silent: Vec<_> = all.iter().filter(|key| key.meaning.is_empty()).map(|key| &key.path).collect();
        assert!(silent.is_empty(), "{silent:?}");
    }

    #[test]
    fn every_key_is_taken_and_its_default_is_what_it_is_without() {
        // Where a key stands alone, so that no other must be there.
        for key in keys().iter().filter(|key| key.when.is_empty() && !key.path.contains("[]")) {
            let Some(default) = &key.default else { continue };
            let base = Config::preset("ring8", &[]).unwrap();
            let told = Config::preset("ring8", &[format!("{}={default}", key.path)]);
            // Alone in a table that the preset leaves out it may lack what must be given.
            let told = match told {
                Err(error) if error.to_string().contains("missing field") => continue,
                told => told.unwrap_or_else(|error| panic!("{}: {error}", key.path)),
            };
            // Of tables that the preset leaves out, the key alone makes one: nothing to compare.
            if key.path.starts_with("train.")
                && !["steps", "batch", "learning_rate"].iter().any(|k| key.path.ends_with(k))
            {
                let table = |config: &Config| toml::Table::try_from(config).unwrap();
                let (told, base) = (table(&told), table(&base));
                let parts: Vec<&str> = key.path.split('.').collect();
                let of = |table: &toml::Table| {
                    parts.iter().try_fold(toml::Value::Table(table.clone()), |at, part| at.get(part).cloned())
                };
                if let (Some(told), Some(base)) = (of(&told), of(&base)) {
                    assert_eq!(told, base, "{}", key.path);
                }
            }
        }
    }

    #[test]
    fn links_are_text() {
        assert_eq!(unlinked("see [`Adam::step`](super::Adam::step)), and [`x`]."), "see `Adam::step`), and `x`.");
    }
}
