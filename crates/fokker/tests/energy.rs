//! Energy models: gradients of their objective, a network that is an exact mixture, what is refused.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;
#[path = "common/exact_energy.rs"]
mod exact_energy;
#[path = "common/gradient.rs"]
mod gradient;

use std::sync::Arc;

use common::worst;
use exact_energy::{exact_energy, mixture};
use fokker::config::Config;
use fokker::conservativity::asymmetry;
use fokker::data::{Data, RowsOptions};
use fokker::divergence::Divergence;
use fokker::net::NetworkConfig;
use fokker::objective::{Objective, Step};
use fokker::residual::{log_density_residual, residual};
use fokker::rng::Streams;
use fokker::score::EnergyEvaluator;
use fokker::score::network::{NetworkEnergy, NetworkScore, Parameterisation, ScoreModel};
use fokker::sde::{Sde, T_MAX};
use fokker::stats::MeanSe;
use fokker_jet::Shape;
use fokker_jet::cpu::{Parameters, Workers};
use gradient::{gradient_error_at, gradient_error_of_some};
use rand::RngExt;

const BATCH: usize = 40;

fn config(sde: &str, parameterisation: &str, fp: &str) -> Config {
    let fp = if fp.is_empty() { String::new() } else { format!("[loss.fp]\nestimator = \"log-density\"\n{fp}") };
    let text = format!(
        "[data]\nkind = \"mixture\"\ndim = 3\ncomponents = 4\n[sde]\nkind = \"{sde}\"\nt_min = 0.05\n\
         [network]\nkind = \"mlp\"\noutput = \"energy\"\nwidth = 10\ndepth = 2\nskip = true\n\
         [score]\nparameterisation = \"{parameterisation}\"\n[loss]\n{fp}\n[train]\nbatch = {BATCH}\n[audit]\ntimes = [0.5]\n"
    );
    Config::parse(&text, "test", &[]).unwrap()
}

fn objective(config: &Config) -> (Objective<f64>, Parameters<f64>) {
    let data = Arc::new(Data::load(&config.data).unwrap());
    of_model(config, &config.model(data.shape()), &data)
}

fn of_model(config: &Config, model: &ScoreModel, data: &Arc<Data>) -> (Objective<f64>, Parameters<f64>) {
    let workers = Arc::new(Workers::new(2, 10).unwrap());
    let parameters = model.initial_parameters(&mut Streams::new(3).named("weights"));
    let objective = Objective::new(model, data, &config.loss, BATCH, 5, &workers).unwrap();
    let parameters = Parameters::new(model.graph(), parameters.into_iter().map(f64::from).collect());
    (objective, parameters)
}

const TWO: &str = "divergence = { kind = \"hutchinson\", probes = 2, distribution = \"gaussian\" }";
const EXACT: &str = "divergence = { kind = \"exact\" }";

#[test]
fn the_gradient_of_both_terms_matches_finite_differences() {
    for sde in ["vp", "sub-vp", "ve"] {
        for parameterisation in ["preconditioned", "bounded", "plain"] {
            for fp in [String::new(), format!("weight = 0.01\ntime_weight = \"sigma4\"\n{EXACT}")] {
                let config = config(sde, parameterisation, &fp);
                let (objective, theta) = objective(&config);
                let error = gradient_error_at(&config, objective, theta);
                assert!(error < 1e-6, "{sde} {parameterisation} {fp}: {error:e}");
            }
        }
    }
}

#[test]
fn the_gradient_of_every_form_of_the_term_matches_finite_differences() {
    for fp in [
        "weight = 0.1".into(),
        format!("weight = 0.1\n{TWO}"),
        format!("weight = 0.1\nunbiased = true\n{TWO}"),
        format!("weight = 0.1\nnorm = 1\nscale = \"paper\"\n{EXACT}"),
        format!("weight = 0.1\nevery = 4\nbatch_fraction = 0.4\n{EXACT}"),
        "weight = 0.1\npoints = \"uniform\"".into(),
        "weight = 0.1\npoints = \"data\"\nunbiased = true".into(),
    ] {
        let config = config("vp", "preconditioned", &fp);
        let (objective, theta) = objective(&config);
        let error = gradient_error_at(&config, objective, theta);
        assert!(error < 1e-6, "{fp}: {error:e}");
    }
}

