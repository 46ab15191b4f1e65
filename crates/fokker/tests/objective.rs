//! The objective: its gradient against finite differences, its estimators against each other.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;
#[path = "common/gradient.rs"]
mod gradient;

use std::sync::Arc;

use common::worst;
use gradient::gradient_error_at;

use fokker::config::Config;
use fokker::data::Data;
use fokker::objective::{Objective, Step};
use fokker::rng::Streams;
use fokker::stats::MeanSe;
use fokker_jet::cpu::{Parameters, Workers};

const BATCH: usize = 40;

fn config(sde: &str, loss: &str) -> Config {
    let text = format!(
        "[data]\nkind = \"mixture\"\ndim = 3\ncomponents = 4\n[sde]\nkind = \"{sde}\"\nt_min = 0.05\n\
         [network]\nkind = \"mlp\"\nwidth = 10\ndepth = 2\nskip = true\n[loss]\nweighting = \"simple\"\n{loss}\n[train]\nbatch = {BATCH}\n[audit]\ntimes = [0.5]\n"
    );
    Config::parse(&text, "test", &[]).unwrap()
}

fn objective(config: &Config) -> (Objective<f64>, Parameters<f64>) {
    let data = Arc::new(Data::load(&config.data).unwrap());
    let model = config.model(data.shape());
    let workers = Arc::new(Workers::new(2, 10).unwrap());
    let parameters = model.initial_parameters(&mut Streams::new(3).named("weights"));
    let objective = Objective::new(&model, &data, &config.loss, BATCH, 5, &workers).unwrap();
    let parameters = Parameters::new(model.graph(), parameters.into_iter().map(f64::from).collect());
    (objective, parameters)
}

fn gradient_error(config: &Config) -> f64 {
    let (objective, theta) = objective(config);
    gradient_error_at(config, objective, theta)
}

#[test]
fn the_gradient_of_every_term_matches_finite_differences() {
    let exact = "divergence = { kind = \"exact\" }";
    let two = "divergence = { kind = \"hutchinson\", probes = 2, distribution = \"gaussian\" }";
    for (sde, loss) in [
        ("vp", String::new()),
        ("vp", "[loss.fp]\nweight = 0.5".into()),
        ("vp", format!("[loss.fp]\nweight = 0.5\n{exact}")),
        ("sub-vp", format!("[loss.fp]\nweight = 0.5\ntime_weight = \"sigma4\"\n{two}")),
        ("ve", "[loss.fp]\nweight = 0.01\ntime_weight = \"convention\"\nnorm = 1".into()),
        ("vp", format!("[loss.fp]\nweight = 0.5\nunbiased = true\n{two}")),
        ("vp", "[loss.fp]\nweight = 0.5\npoints = \"data\"\nbatch_fraction = 0.4\nevery = 4".into()),
        ("vp", "[loss.fp]\nweight = 0.5\npoints = \"uniform\"\ntime_weight = \"constant\"".into()),
        ("vp", "[loss.fp]\nweight = 0.5\nestimator = \"sliced\"".into()),
        ("sub-vp", format!("[loss.fp]\nweight = 0.5\nestimator = \"sliced\"\nnorm = 1\n{two}")),
        (
            "vp",
            format!("[loss.fp]\nweight = 0.5\nestimator = \"sliced\"\nunbiased = true\nbatch_fraction = 0.7\n{two}"),
        ),
        ("vp", "[loss.scalar]\nweight = 0.1".into()),
        ("vp", format!("[loss.scalar]\nweight = 0.1\nform = \"published\"\n{exact}")),
        ("vp", "[loss.conservativity]\nweight = 0.5".into()),
        ("vp", "reference_batch = 30".into()),
        (
            "ve",
            "[loss.conservativity]\nweight = 0.1\npairs = 3\nbatch_fraction = 0.4\ntime_weight = \"sigma4\"\n[loss.fp]\nweight = 0.01\nevery = 2"
                .into(),
        ),
    ] {
        let error = gradient_error(&config(sde, &loss));
        assert!(error < 1e-6, "{sde} {loss}: {error:e}");
    }
}

