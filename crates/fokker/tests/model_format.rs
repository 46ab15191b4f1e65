//! What `docs/model-format.md` says, against the code: its loader, its example, the order of parameters, the ranges.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::Path;

use fokker::model_file::{FORMAT_VERSION, ModelInfo};
use fokker::net::{NetworkConfig, Skips, UnetConfig, UnetResampling};
use fokker::score::network::{Parameterisation, ScoreModel};
use fokker::sde::Sde;
use fokker_jet::{Graph, Shape};

const SMALL: Shape = Shape { height: 8, width: 4, channels: 3 };

fn page(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name)).unwrap()
}

/// The first block of a language in the page.
fn block<'a>(page: &'a str, language: &str) -> &'a str {
    let (_, after) = page.split_once(&format!("```{language}\n")).unwrap();
    after.split_once("\n```").unwrap().0
}

/// The lines of a program from one that begins so on, without the empty ones.
fn lines<'a>(program: &'a str, first: &str) -> Vec<&'a str> {
    program.lines().skip_while(|line| !line.starts_with(first)).filter(|line| !line.trim().is_empty()).collect()
}

#[test]
fn the_page_s_loader_is_that_of_the_script() {
    let (page, script) = (page("model-format.md"), page("check_eval.py"));
    let (said, there) = (lines(block(&page, "python"), "def load"), lines(&script, "def load"));
    assert!(said.len() > 90 && said.last().unwrap().starts_with("    return {"), "{} lines", said.len());
    for (i, (said, there)) in said.iter().zip(&there).enumerate() {
        assert_eq!(said, there, "line {}", i + 1);
    }
    assert!(there[said.len()].starts_with("def derivatives"));
}

#[test]
fn the_page_s_example_is_read() {
    let page = page("model-format.md");
    let text = block(&page, "json");
    let info: ModelInfo = serde_json::from_str(text).unwrap();
    assert_eq!((info.version, info.dim, info.scaling.dim()), (FORMAT_VERSION, 2, 2));
    info.network.validate().unwrap();
    info.sde.validate().unwrap();
    // It has every field that is written.
    let again: serde_json::Value = serde_json::to_value(&info).unwrap();
    assert_eq!(serde_json::from_str::<serde_json::Value>(text).unwrap(), again);
}

/// The layers of a U-Net in the order of section 7, whether it has them or not.
fn said_order(unet: &UnetConfig) -> Vec<String> {
    let (levels, most) = (unet.multipliers.len(), unet.blocks + 1);
    let block = |name: String| {
        let own = ["norm1", "conv1", "time", "norm2", "conv2", "shortcut"].map(|part| format!("{name}.{part}"));
        let attention = ["norm", "query", "key", "value", "output"].map(|part| format!("{name}.attention.{part}"));
        [own.to_vec(), attention.to_vec()].concat()
    };
    let mut order: Vec<String> = ["embedding.0", "embedding.1", "input"].map(String::from).to_vec();
    for level in 0..levels {
        order.extend((0..most).flat_map(|b| block(format!("down.{level}.{b}"))));
        order.extend(block(format!("down.{level}.resample")));
        order.push(format!("down.{level}.pyramid"));
    }
    order.extend((0..most.max(2)).flat_map(|b| block(format!("middle.{b}"))));
    for level in (0..levels).rev() {
        order.extend(block(format!("up.{}.resample", level + 1)));
        order.extend((0..most).flat_map(|b| block(format!("up.{level}.{b}"))));
    }
    order.extend(["norm", "output"].map(String::from));
    order
}

fn graph(shape: Shape, network: &NetworkConfig) -> Graph {
    network.validate().unwrap();
    network.check(shape).unwrap();
    ScoreModel::new(shape, &Sde::vp(), network, Parameterisation::Preconditioned).graph().clone()
}

/// Checks that the flat vector holds these layers and no others, in this order, each weight before its bias.
fn in_order(graph: &Graph, order: &[String]) {
    let has = |layer: &String| graph.parameters().iter().any(|spec| spec.name == format!("{layer}.weight"));
    let expected: Vec<String> =
        order.iter().filter(|layer| has(layer)).flat_map(|l| [format!("{l}.weight"), format!("{l}.bias")]).collect();
    let found: Vec<&str> = graph.parameters().iter().map(|spec| spec.name.as_str()).collect();
    assert_eq!(found, expected);
    let mut end = 0;
    for spec in graph.parameters() {
        assert_eq!(spec.offset, end, "{}", spec.name);
        end += spec.shape.iter().product::<usize>();
    }
    assert_eq!(end, graph.parameter_count());
}

