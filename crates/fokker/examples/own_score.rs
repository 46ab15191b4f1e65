//! Scores of one's own under an audit: the exact score of a mixture, and a plain function, right and slightly wrong.
//!
//! Run it with `cargo run --release -p fokker --example own_score`.
#![allow(clippy::print_stdout)]

use fokker::Workers;
use fokker::audit::{AuditConfig, Points, audit};
use fokker::density::mixture::Mixture;
use fokker::rng::Streams;
use fokker::score::analytic::AnalyticScore;
use fokker::score::{Differences, Differentiable, ScoreFn};
use fokker::sde::{Coefficients, Sde};

/// Standard deviations of the data along the two axes.
const STD: [f64; 2] = [1.5, 0.4];

/// The score of N(0, diag(STD²)) diffused, s_i = −x_i/(m² STD_i² + σ²), and a curl of strength `curl`, which no density has.
fn score(curl: f64) -> impl Fn(&[f64], &Coefficients, &mut [f64]) + Sync {
    move |x, c, s| {
        let v = STD.map(|std| (c.m * std).powi(2) + c.sigma * c.sigma);
        s[0] = -x[0] / v[0] - curl * x[1];
        s[1] = -x[1] / v[1] + curl * x[0];
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (sde, workers) = (Sde::vp(), Workers::new(0, 64)?);
    let covariance = vec![STD[0] * STD[0], 0.0, 0.0, STD[1] * STD[1]];
    let truth = Mixture::new(&[1.0], &[vec![0.0; 2]], &[covariance])?;
    let mut rows = vec![0.0; 2 * 200];
    truth.sample(&mut Streams::new(0).named("rows"), &mut rows);
    let points = Points::from_rows(&rows, 2).with_truth(&truth);
    let settings =
        AuditConfig { times: vec![0.1, 0.5], bound_points: 20, gap_samples: 50, samples: 0, ..AuditConfig::default() };

    // The exact score has closed derivatives; those of a function's values are had by differences.
    let exact = AnalyticScore::new(truth.clone(), sde.clone());
    let [right, wrong] = [0.0, 0.3].map(|curl| ScoreFn::new(2, sde.clone(), score(curl)));
    let (right, wrong) = (Differences::new(&right), Differences::new(&wrong));
    let scores: [(&str, &dyn Differentiable<f64>); 3] =
        [("exact", &exact), ("function", &right), ("with curl", &wrong)];
    for (name, score) in scores {
        let found = audit(score, &points, &settings, 0, &workers, &|_| {})?.figures;
        let (residual, asymmetry) = (found.profile("residual"), found.profile("asymmetry"));
        for (r, a) in residual.iter().zip(asymmetry) {
            println!("{name:>9}, t = {}: residual {:.1e}, asymmetry of the Jacobian {:.1e}", r.t, r.mean, a.mean);
            // Only the score of a density is a gradient and obeys its Fokker-Planck equation.
            let holds = r.mean < 1e-6 && a.mean < 1e-12;
            assert_eq!(holds, name != "with curl");
        }
        if let Some(gap) = found.mean("gap") {
            println!("{name:>9}: negative log-likelihood less the truth's {:.1e} ± {:.1e} nats", gap.mean, gap.se);
        }
    }
    Ok(())
}
