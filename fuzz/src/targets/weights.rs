//! Models, and weights of other programs.

use std::path::Path;

use fokker::model_file::parse_model;
use fokker::weights::{NameMap, read_weights};

use super::place::{check, folder, put};
use super::texts;

/// A model file.
pub fn model(bytes: &[u8]) {
    check(parse_model(Path::new("x.safetensors"), bytes));
}

/// Weights as safetensors; a map of names may come before them, with a zero byte after it.
pub fn safetensors(bytes: &[u8]) {
    // A length that a file may begin with has zeros, too: only a map's text is that long and without one.
    let map =
        bytes.strip_prefix(b"map\n").and_then(|rest| Some(rest.split_at(rest.iter().position(|&byte| byte == 0)?)));
    let (map, file) = match map {
        Some((text, rest)) => (std::str::from_utf8(text).ok(), &rest[1..]),
        None => (None, bytes),
    };
    let map = map.and_then(|text| check(NameMap::parse(text, "map.toml")));
    weights("x.safetensors", file, map.as_ref());
}

/// A PyTorch checkpoint, with its tensors at the top and below a key.
pub fn pth(bytes: &[u8]) {
    weights("x.pth", bytes, None);
    let map = NameMap::parse("key = \"model\"\nprefix = \"module.\"", "map.toml").expect("a map");
    weights("x.pth", bytes, Some(&map));
}

fn weights(name: &str, bytes: &[u8], map: Option<&NameMap>) {
    let path = put(&folder("weights"), name, bytes);
    let (model, network) = texts::model();
    check(read_weights(&path, &model, &network, map));
}
