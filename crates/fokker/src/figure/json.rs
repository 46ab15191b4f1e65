//! Figures in JSON: an object of their keys, in which a dot leads into an inner object.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::{Definition, Figure, Figures, Value};

/// A key, or what is left of it inside an object, and the value there.
type Entry<'a> = (&'a str, Option<&'a Value>);

impl Serialize for Figures {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.serialize_into(&mut map)?;
        map.end()
    }
}

impl Figures {
    /// Writes the figures as entries of an object that has others beside them.
    ///
    /// # Errors
    /// The writer's.
    pub(crate) fn serialize_into<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let entries: Vec<Entry<'_>> =
            self.iter().map(|figure| (figure.definition.key, figure.value.as_ref())).collect();
        write(map, &entries)
    }

    /// Reads the figures of these definitions out of an object; one that is not there has no value.
    ///
    /// # Errors
    /// What is wrong with which value.
    pub(crate) fn read(
        json: &serde_json::Value, definitions: impl IntoIterator<Item = &'static Definition>,
    ) -> Result<Self, String> {
        let read = |definition: &'static Definition| {
            let place = definition.key.split('.').try_fold(json, |json, part| json.get(part));
            let known = place.filter(|json| !(json.is_null() && definition.optional));
            let value = known.map(|json| Value::read(definition.shape, json)).transpose();
            let value = value.map_err(|error| format!("{}: {error}", definition.key))?;
            Ok(Figure { definition, value, points: Vec::new() })
        };
        definitions.into_iter().map(read).collect()
    }
}

/// What stands before the first dot, and what behind it.
fn head(key: &str) -> (&str, Option<&str>) {
    key.split_once('.').map_or((key, None), |(head, rest)| (head, Some(rest)))
}

/// Writes entries; neighbours with the same part before the dot become one object.
fn write<M: SerializeMap>(map: &mut M, entries: &[Entry<'_>]) -> Result<(), M::Error> {
    for group in entries.chunk_by(|(a, _), (b, _)| head(a).0 == head(b).0 && head(a).1.is_some()) {
        let inner: Vec<Entry<'_>> =
            group.iter().filter_map(|&(key, value)| head(key).1.map(|rest| (rest, value))).collect();
        match group {
            [(key, value)] if inner.is_empty() => map.serialize_entry(key, value)?,
            [(key, _), ..] => map.serialize_entry(head(key).0, &Object(&inner))?,
            [] => {}
        }
    }
    Ok(())
}

/// An inner object; `null` if nothing in it is known.
struct Object<'a>(&'a [Entry<'a>]);

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.iter().all(|(_, value)| value.is_none()) {
            return serializer.serialize_none();
        }
        let mut map = serializer.serialize_map(None)?;
        write(&mut map, self.0)?;
        map.end()
    }
}
