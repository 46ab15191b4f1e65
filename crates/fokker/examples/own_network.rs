//! A network of one's own: a graph of layers for the score, trained, and measured against the truth.
//!
//! Run it with `cargo run --release -p fokker --example own_network`.
#![allow(clippy::print_stdout)]

use std::sync::Arc;

use fokker::Workers;
use fokker::audit::{AuditConfig, Points, audit};
use fokker::collective::single;
use fokker::data::{Data, DataConfig};
use fokker::jet::{Function, Graph};
use fokker::net::{Output, TimeFeatures};
use fokker::objective::LossConfig;
use fokker::score::network::{Parameterisation, ScoreModel};
use fokker::sde::Sde;
use fokker::train::{Silent, TrainConfig, Training};

/// ε(x, t) = W₃ [h + tanh(W₂ h), x], h = silu(W₁ [x, ln σ, t]), and s = −ε/σ: two layers with a residual connection, and a skip from x.
fn model(dim: usize, width: usize, sde: &Sde) -> Result<ScoreModel, fokker::Error> {
    // Each feature comes with its derivative in t: ∂ₜs is exact, too.
    let features = TimeFeatures::from_fn(|c| [[c.sigma.ln(), c.dsigma / c.sigma], [c.t, 1.0]]);
    let mut graph = Graph::new();
    let x = graph.input(dim);
    let time = graph.input(features.len());
    let score = Parameterisation::Noise.around(Output::Score, &mut graph, x, |graph, x| {
        let joined = graph.concat(&[x, time]);
        let a = graph.dense("first", joined, width);
        let h = graph.map(a, Function::Silu);
        let a = graph.dense("second", h, width);
        let more = graph.map(a, Function::Tanh);
        let h = graph.add(h, more);
        let last = graph.concat(&[h, x]);
        graph.dense("output", last, dim)
    });
    graph.set_output(score);
    ScoreModel::from_graph(Output::Score, graph, sde, features, Parameterisation::Noise)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (data, sde) = (Arc::new(Data::load(&DataConfig::default())?), Sde::vp());
    let model = model(data.dim(), 48, &sde)?;
    println!("{} parameters", model.graph().parameter_count());

    let loss = LossConfig::default();
    let settings = AuditConfig {
        times: vec![0.05, 0.3],
        points: 500,
        nll_points: 200,
        bound_points: 50,
        gap_samples: 100,
        samples: 0,
        ..AuditConfig::default()
    };
    let workers = Workers::new(0, 64)?;
    let mut errors = Vec::new();
    for steps in [0, 1500] {
        let train = TrainConfig { steps, batch: 256, learning_rate: 5e-3, ..TrainConfig::default() };
        let mut trainer =
            Training { model: &model, data: &data, loss: &loss, train: &train, seed: 0, ranks: single() }.fresh()?;
        trainer.run(&mut Silent)?;
        let found = audit(&trainer.score(), &Points::of(&data), &settings, 0, &workers, &|_| {})?;
        for error in found.figures.profile("score_error") {
            println!("{steps:4} steps, t = {:4}: score error {:.4} ± {:.4}", error.t, error.mean, error.se);
            errors.push(error.mean);
        }
        if let Some(gap) = found.figures.mean("gap") {
            println!("{steps:4} steps: negative log-likelihood above the truth's {:.3} ± {:.3} nats", gap.mean, gap.se);
        }
    }
    assert!(errors[2] < 0.5 * errors[0] && errors[3] < 0.5 * errors[1], "it has not learned");
    Ok(())
}
