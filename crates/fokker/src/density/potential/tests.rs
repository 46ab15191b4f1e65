//! Closed forms, quadrature, draws and trajectories, held against each other.

use super::*;
use crate::density::mixture::Mixture;
use crate::distance::{TwoSamples, js, pmf};
use crate::rng::Streams;
use crate::sde::Sde;
use crate::stats::MeanSe;

const NAMES: [PotentialName; 3] =
    [PotentialName::MuellerBrown, PotentialName::DoubleWell, PotentialName::GaussianMixture];

fn usual(name: PotentialName) -> Potential {
    Potential::new(name, None, None).unwrap()
}

/// Where minima, barriers and slopes are.
const POINTS: [[f64; 2]; 5] = [[-0.5, 1.4], [0.6, 0.05], [-0.2, 0.6], [1.3, -0.7], [5.2, 4.7]];

#[test]
fn energies_are_those_of_the_formulas() {
    let [brown, well, mixture] = NAMES.map(usual);
    // Computed elsewhere.
    assert!((brown.energy(&[0.0, 0.0]) + 48.401_274_173_183_87).abs() < 1e-10, "{}", brown.energy(&[0.0, 0.0]));
    assert_eq!(well.energy(&[0.0, 0.0]), 3.0);
    assert_eq!((well.energy(&[1.0, 0.0]), well.energy(&[-1.0, 3.0])), (0.0, 4.5));
    let same = Mixture::isotropic(&[1.0, 4.0], &[vec![-5.0; 2], vec![5.0; 2]], 1.0).unwrap();
    // At t → 0 nothing is diffused.
    let q = same.diffused(&Sde::ve().at(0.0));
    let kept = mixture.mixture().unwrap();
    for x in POINTS.iter().chain(&[[-5.0, -5.0], [0.0, 0.1]]) {
        assert!((mixture.energy(x) + q.log_density(x)).abs() < 2e-3 * (1.0 + mixture.energy(x)), "{x:?}");
        assert_eq!(kept.diffused(&Sde::ve().at(0.0)).log_density(x), q.log_density(x));
    }
    assert!(Potential::new(PotentialName::GaussianMixture, None, Some(2.0)).unwrap().mixture().is_none());
}

#[test]
fn forces_are_slopes() {
    for potential in NAMES.map(usual) {
        for x in POINTS {
            let mut force = [0.0; 2];
            potential.force(&x, &mut force);
            for axis in 0..2 {
                let h = 1e-5;
                let at = |shift: f64| {
                    let mut x = x;
                    x[axis] += shift;
                    potential.energy(&x)
                };
                let slope = (8.0 * (at(h) - at(-h)) - (at(2.0 * h) - at(-2.0 * h))) / (12.0 * h);
                assert!(
                    (force[axis] + slope).abs() < 1e-7 * (1.0 + slope.abs()),
                    "{potential:?} {x:?}: {force:?}, {slope}"
                );
                // The other sign would be seen.
                assert!((force[axis] - slope).abs() > 1e-3);
            }
        }
    }
}

#[test]
fn parameters_out_of_range_are_refused_by_name() {
    for (name, dim, kt, key) in [
        (PotentialName::MuellerBrown, Some(3), None, "dim"),
        (PotentialName::DoubleWell, Some(0), None, "dim"),
        (PotentialName::GaussianMixture, Some(1), None, "dim"),
        (PotentialName::MuellerBrown, None, Some(0.0), "kt"),
        (PotentialName::DoubleWell, None, Some(-1.0), "kt"),
        (PotentialName::DoubleWell, None, Some(f64::NAN), "kt"),
        (PotentialName::GaussianMixture, None, Some(1e9), "kt"),
    ] {
        let error = Potential::new(name, dim, kt).unwrap_err();
        assert!(matches!(error, PotentialError::Parameter { key: found, .. } if found == key), "{error}");
    }
    let dynamics = usual(PotentialName::DoubleWell).dynamics();
    for (key, wrong) in [
        ("dt", Dynamics { dt: 0.0, ..dynamics }),
        ("mass", Dynamics { mass: -1.0, ..dynamics }),
        ("friction", Dynamics { friction: f64::NAN, ..dynamics }),
    ] {
        let error = Integrator::new(&wrong, 1.0).unwrap_err();
        assert!(error.to_string().starts_with(&format!("{key} = ")), "{error}");
    }
}

