//! The residual of the score FPE, as an audit takes it.
#![allow(clippy::unwrap_used, missing_docs)]

use divan::Bencher;
use divan::counter::ItemsCount;
use fokker::Workers;
use fokker::config::Config;
use fokker::data::Data;
use fokker::divergence::{Divergence, ProbeDistribution};
use fokker::residual::residual;
use fokker::rng::Streams;
use fokker::score::network::NetworkScore;

const ROWS: usize = 512;

fn main() {
    divan::main();
}

fn evaluate(bencher: Bencher, divergence: Divergence) {
    let small = ["network.width=64", "network.depth=2"].map(String::from);
    let config = Config::preset("mixture5d", &small).unwrap();
    let data = Data::load(&config.data).unwrap();
    let streams = Streams::new(0);
    let model = config.model(data.shape());
    let weights = model.initial_parameters(&mut streams.named("weights"));
    let score = NetworkScore::<f32>::new(model, &weights);
    let (mut rng, mut x) = (streams.named("bench"), vec![0.0; ROWS * data.dim()]);
    x.chunks_exact_mut(data.dim()).for_each(|row| data.draw(&mut rng, row));
    let (t, workers) = (vec![0.3; ROWS], Workers::new(1, 64).unwrap());
    let run = || residual(&score, &x, &t, divergence, 0, &workers).unwrap();
    bencher.counter(ItemsCount::new(ROWS)).bench_local(run);
}

#[divan::bench]
fn exact(bencher: Bencher) {
    evaluate(bencher, Divergence::Exact {});
}

#[divan::bench]
fn one_probe(bencher: Bencher) {
    evaluate(bencher, Divergence::Hutchinson { probes: 1, distribution: ProbeDistribution::Rademacher });
}