#[test]
fn the_gradient_of_a_u_net_matches_finite_differences() {
    let shape = Shape { height: 4, width: 4, channels: 1 };
    let mut rng = Streams::new(2).named("images");
    let rows: Vec<f32> = (0..30 * 16).map(|_| rng.random()).collect();
    let data = Arc::new(Data::from_rows(&rows, 16, &RowsOptions::default()).unwrap());
    let toml = "kind = \"unet\"\noutput = \"energy\"\nwidth = 4\nmultipliers = [1, 2]\nblocks = 1\nattention = [2]\n\
        time = { kind = \"log-sigma\", frequencies = 1 }";
    let network: NetworkConfig = toml::from_str(toml).unwrap();
    for (parameterisation, fp) in [(Parameterisation::Preconditioned, "weight = 0.01"), (Parameterisation::Bounded, "")]
    {
        let config = config("vp", "bounded", fp);
        let model = ScoreModel::new(shape, &config.sde, &network, parameterisation);
        let (objective, mut theta) = of_model(&config, &model, &data);
        // The last layer begins at 0, where most gradients vanish.
        theta.update(&Workers::new(1, 1).unwrap(), |theta| {
            theta.iter_mut().for_each(|w| *w += 0.3 * (rng.random::<f64>() - 0.5));
        });
        let error = gradient_error_of_some(&config, objective, theta, 499);
        assert!(error < 1e-6, "{parameterisation:?} {fp}: {error:e}");
    }
}

#[test]
fn a_gradient_of_another_weight_would_be_seen() {
    let gradient = |weight: &str| {
        let (mut objective, theta) = objective(&config("vp", "bounded", &format!("weight = {weight}")));
        let mut gradient = vec![0.0; theta.len()];
        objective.evaluate(Step(0), &theta, &mut gradient);
        gradient
    };
    let (a, b) = (gradient("0.1"), gradient("0.102"));
    let norm = a.iter().map(|g| g * g).sum::<f64>().sqrt();
    assert!(worst(a.iter().zip(&b).map(|(a, b)| (a - b).abs())) > 1e-4 * norm);
}

#[test]
fn the_term_and_denoising_have_the_rows_that_each_would_have_alone() {
    let of = |fp: &str| {
        let (mut objective, theta) = objective(&config("vp", "bounded", fp));
        let mut gradient = vec![0.0; theta.len()];
        (0..3).map(|step| objective.evaluate(Step(step), &theta, &mut gradient).get("dsm").unwrap()).collect::<Vec<_>>()
    };
    let apart = of("").iter().zip(of("weight = 0.1")).map(|(a, b)| (a - b).abs() / a).collect::<Vec<_>>();
    assert!(worst(apart) < 1e-14);
}

#[test]
fn one_probe_is_biased_and_two_are_not() {
    let difference = |a: &str, b: &str| {
        let (mut a, theta) = objective(&config("vp", "bounded", a));
        let (mut b, _) = objective(&config("vp", "bounded", b));
        let mut scratch = vec![0.0; theta.len()];
        let mut value = |objective: &mut Objective<f64>, step| {
            objective.evaluate(Step(step), &theta, &mut scratch).get("fp").unwrap()
        };
        let pairs: Vec<(f64, f64)> = (0..6000).map(|step| (value(&mut a, step), value(&mut b, step))).collect();
        let mean = MeanSe::of(&pairs.iter().map(|pair| pair.1).collect::<Vec<_>>()).mean;
        (MeanSe::of(&pairs.iter().map(|pair| pair.0 - pair.1).collect::<Vec<_>>()), mean)
    };
    let (exact, probe) = (format!("weight = 1.0\n{EXACT}"), "weight = 1.0");
    let (d, mean) = difference("weight = 1.0\nunbiased = true", &exact);
    assert!(d.mean.abs() < 4.5 * d.se && d.se < 0.05 * mean, "{d:?} of {mean}");
    let (d, _) = difference(probe, &exact);
    assert!(d.mean > 3.0 * d.se, "{d:?}");
}

/// Points where every Gaussian has some weight, and their times.
fn points(sde: &Sde) -> (Vec<f64>, Vec<f64>) {
    let mut rng = Streams::new(4).named("points");
    let t: Vec<f64> = (0..60).map(|_| sde.t_min() + (T_MAX - sde.t_min()) * rng.random::<f64>()).collect();
    let x = t.iter().flat_map(|&t| {
        let (c, mut x) = (sde.at(t), [0.0; 2]);
        mixture().sample(&mut rng, &mut x);
        x.map(|x| c.m * x + c.sigma * (rng.random::<f64>() - 0.5))
    });
    let x = x.collect();
    (x, t)
}

fn sdes() -> [Sde; 3] {
    [Sde::vp(), Sde::sub_vp(), Sde::ve()]
}

#[test]
fn a_network_that_is_a_mixture_has_its_log_density_and_score() {
    for sde in sdes() {
        let (energy, mixture) = (exact_energy(&sde, 0.0), mixture());
        let (x, t) = points(&sde);
        let at: Vec<_> = t.iter().map(|&t| sde.at(t)).collect();
        let (mut log_q, mut s) = (vec![0.0; t.len()], vec![0.0; x.len()]);
        NetworkEnergy::new(&energy, t.len()).unwrap().with_score(&x, &at, &mut log_q, &mut s);
        let errors = (0..t.len()).flat_map(|row| {
            let (q, x, mut want) = (mixture.diffused(&at[row]), &x[2 * row..][..2], [0.0; 2]);
            q.score(x, &mut want);
            let size = want[0].hypot(want[1]).max(1.0);
            [
                (log_q[row] - q.log_density(x)).abs(),
                (s[2 * row] - want[0]).abs() / size,
                (s[2 * row + 1] - want[1]).abs() / size,
            ]
        });
        assert!(worst(errors) < 1e-9, "{sde:?}");
    }
}

