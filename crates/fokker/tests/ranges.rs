//! Several networks, each for an interval of t: derivatives across the borders, gradients, files, what is refused.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;
#[path = "common/gradient.rs"]
mod gradient;

use std::sync::Arc;

use common::worst;
use fokker::config::Config;
use fokker::data::{Data, RowsOptions};
use fokker::divergence::Divergence;
use fokker::evaluate::{Quantity, evaluate};
use fokker::jobs::{self, Init, NewRun, Silent};
use fokker::model_file::{RANGES_VERSION, read_model};
use fokker::net::NetworkConfig;
use fokker::objective::Objective;
use fokker::residual::log_density_residual;
use fokker::rng::Streams;
use fokker::sample::{Sampler, sample};
use fokker::score::network::{NetworkEnergy, NetworkScore, Parameterisation, ScoreModel};
use fokker::score::{EnergyEvaluator, Score};
use fokker::sde::Sde;
use fokker_jet::Shape;
use fokker_jet::cpu::{Parameters, Workers};
use gradient::{gradient_error_at, gradient_error_of_some};
use rand::RngExt;

const X: [f64; 3] = [0.4, -1.1, 0.7];

/// In no interval's middle alone: within zones, at their ends, at the borders.
const TIMES: [f64; 9] = [0.1, 0.25, 0.27, 0.3, 0.34, 0.35, 0.45, 0.6, 0.63];

const RANGES: &str = "blend = 0.1\nrange = [{ to = 0.3, width = 9 }, { to = 0.6, depth = 1 }, { to = 1.0 }]";

fn network(output: &str, ranges: &str) -> NetworkConfig {
    toml::from_str(&format!("kind = \"mlp\"\noutput = \"{output}\"\nwidth = 12\ndepth = 2\nskip = true\n{ranges}"))
        .unwrap()
}

fn fresh(sde: &Sde, network: &NetworkConfig, parameterisation: Parameterisation) -> NetworkScore<f64> {
    network.validate().unwrap();
    let model = ScoreModel::new(Shape::vector(3), sde, network, parameterisation);
    let parameters = model.initial_parameters(&mut Streams::new(1).named("weights"));
    NetworkScore::new(model, &parameters)
}

fn models() -> Vec<NetworkScore<f64>> {
    let mut all = Vec::new();
    for sde in [Sde::vp(), Sde::sub_vp(), Sde::ve()] {
        for parameterisation in [Parameterisation::Noise, Parameterisation::Preconditioned] {
            all.push(fresh(&sde, &network("score", RANGES), parameterisation));
        }
        for parameterisation in [Parameterisation::Preconditioned, Parameterisation::Bounded, Parameterisation::Plain] {
            all.push(fresh(&sde, &network("energy", RANGES), parameterisation));
        }
    }
    all
}

fn score_at(score: &NetworkScore<f64>, x: &[f64], t: f64) -> Vec<f64> {
    let mut s = vec![0.0; x.len()];
    score.evaluator(1).unwrap().evaluate(x, &[score.model().sde().at(t)], &mut s);
    s
}

fn log_q_at(score: &NetworkScore<f64>, x: &[f64], t: f64) -> f64 {
    let mut log_q = [0.0];
    NetworkEnergy::new(score, 1).unwrap().log_density(x, &[score.model().sde().at(t)], &mut log_q);
    log_q[0]
}

/// Fourth-order central difference.
fn slope(f: impl Fn(f64) -> Vec<f64>, h: f64) -> Vec<f64> {
    let (a, b, c, d) = (f(-2.0 * h), f(-h), f(h), f(2.0 * h));
    (0..a.len()).map(|i| (8.0 * (c[i] - b[i]) - (d[i] - a[i])) / (12.0 * h)).collect()
}

fn near(got: &[f64], want: &[f64], what: &str) {
    let norm = want.iter().map(|w| w * w).sum::<f64>().sqrt();
    let error = got.iter().zip(want).map(|(g, w)| (g - w).powi(2)).sum::<f64>().sqrt();
    assert!(error < 1e-6 * norm && norm > 1e-6, "{what}: {error:e} of {norm:e}");
}

