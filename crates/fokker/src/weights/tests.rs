//! The map, the order of axes, and strictness; the numbers themselves are checked against PyTorch in `tests/pytorch.rs`.

use fokker_jet::{Graph, Shape};

use super::*;
use crate::score::network::Parameterisation;
use crate::sde::Sde;

fn network() -> NetworkConfig {
    toml::from_str("kind = \"mlp\"\nwidth = 3\ndepth = 2\ntime = { kind = \"plain\" }").unwrap()
}

fn model() -> ScoreModel {
    ScoreModel::new(Shape::vector(2), &Sde::vp(), &network(), Parameterisation::Noise)
}

fn counting(model: &ScoreModel) -> Vec<f32> {
    (0..model.graph().parameter_count()).map(|i| i as f32).collect()
}

fn error(text: &str) -> String {
    match NameMap::parse(text, "map.toml") {
        Ok(map) => map.of(model().graph().parameters()).unwrap_err().to_string(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn axes_go_where_pytorch_has_them() {
    // W[d, e, i, o] of 3 × 3 pixels, 2 in, 4 out.
    let ours = [3, 3, 2, 4];
    let values: Vec<f32> = (0..72).map(|v| v as f32).collect();
    assert_eq!(Layout::Conv.shape(&ours).unwrap(), [4, 2, 3, 3]);
    let theirs = Layout::Conv.to_theirs(&values, &ours);
    for (d, e, i, o) in [(0, 0, 0, 0), (1, 2, 1, 3), (2, 0, 1, 0), (0, 1, 0, 2)] {
        assert_eq!(theirs[((o * 2 + i) * 3 + d) * 3 + e], values[((d * 3 + e) * 2 + i) * 4 + o]);
    }
    assert_eq!(Layout::Conv.to_ours(&theirs, &ours), values);
    assert_eq!(Layout::Linear.to_theirs(&values[..6], &[2, 3]), [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
    assert_eq!(Layout::Conv.shape(&[2, 3]).unwrap(), [3, 2, 1, 1]);
    assert_eq!(Layout::InOut.to_theirs(&values, &ours), values);
    assert!(Layout::Linear.shape(&ours).is_err());
}

#[test]
fn holes_and_modules() {
    let mut graph = Graph::new();
    let x = graph.input(2);
    let y = ["down.0.1.conv1", "down.10.2.conv1", "middle.0.attention.query"]
        .iter()
        .fold(x, |x, name| graph.dense(name, x, 2));
    graph.set_output(y);
    let text = "prefix = \"m.\"\n[layers]\n\"{block}.conv1\" = \"{block}.Conv_0\"\n\
        \"{at}.query\" = { name = \"all.{at}.NIN_0\", weight = \"W\", bias = \"b\", layout = \"in-out\" }\n\
        [modules]\n\"down.0.1\" = \"all.7\"\n";
    let theirs = NameMap::parse(text, "map").unwrap().of(graph.parameters()).unwrap();
    let names: Vec<&str> = theirs.iter().map(|t| t.name.as_str()).collect();
    assert_eq!(names[..2], ["m.all.7.Conv_0.weight", "m.all.7.Conv_0.bias"]);
    assert_eq!(names[2..4], ["m.down.10.2.Conv_0.weight", "m.down.10.2.Conv_0.bias"]);
    assert_eq!(names[4..], ["m.all.middle.0.attention.NIN_0.W", "m.all.middle.0.attention.NIN_0.b"]);
    assert_eq!((theirs[0].layout, theirs[4].layout), (Layout::Linear, Layout::InOut));
    let map = NameMap::parse("prefix = \"m.\"\nignore = [\"sigmas\", \"{x}.steps\"]", "map").unwrap();
    assert!(
        map.ignores("m.sigmas") && map.ignores("m.a.b.steps") && !map.ignores("m.steps") && !map.ignores("m.sigma")
    );
}

#[test]
fn maps_that_do_not_fit_are_refused_with_the_key() {
    for (text, parts) in [
        ("[layers]\n\"layers.5\" = \"x\"", &["layers.\"layers.5\"", "no layer"][..]),
        ("[modules]\n\"0\" = \"x\"", &["modules.\"0\"", "no layer"]),
        ("[layers]\n\"layers.{k}\" = \"x\"", &["two tensors", "x.weight"]),
        ("[layers]\n\"layers.{k}\" = \"a.{l}\"", &["layers.\"layers.{k}\"", "a.{l}"]),
        ("[layers]\n\"layers.{k}\" = \"a.{k}\"\n\"{a}.0\" = \"b\"", &["fits"]),
        ("[layers]\n\"output\" = { name = \"x\", layout = \"both\" }", &["map.toml", "line 2", "a table of name"]),
        ("[layer]\n", &["line 1", "layer"]),
        ("key = 3", &["line 1", "string"]),
    ] {
        let error = error(text);
        assert!(parts.iter().all(|part| error.contains(part)), "{text}: {error}");
    }
}

#[test]
fn what_is_written_is_read_back_and_nothing_else_is() {
    let (folder, model) = (tempfile::tempdir().unwrap(), model());
    let path = folder.path().join("w.safetensors");
    let values = counting(&model);
    let map = NameMap::parse("[layers]\n\"output\" = { name = \"last\", layout = \"conv\" }", "map").unwrap();
    write_weights(&path, model.graph(), &values, &map).unwrap();
    let read = |map: &NameMap| read_weights(&path, &model, &network(), Some(map));
    assert_eq!(read(&map).unwrap(), values);

    let missing = read(&NameMap::default()).unwrap_err().to_string();
    assert!(missing.contains("missing: output.bias, output.weight; superfluous: last.bias, last.weight"), "{missing}");
    let ignoring = NameMap::parse("ignore = [\"last.{x}\"]", "map").unwrap();
    let missing = read(&ignoring).unwrap_err().to_string();
    assert!(missing.contains("missing: output") && !missing.contains("superfluous"), "{missing}");
    let flat = NameMap::parse("[layers]\n\"output\" = \"last\"", "map").unwrap();
    let misshapen = read(&flat).unwrap_err().to_string();
    assert!(misshapen.contains("tensor last.weight: shape [2, 3, 1, 1], expected [2, 3]"), "{misshapen}");

    let mut broken = values;
    broken[7] = f32::NAN;
    write_weights(&path, model.graph(), &broken, &map).unwrap();
    assert!(read(&map).unwrap_err().to_string().contains("layers.0.weight: holds a value that is not finite"));
}

#[test]
fn long_lists_are_cut_off() {
    let names: Vec<String> = (10..23).map(|i| format!("t{i}")).collect();
    assert_eq!(listed(names.iter()).unwrap(), "t10, t11, t12, t13, t14, t15, t16, t17, t18, t19 and 3 more");
    assert_eq!(listed(names[..2].iter()).unwrap(), "t10, t11");
    assert!(listed(names[..0].iter()).is_none());
}
