//! The measured tables in the library's documentation: each test prints one, and holds the documented figures to what it finds.
//!
//! They take a minute or two each: `cargo test --release -p fokker --test tables -- --ignored --nocapture`.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::fs;
use std::path::Path;

use fokker::Workers;
use fokker::density::mixture::Mixture;
use fokker::likelihood::{BoundOptions, bound};
use fokker::objective::{TimeSampler, TimeSampling};
use fokker::rng::{Stream, Streams};
use fokker::sample::{
    Covariance, Inpaint, LinearObservation, PosteriorScore, Resample, ReverseDiffusion, Sampler, TimeGrid, inpaint,
    sample,
};
use fokker::score::analytic::AnalyticScore;
use fokker::sde::{Coefficients, Sde, T_MAX};
use fokker::stats::MeanSe;
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

/// The numbers of a table's rows in the documentation of a source, by their first cells.
fn documented(source: &str) -> Vec<(String, Vec<f64>)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(source);
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().map(|line| line.trim_start().trim_start_matches(['/', '!']).trim());
    let rows = lines.filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let row = |row: &str| {
        let mut cells = row.split(" | ");
        let name = cells.next()?.to_owned();
        Some((name, cells.map(|cell| cell.parse().ok()).collect::<Option<Vec<f64>>>()?))
    };
    rows.filter_map(row).filter(|(name, _)| !name.is_empty()).collect()
}

/// Prints the rows found; each number documented must be within `share` of itself and `slack` of what was found.
fn hold(source: &str, found: &[(&str, Vec<f64>)], digits: usize, share: f64, slack: f64) {
    for (name, numbers) in found {
        let cells: Vec<String> = numbers.iter().map(|number| format!("{number:.digits$}")).collect();
        println!("| {name} | {} |", cells.join(" | "));
    }
    let documented = documented(source);
    assert_eq!(documented.len(), found.len(), "{documented:?}");
    for ((said, numbers), (name, found)) in documented.iter().zip(found) {
        assert_eq!((said.as_str(), numbers.len()), (*name, found.len()));
        let near = |(a, b): (&f64, &f64)| (a - b).abs() <= share * a.abs() + slack;
        assert!(numbers.iter().zip(found).all(near), "{name}: said {numbers:?}, found {found:?}");
    }
}

fn normal(rng: &mut Stream) -> f64 {
    StandardNormal.sample(rng)
}

/// x₀ of a mixture, at the time of `c`.
fn draw(mixture: &Mixture, c: &Coefficients, rng: &mut Stream) -> Vec<f64> {
    let mut x = vec![0.0; mixture.dim()];
    mixture.sample(rng, &mut x);
    x.iter().map(|x| c.m * x + c.sigma * normal(rng)).collect()
}

fn square(v: &[f64]) -> f64 {
    v.iter().map(|v| v * v).sum()
}

/// How the last term of the bound is estimated from 64 draws of (t, z), two in each stratum of t.
#[derive(Clone, Copy)]
enum Form {
    Denoising,
    /// The second draw of a stratum has −z.
    Antithetic,
    Divergence,
}

/// One estimate at x; what all forms share is left out.
fn estimate(form: Form, mixture: &Mixture, sde: &Sde, times: &TimeSampler, x: &[f64], rng: &mut Stream) -> f64 {
    let from = sde.at(sde.t_min());
    let (mut sum, mut z) = (0.0, vec![0.0; x.len()]);
    for draw in 0..64 {
        let (t, weight) = times.at((f64::from(draw / 2) + rng.random::<f64>()) / 32.0);
        let c = sde.at(t);
        let mean = c.m / from.m;
        let std = (c.sigma * c.sigma - (mean * from.sigma).powi(2)).max(0.0).sqrt();
        let mirror = matches!(form, Form::Antithetic) && draw % 2 == 1;
        z.iter_mut().for_each(|z| *z = if mirror { -*z } else { normal(rng) });
        let at: Vec<f64> = x.iter().zip(&z).map(|(x, z)| mean * x + std * z).collect();
        let q = mixture.diffused(&c);
        let mut s = vec![0.0; x.len()];
        q.score(&at, &mut s);
        let term = match form {
            Form::Divergence => 0.5 * square(&s) + q.divergence(&at),
            _ => s.iter().zip(&z).map(|(s, z)| 0.5 * s * s + s * z / std).sum(),
        };
        sum += weight * (T_MAX - sde.t_min()) * c.g2 * term / 64.0;
    }
    sum
}

