//! The posterior score against the score of a Gaussian's posterior.

use nalgebra::{DMatrix, DVector};

use super::*;
use crate::net::{Activation, NetworkConfig, TimeConfig};
use crate::score::Differentiable;
use crate::score::network::{NetworkScore, Parameterisation, ScoreModel};
use crate::sde::Coefficients;

const MEAN: [f64; 3] = [0.3, -0.5, 0.8];
const PRIOR: [f64; 9] = [1.0, 0.6, 0.2, 0.6, 0.8, -0.1, 0.2, -0.1, 0.5];
const MATRIX: [f64; 6] = [1.0, 0.5, 0.0, 0.0, -1.0, 2.0];
const VALUES: [f64; 2] = [1.2, 0.4];
const NOISE: f64 = 0.2;

fn observation() -> Result<LinearObservation, Error> {
    LinearObservation::new(MATRIX.to_vec(), VALUES.to_vec(), NOISE)
}

/// The posterior N(μ + K (y − A μ), C − K A C), K = C Aᵀ (A C Aᵀ + noise² I)⁻¹.
fn posterior(covariance: &[f64]) -> Result<Mixture, Box<dyn std::error::Error>> {
    let (a, c) = (DMatrix::from_row_slice(2, 3, &MATRIX), DMatrix::from_row_slice(3, 3, covariance));
    let (mean, y) = (DVector::from_row_slice(&MEAN), DVector::from_row_slice(&VALUES));
    let s = &a * &c * a.transpose() + DMatrix::identity(2, 2) * NOISE * NOISE;
    let gain = &c * a.transpose() * s.try_inverse().ok_or("singular")?;
    let new_mean = &mean + &gain * (y - &a * &mean);
    let new = &c - gain * a * &c;
    let new = (&new + new.transpose()) * 0.5;
    Ok(Mixture::new(&[1.0], &[new_mean.as_slice().to_vec()], &[new.as_slice().to_vec()])?)
}

fn prior_of(covariance: &[f64], sde: &Sde) -> Result<AnalyticScore, Box<dyn std::error::Error>> {
    Ok(AnalyticScore::new(Mixture::new(&[1.0], &[MEAN.to_vec()], &[covariance.to_vec()])?, sde.clone()))
}

/// The largest difference of two scores at some points and times, in units of 1/σ.
fn distance(a: &dyn Score<f64>, b: &dyn Score<f64>) -> Result<f64, Error> {
    let x: Vec<f64> = (0..12).map(|i| (1.3 * f64::from(i)).sin()).collect();
    // Four rows, each at its own time.
    let at: Vec<_> = [1e-3, 0.02, 0.3, 1.0].iter().map(|&t| a.sde().at(t)).collect();
    let mut scores = Vec::new();
    for score in [a, b] {
        let mut s = vec![0.0; 12];
        score.evaluator(6)?.evaluate(&x, &at, &mut s);
        scores.push(s);
    }
    let apart = |i: usize| at[i / 3].sigma * (scores[0][i] - scores[1][i]).abs();
    Ok(worst((0..12).map(apart)))
}

#[test]
fn exact_for_gaussians_with_the_right_covariance() -> Any {
    let round = [0.7, 0.0, 0.0, 0.0, 0.7, 0.0, 0.0, 0.0, 0.7];
    for sde in [Sde::vp(), Sde::sub_vp(), Sde::ve()] {
        for (covariance, isotropic_is_right) in [(&round, true), (&PRIOR, false)] {
            let prior = prior_of(covariance, &sde)?;
            let truth = AnalyticScore::new(posterior(covariance)?, sde.clone());
            let with = |c| -> Result<f64, Error> { distance(&PosteriorScore::new(&prior, observation()?, c)?, &truth) };
            assert!(with(Covariance::Tweedie)? < 1e-7);
            let isotropic = with(Covariance::Isotropic { variance: 0.7 })?;
            assert!(if isotropic_is_right { isotropic < 1e-7 } else { isotropic > 1e-2 }, "{sde:?} {isotropic}");
            // The prior's own score is another.
            assert!(distance(&prior, &truth)? > 1e-2);
            assert!(with(Covariance::Isotropic { variance: 0.2 })? > 1e-2);
        }
    }
    Ok(())
}

