//! The U-Net: its parameters, its derivatives, its dropout, what it refuses.
#![allow(clippy::unwrap_used, missing_docs)]

use fokker::config::{Config, PRESETS};
use fokker::net::{NetworkConfig, Skips, UnetConfig, UnetResampling};
use fokker::rng::Streams;
use fokker::score::network::{NetworkTape, Parameterisation, ScoreModel};
use fokker::score::{Direction, Directions, ScoreTape};
use fokker::sde::Sde;
use fokker_jet::cpu::{Parameters, Plan, Workspace};
use fokker_jet::{Graph, Init, Shape};
use rand::RngExt;

const DIGITS: Shape = Shape { height: 28, width: 28, channels: 1 };
const COLOURS: Shape = Shape { height: 32, width: 32, channels: 3 };
const SMALL: Shape = Shape { height: 8, width: 4, channels: 3 };

fn network(toml: &str) -> NetworkConfig {
    let config: NetworkConfig = toml::from_str(&format!("kind = \"unet\"\n{toml}")).unwrap();
    config.validate().unwrap();
    config
}

fn model(shape: Shape, toml: &str) -> ScoreModel {
    let network = network(toml);
    network.check(shape).unwrap();
    ScoreModel::new(shape, &Sde::vp(), &network, Parameterisation::Noise)
}

fn count(graph: &Graph, prefix: &str) -> usize {
    graph.parameters().iter().filter(|spec| spec.name.starts_with(prefix)).count()
}

/// Numbers of which none is as it is before training.
fn parameters(model: &ScoreModel) -> Vec<f64> {
    let mut rng = Streams::new(5).named("weights");
    let specs = model.graph().parameters().iter();
    specs.flat_map(|spec| (0..spec.len()).map(|_| 0.6 * (rng.random::<f64>() - 0.5)).collect::<Vec<_>>()).collect()
}

const LEAN: &str = "width = 32\nmultipliers = [1, 2, 2]\nblocks = 1\nresampling = \"plain\"\nskips = \"level\"\n\
    rescale = false\ngroups = 8\ntime = { kind = \"positional\", features = 32 }";

/// Everything that there is, on 8 × 4 pixels.
const RICH: &str = "width = 8\nmultipliers = [1, 2]\nblocks = 1\nattention = [4]\ninput_pyramid = true\nfir = true\n\
    dropout = 0.25\ntime = { kind = \"positional\", features = 8 }";

#[test]
fn the_lean_member_has_the_parameters_of_the_plain_network() {
    // Res(i, o): norms 2(i + o), convolutions 9io + o and 9oo + o, time 128o + o, shortcut io + o if i ≠ o.
    let residual =
        |i: usize, o: usize| 2 * (i + o) + 9 * i * o + o + 9 * o * o + o + 129 * o + if i == o { 0 } else { i * o + o };
    let embedding = 33 * 128 + 129 * 128;
    let ends = (9 * 32 + 32) + 2 * 32 + (9 * 32 + 1);
    let blocks = residual(32, 32) + residual(32, 64) + residual(64, 64) + residual(128, 64) + residual(96, 32);
    let found = model(DIGITS, LEAN).graph().parameter_count();
    assert_eq!(found, embedding + ends + blocks);
    assert_eq!(found, 364_545);
}

#[test]
fn ddpmpp_has_the_blocks_of_the_published_network() {
    let toml = "width = 128\nmultipliers = [1, 2, 2, 2]\nblocks = 4\nattention = [16]\ndropout = 0.1\n\
        time = { kind = \"positional\", features = 128 }";
    let model = model(COLOURS, toml);
    let graph = model.graph();
    let blocks = graph.parameters().iter().filter(|spec| spec.name.ends_with(".conv1.weight")).count();
    // 4 · 4 + 3 down, 2 in the middle, 5 · 4 + 3 up.
    assert_eq!(blocks, 19 + 2 + 23);
    let attentions = graph.parameters().iter().filter(|spec| spec.name.ends_with("query.weight")).count();
    assert_eq!(attentions, 4 + 1 + 1);
    // 61.8 million: Song et al. 2021, appendix H.
    assert_eq!(graph.parameter_count(), 61_804_419);
    let masks: Vec<usize> = model.masks().iter().map(|mask| mask.width).collect();
    assert_eq!((masks.len(), masks[0], masks[18]), (44, 32 * 32 * 128, 4 * 4 * 256));
}

