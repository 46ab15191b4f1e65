//! Our names and theirs.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Range;
use std::path::Path;

use fokker_jet::ParamSpec;
use serde::Deserialize;

use super::Layout;
use crate::{Error, memory};

/// What a network's layers are called in another program; a TOML file (`docs/model-format.md`, section 10). The empty map has our
/// names, and PyTorch's order of axes.
///
/// ```
/// use fokker::{sde::Sde, net::NetworkConfig, weights::NameMap};
/// use fokker::score::network::{Parameterisation, ScoreModel};
/// let text = r#"
/// prefix = "module."
/// [layers]
/// "layers.{k}" = "net.{k}.linear"
/// "output" = { name = "last", weight = "W", bias = "b", layout = "in-out" }
/// "#;
/// let network: NetworkConfig = toml::from_str("kind = \"mlp\"\ndepth = 2").unwrap();
/// let model = ScoreModel::new(fokker_jet::Shape::vector(2), &Sde::vp(), &network, Parameterisation::Noise);
/// let theirs = NameMap::parse(text, "map.toml")?.of(model.graph().parameters())?;
/// let names: Vec<_> = theirs.iter().map(|t| t.name.as_str()).collect();
/// assert_eq!(names[..2], ["module.net.0.linear.weight", "module.net.0.linear.bias"]);
/// assert_eq!(names[4..], ["module.last.W", "module.last.b"]);
/// # Ok::<(), fokker::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NameMap {
    origin: String,
    text: Text,
}

/// The file.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Text {
    key: Option<String>,
    prefix: String,
    ignore: Vec<String>,
    layers: BTreeMap<String, Layer>,
    modules: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged, expecting = "a name, or a table of name, weight, bias and layout")]
enum Layer {
    Name(String),
    Table(Table),
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    name: String,
    #[serde(default = "weight")]
    weight: String,
    #[serde(default = "bias")]
    bias: String,
    layout: Option<Layout>,
}

fn weight() -> String {
    "weight".into()
}
fn bias() -> String {
    "bias".into()
}

/// What a tensor of ours is called there, and the order of its axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Theirs {
    /// The whole name.
    pub name: String,
    /// The order of its axes.
    pub layout: Layout,
}

impl NameMap {
    /// Reads a map; `origin` names it in errors.
    ///
    /// # Errors
    /// [`Error::Config`].
    pub fn parse(text: &str, origin: &str) -> Result<Self, Error> {
        let text: Text = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(0, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            let reason = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
            Error::Config { origin: origin.into(), key: format!("line {line}"), reason }
        })?;
        Ok(Self { origin: origin.into(), text })
    }

    /// Reads a map from a file.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Config`].
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = memory::read_text(path).map_err(|source| Error::read(path, source))?;
        Self::parse(&text, &path.display().to_string())
    }

    /// The entry of a checkpoint that holds the tensors.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.text.key.as_deref()
    }

    /// Is the tensor of this name no part of the network?
    pub(super) fn ignores(&self, name: &str) -> bool {
        let rest = name.strip_prefix(&self.text.prefix).unwrap_or(name);
        self.text.ignore.iter().any(|pattern| captures(pattern, rest).is_some())
    }

    /// What each of a network's tensors is called there.
    ///
    /// # Errors
    /// [`Error::Config`] if an entry is of no layer of the network, a layer has two, or two tensors have one name.
    pub fn of(&self, specs: &[ParamSpec]) -> Result<Vec<Theirs>, Error> {
        let mut used = BTreeSet::new();
        let (mut names, mut all) = (HashSet::new(), Vec::with_capacity(specs.len()));
        for spec in specs {
            let theirs = self.one(spec, &mut used)?;
            if !names.insert(theirs.name.clone()) {
                return Err(self.wrong("layers", format!("two tensors are called {}", theirs.name)));
            }
            all.push(theirs);
        }
        let exact = self.text.layers.keys().filter(|key| !key.contains('{')).map(|key| format!("layers.{key:?}"));
        let modules = self.text.modules.keys().map(|key| format!("modules.{key:?}"));
        match exact.chain(modules).find(|key| !used.contains(key)) {
            Some(key) => Err(self.wrong(&key, "is of no layer of the network".into())),
            None => Ok(all),
        }
    }

    fn one(&self, spec: &ParamSpec, used: &mut BTreeSet<String>) -> Result<Theirs, Error> {
        let (layer, part) = spec.name.rsplit_once('.').unwrap_or((&spec.name, "weight"));
        let (table, layout) = match self.find(layer)? {
            None => (Table { name: layer.into(), weight: weight(), bias: bias(), layout: None }, None),
            Some((key, found, captured)) => {
                let mut table = match found {
                    Layer::Name(name) => Table { name: name.clone(), weight: weight(), bias: bias(), layout: None },
                    Layer::Table(table) => table.clone(),
                };
                used.insert(format!("layers.{key:?}"));
                for (hole, mut text) in captured {
                    if let Some(theirs) = self.text.modules.get(&text) {
                        used.insert(format!("modules.{text:?}"));
                        text.clone_from(theirs);
                    }
                    table.name = table.name.replace(&hole, &text);
                }
                if table.name.contains('{') {
                    return Err(self.wrong(&format!("layers.{key:?}"), format!("{}: an unknown {{…}}", table.name)));
                }
                let layout = table.layout;
                (table, layout)
            }
        };
        let part = if part == "bias" { table.bias } else { table.weight };
        let name = format!("{}{}.{part}", self.text.prefix, table.name);
        Ok(Theirs { name, layout: layout.unwrap_or(Layout::of(&spec.shape)) })
    }

    /// The entry for a layer: that of its name, or else the only pattern that it fits.
    #[allow(clippy::type_complexity)]
    fn find(&self, layer: &str) -> Result<Option<(&str, &Layer, Vec<(String, String)>)>, Error> {
        if let Some((key, found)) = self.text.layers.get_key_value(layer) {
            return Ok(Some((key.as_str(), found, Vec::new())));
        }
        let mut fitting = self.text.layers.iter().filter_map(|(key, found)| {
            let captured = captures(key, layer)?;
            Some((key.as_str(), found, captured))
        });
        match (fitting.next(), fitting.next()) {
            (Some((one, ..)), Some((other, ..))) => {
                Err(self.wrong(&format!("layers.{other:?}"), format!("{layer} fits {one:?}, too")))
            }
            (found, _) => Ok(found),
        }
    }

    fn wrong(&self, key: &str, reason: String) -> Error {
        Error::Config { origin: self.origin.clone(), key: key.into(), reason }
    }
}