#[test]
fn derivatives_match_differences_across_the_borders() {
    let workers = Workers::new(1, 4).unwrap();
    let all = [Quantity::Score, Quantity::Dt, Quantity::Divergence, Quantity::Residual, Quantity::Jacobian];
    for score in models() {
        for t in TIMES {
            let name = format!("{:?} {:?} at {t}", score.model().output(), score.model().parameterisation());
            let found = evaluate(&score, &X, t, None, &all, &workers).unwrap();
            near(&found.score, &score_at(&score, &X, t), &name);
            // So short that a jump of the third derivative of a window is not seen.
            near(&found.dt, &slope(|h| score_at(&score, &X, t + h), 1e-6), &name);
            let shifted = |column: usize, h: f64| {
                let mut x = X;
                x[column] += h;
                x
            };
            for column in 0..3 {
                let got: Vec<f64> = (0..3).map(|row| found.jacobian[row * 3 + column]).collect();
                near(&got, &slope(|h| score_at(&score, &shifted(column, h), t), 1e-3), &name);
            }
            let c = score.model().sde().at(t);
            let phi = |x: &[f64]| {
                let at = evaluate(&score, x, t, None, &[Quantity::Score, Quantity::Divergence], &workers).unwrap();
                let square: f64 = at.score.iter().map(|s| s * s).sum();
                let inner: f64 = at.score.iter().zip(x).map(|(s, x)| s * x).sum();
                0.5 * c.g2 * (at.divergence[0] + square) - c.a * inner
            };
            let want = (0..3).map(|i| found.dt[i] - slope(|h| vec![phi(&shifted(i, h))], 1e-3)[0]);
            near(&found.residual, &want.collect::<Vec<_>>(), &name);
            if score.energy().is_some() {
                let dt = log_density_residual(&score, &X, &[t], Divergence::Exact {}, 0, &workers).unwrap().dt;
                near(&dt, &slope(|h| vec![log_q_at(&score, &X, t + h)], 1e-6), &name);
                let gradient = |i: usize| slope(|h| vec![log_q_at(&score, &shifted(i, h), t)], 1e-3)[0];
                near(&found.score, &[gradient(0), gradient(1), gradient(2)], &name);
            }
        }
    }
}

#[test]
fn nothing_jumps_where_a_zone_begins_and_ends() {
    let workers = Workers::new(1, 4).unwrap();
    for score in models() {
        let at = |t: f64| {
            let found = evaluate(&score, &X, t, None, &[Quantity::Score, Quantity::Dt], &workers).unwrap();
            let mut all = [found.score, found.dt].concat();
            if score.energy().is_some() {
                all.push(log_q_at(&score, &X, t));
                all.extend(log_density_residual(&score, &X, &[t], Divergence::Exact {}, 0, &workers).unwrap().dt);
            }
            all
        };
        for t in [0.25, 0.3, 0.35, 0.55, 0.6, 0.65] {
            let (before, after) = (at(t - 1e-10), at(t + 1e-10));
            let apart = before.iter().zip(&after).map(|(a, b)| (a - b).abs() / a.abs().max(1.0));
            assert!(worst(apart) < 1e-6, "{:?} at {t}: {before:?} {after:?}", score.model().parameterisation());
        }
    }
}

#[test]
fn within_an_interval_it_is_that_interval_s_network() {
    let score = fresh(&Sde::vp(), &network("energy", RANGES), Parameterisation::Bounded);
    let specs = score.model().graph().parameters();
    for (k, (width, depth, t)) in [(9, 2, 0.2), (12, 1, 0.45), (12, 2, 0.9)].into_iter().enumerate() {
        let toml = format!("kind = \"mlp\"\noutput = \"energy\"\nwidth = {width}\ndepth = {depth}\nskip = true");
        let one: NetworkConfig = toml::from_str(&toml).unwrap();
        let model = ScoreModel::new(Shape::vector(3), &Sde::vp(), &one, Parameterisation::Bounded);
        let mut parameters = Vec::new();
        for wanted in model.graph().parameters() {
            let spec = specs.iter().find(|spec| spec.name == format!("range.{k}.{}", wanted.name)).unwrap();
            assert_eq!(spec.shape, wanted.shape);
            parameters.extend_from_slice(&score.parameters()[spec.offset..spec.offset + spec.len()]);
        }
        let one = NetworkScore::<f64>::new(model, &parameters);
        assert_eq!(score_at(&one, &X, t), score_at(&score, &X, t), "{k}");
        assert_eq!(log_q_at(&one, &X, t), log_q_at(&score, &X, t), "{k}");
    }
    let names: Vec<&str> = specs.iter().map(|spec| spec.name.as_str()).collect();
    let layers = ["range.0.layers.0", "range.0.layers.1", "range.0.output", "range.1.layers.0", "range.1.output"];
    let layers = [&layers[..], &["range.2.layers.0", "range.2.layers.1", "range.2.output"]].concat();
    assert_eq!(names, layers.iter().flat_map(|l| [format!("{l}.weight"), format!("{l}.bias")]).collect::<Vec<_>>());
}

