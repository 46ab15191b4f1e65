//! The promise of the tolerance on trained networks, in both precisions; the floor of the arithmetic; rows far out.

use super::*;
use crate::config::Config;
use crate::data::Data;
use crate::sample::{Sampler, sample};
use crate::train::{Silent, Trainer};
use std::sync::Arc;

/// A network trained on the ring in a second or two, and points that it draws.
struct Trained {
    f32: NetworkScore<f32>,
    f64: NetworkScore<f64>,
    x: Vec<f64>,
}

fn trained(more: &[&str]) -> Result<Trained, Box<dyn std::error::Error>> {
    let small = ["train.steps=800", "train.batch=256", "network.width=48", "loss.fp.weight=0", "train.threads=2"];
    let slow = ["train.learning_rate=1e-3", "loss.reference_batch=0", "score.parameterisation=noise"];
    let overrides: Vec<String> = small.iter().chain(&slow).chain(more).map(ToString::to_string).collect();
    let config = Config::preset("ring8", &overrides)?;
    let mut trainer = Trainer::new(&config, &Arc::new(Data::load(&config.data)?))?;
    trainer.run(&mut Silent)?;
    let f32 = trainer.score();
    let f64 = NetworkScore::new(f32.model().clone(), f32.parameters());
    let x = sample::<f64>(&f64, 40, &Sampler::default(), 3, &Workers::new(2, 64)?, &|_| {})?.x;
    Ok(Trained { f32, f64, x })
}

fn run<F: Real>(score: &NetworkScore<F>, x: &[f64], tolerance: f64) -> Result<LogProb, Error> {
    let options = LikelihoodOptions { tolerance: Tolerance::both(tolerance), ..LikelihoodOptions::for_dim(2) };
    log_prob(score, x, &options, &Workers::new(2, 64)?, &|_| {})
}

/// The worst error of rows of an outcome, in tolerances: 0 if there are none, NaN if one has no value.
fn worst_of(found: &LogProb, truth: &LogProb, tolerance: f64, of: Outcome) -> f64 {
    let rows = found.values.iter().zip(&truth.values).zip(&found.outcomes).filter(|(_, outcome)| **outcome == of);
    worst(rows.map(|((value, truth), _)| (value - truth).abs() / tolerance).chain([0.0]))
}

fn count(found: &LogProb, of: Outcome) -> usize {
    found.outcomes.iter().filter(|outcome| **outcome == of).count()
}

/// A row that counts as converged errs by ten tolerances at most, in either precision, whatever the tolerance.
#[test]
fn converged_is_within_ten_tolerances() -> Any {
    for more in [&[][..], &["score.parameterisation=preconditioned"], &["sde={kind=\"ve\",t_min=1e-5}"]] {
        let case = trained(more)?;
        let truth = run(&case.f64, &case.x, 1e-11)?;
        for tolerance in [1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8] {
            let fine = run(&case.f64, &case.x, tolerance)?;
            assert_eq!(count(&fine, Outcome::Converged), 40, "{more:?} {tolerance:e}");
            let error = worst_of(&fine, &truth, tolerance, Outcome::Converged);
            assert!(error < 10.0, "{more:?} f64 {tolerance:e}: {error}");
            let coarse = run(&case.f32, &case.x, tolerance)?;
            assert_eq!(coarse.failed(), 0);
            let error = worst_of(&coarse, &truth, tolerance, Outcome::Converged);
            assert!(error < 10.0, "{more:?} f32 {tolerance:e}: {error}");
            // Where f32 will do, it does; where it will not, that is said.
            let floor = count(&coarse, Outcome::PrecisionFloor);
            assert!(tolerance < 1e-5 || floor == 0, "{more:?} {tolerance:e} {floor}");
            assert!(tolerance > 1e-8 || floor > 35, "{more:?} {tolerance:e} {floor}");
        }
    }
    Ok(())
}

/// Beyond the floor of f32 nothing is gained, and little is paid: the values err by some 1e-6 at any tolerance.
#[test]
fn no_evaluations_are_burnt_on_rounding() -> Any {
    let case = trained(&[])?;
    let truth = run(&case.f64, &case.x, 1e-11)?;
    for tolerance in [1e-10, 1e-12] {
        let found = run(&case.f32, &case.x, tolerance)?;
        assert_eq!(count(&found, Outcome::PrecisionFloor), 40, "{tolerance:e}");
        let error = worst_of(&found, &truth, 1.0, Outcome::PrecisionFloor);
        assert!(error < 1e-4, "{tolerance:e} {error}");
        let most = found.evaluations.iter().max().ok_or("no rows")?;
        assert!(*most < 1500, "{tolerance:e} {most}");
    }
    // The twin: in f64 that tolerance can be met, and costs what it must.
    let fine = run(&case.f64, &case.x, 1e-10)?;
    assert_eq!(count(&fine, Outcome::Converged), 40);
    assert!(fine.evaluations.iter().all(|n| *n > 500));
    Ok(())
}

/// Rows far out end soon: with a value where the arithmetic gives one to a nat, else without; the bound of the reverse SDE ranks them.
#[test]
fn rows_far_out_end_soon_and_are_ranked_by_the_bound() -> Any {
    let case = trained(&[])?;
    let far = [1e1, 1e3, 1e6, 1e9, 1e15];
    let x: Vec<f64> = case.x[..8].iter().copied().chain(far.iter().flat_map(|v| [*v, -0.3 * v])).collect();
    for found in [run(&case.f32, &x, 1e-5)?, run(&case.f64, &x, 1e-5)?] {
        assert!(found.values[..4].iter().all(|value| value.is_finite()));
        let last = found.outcomes.len() - 1;
        assert!(matches!(found.outcomes[last], Outcome::FarOut { .. }), "{:?}", found.outcomes);
        assert!(found.values[last].is_nan());
        assert!(found.evaluations.iter().all(|n| *n < 60_000), "{:?}", found.evaluations);
    }
    let most = run(&case.f32, &x, 1e-5)?.evaluations.into_iter().max();
    assert!(most < Some(5000), "{most:?}");
    let below = bound(&case.f32, &x, &BoundOptions::for_dim(2), &Workers::new(1, 16)?)?;
    assert_eq!(below.failed(), 0);
    let near = below.values[..4].iter().copied().fold(f64::INFINITY, f64::min);
    assert!(near > below.values[4] && below.values[4..].is_sorted_by(|a, b| a > b), "{:?}", below.values);
    Ok(())
}