/// The exact figure of the Müller–Brown system, and a grid of half the step.
#[test]
fn quadrature_does_not_change_on_a_doubled_grid() {
    for name in NAMES {
        for scale in [0.1, 1.0, 10.0] {
            let potential = Potential::new(name, None, Some(usual(name).kt() * scale)).unwrap();
            let found = Quadrature::new(&potential).unwrap();
            let doubled = Quadrature::with_cells(&potential, if found.dim() == 1 { 1 << 14 } else { 1 << 10 });
            let [left, right] = potential.basins();
            assert!((found.ln_z() - doubled.ln_z()).abs() < 1e-9, "{potential:?}: {} {}", found.ln_z(), doubled.ln_z());
            let (mass, same) = (found.mass(&right), doubled.mass(&right));
            assert!((mass - same).abs() < 1e-6, "{potential:?}: {mass} {same}");
            assert!((mass + found.mass(&left) - 1.0).abs() < 1e-12);
            if potential == usual(PotentialName::MuellerBrown) {
                // By the bare midpoint rule at ever smaller steps.
                assert!((mass - 0.217_792_6).abs() < 2e-7, "{mass}");
                assert!((mass - Quadrature::with_cells(&potential, 6).mass(&right)).abs() > 1e-6);
            }
        }
    }
}

/// ln Z and E U/kT of the double well in D dimensions against a sum over x₀ and the Gaussians' closed forms.
#[test]
fn a_double_well_factorises() {
    for (dim, kt) in [(1, 1.0), (2, 1.0), (7, 0.5)] {
        let known =
            KnownDensity::new(&Potential::new(PotentialName::DoubleWell, Some(dim), Some(kt)).unwrap()).unwrap();
        let (mut z, mut u) = (0.0, 0.0);
        for i in 0..60_000 {
            let x = -3.0 + 1e-4 * (f64::from(i) + 0.5);
            let energy = 3.0 * (x * x - 1.0_f64).powi(2) / kt;
            z += 1e-4 * (-energy).exp();
            u += 1e-4 * energy * (-energy).exp();
        }
        let rest = dim as f64 - 1.0;
        let ln_z = z.ln() + 0.5 * rest * (std::f64::consts::TAU * kt).ln();
        assert!((known.ln_z() - ln_z).abs() < 1e-9, "{dim}: {} {ln_z}", known.ln_z());
        assert!((known.entropy() - (ln_z + u / z + 0.5 * rest)).abs() < 1e-9);
        assert!((known.masses()[0].1 - 0.5).abs() < 1e-9);
    }
}

#[test]
fn the_envelope_is_above_the_density() {
    for name in NAMES {
        for scale in [0.1, 1.0] {
            let potential = Potential::new(name, None, Some(usual(name).kt() * scale)).unwrap();
            let known = KnownDensity::new(&potential).unwrap();
            let (cells, step) = known.envelope().bounds();
            let (mut inside, mut tight) = (0, false);
            for (middle, bound) in cells.step_by(7) {
                for at in 0..49 {
                    let part = [f64::from(at % 7), f64::from(at / 7)].map(|i| i / 6.0 - 0.5);
                    let x = [0, 1].map(|axis| middle[axis] + part[axis] * step[axis]);
                    let log = -potential.energy(&x[..known.quadrature().dim()]) / potential.kt();
                    assert!(log <= bound, "{potential:?} {x:?}: {log} > {bound}");
                    tight |= log > bound - 0.05;
                }
                inside += 1;
            }
            assert!(inside > 100 && tight, "{potential:?}");
        }
    }
}

/// A function of the coordinates that have wells.
type Observable<'a> = &'a dyn Fn(&[f64]) -> f64;

/// Whether the mean of f over rows is that of a density, within 4.5 standard errors.
fn agrees(rows: &[f64], dim: usize, known: &KnownDensity, f: Observable<'_>) -> bool {
    let found = MeanSe::of(&rows.chunks_exact(dim).map(f).collect::<Vec<_>>());
    (found.mean - known.quadrature().expectation(f)).abs() < 4.5 * found.se
}

fn draws(known: &KnownDensity, count: usize) -> Vec<f64> {
    let mut rng = Streams::new(3).named("draws");
    let mut rows = vec![0.0; count * known.dim()];
    rows.chunks_exact_mut(known.dim()).for_each(|row| known.sample(&mut rng, row));
    rows
}