fn config(sde: &str, output: &str, parameterisation: &str, loss: &str) -> Config {
    let text = format!(
        "[data]\nkind = \"mixture\"\ndim = 3\ncomponents = 4\n[sde]\nkind = \"{sde}\"\nt_min = 0.05\n\
         [network]\nkind = \"mlp\"\noutput = \"{output}\"\nwidth = 6\ndepth = 2\nblend = 0.3\n\
         [[network.range]]\nto = 0.4\nwidth = 5\n[[network.range]]\nto = 1.0\n\
         [score]\nparameterisation = \"{parameterisation}\"\n[loss]\n{loss}\n[train]\nbatch = 20\n[audit]\ntimes = [0.5]\n"
    );
    Config::parse(&text, "test", &[]).unwrap()
}

fn objective(config: &Config, model: &ScoreModel, data: &Arc<Data>) -> (Objective<f64>, Parameters<f64>) {
    let workers = Arc::new(Workers::new(2, 10).unwrap());
    let parameters = model.initial_parameters(&mut Streams::new(3).named("weights"));
    let objective = Objective::new(model, data, &config.loss, config.train.batch, 5, &workers).unwrap();
    (objective, Parameters::new(model.graph(), parameters.into_iter().map(f64::from).collect()))
}

const EXACT: &str = "divergence = { kind = \"exact\" }";

#[test]
fn the_gradient_of_the_objective_matches_finite_differences() {
    let of_energy = format!("[loss.fp]\nestimator = \"log-density\"\nweight = 0.01\n{EXACT}");
    let of_score = format!("[loss.fp]\nweight = 0.01\n{EXACT}");
    for (sde, output, parameterisation, loss) in [
        ("vp", "energy", "preconditioned", &of_energy),
        ("ve", "energy", "bounded", &of_energy),
        ("sub-vp", "energy", "plain", &of_energy),
        ("vp", "energy", "bounded", &String::new()),
        ("vp", "score", "preconditioned", &of_score),
        ("sub-vp", "score", "noise", &of_score),
    ] {
        let config = config(sde, output, parameterisation, loss);
        let data = Arc::new(Data::load(&config.data).unwrap());
        let (objective, theta) = objective(&config, &config.model(data.shape()), &data);
        let error = gradient_error_at(&config, objective, theta);
        assert!(error < 1e-6, "{sde} {output} {parameterisation} {loss}: {error:e}");
    }
}

#[test]
fn the_gradient_of_u_nets_with_dropout_matches_finite_differences() {
    let shape = Shape { height: 4, width: 4, channels: 1 };
    let mut rng = Streams::new(2).named("images");
    let rows: Vec<f32> = (0..30 * 16).map(|_| rng.random()).collect();
    let data = Arc::new(Data::from_rows(&rows, 16, &RowsOptions::default()).unwrap());
    let toml = "kind = \"unet\"\noutput = \"energy\"\nwidth = 4\nmultipliers = [1]\nblocks = 1\ndropout = 0.2\n\
        time = { kind = \"plain\" }\nblend = 0.3\nrange = [{ to = 0.4 }, { to = 1.0 }]";
    let network: NetworkConfig = toml::from_str(toml).unwrap();
    network.validate().unwrap();
    let fp = "[loss.fp]\nestimator = \"log-density\"\nweight = 0.01";
    let config = config("vp", "energy", "bounded", fp);
    let model = ScoreModel::new(shape, &config.sde, &network, Parameterisation::Bounded);
    // x, the features, two factors, two windows.
    assert_eq!((model.graph().inputs().len(), model.masks()[0].input), (6, 6));
    let (objective, mut theta) = objective(&config, &model, &data);
    theta.update(&Workers::new(1, 1).unwrap(), |theta| {
        theta.iter_mut().for_each(|w| *w += 0.3 * (rng.random::<f64>() - 0.5));
    });
    let error = gradient_error_of_some(&config, objective, theta, 307);
    assert!(error < 1e-6, "{error:e}");
}