#[test]
fn samples_have_the_posterior_s_moments() -> Any {
    let (sde, n, workers) = (Sde::vp(), 2000, Workers::new(2, 64)?);
    let prior = prior_of(&PRIOR, &sde)?;
    let truth = posterior(&PRIOR)?;
    let (mut mean, mut square) = (DVector::zeros(3), DMatrix::zeros(3, 3));
    let mut draws = vec![0.0; 3 * 200_000];
    truth.sample(&mut Streams::new(9).named("truth"), &mut draws);
    for x in draws.chunks_exact(3).map(DVector::from_row_slice) {
        mean += &x / 200_000.0;
        square += &x * x.transpose() / 200_000.0;
    }
    let surprise = |samples: &Samples| {
        let at = |i: usize, j: usize| {
            let products: Vec<f64> = samples.x.chunks_exact(3).map(|x| x[i] * x[j]).collect();
            let (m, p) =
                (MeanSe::of(&samples.x.iter().skip(i).step_by(3).copied().collect::<Vec<_>>()), MeanSe::of(&products));
            worst([(m.mean - mean[i]).abs() / m.se, (p.mean - square[(i, j)]).abs() / p.se])
        };
        worst((0..9).map(|k| at(k / 3, k % 3)))
    };
    let posterior = PosteriorScore::new(&prior, observation()?, Covariance::Tweedie)?;
    let heun = Sampler::from(Heun { steps: 60, denoise: false, ..Heun::default() });
    let noisy = ReverseDiffusion::default().into();
    for sampler in [Sampler::default(), heun, noisy] {
        let samples = sample::<f64>(&posterior, n, &sampler, 1, &workers, &|_| {})?;
        assert!(samples.failed() == 0 && surprise(&samples) < 4.0, "{sampler:?} {}", surprise(&samples));
    }
    let unconditional = sample::<f64>(&prior, n, &heun, 1, &workers, &|_| {})?;
    assert!(surprise(&unconditional) > 20.0);
    // Isotropic C is off in the spread.
    let rough = PosteriorScore::new(&prior, observation()?, Covariance::Isotropic { variance: 0.7 })?;
    let rough = surprise(&sample::<f64>(&rough, n, &heun, 1, &workers, &|_| {})?);
    assert!(rough > 6.0, "{rough}");
    Ok(())
}

#[test]
fn modes_are_shared_out_inexactly() -> Any {
    let prior = AnalyticScore::new(Mixture::ring(8, 1.5, 0.1)?, Sde::vp());
    let share = |covariance| -> Result<f64, Error> {
        let seen = LinearObservation::new(vec![1.0, 0.0], vec![1.5], 0.1)?;
        let posterior = PosteriorScore::<f64>::new(&prior, seen, covariance)?;
        let heun = Heun { steps: 100, ..Heun::default() }.into();
        let x = sample(&posterior, 1000, &heun, 0, &Workers::new(2, 64)?, &|_| {})?.x;
        Ok(x.chunks_exact(2).filter(|x| (x[0] - 1.5).hypot(x[1]) < 0.5).count() as f64 / 1000.0)
    };
    // The truth is 1/(1 + 2 exp(−(1.5 − 1.5 cos 45°)²/0.04)) = 0.984: better than the prior's eighth, and not it.
    let (tweedie, isotropic) = (share(Covariance::Tweedie)?, share(Covariance::Isotropic { variance: 1.135 })?);
    assert!(isotropic > 0.4 && tweedie > isotropic + 0.05 && tweedie < 0.9, "{tweedie} {isotropic}");
    Ok(())
}

/// The score at one point.
fn at(score: &dyn Score<f64>, x: &[f64], c: &Coefficients) -> Result<Vec<f64>, Error> {
    let mut s = vec![0.0; x.len()];
    score.evaluator(1)?.evaluate(x, &[*c], &mut s);
    Ok(s)
}

