//! What an audit finds of energy models that are known.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "common/exact_energy.rs"]
mod exact_energy;

use exact_energy::{MEANS, S, WEIGHTS, energy_of, exact_energy, mixture};
use fokker::audit::{AuditConfig, Points, audit};
use fokker::data::Data;
use fokker::rng::Streams;
use fokker::score::analytic::AnalyticScore;
use fokker::sde::{Sde, T_MAX};
use fokker_jet::cpu::Workers;

#[test]
fn an_audit_finds_the_density_of_an_exact_energy_and_the_drift_of_a_bent_one_s_normaliser() {
    let (workers, sde, mixture) = (Workers::new(2, 64).unwrap(), Sde::vp(), mixture());
    let mut rows = vec![0.0; 2 * 500];
    let mut rng = Streams::new(8).named("rows");
    rows.chunks_exact_mut(2).for_each(|row| mixture.sample(&mut rng, row));
    let points = Points::from_rows(&rows, 2).with_truth(&mixture);
    let settings = AuditConfig {
        times: vec![0.01, 0.3, 0.9],
        points: 500,
        nll_points: 300,
        gap_samples: 20,
        bound_points: 20,
        ..AuditConfig::default()
    };
    let found =
        |b: f64| audit::<f64>(&exact_energy(&sde, b), &points, &settings, 0, &workers, &|_| {}).unwrap().figures;
    // log E exp(t b x₀) of the mixture.
    let (b, moment) = (0.8, |t: f64, b: f64| {
        let (c, tb) = (sde.at(t), t * b);
        let v = c.m * c.m * S * S + c.sigma * c.sigma;
        let terms = WEIGHTS.iter().zip(MEANS).map(|(w, mean)| w * (tb * c.m * mean[0] + 0.5 * tb * tb * v).exp());
        terms.sum::<f64>().ln()
    });
    for b in [0.0, b] {
        let found = found(b);
        for at in found.profile("log_normaliser") {
            let want = moment(at.t, b) - moment(T_MAX, b);
            assert!((at.mean - want).abs() < 4.5 * at.se + 1e-3, "{b} {at:?} {want}");
            assert!(at.se < 0.1);
        }
        let (nll, gap) = (found.mean("energy_nll").unwrap(), found.mean("energy_gap").unwrap());
        let consistency = found.mean("density_consistency").unwrap();
        // log p by the energy is off by log Z(T) alone at t_min, where the bend is next to nothing.
        assert!((gap.mean - moment(T_MAX, b)).abs() < 0.02 && nll.mean.is_finite(), "{b} {gap:?}");
        if b == 0.0 {
            assert!(consistency.mean.abs() < 1e-3 && found.number("density_spread").unwrap() < 1e-2, "{consistency:?}");
        } else {
            assert!(consistency.mean.abs() > 0.05, "{consistency:?}");
        }
    }
    // A score network's audit has none of it.
    let score =
        audit::<f64>(&AnalyticScore::new(mixture.clone(), sde.clone()), &points, &settings, 0, &workers, &|_| {});
    assert!(score.unwrap().figures.mean("energy_nll").is_none());
}

#[test]
fn an_audit_measures_a_potential_s_model_by_quadrature_and_simulation() {
    let toml = "kind = \"potential\"\npotential = \"gaussian-mixture\"\nsampling = \"exact\"\nframes = 20000";
    let data = Data::load(&toml::from_str(toml).unwrap()).unwrap();
    let (sde, scaling, workers) = (Sde::vp(), data.scaling(), Workers::new(2, 64).unwrap());
    let means: Vec<[f64; 2]> =
        [-5.0, 5.0].iter().map(|at| [0, 1].map(|i| (at - scaling.shift[i]) / scaling.scale[i])).collect();
    let settings = AuditConfig {
        times: vec![0.5],
        points: 50,
        nll_points: 50,
        gap_samples: 20,
        bound_points: 20,
        simulation_chains: 100,
        simulation_frames: 100,
        simulation_every: 20,
        ..AuditConfig::default()
    };
    let found = |weights: &[f64]| {
        let energy = energy_of(&sde, weights, &means, 1.0 / scaling.scale[0], 0.0);
        audit::<f64>(&energy, &Points::of(&data), &settings, 0, &workers, &|_| {}).unwrap().figures
    };
    let right = found(&[0.2, 0.8]);
    let of = |key: &str| right.mean(key).unwrap().mean;
    assert!(of("kl").abs() < 1e-4 && of("force_error") < 0.02, "{} {}", of("kl"), of("force_error"));
    assert!(of("basin_mass_error") < 1e-6 && (right.number("true_basin_mass").unwrap() - 0.8).abs() < 1e-6);
    // Chains start at rows and do not cross: their histogram is near that of the rows.
    assert!(of("simulation_js") < 0.1 && (of("simulation_mass") - 0.8).abs() < 0.15, "{}", of("simulation_js"));
    // The twin: other weights have the same scores where the wells are, and another density.
    let wrong = found(&[0.5, 0.5]);
    let of = |key: &str| wrong.mean(key).unwrap().mean;
    let kl = 0.2 * (0.2_f64 / 0.5).ln() + 0.8 * (0.8_f64 / 0.5).ln();
    assert!((of("kl") - kl).abs() < 1e-3 && (of("basin_mass_error") - 0.3).abs() < 1e-6, "{}", of("kl"));
    assert!(of("force_error") < 0.02);
}
