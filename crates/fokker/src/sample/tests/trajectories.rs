//! States on the way.

use super::*;

#[test]
fn fixed_steps_keep_what_they_pass() -> Any {
    let (score, workers) = (score(&Sde::vp())?, Workers::new(2, 4)?);
    for sampler in fixed(12, true) {
        let plain = sample::<f64>(&score, 9, &sampler, 0, &workers, &|_| {})?;
        for keep in [2, 5, 13] {
            let (samples, states) = sample_trajectories::<f64>(&score, 9, &sampler, keep, 0, &workers, &|_| {})?;
            assert_eq!(samples, plain);
            assert_eq!((states.times.len(), states.x.len()), (keep, keep * 18));
            assert_eq!((states.times[0], states.times[keep - 1]), (1.0, score.sde().t_min()));
            assert!(states.times.windows(2).all(|t| t[1] < t[0]));
            assert_eq!(states.x[..18], prior(score.sde(), 9.into(), 2, 0).0);
            assert_eq!(states.x[(keep - 1) * 18..], samples.x);
        }
        for keep in [0, 1, 14] {
            assert!(
                sample_trajectories::<f64>(&score, 9, &sampler, keep, 0, &workers, &|_| {})
                    .is_err_and(|e| e.is_request())
            );
        }
    }
    Ok(())
}

#[test]
fn the_ode_s_states_have_the_law_of_their_time() -> Any {
    let (sde, workers) = (Sde::vp(), Workers::new(1, 64)?);
    let score = AnalyticScore::new(Mixture::isotropic(&[1.0], &[vec![0.6]], 0.3)?, sde.clone());
    let done = std::sync::atomic::AtomicUsize::new(0);
    let most = |rows| {
        done.fetch_max(rows, std::sync::atomic::Ordering::Relaxed);
    };
    let sampler = ProbabilityFlow { tolerance: Tolerance::both(1e-9), ..ProbabilityFlow::default() }.into();
    let (samples, states) = sample_trajectories::<f64>(&score, 5, &sampler, 6, 0, &workers, &most)?;
    assert_eq!(done.into_inner(), 5);
    let at_times = states.times.iter().map(|&t| sde.at(t));
    let standard =
        |c: &crate::sde::Coefficients, x: f64| (x - 0.6 * c.m) / (c.m * c.m * 0.09 + c.sigma * c.sigma).sqrt();
    for (c, at_time) in at_times.zip(states.x.chunks_exact(5)) {
        for (x, z) in at_time.iter().zip(&states.x) {
            // The map is a scaling, see the tests of `encode`.
            assert!((standard(&c, *x) - standard(&sde.at(1.0), *z)).abs() < 1e-7);
        }
    }
    let plain = sample::<f64>(&score, 5, &sampler, 0, &workers, &|_| {})?;
    assert_eq!(states.x[25..], samples.x);
    assert!(samples.x.iter().zip(&plain.x).all(|(a, b)| (a - b).abs() < 1e-7));
    assert_eq!((samples.evaluations.len(), plain.x.len(), plain.evaluations.len()), (5, 5, 5));
    assert!(samples.evaluations.iter().zip(&plain.evaluations).all(|(a, b)| a > b));
    Ok(())
}

#[test]
fn a_row_that_fails_stays_failed() -> Any {
    let (score, workers) = (score(&Sde::vp())?, Workers::new(1, 8)?);
    let steep = score.clone().perturbed(vec![1e200, 0.0, 0.0, 1e200]);
    let hurried = ProbabilityFlow { step_limit: 2, ..ProbabilityFlow::default() }.into();
    for (score, sampler) in [(score, hurried), (steep, fixed(8, true)[0])] {
        let (samples, states) = sample_trajectories::<f64>(&score, 3, &sampler, 4, 0, &workers, &|_| {})?;
        assert_eq!(samples.failed(), 3);
        let first_leg = |outcome: &Outcome| match *outcome {
            Outcome::StepLimit { t } | Outcome::NonFinite { t } | Outcome::FarOut { t } => t >= states.times[1],
            Outcome::Converged | Outcome::PrecisionFloor => false,
        };
        assert!(samples.outcomes.iter().all(first_leg), "{samples:?}");
        assert!(states.x[..6].iter().all(|x| x.is_finite()) && states.x[18..].iter().all(|x| x.is_nan()));
    }
    Ok(())
}