#[test]
fn the_residual_of_a_mixture_s_log_density_is_zero_and_of_a_bent_one_known() {
    let workers = Workers::new(2, 16).unwrap();
    for sde in sdes() {
        let (x, t) = points(&sde);
        let exact = exact_energy(&sde, 0.0);
        let found = log_density_residual(&exact, &x, &t, Divergence::Exact {}, 0, &workers).unwrap();
        let relative = found.residual.iter().zip(&found.dt).map(|(rho, dt)| rho.abs() / dt.abs().max(1.0));
        assert!(worst(relative) < 1e-9, "{sde:?}");
        assert!(found.dt.iter().any(|dt| dt.abs() > 0.1));
        // And so that of its score, by parts of one order more and a reverse pass.
        let vector = residual(&exact, &x, &t, Divergence::Exact {}, 0, &workers).unwrap();
        let relative = vector.per_dimension().into_iter().zip(vector.dt_per_dimension()).map(|(e, dt)| e / dt.max(1.0));
        assert!(worst(relative) < 1e-8, "{sde:?}");
        // log q + t b x₀: ρ = b x₀ − g² (t b s₀ + ½ t² b²) + a t b x₀.
        let b = 0.3;
        let found = log_density_residual(&exact_energy(&sde, b), &x, &t, Divergence::Exact {}, 0, &workers).unwrap();
        let mixture = mixture();
        let errors = (0..t.len()).map(|row| {
            let (c, x, mut s) = (sde.at(t[row]), &x[2 * row..][..2], [0.0; 2]);
            mixture.diffused(&c).score(x, &mut s);
            let tb = c.t * b;
            let want = b * x[0] - c.g2 * (tb * s[0] + 0.5 * tb * tb) + c.a * tb * x[0];
            (found.residual[row] - want).abs() / want.abs().max(found.dt[row].abs()).max(1.0)
        });
        assert!(worst(errors) < 1e-8, "{sde:?}");
        assert!(found.residual.iter().any(|rho| rho.abs() > 0.01));
    }
}

#[test]
fn an_energy_s_score_is_a_gradient_and_a_network_s_is_not() {
    let workers = Workers::new(1, 16).unwrap();
    let worst_asymmetry = |set: &[&str]| {
        let set: Vec<String> = set.iter().map(ToString::to_string).collect();
        let config = Config::preset("ring8", &set).unwrap();
        let model = config.model(Shape::vector(2));
        let parameters = model.initial_parameters(&mut Streams::new(1).named("weights"));
        let x: Vec<f32> = (0..40).map(|i| (f64::from(i) * 0.37).sin() as f32).collect();
        let score = NetworkScore::<f32>::new(model, &parameters);
        let found = asymmetry(&score, &x, &[0.3; 20], Divergence::Exact {}, 0, &workers).unwrap();
        worst(found.normalised)
    };
    let of_energy = worst_asymmetry(&[
        "network.output=energy",
        "score.parameterisation=preconditioned",
        "loss.fp.estimator=log-density",
        "network.width=16",
    ]);
    let of_score = worst_asymmetry(&["network.width=16", "score.parameterisation=noise"]);
    assert!(of_energy < 1e-9 && of_score > 1e-4, "{of_energy:e} {of_score:e}");
}

#[test]
fn what_does_not_go_together_is_refused_with_the_key() {
    let refused = |set: &[&str]| {
        let set: Vec<String> = ["loss.fp.weight=7.5e-5", "score.parameterisation=noise"]
            .iter()
            .chain(set)
            .map(ToString::to_string)
            .collect();
        Config::preset("ring8", &set).unwrap_err().to_string()
    };
    let vector = refused(&["network.output=energy", "score.parameterisation=bounded"]);
    assert!(vector.contains("loss.fp.estimator") && vector.contains("third-order"), "{vector}");
    let noise = refused(&["network.output=energy", "loss.fp.estimator=log-density"]);
    assert!(noise.contains("score.parameterisation"), "{noise}");
    let plain = refused(&["score.parameterisation=plain"]);
    assert!(plain.contains("score.parameterisation"), "{plain}");
    let score = refused(&["loss.fp.estimator=log-density"]);
    assert!(score.contains("loss.fp.estimator") && score.contains("network.output"), "{score}");
    let scalar = refused(&[
        "network.output=energy",
        "score.parameterisation=bounded",
        "loss.fp.estimator=log-density",
        "loss.scalar={ weight = 0.1 }",
    ]);
    assert!(scalar.contains("loss.scalar"), "{scalar}");
    let score = Config::preset("ring8", &[]).unwrap();
    let model = score.model(Shape::vector(2));
    let parameters = model.initial_parameters(&mut Streams::new(1).named("weights"));
    let score = NetworkScore::<f64>::new(model, &parameters);
    assert!(NetworkEnergy::new(&score, 1).is_err());
}
