//! Moments of a mixture, a wrong score, fine structure, independence of rows, failures, cost.

mod corrector;
mod encode;
mod inpaint;
mod order;
mod posterior;
mod trajectories;
mod weak;

use fokker_jet::cpu::Workers;

use super::samples::{fill_normal, prior};
use super::*;
use crate::Error;
use crate::density::mixture::Mixture;
use crate::rng::Streams;
use crate::score::Score;
use crate::score::analytic::AnalyticScore;
use crate::sde::Sde;
use crate::solve::Outcome;
use crate::solve::Tolerance;
use crate::stats::MeanSe;
use crate::testing::worst;

type Any = Result<(), Box<dyn std::error::Error>>;

const WEIGHTS: [f64; 2] = [0.25, 0.75];
const MEANS: [[f64; 2]; 2] = [[-1.0, 0.5], [1.0, 0.0]];
const COVARIANCES: [[f64; 4]; 2] = [[0.3, 0.1, 0.1, 0.2], [0.1, 0.0, 0.0, 0.4]];

fn score(sde: &Sde) -> Result<AnalyticScore, Box<dyn std::error::Error>> {
    weighted(&WEIGHTS, sde)
}

fn weighted(weights: &[f64], sde: &Sde) -> Result<AnalyticScore, Box<dyn std::error::Error>> {
    let mixture = Mixture::new(weights, &MEANS.map(Vec::from), &COVARIANCES.map(Vec::from))?;
    Ok(AnalyticScore::new(mixture, sde.clone()))
}

/// E[x_i] and E[x_i x_j] of the mixture under x = m x₀ + σ z.
fn moments(sde: &Sde) -> [f64; 5] {
    let c = sde.at(sde.t_min());
    let mean = |i: usize| c.m * (0..2).map(|k| WEIGHTS[k] * MEANS[k][i]).sum::<f64>();
    let second = |i: usize, j: usize| {
        let of = |k: usize| WEIGHTS[k] * (COVARIANCES[k][2 * i + j] + MEANS[k][i] * MEANS[k][j]);
        let noise = if i == j { c.sigma * c.sigma } else { 0.0 };
        c.m * c.m * (of(0) + of(1)) + noise
    };
    [mean(0), mean(1), second(0, 0), second(0, 1), second(1, 1)]
}

/// The largest distance of the samples' moments from the truth, in standard errors.
fn surprise(samples: &Samples, want: [f64; 5]) -> f64 {
    let of = |f: &dyn Fn(&[f64]) -> f64| MeanSe::of(&samples.x.chunks_exact(2).map(f).collect::<Vec<_>>());
    let found = [of(&|x| x[0]), of(&|x| x[1]), of(&|x| x[0] * x[0]), of(&|x| x[0] * x[1]), of(&|x| x[1] * x[1])];
    worst(found.iter().zip(want).map(|(found, want)| (found.mean - want).abs() / found.se))
}

/// One of every kind, with this many steps.
fn fixed(steps: usize, denoise: bool) -> [Sampler; 6] {
    let grid = TimeGrid::LogSnr;
    let corrected =
        |predictor| PredictorCorrector { predictor, steps, grid, corrector_steps: 1, snr: 0.1, denoise }.into();
    [
        EulerMaruyama { steps, grid, denoise }.into(),
        ReverseDiffusion { steps, grid, denoise }.into(),
        corrected(Predictor::ReverseDiffusion),
        corrected(Predictor::EulerMaruyama),
        Heun { steps, grid, denoise }.into(),
        DpmSolverPp { steps, grid, lower_order_final: true, denoise }.into(),
    ]
}

#[test]
fn samples_have_the_right_moments_unless_the_score_is_wrong() -> Any {
    let workers = Workers::new(2, 64)?;
    for sde in [Sde::vp(), Sde::sub_vp(), Sde::ve()] {
        let score = score(&sde)?;
        let (few, many) = (fixed(60, false), fixed(200, true));
        for sampler in [&[Sampler::default()], &many[..4], &few[4..]].concat() {
            let samples = sample(&score, 1000, &sampler, 1, &workers, &|_| {})?;
            assert_eq!((samples.failed(), samples.x.len()), (0, 2000));
            let surprise = surprise(&samples, moments(&sde));
            assert!(surprise < 4.0, "{sde:?} {sampler:?} {surprise}");
        }
        let wrong = weighted(&[0.4, 0.6], &sde)?;
        for sampler in [&[Sampler::default()], &fixed(100, true)[..]].concat() {
            let samples = sample(&wrong, 1000, &sampler, 1, &workers, &|_| {})?;
            let surprise = surprise(&samples, moments(&sde));
            assert!(surprise > 6.0, "{sde:?} {sampler:?} {surprise}");
        }
    }
    Ok(())
}