#[test]
#[ignore = "measures a table of the documentation"]
fn bound_forms() {
    let (sde, workers) = (Sde::vp(), Workers::new(0, 64).unwrap());
    let times = TimeSampler::new(&sde, TimeSampling::Importance);
    let random = |dim| Mixture::random(dim, 3, 11).unwrap();
    let mixtures = [Mixture::ring(8, 1.5, 0.15).unwrap(), random(1), random(2), random(20)];
    let (points, repeats) = (20, 500);
    let spread = |values: &[f64]| MeanSe::of(values).se.powi(2) * values.len() as f64;
    // The root mean square over points x ~ q at t_min of the standard deviation over repeats.
    let over_points = |mixture: &Mixture, variance: &mut dyn FnMut(&[f64]) -> f64| {
        let mut rng = Streams::new(1).named("points");
        let c = sde.at(sde.t_min());
        ((0..points).map(|_| variance(&draw(mixture, &c, &mut rng))).sum::<f64>() / f64::from(points)).sqrt()
    };
    let mut rows = Vec::new();
    for (name, form) in
        [("denoising", Form::Denoising), ("denoising, ± z", Form::Antithetic), ("divergence", Form::Divergence)]
    {
        let mut rng = Streams::new(2).named("draws");
        let of = |mixture: &Mixture| {
            over_points(mixture, &mut |x| {
                let all: Vec<f64> = (0..repeats).map(|_| estimate(form, mixture, &sde, &times, x, &mut rng)).collect();
                spread(&all)
            })
        };
        rows.push((name, mixtures.iter().map(of).collect()));
    }
    let controlled = mixtures.iter().map(|mixture| {
        let score = AnalyticScore::new(mixture.clone(), sde.clone());
        let options = BoundOptions { draws: 64, ..BoundOptions::for_dim(mixture.dim()) };
        over_points(mixture, &mut |x| {
            spread(&bound::<f64>(&score, &x.repeat(repeats), &options, &workers).unwrap().values)
        })
    });
    rows.push(("divergence, controlled (this)", controlled.collect()));
    hold("likelihood/bound.rs", &rows, 2, 0.05, 0.01);
    // The order that the documentation argues from.
    for column in 0..mixtures.len() {
        assert!(rows[3].1[column] < 0.6 * rows[2].1[column] && rows[2].1[column] < rows[0].1[column]);
    }
}

/// Mean log q of samples of Euler–Maruyama along these times, less than that of q itself, at t_min.
fn shortfall(mixture: &Mixture, sde: &Sde, times: &[f64]) -> f64 {
    let (n, dim) = (20_000, mixture.dim());
    let mut rng = Streams::new(5).named("walk");
    let end = sde.at(sde.t_min());
    let q = mixture.diffused(&end);
    let truth = (0..10 * n).map(|_| q.log_density(&draw(mixture, &end, &mut rng))).sum::<f64>() / (10 * n) as f64;
    let mut x: Vec<f64> = (0..n * dim).map(|_| sde.prior_std() * normal(&mut rng)).collect();
    for step in times.windows(2) {
        let (c, h) = (sde.at(step[0]), step[0] - step[1]);
        let (q, mut s) = (mixture.diffused(&c), vec![0.0; dim]);
        for x in x.chunks_exact_mut(dim) {
            q.score(x, &mut s);
            for (x, s) in x.iter_mut().zip(&s) {
                *x += h * (c.g2 * s - c.a * *x) + (h * c.g2).sqrt() * normal(&mut rng);
            }
        }
    }
    truth - x.chunks_exact(dim).map(|x| q.log_density(x)).sum::<f64>() / n as f64
}