#[test]
fn parameters_are_in_the_order_of_section_7() {
    for depth in [1, 3] {
        let network: NetworkConfig = toml::from_str(&format!("kind = \"mlp\"\nwidth = 5\ndepth = {depth}")).unwrap();
        let layers = (0..depth).map(|k| format!("layers.{k}")).chain(["output".into()]);
        in_order(&graph(Shape::vector(2), &network), &layers.collect::<Vec<_>>());
    }
    for (skips, resampling, multipliers, blocks) in [
        (Skips::Each, UnetResampling::Residual, vec![1, 2, 3], 2),
        (Skips::Each, UnetResampling::Plain, vec![1], 1),
        (Skips::Level, UnetResampling::Residual, vec![2, 1], 3),
        (Skips::Level, UnetResampling::Plain, vec![1], 1),
    ] {
        let unet = UnetConfig { width: 4, skips, resampling, multipliers, blocks, ..UnetConfig::default() };
        let unet = UnetConfig { attention: vec![8], input_pyramid: true, ..unet };
        let order = said_order(&unet);
        in_order(&graph(SMALL, &NetworkConfig::Unet(unet)), &order);
    }
}

#[test]
fn ranges_are_those_of_section_5() {
    let refused = |kind: &str, toml: &str| {
        let network: NetworkConfig = toml::from_str(&format!("kind = \"{kind}\"\n{toml}")).unwrap();
        network.validate().err().map(|(key, _)| key)
    };
    // The last that is allowed, the first that is not.
    for (kind, key, setting, last, first) in [
        ("mlp", "width", "depth = 1\nwidth = {}", 1, 0),
        // w² L ≤ 2³⁰.
        ("mlp", "width", "depth = 1\nwidth = {}", 32_768, 32_769),
        ("mlp", "depth", "width = 1\ndepth = {}", 1000, 1001),
        ("mlp", "time.frequencies", "time = { kind = \"log-sigma\", frequencies = {} }", 1000, 1001),
        ("mlp", "time.features", "time = { kind = \"positional\", features = {} }", 4, 2),
        ("mlp", "time.features", "time = { kind = \"positional\", features = {} }", 10_000, 10_002),
        ("mlp", "time.features", "time = { kind = \"positional\", features = {} }", 6, 7),
        // 54 (n + 1) L W² ≤ 2³¹ with n = 2, L = 3, W = 2 w.
        ("unet", "width", "width = {}", 1051, 1052),
        ("unet", "multipliers", "width = 4\nmultipliers = [{}]", 1, 0),
        ("unet", "multipliers", "width = 4\nmultipliers = [{}]", 64, 65),
        ("unet", "blocks", "blocks = {}", 64, 65),
        ("unet", "groups", "groups = {}", 65_536, 65_537),
        ("unet", "dropout", "dropout = {}.0", 0, 1),
    ] {
        let with = |value: i32| setting.replace("{}", &value.to_string());
        assert_eq!(refused(kind, &with(last)), None, "{}", with(last));
        assert_eq!(refused(kind, &with(first)), Some(format!("network.{key}")), "{}", with(first));
    }
    let levels = |count: usize| format!("multipliers = {:?}", vec![1; count]);
    assert_eq!(refused("unet", &levels(16)), None);
    assert_eq!(refused("unet", &levels(17)).as_deref(), Some("network.multipliers"));
    assert_eq!(refused("unet", "dropout = 0.999"), None);
}

#[test]
fn images_are_those_of_section_5() {
    let takes = |toml: &str, height: usize, width: usize| {
        let network: NetworkConfig = toml::from_str(&format!("kind = \"unet\"\n{toml}")).unwrap();
        network.check(Shape { height, width, channels: 1 }).is_ok()
    };
    let [each, level] = ["each", "level"].map(|skips| move |rest: &str| format!("skips = \"{skips}\"\n{rest}"));
    assert!(takes(&each("multipliers = [1, 1]"), 2, 4) && !takes(&each("multipliers = [1, 1]"), 2, 3));
    assert!(takes(&each("multipliers = [1]"), 1, 2) && !takes(&each("multipliers = [1]"), 1, 1));
    // 4096 pixels attend to one another, at the lowest level with skips "each" in any case.
    assert!(takes(&each("multipliers = [1]"), 64, 64) && !takes(&each("multipliers = [1]"), 64, 65));
    assert!(
        takes(&level("multipliers = [1]"), 64, 65) && !takes(&level("multipliers = [1]\nattention = [64]"), 64, 65)
    );
    // Heights of levels, and no others.
    let attention = |height: usize| level(&format!("multipliers = [1, 1, 1]\nattention = [{height}]"));
    assert!([16, 8, 4].iter().all(|&height| takes(&attention(height), 16, 32)));
    assert!(![32, 2, 5].iter().any(|&height| takes(&attention(height), 16, 32)));
}