#[test]
fn fine_structure_is_kept() -> Any {
    // Modes of standard deviation 0.02, twice that of the noise at t_min: equal steps in t lose more than one nat here.
    let (sde, workers) = (Sde::vp(), Workers::new(2, 64)?);
    let ring = Mixture::ring(8, 1.5, 0.02)?;
    let score = AnalyticScore::new(ring.clone(), sde.clone());
    let c = sde.at(sde.t_min());
    let q = ring.diffused(&c);
    let mean = |grid| -> Result<MeanSe, Error> {
        let sampler = EulerMaruyama { steps: 200, grid, denoise: false }.into();
        let samples = sample(&score, 1000, &sampler, 0, &workers, &|_| {})?;
        Ok(MeanSe::of(&samples.x.chunks_exact(2).map(|x| q.log_density(x)).collect::<Vec<_>>()))
    };
    let (found, uniform) = (mean(TimeGrid::LogSnr)?, mean(TimeGrid::Uniform)?);
    // The modes do not overlap: −entropy of one of them, less ln 8.
    let variance = (c.m * 0.02).powi(2) + c.sigma * c.sigma;
    let want = -1.0 - (std::f64::consts::TAU * variance).ln() - 8.0_f64.ln();
    assert!((found.mean - want).abs() < 0.06 + 4.0 * found.se, "{found:?} {want}");
    assert!(uniform.mean < want - 1.0, "{uniform:?} {want}");
    Ok(())
}

#[test]
fn denoising_takes_off_the_last_noise() -> Any {
    let (sde, workers) = (Sde::vp(), Workers::new(1, 64)?);
    let point = AnalyticScore::new(Mixture::isotropic(&[1.0], &[vec![0.7]], 1e-4)?, sde.clone());
    let spread = |denoise| -> Result<f64, Error> {
        let samples = sample(
            &point,
            200,
            &EulerMaruyama { steps: 100, grid: TimeGrid::LogSnr, denoise }.into(),
            0,
            &workers,
            &|_| {},
        )?;
        Ok(samples.x.iter().map(|x| (x - 0.7).powi(2)).sum::<f64>().sqrt() / 200.0_f64.sqrt())
    };
    let sigma = sde.at(sde.t_min()).sigma;
    assert!((spread(false)? / sigma - 1.0).abs() < 0.2);
    assert!(spread(true)? < 1e-3 * sigma.sqrt());
    Ok(())
}

#[test]
fn rows_depend_neither_on_batch_nor_on_threads_but_on_the_seed() -> Any {
    let score = score(&Sde::vp())?;
    for sampler in [&[Sampler::default()], &fixed(20, true)[..]].concat() {
        let draw = |n, seed, threads, rows| sample(&score, n, &sampler, seed, &Workers::new(threads, rows)?, &|_| {});
        let all = draw(30, 0, 1, 64)?;
        assert_eq!(all, draw(30, 0, 2, 7)?);
        let some = draw(11, 0, 1, 4)?;
        assert_eq!(some.x, all.x[..22]);
        let other = draw(30, 1, 1, 64)?;
        assert!(other.x.iter().zip(&all.x).all(|(a, b)| a != b));
        assert!(draw(0, 0, 1, 4)?.x.is_empty());
    }
    Ok(())
}

#[test]
fn failures_are_not_numbers() -> Any {
    let (score, workers) = (score(&Sde::vp())?, Workers::new(1, 8)?);
    let hurried = ProbabilityFlow { step_limit: 3, ..ProbabilityFlow::default() }.into();
    let samples = sample(&score, 10, &hurried, 0, &workers, &|_| {})?;
    assert!(samples.failed() == 10 && samples.x.iter().all(|x| x.is_nan()));
    assert!(samples.outcomes.iter().all(|o| matches!(o, Outcome::StepLimit { t } if *t < 1.0)));
    let steep = score.perturbed(vec![1e200, 0.0, 0.0, 1e200]);
    for sampler in fixed(20, true) {
        let samples = sample(&steep, 10, &sampler, 0, &workers, &|_| {})?;
        assert!(samples.failed() == 10 && samples.x.iter().all(|x| x.is_nan()));
        assert!(samples.outcomes.iter().all(|o| matches!(o, Outcome::NonFinite { .. })));
    }
    Ok(())
}

