//! What a chain depends on, and what becomes of it.

use fokker_jet::cpu::Workers;

use super::{Dynamics, Integrator, LogDensityFn, Simulation, State, integrator, well};
use crate::simulate::ChainOutcome::{BlownUp, Finished};
use crate::simulate::{LogDensity, LogDensityEvaluator};

/// Starting points, no two alike.
fn start(chains: u32) -> Vec<f64> {
    (0..2 * chains).map(|at| f64::from(at).sin()).collect()
}

/// The state after some steps.
fn after(density: &dyn LogDensity, name: &str, start: &[f64], seed: u64, pieces: &[u64], workers: &Workers) -> State {
    let method = integrator(name);
    let mut run = Simulation::new(density, &method, &Dynamics::of(0.2), start, seed, workers).unwrap();
    pieces.iter().for_each(|&steps| run.advance(steps));
    run.state()
}

#[test]
fn a_chain_does_not_depend_on_threads_chunks_neighbours_or_pieces() {
    let (density, start) = (well(2, 2.0, 1.0), start(37));
    for method in Integrator::all() {
        let run = |start: &[f64], seed, pieces: &[u64], threads, rows| {
            after(&density, method.name, start, seed, pieces, &Workers::new(threads, rows).unwrap())
        };
        let whole = run(&start, 7, &[30], 1, 64);
        assert_eq!((whole.step, whole.running()), (30, 37));
        for (threads, rows, pieces) in [(2, 64, &[30][..]), (3, 5, &[1, 2, 27]), (1, 1, &[15, 15])] {
            assert_eq!(run(&start, 7, pieces, threads, rows), whole, "{method:?}");
        }
        // The first ten are the same without the others; the twins: another seed, another chain from the same point.
        let ten = run(&start[..20], 7, &[30], 2, 64);
        assert!(ten.x == whole.x[..20] && ten.v == whole.v[..20] && ten.accepted == whole.accepted[..10]);
        assert_ne!(run(&start, 8, &[30], 1, 64).x, whole.x);
        let same = run(&[0.5; 4], 7, &[30], 1, 64);
        assert_ne!(same.x[..2], same.x[2..]);
        assert_eq!(whole.v.iter().any(|v| *v != 0.0), method.has_velocities);
    }
}

#[test]
fn a_state_is_all_that_is_needed_to_go_on() {
    let (density, workers, dynamics) = (well(2, 2.0, 1.0), Workers::new(2, 8).unwrap(), Dynamics::of(0.2));
    for method in Integrator::all() {
        let whole = after(&density, method.name, &start(20), 7, &[50], &workers);
        let half = after(&density, method.name, &start(20), 7, &[23], &workers);
        let mut run = Simulation::resume(&density, method, &dynamics, half.clone(), 7, &workers).unwrap();
        assert_eq!((run.step(), run.state()), (23, half));
        run.advance(27);
        assert_eq!(run.state(), whole, "{method:?}");
    }
}

#[test]
fn a_chain_that_blows_up_stops_and_the_others_go_on() {
    // Beyond |x| = 3 the force pushes outwards, harder and harder.
    let slope = |x: f64| if x.abs() > 3.0 { x * x * x } else { -x };
    let density = LogDensityFn::new(2, move |x, gradient| {
        gradient.iter_mut().zip(x).for_each(|(g, x)| *g = slope(*x));
        0.0
    });
    let workers = Workers::new(2, 4).unwrap();
    for name in ["baoab", "scoremd", "overdamped"] {
        let mut points = start(12);
        let calm = after(&density, name, &points, 3, &[10], &workers);
        assert_eq!(calm.outcomes, [Finished; 12], "{name}");
        (points[3], points[11]) = (50.0, f64::NAN);
        let found = after(&density, name, &points, 3, &[4, 6], &workers);
        assert!(matches!(found.outcomes[1], BlownUp { step: 1..=10 }), "{name}: {:?}", found.outcomes);
        assert_eq!(found.outcomes[5], BlownUp { step: 0 });
        assert_eq!((found.blown_up(), found.running()), (2, 10));
        for chain in 0..12 {
            let at = 2 * chain..2 * chain + 2;
            if found.outcomes[chain].is_finished() {
                assert!(found.x[at.clone()] == calm.x[at.clone()] && found.v[at.clone()] == calm.v[at], "{name}");
            } else {
                assert!(found.x[at.clone()].iter().chain(&found.v[at]).all(|value| value.is_nan()), "{name}");
            }
        }
        // A state with lost chains is gone on with, too.
        let mut again =
            Simulation::resume(&density, &integrator(name), &Dynamics::of(0.2), found.clone(), 3, &workers).unwrap();
        again.advance(5);
        let state = again.state();
        assert_eq!(state.outcomes, found.outcomes);
        assert!(state.kinetic_temperature(1.0).is_some());
    }
}