#[test]
fn draws_have_the_moments_of_quadrature() {
    let moments: [Observable<'_>; 5] =
        [&|x| x[0], &|x| x[0] * x[0], &|x| x[0].powi(3), &|x| f64::from(u8::from(x[0] > -0.2)), &|x| {
            (3.0 * x[0]).sin()
        }];
    let planar: [Observable<'_>; 3] = [&|x| x[1], &|x| x[1] * x[1], &|x| x[0] * x[1]];
    for name in NAMES {
        let known = KnownDensity::new(&usual(name)).unwrap();
        let rows = draws(&known, 100_000);
        let hotter = Potential::new(name, None, Some(1.1 * usual(name).kt())).unwrap();
        let hotter = draws(&KnownDensity::new(&hotter).unwrap(), 100_000);
        let second = if known.quadrature().dim() == 2 { &planar[..] } else { &[] };
        for f in moments.iter().chain(second) {
            assert!(agrees(&rows, 2, &known, f), "{name:?}");
        }
        assert!(!moments.iter().chain(second).all(|f| agrees(&hotter, 2, &known, f)), "{name:?}");
    }
    let known = KnownDensity::new(&Potential::new(PotentialName::DoubleWell, Some(4), Some(2.0)).unwrap()).unwrap();
    let squares: Vec<f64> = draws(&known, 20_000).chunks_exact(4).map(|x| x[3] * x[3]).collect();
    let found = MeanSe::of(&squares);
    assert!((found.mean - 2.0).abs() < 4.5 * found.se);
}

/// −E ln p over exact draws is the entropy.
#[test]
fn the_entropy_is_that_of_draws() {
    for (name, dim) in [(PotentialName::MuellerBrown, 2), (PotentialName::DoubleWell, 5)] {
        let known = KnownDensity::new(&Potential::new(name, Some(dim), None).unwrap()).unwrap();
        let logs: Vec<f64> = draws(&known, 50_000).chunks_exact(dim).map(|x| -known.log_density(x)).collect();
        let found = MeanSe::of(&logs);
        assert!((found.mean - known.entropy()).abs() < 4.5 * found.se, "{found:?} {}", known.entropy());
    }
}

#[test]
fn the_score_is_the_force_over_kt() {
    let known = KnownDensity::new(&usual(PotentialName::MuellerBrown)).unwrap();
    let (mut score, mut force) = ([0.0; 2], [0.0; 2]);
    known.score(&[0.3, 0.4], &mut score);
    known.potential().force(&[0.3, 0.4], &mut force);
    assert_eq!(score, force.map(|f| f / 23.0));
}

/// e² kT/m + kick² = kT/m: velocities without a force keep their law.
#[test]
fn a_free_velocity_keeps_its_variance() {
    for dt in [1e-3, 0.1, 3.0] {
        let integrator = Integrator::new(&Dynamics { mass: 0.5, friction: 2.0, dt }, 23.0).unwrap();
        let response = |v: f64, normal: f64| {
            let (mut x, mut v) = ([0.0], [v]);
            integrator.step(&mut x, &mut v, &[0.0], &[normal]);
            v[0]
        };
        let variance = 46.0 * response(1.0, 0.0).powi(2) + response(0.0, 1.0).powi(2);
        assert!((variance / 46.0 - 1.0).abs() < 1e-14, "{variance}");
        assert!((integrator.thermal_speed() - 46.0_f64.sqrt()).abs() < 1e-14);
    }
}

/// The harmonic coordinates of a double well have variance kT/k, and the well's basins are visited equally.
#[test]
fn a_trajectory_samples_the_density() {
    let potential = Potential::new(PotentialName::DoubleWell, Some(3), Some(0.8)).unwrap();
    let mut rng = Streams::new(1).named("trajectory");
    let rows = trajectory(&potential, &potential.dynamics(), &potential.start(), 40_000, 50, &mut rng).unwrap();
    let variance = rows.chunks_exact(3).map(|x| 0.5 * (x[1] * x[1] + x[2] * x[2])).sum::<f64>() / 40_000.0;
    assert!((variance - 0.8).abs() < 0.04, "{variance}");
    let share = potential.basins()[1].share(&rows, 3);
    assert!((share - 0.5).abs() < 0.08, "{share}");
}

#[test]
fn a_step_that_is_too_long_is_told() {
    for potential in NAMES.map(usual) {
        let dynamics = Dynamics { dt: 50.0, ..potential.dynamics() };
        let mut rng = Streams::new(0).named("trajectory");
        let error = trajectory(&potential, &dynamics, &potential.start(), 100, 50, &mut rng).unwrap_err();
        assert!(matches!(error, PotentialError::Lost { dt: 50.0, .. }), "{error}");
    }
}

/// Two independent trajectories of 100,000 frames: JS 0.0113 and PMF 0.058 in an independent implementation.
#[test]
fn two_trajectories_of_mueller_brown_differ_as_elsewhere() {
    let potential = usual(PotentialName::MuellerBrown);
    let [a, b] = [1, 2].map(|seed| {
        let mut rng = Streams::new(seed).named("trajectory");
        trajectory(&potential, &potential.dynamics(), &potential.start(), 100_000, 50, &mut rng).unwrap()
    });
    let both = TwoSamples::new(&a, &b, 2).unwrap();
    let (divergence, energies) = (js(&both).unwrap(), pmf(&both).unwrap());
    assert!((0.009..0.0145).contains(&divergence), "{divergence}");
    assert!((0.04..0.08).contains(&energies), "{energies}");
    let share = potential.basins()[1].share(&a, 2);
    assert!((share - 0.2178).abs() < 0.03, "{share}");
    // At another temperature they are much farther.
    let hotter = Potential::new(PotentialName::MuellerBrown, None, Some(46.0)).unwrap();
    let hotter = draws(&KnownDensity::new(&hotter).unwrap(), 100_000);
    assert!(js(&TwoSamples::new(&a, &hotter, 2).unwrap()).unwrap() > 0.05);
}