#[test]
fn costs_what_it_says() -> Any {
    let (score, workers) = (score(&Sde::vp())?, Workers::new(1, 8)?);
    let done = std::sync::atomic::AtomicUsize::new(0);
    let most = |rows| {
        done.fetch_max(rows, std::sync::atomic::Ordering::Relaxed);
    };
    let cost = |sampler| sample(&score, 20, &sampler, 0, &workers, &most).map(|s| s.evaluations);
    let costs = |denoise| -> Result<Vec<u64>, Error> {
        let one = |costs: Vec<u64>| costs.iter().all(|&cost| cost == costs[0]).then_some(costs[0]);
        fixed(30, denoise).into_iter().map(|sampler| Ok(one(cost(sampler)?).unwrap_or(0))).collect()
    };
    insta::assert_snapshot!(format!("{:?}", costs(false)?), @"[30, 30, 60, 60, 60, 30]");
    insta::assert_snapshot!(format!("{:?}", costs(true)?), @"[31, 31, 61, 61, 61, 31]");
    assert_eq!(done.swap(0, std::sync::atomic::Ordering::Relaxed), 20);
    let adaptive = cost(Sampler::default())?;
    assert_eq!(done.load(std::sync::atomic::Ordering::Relaxed), 20);
    insta::assert_snapshot!(format!("{:?}", &adaptive[..4]), @"[68, 56, 50, 62]");
    Ok(())
}

#[test]
fn settings_have_defaults_and_limits() -> Any {
    let read = |text: &str| toml::from_str::<Sampler>(&format!("kind = {text}"));
    let all =
        ["euler-maruyama", "reverse-diffusion", "predictor-corrector", "heun", "dpm-solver-pp", "probability-flow"];
    let defaults: Result<Vec<_>, _> = all.iter().map(|kind| read(&format!("{kind:?}"))).collect();
    insta::assert_snapshot!(defaults?.iter().map(|s| format!("{s:?}\n")).collect::<String>());
    for kind in &all[..5] {
        let sampler = read(&format!("{kind:?}\nsteps = 7\ngrid = \"karras\"\ndenoise = false"))?;
        assert_eq!(toml::from_str::<Sampler>(&toml::to_string(&sampler)?)?, sampler);
        assert_eq!((sampler.name(), sampler.steps()), (*kind, Some(7)));
        assert_eq!(sampler.setting("grid"), Some("karras".into()));
        assert_eq!(sampler.setting("denoise"), Some(false.into()));
        assert!(read(&format!("{kind:?}\nsteps = 7\nwrong = 1")).is_err());
        for steps in ["0", "99999999999"] {
            let wrong = read(&format!("{kind:?}\nsteps = {steps}"))?.validate().expect_err("too few or too many");
            assert!(wrong.is_request() && wrong.to_string().starts_with("sampler: steps: "), "{wrong}");
        }
    }
    for wrong in [
        "\"predictor-corrector\"\nsnr = 0.0",
        "\"predictor-corrector\"\nsnr = 1.0",
        "\"predictor-corrector\"\nsnr = nan",
        "\"probability-flow\"\nstep_limit = 0",
        "\"probability-flow\"\ntolerance = { absolute = 0.0 }",
    ] {
        assert!(read(wrong)?.validate().is_err(), "{wrong}");
    }
    Ok(())
}

/// What a program shows of the samplers is what they have.
#[test]
fn kinds_say_what_they_take() -> Any {
    for kind in Sampler::kinds() {
        let sampler = Sampler::named(kind.name)?;
        assert!(sampler.name() == kind.name && sampler.validate().is_ok() && !kind.about.is_empty());
        for Setting { key, about, values } in kind.settings {
            let value = sampler.setting(key).ok_or(*key)?;
            assert!(!about.is_empty(), "{key}");
            let other: toml::Value = match values {
                Values::Count => 7.into(),
                Values::Real => 0.25.into(),
                Values::Switch => false.into(),
                Values::Tolerance => toml::Value::try_from(Tolerance::both(1e-3))?,
                Values::Choice(names) => {
                    for (name, _) in *names {
                        assert_eq!(sampler.with(key, (*name).into())?.setting(key), Some((*name).into()));
                    }
                    names.last().ok_or("no names")?.0.into()
                }
            };
            assert_ne!(other, value);
            assert_eq!(sampler.with(key, other.clone())?.setting(key), Some(other));
            assert!(sampler.with(key, vec!["wrong"].into()).is_err_and(|e| e.to_string().contains(key)));
        }
        assert!(sampler.with("wrong", 1.into()).is_err_and(|e| e.is_request()));
        assert_eq!(sampler.setting("wrong"), None);
    }
    assert!(Sampler::named("euler").is_err_and(|e| e.to_string().contains("`heun`")));
    assert_eq!(Sampler::default().steps(), None);
    Ok(())
}