/// What the holes `{…}` of a pattern stand for in a name, each for one or more whole components, the first ones for as few as they can;
/// `None` if it does not fit.
fn captures(pattern: &str, name: &str) -> Option<Vec<(String, String)>> {
    let (pattern, name): (Vec<&str>, Vec<&str>) = (pattern.split('.').collect(), name.split('.').collect());
    let is_hole = |part: &str| part.starts_with('{') && part.ends_with('}');
    let mut holes: Vec<(usize, Range<usize>)> = Vec::new();
    let (mut part, mut at) = (0, 0);
    while part < pattern.len() || at < name.len() {
        let fits = pattern.get(part).zip(name.get(at)).is_some_and(|(part, here)| is_hole(part) || part == here);
        if fits {
            if is_hole(pattern[part]) {
                holes.push((part, at..at + 1));
            }
            (part, at) = (part + 1, at + 1);
        } else {
            // The last hole takes one more. To lengthen those before it would help nothing: it can stand for what they leave. So the names
            // of a foreign file, however many components they have, take no longer than their length.
            let (hole, taken) = holes.last_mut().filter(|(_, taken)| taken.end < name.len())?;
            taken.end += 1;
            (part, at) = (*hole + 1, taken.end);
        }
    }
    Some(holes.into_iter().map(|(hole, taken)| (pattern[hole].to_owned(), name[taken].join("."))).collect())
}

#[cfg(test)]
mod tests {
    use super::captures;

    fn found(pattern: &str, name: &str) -> Option<String> {
        let holes = captures(pattern, name)?;
        Some(holes.iter().map(|(hole, text)| format!("{hole}={text}")).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn holes_take_as_little_as_they_can() {
        let cases = [
            ("a.b", "a.b", Some("")),
            ("a.b", "a", None),
            ("a", "a.b", None),
            ("{k}", "a.b", Some("{k}=a.b")),
            ("x.{k}.y", "x.a.y.b.y", Some("{k}=a.y.b")),
            ("{k}.x.{l}", "a.x.b.x.c", Some("{k}=a {l}=b.x.c")),
            ("{k}.{l}", "a", None),
            ("{k}.x", "x", None),
            ("{k}.x.{l}.x", "a.b.x.x.x", Some("{k}=a.b {l}=x")),
        ];
        for (pattern, name, holes) in cases {
            assert_eq!(found(pattern, name).as_deref(), holes, "{pattern} in {name}");
        }
    }

    #[test]
    fn many_holes_and_many_components_take_no_time() {
        let many = |part: &str, count: usize| vec![part; count].join(".");
        assert_eq!(found(&format!("{}.x", many("{k}", 30)), &many("a", 90)), None);
        assert_eq!(found(&format!("{}.x", many("{k}.a", 30)), &many("a", 9000)), None);
        assert!(found(&many("a", 100_000), &many("a", 100_000)).is_some());
    }
}