#[test]
fn presets_say_their_size() {
    for (name, shape) in [("mnist-unet-tiny", DIGITS), ("mnist-unet", DIGITS), ("cifar10-ddpmpp", COLOURS)] {
        let preset = PRESETS.iter().find(|preset| preset.name == name).unwrap();
        let config = Config::parse(preset.toml, name, &[]).unwrap();
        config.check(shape, name).unwrap();
        let count = config.model(shape).graph().parameter_count().to_string();
        let said = preset.toml.replace(',', "");
        assert!(said.contains(&format!(" {count} parameters")), "{name}: {count}");
    }
}

#[test]
fn names_are_those_of_the_format() {
    let graph = model(SMALL, RICH).graph().clone();
    let names: Vec<_> = graph.parameters().iter().map(|spec| format!("{} {:?}", spec.name, spec.shape)).collect();
    insta::assert_snapshot!(names.join("\n"));
    let lean = model(DIGITS, LEAN);
    assert_eq!(
        [count(lean.graph(), "down.0.0."), count(lean.graph(), "down.2."), count(lean.graph(), "up.2.")],
        [10, 0, 0]
    );
}

#[test]
fn weights_are_drawn_as_in_ddpm() {
    let model = model(SMALL, RICH);
    for spec in model.graph().parameters() {
        let zero = [".conv2.weight", "attention.output.weight", "output.weight"];
        let gain = spec.name.contains("norm") && spec.name.ends_with("weight");
        match spec.init {
            Init::Ones => assert!(gain, "{}", spec.name),
            Init::Zeros => {
                assert!(spec.name.ends_with("bias") || zero.iter().any(|end| spec.name.ends_with(end)), "{}", spec.name)
            }
            Init::Uniform { bound } => {
                let pixels: usize = spec.shape[..spec.shape.len() - 2].iter().product();
                let fans: usize = spec.shape[spec.shape.len() - 2..].iter().sum();
                let scale = if spec.name.contains("attention") { 0.1 } else { 1.0 };
                assert!((bound * bound - 6.0 * scale / (pixels * fans) as f64).abs() < 1e-12, "{}", spec.name);
            }
        }
    }
}

/// s and its derivatives along v and t at some points; with `training`, on the training graph with these mask values.
fn jets(model: &ScoreModel, x: &[f64], v: &[f64], t: f64, masks: Option<f64>) -> [Vec<f64>; 3] {
    let directions = Directions::new(&[Direction::Space, Direction::Time]);
    let parameters = Parameters::new(model.graph(), parameters(model));
    let (graph, live) = match masks {
        Some(_) => (model.training(), model.training_live(&directions)),
        None => (model.graph(), model.live(&directions)),
    };
    let rows = x.len() / model.dim();
    let mut workspace = Workspace::new(&Plan::new(graph, directions.set(), &live).unwrap(), rows);
    let mut tape = NetworkTape::new(model, &directions, &parameters, &mut workspace);
    tape.begin(x, &vec![model.sde().at(t); rows]);
    tape.direction(0).copy_from_slice(v);
    if let Some(kept) = masks {
        tape.fill_masks(kept);
    }
    tape.forward(0..3);
    [0, 1, 2].map(|part| tape.part(part).to_vec())
}