#[test]
fn the_gradient_is_right_under_every_parameterisation() {
    for sde in ["vp", "sub-vp", "ve"] {
        for parameterisation in ["noise", "score", "preconditioned"] {
            let text = config(sde, "[loss.fp]\nweight = 0.01\ntime_weight = \"sigma4\"").to_toml().unwrap();
            let set = format!("score.parameterisation={parameterisation}");
            let error = gradient_error(&Config::parse(&text, "test", &[set]).unwrap());
            assert!(error < 1e-6, "{sde} {parameterisation}: {error:e}");
        }
    }
}

#[test]
fn importance_weighted_likelihood_has_the_right_gradient() {
    let mut config = config("vp", "[loss.fp]\nweight = 0.5");
    config.loss.weighting = fokker::objective::Weighting::Likelihood;
    config.loss.time_sampling = fokker::objective::TimeSampling::Importance;
    assert!(gradient_error(&config) < 1e-6);
    config.loss.time_sampling = fokker::objective::TimeSampling::Mixture;
    assert!(gradient_error(&config) < 1e-6);
}

#[test]
fn a_gradient_that_is_no_number_would_be_seen() {
    let config = config("vp", "[loss.fp]\nweight = 0.5");
    let (objective, mut theta) = objective(&config);
    theta.update(&Workers::new(1, 1).unwrap(), |theta| theta[0] = f64::NAN);
    assert!(gradient_error_at(&config, objective, theta).is_nan());
    assert!(worst([0.1, f64::NAN, 0.2]).is_nan() && worst([]).is_nan());
    assert_eq!(worst([0.1, 0.3, 0.2]), 0.3);
}

#[test]
fn a_wrong_weight_would_be_seen() {
    // The twin of the tests above: the gradient of another α is off by far more than their bound.
    let config_a = config("vp", "[loss.fp]\nweight = 0.5");
    let config_b = config("vp", "[loss.fp]\nweight = 0.51");
    let gradient = |config: &Config| {
        let (mut objective, theta) = objective(config);
        let mut gradient = vec![0.0; theta.len()];
        objective.evaluate(Step(0), &theta, &mut gradient);
        gradient
    };
    let (a, b) = (gradient(&config_a), gradient(&config_b));
    let norm = a.iter().map(|g| g * g).sum::<f64>().sqrt();
    assert!(worst(a.iter().zip(&b).map(|(a, b)| (a - b).abs())) > 1e-4 * norm);
}

#[test]
fn a_residual_of_zero_has_a_gradient_of_zero_in_the_first_norm() {
    // With all weights 0 the score is 0, which satisfies the equation: ‖ε‖ has no derivative there.
    let gradient = |loss: &str, start: f64| {
        let (mut objective, theta) = objective(&config("vp", loss));
        let workers = Workers::new(1, 1).unwrap();
        let mut theta = theta;
        theta.update(&workers, |theta| theta.iter_mut().for_each(|w| *w *= start));
        let mut gradient = vec![0.0; theta.len()];
        let terms = objective.evaluate(Step(0), &theta, &mut gradient);
        (terms.get("fp"), gradient)
    };
    let (residual, with) = gradient("[loss.fp]\nweight = 0.5\nnorm = 1", 0.0);
    let (_, without) = gradient("", 0.0);
    assert_eq!(residual, Some(0.0));
    assert!(with.iter().all(|g| g.is_finite()));
    assert_eq!(with, without);
    let (residual, with) = gradient("[loss.fp]\nweight = 0.5\nnorm = 1", 1.0);
    assert!(residual.unwrap() > 0.0 && with != gradient("", 1.0).1);
}

#[test]
fn weight_zero_is_plain_denoising_bit_for_bit() {
    let plain = config("vp", "");
    let zero =
        config("vp", "[loss.fp]\nweight = 0.0\n[loss.scalar]\nweight = 0.0\n[loss.conservativity]\nweight = 0.0");
    let some = config("vp", "[loss.fp]\nweight = 1e-9");
    let run = |config: &Config| {
        let (mut objective, theta) = objective(config);
        let mut gradient = vec![0.0; theta.len()];
        let terms: Vec<f64> =
            (0..3).map(|s| objective.evaluate(Step(s), &theta, &mut gradient).get("dsm").unwrap()).collect();
        (terms, gradient)
    };
    assert_eq!(run(&plain), run(&zero));
    assert_ne!(run(&plain).1, run(&some).1);
    // The same rows are drawn with and without the term.
    assert_eq!(run(&plain).0, run(&some).0);
}