const SET: [&str; 6] = [
    "train.steps=20",
    "network.width=8",
    "network.blend=0.1",
    "network.range=[{ to = 0.2 }, { to = 0.6, width = 4 }, { to = 1.0 }]",
    "audit.times=[0.5]",
    "train.batch=16",
];

#[test]
fn a_run_s_model_is_read_back_sampled_and_trained_on() {
    for preset in ["ring8", "ring8-energy"] {
        let folder = tempfile::tempdir().unwrap();
        let config = Config::preset(preset, &SET.map(String::from)).unwrap();
        assert_eq!(Config::parse(&config.to_toml().unwrap(), "again", &[]).unwrap(), config);
        let data = Arc::new(Data::load(&config.data).unwrap());
        let root = folder.path().join("run");
        let (run, _) = jobs::train(&NewRun::new("train", &root, &config, &data), None, &Silent).unwrap();
        let (info, score) = read_model(&run.model()).unwrap();
        assert_eq!((info.version, &info.network), (RANGES_VERSION, &config.network));
        assert_eq!(info.log_z.is_some(), preset == "ring8-energy");
        assert_eq!(score.model().graph(), config.model(data.shape()).graph());
        let workers = Workers::new(1, 16).unwrap();
        let samples = sample::<f32>(&score, 8, &Sampler::default(), 1, &workers, &|_| ()).unwrap();
        assert!(samples.x.iter().all(|x| x.is_finite()), "{samples:?}");
        // Its weights begin another run.
        let on = config.changed(&[], &["train.steps=0"], "on").unwrap();
        let (second, init) = (folder.path().join("on"), Init { path: &root, names: None });
        let (second, _) = jobs::train(&NewRun::new("train", &second, &on, &data), Some(&init), &Silent).unwrap();
        assert_eq!(read_model(&second.model()).unwrap().1.parameters()[..], score.parameters()[..]);
    }
}

#[test]
fn a_config_without_intervals_says_nothing_of_them() {
    for preset in ["ring8", "ring8-energy"] {
        let config = Config::preset(preset, &[]).unwrap();
        let text = config.to_toml().unwrap() + &serde_json::to_string(&config.network).unwrap();
        assert!(!text.contains("range") && !text.contains("blend"), "{text}");
        let model = config.model(Shape::vector(2));
        assert!(model.windows().count() == 0 && model.graph().parameters()[0].name == "layers.0.weight");
    }
}

#[test]
fn what_cannot_be_is_refused_with_the_key() {
    for (set, parts) in [
        ("network.range=[{ to = 0.5 }]", ["network.range", "must end at 1"]),
        ("network.range=[{ to = 0.5 }, { to = 0.2 }, { to = 1.0 }]", ["network.range", "must rise"]),
        ("network.range=[{ to = 0.001 }, { to = 1.0 }]", ["network.range", "does not fit"]),
        ("network.range=[{ to = 0.5 }, { to = 0.51 }, { to = 1.0 }]", ["network.range", "does not fit"]),
        ("network.range=[{ to = 0.5, width = 0 }, { to = 1.0 }]", ["network.range", "interval 0: network.width"]),
        ("network.range=[{ to = 0.5 }, { to = 1.0, colour = 3 }]", ["network.range", "colour"]),
        ("network.range=[{ to = 0.5 }, { width = 3 }]", ["network.range", "to"]),
        ("network.blend=0.1", ["network.blend", "network.range"]),
    ] {
        let error = Config::preset("ring8", &[set.into()]).unwrap_err().to_string();
        assert!(parts.iter().all(|part| error.contains(part)), "{set}: {error}");
    }
    let early = ["sde.t_min=0.1", "network.range=[{ to = 0.1 }, { to = 1.0 }]"].map(String::from);
    let error = Config::preset("ring8", &early).unwrap_err().to_string();
    assert!(error.contains("network.range") && error.contains("t_min"), "{error}");
    let toml = "kind = \"unet\"\nrange = [{ to = 0.5, width = 3 }, { to = 1.0 }]";
    let (key, reason) = toml::from_str::<NetworkConfig>(toml).unwrap().validate().unwrap_err();
    assert!(key == "network.range" && reason.contains("mlp"), "{reason}");
}