fn points(model: &ScoreModel, name: &str, rows: usize) -> Vec<f64> {
    let mut rng = Streams::new(1).named(name);
    (0..rows * model.dim()).map(|_| 2.0 * rng.random::<f64>() - 1.0).collect()
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let norm = |v: &mut dyn Iterator<Item = f64>| v.map(|d| d * d).sum::<f64>().sqrt();
    norm(&mut a.iter().zip(b).map(|(a, b)| a - b)) / norm(&mut b.iter().copied())
}

/// Fourth-order central difference.
fn slope(h: f64, f: impl Fn(f64) -> Vec<f64>) -> Vec<f64> {
    let [a, b, c, d] = [f(2.0 * h), f(h), f(-h), f(-2.0 * h)];
    (0..a.len()).map(|i| (8.0 * (b[i] - c[i]) - (a[i] - d[i])) / (12.0 * h)).collect()
}

#[test]
fn derivatives_are_slopes() {
    for (shape, toml) in [(SMALL, RICH), (Shape { height: 4, width: 8, channels: 1 }, LEAN)] {
        let model = model(shape, toml);
        let (x, v) = (points(&model, "x", 2), points(&model, "v", 2));
        let t = 0.3;
        let [_, by_v, by_t] = jets(&model, &x, &v, t, None);
        let moved = |h: f64| x.iter().zip(&v).map(|(x, v)| x + h * v).collect::<Vec<_>>();
        let at = |x: &[f64], t: f64| jets(&model, x, &v, t, None)[0].clone();
        let along_v = distance(&by_v, &slope(2e-4, |h| at(&moved(h), t)));
        // The fastest feature turns by ω = 999 in a unit of time: the slope's own errors are ω⁴h⁴/30 and rounding's 1e-16/h.
        let along_t = distance(&by_t, &slope(1e-6, |h| at(&x, t + h)));
        assert!(along_v < 1e-9 && along_t < 1e-9, "{along_v:e} {along_t:e}");
        assert!(by_v.iter().any(|d| d.abs() > 1e-2) && by_t.iter().any(|d| d.abs() > 1e-2));
    }
}

#[test]
fn without_drops_training_is_the_score() {
    let model = model(SMALL, RICH);
    assert_eq!(model.training().parameters(), model.graph().parameters());
    let blocks = model.graph().parameters().iter().filter(|spec| spec.name.ends_with(".conv1.weight")).count();
    assert_eq!(model.masks().len(), blocks);
    let (x, v) = (points(&model, "x", 2), points(&model, "v", 2));
    let [plain, kept, halved] = [None, Some(1.0), Some(0.5)].map(|masks| jets(&model, &x, &v, 0.4, masks));
    for part in 0..3 {
        assert_eq!(plain[part], kept[part]);
        assert!(distance(&halved[part], &plain[part]) > 1e-3, "masks are seen by part {part}");
    }
    let without = RICH.replace("dropout = 0.25\n", "");
    let without = self::model(SMALL, &without);
    assert!(without.masks().is_empty());
    assert_eq!(without.training(), model.graph());
}

#[test]
fn masks_are_drawn_at_their_rate_and_keep_the_mean() {
    let model = model(SMALL, RICH);
    let directions = Directions::new(&[]);
    let parameters = Parameters::new(model.graph(), parameters(&model));
    let live = model.training_live(&directions);
    let rows = 64;
    let mut workspace = Workspace::<f64>::new(&Plan::new(model.training(), directions.set(), &live).unwrap(), rows);
    {
        let mut tape = NetworkTape::new(&model, &directions, &parameters, &mut workspace);
        tape.begin(&points(&model, "x", rows), &vec![model.sde().at(0.5); rows]);
        // In two blocks, as a batch would be; the second block's stream is the first's again.
        tape.draw_masks(0..32, &mut Streams::new(0).at("masks", 0, 0));
        tape.draw_masks(32..rows, &mut Streams::new(0).at("masks", 0, 0));
    }
    use fokker_jet::Tape;
    let (mut dropped, mut all) = (0, 0);
    for mask in model.masks() {
        let values = workspace.input(mask.input, 0);
        assert_eq!(values.len(), rows * mask.width);
        assert!(values.iter().all(|&m| m == 0.0 || (m - 1.0 / 0.75).abs() < 1e-15));
        assert_eq!(values[..32 * mask.width], values[32 * mask.width..]);
        assert_ne!(values[..mask.width], values[mask.width..2 * mask.width]);
        dropped += values.iter().filter(|&&m| m == 0.0).count();
        all += values.len();
    }
    let (mean, se) = (dropped as f64 / all as f64, (0.25 * 0.75 / (all as f64 / 2.0)).sqrt());
    assert!((mean - 0.25).abs() < 5.0 * se && se < 0.01, "{mean} {se}");
}

