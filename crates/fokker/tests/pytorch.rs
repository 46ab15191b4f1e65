//! U-Nets that were written, saved and evaluated in PyTorch: `docs/check_unet.py --freeze crates/fokker/tests/data/unet` made the data.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::path::{Path, PathBuf};

use common::worst;
use fokker::Workers;
use fokker::data::read_table;
use fokker::evaluate::{Quantity, evaluate};
use fokker::net::NetworkConfig;
use fokker::score::network::{NetworkScore, Parameterisation, ScoreModel};
use fokker::sde::Sde;
use fokker::weights::{NameMap, read_weights, write_weights};
use fokker_jet::Shape;

const DEEP: Shape = Shape { height: 8, width: 8, channels: 3 };
const LEAN: Shape = Shape { height: 12, width: 12, channels: 1 };

fn at(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/unet").join(name)
}

struct Given {
    network: NetworkConfig,
    model: ScoreModel,
    names: NameMap,
}

fn given(name: &str, shape: Shape) -> Given {
    let network: NetworkConfig =
        toml::from_str(&std::fs::read_to_string(at(&format!("{name}.toml"))).unwrap()).unwrap();
    network.check(shape).unwrap();
    let model = ScoreModel::new(shape, &Sde::vp(), &network, Parameterisation::Noise);
    Given { network, model, names: NameMap::read(&at(&format!("{name}-names.toml"))).unwrap() }
}

/// The greatest relative error of s over the times at which PyTorch gave it.
fn error(name: &str, model: &ScoreModel, weights: &[f32]) -> f64 {
    let score = NetworkScore::<f64>::new(model.clone(), weights);
    let table = |what: &str| read_table(&at(&format!("{name}-{what}.npy")), None).unwrap().values;
    let (x, expected) = (table("x"), table("score"));
    let workers = Workers::new(1, 8).unwrap();
    assert_eq!(expected.len(), 2 * x.len());
    let errors = [0.05, 0.7].into_iter().zip(expected.chunks(x.len())).map(|(t, expected)| {
        let found = plain(&score, &x, t, &workers);
        let norm = |v: Vec<f64>| v.iter().map(|d| d * d).sum::<f64>().sqrt();
        norm(found.iter().zip(expected).map(|(a, b)| a - b).collect()) / norm(expected.to_vec())
    });
    worst(errors)
}

/// s alone.
fn plain(score: &NetworkScore<f64>, x: &[f64], t: f64, workers: &Workers) -> Vec<f64> {
    use fokker::score::Score;
    let rows = x.len() / score.model().dim();
    let mut s = vec![0.0; x.len()];
    let mut evaluator = score.evaluator(workers.chunk_rows()).unwrap();
    evaluator.evaluate(x, &vec![score.model().sde().at(t); rows], &mut s);
    s
}

#[test]
fn a_checkpoint_of_pytorch_gives_pytorch_s_numbers() {
    let Given { network, model, names } = given("deep", DEEP);
    let weights = read_weights(&at("deep.pth"), &model, &network, Some(&names)).unwrap();
    let found = error("deep", &model, &weights);
    assert!(found < 1e-11, "{found:e}");
    // One weight of attention's square matrices, which could be read the wrong way round and still fit.
    let spec = model.graph().parameters().iter().find(|s| s.name == "middle.0.attention.query.weight").unwrap();
    let mut wrong = weights;
    wrong.swap(spec.offset + 1, spec.offset + spec.shape[1]);
    assert!(error("deep", &model, &wrong) > 1e-6);
}

#[test]
fn safetensors_of_pytorch_give_pytorch_s_numbers() {
    let Given { network, model, names } = given("lean", LEAN);
    let weights = read_weights(&at("lean.safetensors"), &model, &network, Some(&names)).unwrap();
    let found = error("lean", &model, &weights);
    assert!(found < 1e-11, "{found:e}");
    let mut wrong = weights;
    wrong.swap(0, 1);
    assert!(error("lean", &model, &wrong) > 1e-6);
}