#[test]
fn what_is_far_off_is_lost_though_finite() {
    let flat = LogDensityFn::new(1, |_, gradient| {
        gradient[0] = 9e99;
        0.0
    });
    let found = after(&flat, "overdamped", &[0.0], 0, &[3], &Workers::new(1, 1).unwrap());
    assert_eq!(found.outcomes, [Finished]);
    let found = after(&flat, "overdamped", &[0.0], 0, &[8], &Workers::new(1, 1).unwrap());
    assert_eq!(found.outcomes, [BlownUp { step: 6 }]);
}

#[test]
fn mala_counts_what_it_accepts_and_rejects_what_is_not_finite() {
    let workers = Workers::new(2, 8).unwrap();
    // A half-line: log q is −∞ below 0.
    let half = LogDensityFn::new(1, |x, gradient| {
        gradient[0] = -1.0;
        if x[0] < 0.0 { f64::NEG_INFINITY } else { -x[0] }
    });
    let found = after(&half, "mala", &[0.3; 50], 1, &[200], &workers);
    assert!(found.running() == 50 && found.x.iter().all(|x| *x >= 0.0));
    let part = found.acceptance().unwrap();
    assert!(part > 0.3 && part < 0.95, "{part}");
    assert!(found.accepted.iter().all(|&accepted| accepted > 0 && accepted < 200));
    // Small steps are accepted, large ones are not.
    let density = well(2, 1.0, 1.0);
    let acceptance = |dt| {
        let mut run =
            Simulation::new(&density, &integrator("mala"), &Dynamics::of(dt), &start(50), 1, &workers).unwrap();
        run.advance(100);
        run.state().acceptance().unwrap()
    };
    assert!(acceptance(1e-3) > 0.99 && acceptance(3.0) < 0.7, "{} {}", acceptance(1e-3), acceptance(3.0));
}

#[test]
fn what_cannot_be_is_refused() {
    /// A gradient without its density.
    struct Gradient;
    impl LogDensity for Gradient {
        fn dim(&self) -> usize {
            2
        }
        fn has_values(&self) -> bool {
            false
        }
        fn evaluator<'a>(&'a self, _: usize) -> Result<Box<dyn LogDensityEvaluator + Send + 'a>, crate::Error> {
            Ok(Box::new(Self))
        }
    }
    impl LogDensityEvaluator for Gradient {
        fn evaluate(&mut self, x: &[f64], gradient: &mut [f64], _: Option<&mut [f64]>) {
            gradient.iter_mut().zip(x).for_each(|(g, x)| *g = -x);
        }
    }
    let workers = Workers::new(1, 4).unwrap();
    let new = |name, dynamics: Dynamics, start: &[f64]| {
        let run = Simulation::new(&Gradient, &integrator(name), &dynamics, start, 0, &workers);
        run.err().map(|error| error.to_string()).unwrap_or_default()
    };
    assert_eq!(new("baoab", Dynamics::of(0.1), &[0.0; 4]), "");
    assert!(new("mala", Dynamics::of(0.1), &[0.0; 4]).contains("mala: needs log q"));
    assert!(new("baoab", Dynamics::of(0.1), &[0.0; 3]).contains("start"));
    for (key, dynamics) in [
        ("dt", Dynamics::of(-1.0)),
        ("kt", Dynamics { kt: f64::NAN, ..Dynamics::of(1.0) }),
        ("mass", Dynamics { mass: 0.0, ..Dynamics::of(1.0) }),
        ("friction", Dynamics { friction: f64::INFINITY, ..Dynamics::of(1.0) }),
    ] {
        assert!(new("baoab", dynamics, &[0.0; 4]).contains(&format!("dynamics: {key}: must be positive")), "{key}");
    }
}