#[test]
fn guidance_is_the_gradient_of_the_likelihood_for_any_score() -> Any {
    let sde = Sde::vp();
    // Its Jacobian is not symmetric, so that one taken for its transpose would show; neither is a network's.
    let bent = prior_of(&PRIOR, &sde)?.perturbed(vec![0.0, 0.9, -0.3, 0.1, 0.2, 0.5, -0.7, 0.0, 0.1]);
    let network = NetworkConfig::Mlp {
        width: 12,
        depth: 2,
        activation: Activation::Silu,
        skip: true,
        dropout: 0.0,
        time: TimeConfig::LogSigma { frequencies: 2 },
        output: crate::net::Output::Score,
        blend: None,
        range: Vec::new(),
    };
    let model = ScoreModel::new(fokker_jet::Shape::vector(3), &sde, &network, Parameterisation::Preconditioned);
    let parameters = model.initial_parameters(&mut Streams::new(1).named("weights"));
    let network = NetworkScore::<f64>::new(model, &parameters);
    let scores: [&dyn Differentiable<f64>; 2] = [&bent, &network];
    let (matrix, y) = (DMatrix::from_row_slice(2, 3, &MATRIX), DVector::from_row_slice(&VALUES));
    for (score, t) in scores.into_iter().flat_map(|score| [0.05, 0.4].map(|t| (score, t))) {
        let c = sde.at(t);
        let square = c.sigma * c.sigma;
        // ln N(y; A x̂, A C Aᵀ + noise² I) with the isotropic C, which does not depend on x.
        let spread = 0.7 * square / (c.m * c.m * 0.7 + square);
        let spread = &matrix * matrix.transpose() * spread + DMatrix::identity(2, 2) * NOISE * NOISE;
        let inverse = spread.try_inverse().ok_or("singular")?;
        let log_likelihood = |x: &[f64]| -> Result<f64, Error> {
            let s = at(score, x, &c)?;
            let guess = DVector::from_iterator(3, x.iter().zip(&s).map(|(x, s)| (x + square * s) / c.m));
            let miss = &y - &matrix * guess;
            Ok(-0.5 * (miss.transpose() * &inverse * miss)[0])
        };
        let x = [0.4, -1.1, 0.7];
        let posterior = PosteriorScore::new(score, observation()?, Covariance::Isotropic { variance: 0.7 })?;
        let (found, prior) = (at(&posterior, &x, &c)?, at(score, &x, &c)?);
        for i in 0..3 {
            let moved = |h: f64| {
                let mut x = x;
                x[i] += h;
                log_likelihood(&x)
            };
            let want = (moved(1e-5)? - moved(-1e-5)?) / 2e-5;
            assert!(
                (found[i] - prior[i] - want).abs() < 1e-6 * (1.0 + want.abs()),
                "{t} {i} {} {want}",
                found[i] - prior[i]
            );
            assert!(want.abs() > 1e-3);
        }
    }
    Ok(())
}

#[test]
fn rows_depend_neither_on_batch_nor_on_threads() -> Any {
    let prior = prior_of(&PRIOR, &Sde::vp())?;
    let posterior = PosteriorScore::new(&prior, observation()?, Covariance::Tweedie)?;
    for sampler in [Sampler::default(), fixed(10, true)[1]] {
        let draw = |n, threads, rows| sample::<f64>(&posterior, n, &sampler, 0, &Workers::new(threads, rows)?, &|_| {});
        let all = draw(20, 1, 64)?;
        assert_eq!((all.failed(), &all), (0, &draw(20, 2, 7)?));
        assert_eq!(all.x[..18], draw(6, 1, 2)?.x);
    }
    Ok(())
}

#[test]
fn what_cannot_be_observed() -> Any {
    let prior = prior_of(&PRIOR, &Sde::vp())?;
    for (matrix, values, noise) in [
        (vec![], vec![], 0.1),
        (vec![1.0, 2.0, 3.0], vec![1.0, 2.0], 0.1),
        (vec![1.0, f64::NAN, 3.0], vec![1.0], 0.1),
        (vec![1.0, 2.0, 3.0], vec![f64::INFINITY], 0.1),
        (vec![1.0, 2.0, 3.0], vec![1.0], -0.1),
        (vec![1.0, 2.0, 3.0], vec![1.0], f64::NAN),
    ] {
        assert!(LinearObservation::new(matrix, values, noise).is_err_and(|e| e.is_request()));
    }
    let two = LinearObservation::new(vec![1.0, 2.0], vec![1.0], 0.1)?;
    assert!(PosteriorScore::<f64>::new(&prior, two, Covariance::Tweedie).is_err());
    assert!(PosteriorScore::<f64>::new(&prior, observation()?, Covariance::Isotropic { variance: 0.0 }).is_err());
    let posterior = PosteriorScore::<f64>::new(&prior, observation()?, Covariance::Tweedie)?;
    let mut s = [0.0; 3];
    posterior.evaluator(4)?.evaluate(&[0.1, f64::NAN, 0.2], &[Sde::vp().at(0.5)], &mut s);
    assert!(s[0].is_nan());
    Ok(())
}
