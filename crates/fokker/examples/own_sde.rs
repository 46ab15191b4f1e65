//! An SDE of one's own, by the functions of its drift and diffusion: exact scores, log-likelihoods, samples and training under it.
//!
//! Run it with `cargo run --release -p fokker --example own_sde`.
#![allow(clippy::print_stdout)]

use std::f64::consts::PI;
use std::sync::Arc;

use fokker::Workers;
use fokker::config::Config;
use fokker::data::Data;
use fokker::density::mixture::Mixture;
use fokker::likelihood::{LikelihoodOptions, log_prob};
use fokker::residual::residual;
use fokker::sample::{Sampler, sample};
use fokker::score::analytic::AnalyticScore;
use fokker::sde::Sde;
use fokker::solve::Tolerance;
use fokker::stats::MeanSe;
use fokker::train::{Silent, Trainer};

/// A variance-preserving SDE whose signal goes as a cosine, m(t) = cos(ωt), as in Nichol and Dhariwal 2021 (arXiv 2102.09672), eq. 17:
/// a = d ln m/dt = −ω tan ωt, and σ² = 1 − m² asks for g² = −2a.
fn cosine() -> Result<Sde, fokker::sde::SdeError> {
    let omega = 0.5 * PI * 0.999;
    let a = move |t: f64| -omega * (omega * t).tan();
    Sde::from_functions(a, move |t| -2.0 * a(t))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (sde, workers) = (cosine()?, Workers::new(0, 64)?);
    let c = sde.at(0.5);
    println!(
        "at t = 0.5: m = {:.6}, sigma = {:.6}, m^2 + sigma^2 - 1 = {:.1e}",
        c.m,
        c.sigma,
        c.m * c.m + c.sigma * c.sigma - 1.0
    );

    // Under it the exact score of a mixture is known: log p by its probability-flow ODE is the density at t_min.
    let ring = Mixture::ring(8, 1.5, 0.15)?;
    let exact = AnalyticScore::new(ring.clone(), sde.clone());
    let x = [0.3, -0.2, 1.4, 0.2, -1.0, 1.0];
    let options = LikelihoodOptions { tolerance: Tolerance::both(1e-9), ..LikelihoodOptions::for_dim(2) };
    let found = log_prob::<f64>(&exact, &x, &options, &workers, &|_| {})?;
    let start = sde.at(sde.t_min());
    for (x, value) in x.chunks_exact(2).zip(&found.values) {
        let truth = ring.diffused(&start).log_density(x);
        println!("log p({:4}, {:4}) = {value:10.6}, truth {truth:10.6}", x[0], x[1]);
        assert!((value - truth).abs() < 1e-4);
    }

    // Samples are the mixture's: their mean log-density is the negative entropy of what is drawn.
    let drawn = sample::<f64>(&exact, 500, &Sampler::named("dpm-solver-pp")?, 1, &workers, &|_| {})?;
    let density = ring.diffused(&start);
    let of_drawn: Vec<f64> = drawn.x.chunks_exact(2).map(|x| density.log_density(x)).collect();
    let found = MeanSe::of(&of_drawn);
    println!("mean log q of 500 samples: {:.3} ± {:.3}", found.mean, found.se);

    // A network is trained under it as under any other.
    let small = ["train.steps=300", "network.width=32"].map(String::from);
    let config = Config { sde, ..Config::preset("ring8", &small)? };
    let data = Arc::new(Data::load(&config.data)?);
    let mut trainer = Trainer::new(&config, &data)?;
    trainer.run(&mut Silent)?;
    let points = [0.3_f32, -0.2, 1.4, 0.2];
    let of_network =
        residual(&trainer.score(), &points, &[0.5; 2], fokker::divergence::Divergence::Exact {}, 0, &workers)?;
    let of_exact = residual::<f64>(
        &exact,
        &points.map(f64::from),
        &[0.5; 2],
        fokker::divergence::Divergence::Exact {},
        0,
        &workers,
    )?;
    println!("residual of the score FPE after 300 steps: {:.3?}", of_network.residual);
    println!("of the exact score: {:.1?}", of_exact.residual);
    Ok(())
}