#[test]
#[ignore = "measures a table of the documentation"]
fn time_grids() {
    let (narrow, wide) = (Mixture::ring(8, 1.5, 0.02).unwrap(), Mixture::random(2, 3, 11).unwrap());
    let powers = |sde: &Sde, power: f64| -> Vec<f64> {
        let low = sde.t_min().powf(1.0 / power);
        (0..=50).map(|i| (1.0 + (low - 1.0) * f64::from(i) / 50.0).powf(power)).collect()
    };
    let row = |mixture: &Mixture, sde: &Sde| {
        let grids = [TimeGrid::LogSnr.times(sde, 50), powers(sde, 1.0), powers(sde, 2.0), powers(sde, 3.0)];
        grids.iter().map(|times| shortfall(mixture, sde, times)).collect()
    };
    let rows = [
        ("narrow, VP", row(&narrow, &Sde::vp())),
        ("narrow, sub-VP", row(&narrow, &Sde::sub_vp())),
        ("narrow, VE", row(&narrow, &Sde::ve())),
        ("wide, VP", row(&wide, &Sde::vp())),
        ("wide, sub-VP", row(&wide, &Sde::sub_vp())),
        ("wide, VE", row(&wide, &Sde::ve())),
    ];
    hold("sample/time_grid.rs", &rows, 2, 0.05, 0.02);
}

#[test]
#[ignore = "measures a table of the documentation"]
fn inpainting_repeats() {
    let mixture = Mixture::new(&[1.0], &[vec![0.0; 2]], &[vec![1.0, 0.9, 0.9, 1.0]]).unwrap();
    let (score, workers, n) = (AnalyticScore::new(mixture, Sde::vp()), Workers::new(0, 64).unwrap(), 8000);
    let (mut means, mut variances) = (Vec::new(), Vec::new());
    for repeats in [1, 2, 5, 10, 20] {
        let how = Inpaint { resample: Resample { length: 1, repeats }, ..Inpaint::default() };
        let x = inpaint::<f64>(&score, n, &[1.0, f64::NAN], &how, 0, &workers, &|_| {}).unwrap().x;
        let free = MeanSe::of(&x.into_iter().skip(1).step_by(2).collect::<Vec<_>>());
        means.push(free.mean);
        variances.push(free.se * free.se * n as f64);
    }
    means.push(0.9);
    variances.push(1.0 - 0.81);
    hold("sample/inpaint.rs", &[("mean", means), ("variance", variances)], 2, 0.0, 0.02);
}

#[test]
#[ignore = "measures a table of the documentation"]
fn modes_given_an_observation() {
    let (prior, workers) =
        (AnalyticScore::new(Mixture::ring(8, 1.5, 0.1).unwrap(), Sde::vp()), Workers::new(0, 64).unwrap());
    let share = |covariance, sampler: &Sampler| {
        let seen = LinearObservation::new(vec![1.0, 0.0], vec![1.5], 0.1).unwrap();
        let posterior = PosteriorScore::<f64>::new(&prior, seen, covariance).unwrap();
        let x = sample(&posterior, 4000, sampler, 0, &workers, &|_| {}).unwrap().x;
        100.0 * x.chunks_exact(2).filter(|x| (x[0] - 1.5).hypot(x[1]) < 0.5).count() as f64 / 4000.0
    };
    let noisy = ReverseDiffusion::default().into();
    let row = |covariance| vec![share(covariance, &Sampler::default()), share(covariance, &noisy), 98.4];
    // The variance of a coordinate: 1.5²/2 + 0.1².
    let rows =
        [("`Tweedie`", row(Covariance::Tweedie)), ("`Isotropic`", row(Covariance::Isotropic { variance: 1.135 }))];
    hold("sample/posterior.rs", &rows, 0, 0.0, 3.0);
}
