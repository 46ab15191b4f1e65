//! The keys of a config as a page.

use std::fmt::Write as _;

use fokker::config::{Key, keys};

/// What stands above the tables.
const HEAD: &str = "# Keys of a config

A config is TOML; what it leaves out is by default, and `fokker train` writes all of it, resolved, into the run. `--set KEY=VALUE` changes one key. Of the tables `sde`, `network` (with `score`),
`loss` (with `arm`) and `train` those that are left out are the preset's for the kind of data: a `[data]` table alone is a config. A relative `data.path` of a config file is relative to that file.
A key that is not known, or has the wrong type or a value out of range, is an error that names it.

This page is `fokker config reference`; `fokker config schema` is the same as a JSON schema. An editor that knows TOML by schemas (Taplo, for one) completes and checks a config that begins with
`#:schema config.schema.json`.
";

/// The page.
pub fn markdown() -> String {
    let all = keys();
    let mut page = HEAD.to_owned();
    let mut done = Vec::new();
    for key in &all {
        let place = place(key);
        if done.contains(&place) {
            continue;
        }
        let (table, when) = &place;
        let title = if table.is_empty() { "Above all tables".to_owned() } else { format!("`{}`", brackets(table)) };
        let of_kind = if when.is_empty() { String::new() } else { format!(", {}", code(when)) };
        let _ =
            write!(page, "\n## {title}{of_kind}\n\n| key | value | default | meaning |\n| --- | --- | --- | --- |\n");
        all.iter().filter(|other| self::place(other) == place).for_each(|key| line(&mut page, key));
        done.push(place);
    }
    page
}

/// The table that a key is in, and what that depends on.
fn place(key: &Key) -> (String, Vec<String>) {
    (key.path.rsplit_once('.').map_or_else(String::new, |(table, _)| table.to_owned()), key.when.clone())
}

/// A table as a config heads it.
fn brackets(table: &str) -> String {
    table.strip_suffix("[]").map_or_else(|| format!("[{table}]"), |list| format!("[[{list}]]"))
}

fn code(conditions: &[String]) -> String {
    conditions.iter().map(|condition| format!("`{condition}`")).collect::<Vec<_>>().join(", ")
}

fn line(page: &mut String, key: &Key) {
    let name = key.path.rsplit('.').next().unwrap_or_default();
    let default = match (&key.default, key.required) {
        (Some(default), _) => format!("`{default}`"),
        (None, true) => "must be given".into(),
        (None, false) => "absent".into(),
    };
    let value = if key.words.is_empty() { key.kind.clone() } else { "a word".into() };
    let mut meaning = key.meaning.replace('|', "\\|");
    if !key.words.is_empty() {
        let word = |(word, about): &(String, String)| {
            if about.is_empty() {
                format!("`\"{word}\"`")
            } else {
                format!("`\"{word}\"`: {}", about.replace('|', "\\|"))
            }
        };
        meaning.push(' ');
        meaning += &key.words.iter().map(word).collect::<Vec<_>>().join(" ");
    }
    let _ = writeln!(page, "| `{name}` | {value} | {default} | {} |", meaning.trim());
}