#[test]
fn what_is_exported_is_read_again() {
    let Given { network, model, names } = given("deep", DEEP);
    let weights = read_weights(&at("deep.pth"), &model, &network, Some(&names)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w.safetensors");
    write_weights(&path, model.graph(), &weights, &names).unwrap();
    assert_eq!(read_weights(&path, &model, &network, Some(&names)).unwrap(), weights);
    let tensors = std::fs::read(&path).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&tensors).unwrap();
    let shape = |name: &str| tensors.tensor(name).unwrap().shape().to_vec();
    assert_eq!(shape("module.all_modules.3.Conv_0.weight"), [16, 8, 3, 3]);
    assert_eq!(shape("module.all_modules.3.Conv_2.weight"), [16, 8, 1, 1]);
    assert_eq!(shape("module.all_modules.3.Dense_0.weight"), [16, 32]);
    assert_eq!(shape("module.all_modules.4.NIN_0.W"), [16, 16]);
}

#[test]
fn files_that_do_not_fit_are_refused() {
    let Given { network, model, names } = given("deep", DEEP);
    let lean = given("lean", LEAN);
    let refused = |file: &Path, names: Option<&NameMap>, parts: &[&str]| {
        let error = read_weights(file, &model, &network, names).unwrap_err();
        let text = error.to_string();
        assert!(error.is_request() && parts.iter().all(|part| text.contains(part)), "{text}");
    };
    refused(&at("deep.pth"), None, &["deep.pth", "missing: down.0.0.conv1.bias", "more", "superfluous: model.module."]);
    refused(&at("deep.pth"), Some(&lean.names), &["missing: down.0.Conv_0.bias", "and 144 more"]);
    let text = std::fs::read_to_string(at("deep-names.toml")).unwrap();
    let map = |from: &str, to: &str| NameMap::parse(&text.replace(from, to), "map").unwrap();
    refused(&at("deep.pth"), Some(&map("\"model\"", "\"ema\"")), &["ema", "model"]);
    refused(&at("deep.pth"), Some(&map("ignore = [\"sigmas\"]", "")), &["superfluous: module.sigmas"]);
    let linear = map(", layout = \"conv\"", "");
    refused(&at("deep.pth"), Some(&linear), &["Conv_2.weight", "shape [8, 8, 1, 1], expected [8, 8]"]);
    refused(&at("deep.toml"), Some(&names), &["deep.toml"]);
    refused(&at("none.pth"), Some(&names), &["none.pth"]);
    let folder = tempfile::tempdir().unwrap();
    for (name, keep) in [("deep.pth", 0.5), ("lean.safetensors", 0.5), ("deep.pth", 0.99), ("deep.pth", 0.0)] {
        let bytes = std::fs::read(at(name)).unwrap();
        let path = folder.path().join("cut");
        std::fs::write(&path, &bytes[..(bytes.len() as f64 * keep) as usize]).unwrap();
        refused(&path, Some(&names), &["cut"]);
    }
}

#[test]
fn derivatives_of_an_imported_network_agree_with_one_another() {
    let Given { network, model, names } = given("lean", LEAN);
    let weights = read_weights(&at("lean.safetensors"), &model, &network, Some(&names)).unwrap();
    let score = NetworkScore::<f64>::new(model, &weights);
    let x = read_table(&at("lean-x.npy"), None).unwrap().values;
    let what = [Quantity::Score, Quantity::Divergence, Quantity::Jacobian];
    let found = evaluate(&score, &x[..144], 0.7, None, &what, &Workers::new(1, 8).unwrap()).unwrap();
    let trace: f64 = (0..144).map(|i| found.jacobian[145 * i]).sum();
    assert!((trace - found.divergence[0]).abs() < 1e-9 * trace.abs() && trace.abs() > 1e-3);
    let expected = read_table(&at("lean-score.npy"), None).unwrap().values;
    let error = worst(found.score.iter().zip(&expected[3 * 144..]).map(|(a, b)| (a - b).abs()));
    assert!(error < 1e-9, "{error:e}");
}