#[test]
fn data_that_does_not_fit_is_refused_with_the_key() {
    let refused = |toml: &str, shape: Shape, key: &str, part: &str| {
        let (found, reason) = network(toml).check(shape).unwrap_err();
        assert!(found == key && reason.contains(part), "{found}: {reason}");
    };
    refused("", Shape::vector(784), "network.kind", "vectors of 784");
    refused("multipliers = [1, 1, 1, 1]", DIGITS, "network.multipliers", "28 x 28 pixels cannot be halved");
    refused("attention = [15]", DIGITS, "network.attention", "28, 14, 7");
    let large = Shape { height: 128, width: 128, channels: 3 };
    refused("attention = [128]", large, "network.attention", "16384 pixels");
    refused("multipliers = [1]", large, "network.multipliers", "16384 pixels");
    assert!(network("multipliers = [1]\nskips = \"level\"").check(large).is_ok());
    assert!(network("attention = [14, 7]").check(DIGITS).is_ok());
}

#[test]
fn absurd_sizes_are_refused_with_the_key() {
    for (toml, key) in [
        ("width = 0", "network.width"),
        ("multipliers = []", "network.multipliers"),
        ("multipliers = [1, 0]", "network.multipliers"),
        ("blocks = 0", "network.blocks"),
        ("groups = 0", "network.groups"),
        ("dropout = 1.0", "network.dropout"),
        ("dropout = nan", "network.dropout"),
        ("width = 65536", "network.width"),
        ("time = { kind = \"positional\", features = 5 }", "network.time.features"),
    ] {
        let config: NetworkConfig = toml::from_str(&format!("kind = \"unet\"\n{toml}")).unwrap();
        assert_eq!(config.validate().unwrap_err().0, key, "{toml}");
    }
    assert!(toml::from_str::<NetworkConfig>("kind = \"unet\"\nwidht = 3").is_err());
}

#[test]
fn every_choice_gives_a_network_of_the_data_s_shape() {
    for skips in [Skips::Each, Skips::Level] {
        for resampling in [UnetResampling::Residual, UnetResampling::Plain] {
            for (multipliers, blocks) in [(vec![1], 1), (vec![1, 2], 2), (vec![2, 1, 3], 1)] {
                // 5 channels: no group but one of 1 or 5 divides them.
                let unet = UnetConfig { width: 5, multipliers, blocks, skips, resampling, ..UnetConfig::default() };
                let unet = UnetConfig { input_pyramid: blocks == 2, attention: vec![8], fir: blocks == 2, ..unet };
                let network = NetworkConfig::Unet(unet);
                network.check(SMALL).unwrap();
                let model = ScoreModel::new(SMALL, &Sde::vp(), &network, Parameterisation::Preconditioned);
                let output = model.graph().output().unwrap();
                assert_eq!(model.graph().shape(output), SMALL);
                let [s, ..] = jets(&model, &points(&model, "x", 1), &points(&model, "v", 1), 0.5, None);
                assert!(s.iter().all(|s| s.is_finite()));
                let text = toml::to_string(&network).unwrap();
                assert_eq!(toml::from_str::<NetworkConfig>(&text).unwrap(), network);
            }
        }
    }
}