#[test]
fn gradients_are_joined_as_they_are_told() {
    let gradient = |loss: &str, step: u64, size: f64| {
        let (mut objective, mut theta) = objective(&config("vp", loss));
        theta.update(&Workers::new(1, 1).unwrap(), |theta| theta.iter_mut().for_each(|w| *w *= size));
        let mut gradient = vec![0.0; theta.len()];
        let terms = objective.evaluate(Step(step), &theta, &mut gradient);
        (terms, gradient)
    };
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let less = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<f64>>();
    let ways = ["sum", "balanced", "projected"];
    let mut turned = 0;
    // Denoising asks for larger weights where they are small, the term for smaller ones everywhere.
    for (step, w) in [0.1, 1.0].into_iter().flat_map(|w| (0..8).map(move |step| (step, w))) {
        let fp = "[loss.fp]\nweight = 0.3\ntime_weight = \"sigma4\"";
        let (_, denoising) = gradient("", step, w);
        let [sum, balanced, projected] = ways.map(|way| gradient(&format!("combination = \"{way}\"\n{fp}"), step, w));
        assert_eq!((sum.0, sum.0), (balanced.0, projected.0));
        let of_term = less(&sum.1, &denoising);
        let (dd, dr, rr) = (dot(&denoising, &denoising), dot(&denoising, &of_term), dot(&of_term, &of_term));
        // α of denoising's length, in the term's direction.
        let share = less(&balanced.1, &denoising);
        assert!((dot(&share, &share) / dd - 0.09).abs() < 1e-9, "{w}");
        assert!((dot(&share, &of_term) - 0.3 * (dd * rr).sqrt()).abs() < 1e-9 * (dd * rr).sqrt(), "{w}");
        let kept = dot(&less(&projected.1, &denoising), &denoising);
        let want = dr.max(0.0);
        assert!((kept - want).abs() < 1e-9 * (dd * rr).sqrt(), "{w}: {kept} for {want}");
        turned += u32::from(dr < 0.0);
    }
    assert!((1..16).contains(&turned), "{turned} of 16 were projected");
}

#[test]
fn averaged_targets_have_the_same_mean_and_less_noise() {
    // The gradients of many steps: with a large reference batch their mean is nearly the same, and they are less apart.
    let gradients = |loss: &str| {
        let (mut objective, theta) = objective(&config("vp", loss));
        let all = (0..400).map(|step| {
            let mut gradient = vec![0.0; theta.len()];
            objective.evaluate(Step(step), &theta, &mut gradient);
            gradient
        });
        let all: Vec<Vec<f64>> = all.collect();
        (0..theta.len()).map(|k| MeanSe::of(&all.iter().map(|g| g[k]).collect::<Vec<_>>())).collect::<Vec<_>>()
    };
    let (plain, averaged) = (gradients(""), gradients("reference_batch = 500"));
    let spread = |all: &[MeanSe]| all.iter().map(|g| g.se * g.se).sum::<f64>();
    let apart: f64 = plain.iter().zip(&averaged).map(|(a, b)| (a.mean - b.mean).powi(2)).sum();
    assert!(spread(&averaged) < 0.9 * spread(&plain), "{} {}", spread(&averaged), spread(&plain));
    assert!(apart < 3.0 * (spread(&plain) + spread(&averaged)), "{apart} {}", spread(&plain));
}

#[test]
fn the_gradient_with_dropout_matches_finite_differences() {
    let with = |dropout: &str| {
        let mut config = config("vp", "[loss.fp]\nweight = 0.01");
        config.network = toml::from_str(&format!("kind = \"mlp\"\nwidth = 10\ndepth = 2{dropout}")).unwrap();
        config
    };
    let (some, none) = (with("\ndropout = 0.3"), with(""));
    assert!(gradient_error(&some) < 1e-6);
    let dsm = |config: &Config| {
        let (mut objective, theta) = objective(config);
        objective.evaluate(Step(0), &theta, &mut vec![0.0; theta.len()]).get("dsm")
    };
    assert_ne!(dsm(&some), dsm(&none), "nothing was dropped");
}

