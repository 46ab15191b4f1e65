//! Log-likelihoods along the probability-flow ODE.
#![allow(clippy::unwrap_used, missing_docs)]

use divan::Bencher;
use divan::counter::ItemsCount;
use fokker::Workers;
use fokker::config::Config;
use fokker::data::Data;
use fokker::likelihood::{LikelihoodOptions, log_prob};
use fokker::rng::Streams;
use fokker::score::network::NetworkScore;

const ROWS: usize = 64;

fn main() {
    divan::main();
}

#[divan::bench]
fn exact(bencher: Bencher) {
    let small = ["network.width=64", "network.depth=2"].map(String::from);
    let config = Config::preset("ring8", &small).unwrap();
    let data = Data::load(&config.data).unwrap();
    let streams = Streams::new(0);
    let model = config.model(data.shape());
    let weights = model.initial_parameters(&mut streams.named("weights"));
    let score = NetworkScore::<f32>::new(model, &weights);
    let (mut rng, mut rows) = (streams.named("bench"), vec![0.0_f32; ROWS * data.dim()]);
    rows.chunks_exact_mut(data.dim()).for_each(|row| data.draw(&mut rng, row));
    let x: Vec<f64> = rows.iter().map(|&v| f64::from(v)).collect();
    let (options, workers) = (LikelihoodOptions::for_dim(data.dim()), Workers::new(1, 64).unwrap());
    let run = || log_prob(&score, &x, &options, &workers, &|_| {}).unwrap();
    bencher.counter(ItemsCount::new(ROWS)).bench_local(run);
}