/// Mean over steps of the difference of two estimates of R_vec at the same points.
fn difference(loss_a: &str, loss_b: &str) -> (MeanSe, f64) {
    let (mut a, theta) = objective(&config("vp", loss_a));
    let (mut b, _) = objective(&config("vp", loss_b));
    let mut scratch = vec![0.0; theta.len()];
    let mut value =
        |objective: &mut Objective<f64>, step| objective.evaluate(Step(step), &theta, &mut scratch).get("fp").unwrap();
    let pairs: Vec<(f64, f64)> = (0..3000).map(|s| (value(&mut a, s), value(&mut b, s))).collect();
    let differences: Vec<f64> = pairs.iter().map(|(a, b)| a - b).collect();
    (MeanSe::of(&differences), MeanSe::of(&pairs.iter().map(|p| p.1).collect::<Vec<_>>()).mean)
}

#[test]
fn estimators_have_the_mean_that_is_claimed() {
    let exact = "[loss.fp]\nweight = 1.0\ndivergence = { kind = \"exact\" }";
    let probe = "[loss.fp]\nweight = 1.0\ndivergence = { kind = \"hutchinson\" }";
    let sliced = "\nestimator = \"sliced\"";
    let first = "\nnorm = 1";
    let unbiased = "\nunbiased = true";
    let near = |a: &str, b: &str| {
        let (d, mean) = difference(a, b);
        assert!(d.mean.abs() < 4.5 * d.se, "{a}: off by {} ± {} of {mean}", d.mean, d.se);
        assert!(d.se < 0.03 * mean, "{a}: {} says nothing about {mean}", d.se);
    };
    near(&format!("{exact}{sliced}"), exact);
    near(&format!("{exact}{sliced}{first}"), &format!("{exact}{first}"));
    near(&format!("{probe}{sliced}"), probe);
    near(&format!("{probe}{unbiased}"), exact);
    near(&format!("{probe}{sliced}{unbiased}"), exact);
    // The twin: one probe's square is too large, by its variance.
    let (d, _) = difference(probe, exact);
    assert!(d.mean > 6.0 * d.se, "{} ± {}", d.mean, d.se);
}

#[test]
fn the_conservativity_term_makes_the_score_more_of_a_gradient() {
    // A step against its gradient alone lowers it, by what the gradient says.
    let config = config("vp", "[loss.conservativity]\nweight = 1e6\npairs = 2");
    let (mut objective, mut theta) = objective(&config);
    let mut gradient = vec![0.0; theta.len()];
    let before = objective.evaluate(Step(3), &theta, &mut gradient).get("conservativity").unwrap();
    let square: f64 = gradient.iter().map(|g| g * g).sum();
    let rate = 1e-3 * 1e6 * before / square;
    theta.update(&Workers::new(1, 1).unwrap(), |theta| {
        theta.iter_mut().zip(&gradient).for_each(|(theta, g)| *theta -= rate * g);
    });
    let after = objective.evaluate(Step(3), &theta, &mut gradient.clone()).get("conservativity").unwrap();
    assert!(before > 0.0 && ((before - after) / before - 1e-3).abs() < 1e-4, "{before:e} {after:e}");
}

#[test]
fn importance_sampling_of_t_keeps_the_mean() {
    let plain = {
        let mut c = config("vp", "");
        c.loss.weighting = fokker::objective::Weighting::Likelihood;
        c
    };
    let important = {
        let mut c = plain.clone();
        c.loss.time_sampling = fokker::objective::TimeSampling::Importance;
        c
    };
    let mean = |config: &Config| {
        let (mut objective, theta) = objective(config);
        let mut scratch = vec![0.0; theta.len()];
        MeanSe::of(
            &(0..4000)
                .map(|s| objective.evaluate(Step(s), &theta, &mut scratch).get("dsm").unwrap())
                .collect::<Vec<_>>(),
        )
    };
    let (a, b) = (mean(&plain), mean(&important));
    assert!((a.mean - b.mean).abs() < 4.5 * a.se.hypot(b.se), "{a:?} {b:?}");
    assert!(a.se.hypot(b.se) < 0.01 * a.mean, "{a:?} {b:?} say nothing");
    assert!(b.se < a.se, "importance sampling is there to lower the variance: {a:?} {b:?}");
}
