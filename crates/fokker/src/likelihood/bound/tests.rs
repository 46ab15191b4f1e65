//! Tight for true scores, closed forms for a wrong one, standard errors, probes, failures.

use super::*;
use crate::density::mixture::Mixture;
use crate::divergence::ProbeDistribution;
use crate::likelihood::log_prob;
use crate::net::NetworkConfig;
use crate::score::analytic::AnalyticScore;
use crate::score::network::{NetworkScore, Parameterisation, ScoreModel};

type Any = Result<(), Box<dyn std::error::Error>>;

fn all() -> [Sde; 3] {
    [Sde::vp(), Sde::sub_vp(), Sde::ve()]
}

fn workers() -> Workers {
    Workers::new(2, 16).unwrap()
}

fn points(mixture: &Mixture, rows: usize) -> Vec<f64> {
    let mut x = vec![0.0; rows * mixture.dim()];
    mixture.sample(&mut Streams::new(3).named("test"), &mut x);
    x
}

/// The bound at x with the exact score: log q_{t_min}(x) less E log (q_T/prior)(x_T), the prior's own error, which is small.
fn truth(mixture: &Mixture, sde: &Sde, x: &[f64]) -> f64 {
    let (from, to) = (sde.at(sde.t_min()), sde.at(T_MAX));
    let (start, end) = (mixture.diffused(&from), mixture.diffused(&to));
    let transition = Transition::between(&from, &to);
    let mut stream = Streams::new(8).named("test");
    let gap = |_| {
        let at = |x: &f64| {
            let z: f64 = StandardNormal.sample(&mut stream);
            transition.scale * x + transition.std() * z
        };
        let x: Vec<f64> = x.iter().map(at).collect();
        end.log_density(&x) - sde.log_prior(&x)
    };
    let gap = MeanSe::of(&(0..1000).map(gap).collect::<Vec<_>>());
    assert!(gap.mean.abs() < 0.02 && gap.se < 2e-3, "{gap:?}");
    start.log_density(x) - gap.mean
}

fn scores(found: &Bound, truths: &[f64]) -> Vec<f64> {
    assert_eq!((found.failed(), found.values.len()), (0, truths.len()));
    found.values.iter().zip(&found.se).zip(truths).map(|((value, se), truth)| (value - truth) / se).collect()
}

fn variance(of: &[f64]) -> f64 {
    MeanSe::of(of).se.powi(2) * of.len() as f64
}

#[test]
fn transitions_compose_to_the_marginals() {
    for sde in all() {
        let (from, to) = (sde.at(sde.t_min()), sde.at(0.3));
        let step = Transition::between(&from, &to);
        assert!((step.scale * from.m - to.m).abs() < 1e-14);
        let composed = (step.scale * from.sigma).powi(2) + step.std().powi(2);
        assert!((composed / to.sigma.powi(2) - 1.0).abs() < 1e-13);
        assert!(Transition::between(&from, &from).std() < 1e-7 * from.sigma && step.std() > 0.0);
    }
}

#[test]
fn tight_for_the_exact_score() -> Any {
    let (mut pooled, mut errors, mut squares) = (Vec::new(), Vec::new(), 0.0);
    for sde in all() {
        for dim in [1, 2, 5] {
            let mixture = Mixture::random(dim, 3, 11)?;
            let x = points(&mixture, 60);
            let truths: Vec<f64> = x.chunks_exact(dim).map(|x| truth(&mixture, &sde, x)).collect();
            let score = AnalyticScore::new(mixture, sde.clone());
            let found = bound(&score, &x, &BoundOptions::for_dim(dim), &workers())?;
            let z = scores(&found, &truths);
            // Without the control variates it is three times as much.
            let typical = found.se.iter().sum::<f64>() / 60.0;
            assert!(typical < 0.3 * (dim as f64).sqrt(), "{sde:?} {dim} {typical}");
            let mean = MeanSe::of(&z);
            assert!(mean.mean.abs() < 4.5 * mean.se && variance(&z) < 3.0, "{sde:?} {dim} {mean:?}");
            pooled.extend(z);
            squares += found.se.iter().map(|se| se * se).sum::<f64>();
            errors.extend(found.values.iter().zip(&truths).map(|(value, truth)| value - truth));
        }
    }
    let mean = MeanSe::of(&errors);
    assert!(mean.mean.abs() < 4.5 * mean.se && mean.se < 0.03, "{mean:?}");
    let spread = variance(&pooled);
    // Scores have wider tails than errors, since a standard error that is small by chance enlarges them.
    assert!((0.9..1.35).contains(&spread), "{spread}");
    // The squares of errors and standard errors have the same mean: the latter are right within a tenth.
    let ratio = errors.iter().map(|error| error * error).sum::<f64>() / squares;
    assert!((ratio - 1.0).abs() < 0.2, "{ratio}");
    assert!(pooled.iter().all(|z| z.abs() < 7.0));
    Ok(())
}

#[test]
fn unbiased_with_the_standard_error_stated() -> Any {
    let (dim, rows) = (2, 3000);
    let mixture = Mixture::ring(8, 1.5, 0.15)?;
    for sde in all() {
        let x = [1.45, 0.1];
        let truth = truth(&mixture, &sde, &x);
        let score = AnalyticScore::new(mixture.clone(), sde.clone());
        for draws in [16, 256] {
            let options = BoundOptions { draws, ..BoundOptions::for_dim(dim) };
            let found = bound(&score, &x.repeat(rows), &options, &workers())?;
            let mean = found.mean_se();
            assert!((mean.mean - truth).abs() < 4.5 * mean.se + 2e-3, "{sde:?} {draws} {mean:?} {truth}");
            // E se² is the variance over rows, which differ by their draws alone.
            let squares = MeanSe::of(&found.se.iter().map(|se| se * se).collect::<Vec<_>>());
            let ratio = squares.mean / variance(&found.values);
            assert!((ratio - 1.0).abs() < 0.1, "{sde:?} {draws} {ratio}");
            if draws == 256 {
                let z = scores(&found, &vec![truth; rows]);
                assert!((variance(&z) - 1.0).abs() < 0.35, "{sde:?} {}", variance(&z));
            }
        }
    }
    Ok(())
}

/// Modes as narrow as the noise at t_min: had x been taken for a point at t = 0, or for one of its noise, the value would be
/// too low by half a nat.
#[test]
fn the_start_is_t_min() -> Any {
    for sde in all() {
        let start = sde.at(sde.t_min());
        let mixture = Mixture::isotropic(&[1.0, 2.0], &[vec![1.0, 0.0], vec![-1.0, 0.5]], start.sigma)?;
        let x = [1.0 + 0.5 * start.sigma, -start.sigma];
        let truth = truth(&mixture, &sde, &x);
        let found =
            bound(&AnalyticScore::new(mixture, sde.clone()), &x.repeat(400), &BoundOptions::for_dim(2), &workers())?;
        let mean = found.mean_se();
        assert!((mean.mean - truth).abs() < 4.5 * mean.se + 2e-3 && mean.se < 0.05, "{sde:?} {mean:?} {truth}");
    }
    Ok(())
}

#[test]
fn probes_cost_no_bias() -> Any {
    let (mixture, sde, rows) = (Mixture::random(5, 3, 11)?, Sde::vp(), 2000);
    let x = points(&mixture, 1);
    let truth = truth(&mixture, &sde, &x);
    let score = AnalyticScore::new(mixture, sde);
    let exact = bound(&score, &x.repeat(rows), &BoundOptions::for_dim(5), &workers())?;
    for distribution in [ProbeDistribution::Rademacher, ProbeDistribution::Gaussian] {
        let options =
            BoundOptions { divergence: Divergence::Hutchinson { probes: 1, distribution }, ..BoundOptions::for_dim(5) };
        let found = bound(&score, &x.repeat(rows), &options, &workers())?;
        let mean = found.mean_se();
        assert!((mean.mean - truth).abs() < 4.5 * mean.se + 2e-3, "{mean:?} {truth}");
        assert!(mean.se > 1.2 * exact.mean_se().se);
        let squares = MeanSe::of(&found.se.iter().map(|se| se * se).collect::<Vec<_>>());
        let ratio = squares.mean / variance(&found.values);
        assert!((ratio - 1.0).abs() < 0.15, "{ratio}");
    }
    Ok(())
}

/// A linear score s = k(t) x in one dimension, under which the bound and the density of the reverse SDE are integrals over t.
struct LinearCase<'a> {
    sde: &'a Sde,
    variance: f64,
    slope: f64,
}

impl LinearCase<'_> {
    fn k(&self, c: &Coefficients) -> f64 {
        self.slope * c.t - 1.0 / (c.m * c.m * self.variance + c.sigma * c.sigma)
    }

    /// Times from t_min to T, even in ln t.
    fn times(&self, steps: i32) -> impl Iterator<Item = (f64, f64)> {
        let (first, ratio) = (self.sde.t_min(), (T_MAX / self.sde.t_min()).powf(1.0 / f64::from(steps)));
        (0..steps).map(move |i| (first * ratio.powi(i), first * ratio.powi(i + 1)))
    }

    fn bound(&self, x: f64) -> f64 {
        let from = self.sde.at(self.sde.t_min());
        let square = |t: &Transition| (t.scale * x).powi(2) + t.variance;
        let rate = |t: f64| {
            let c = self.sde.at(t);
            let k = self.k(&c);
            c.a - c.g2 * (0.5 * k * k * square(&Transition::between(&from, &c)) + k)
        };
        // Simpson's rule.
        let integral: f64 =
            self.times(20_000).map(|(t, u)| (u - t) / 6.0 * (rate(t) + 4.0 * rate(0.5 * (t + u)) + rate(u))).sum();
        let prior = self.sde.prior_std().powi(2);
        let end = square(&Transition::between(&from, &self.sde.at(T_MAX)));
        integral - 0.5 * ((std::f64::consts::TAU * prior).ln() + end / prior)
    }

    /// The log-density at t_min of the reverse SDE from the prior: dV/dt = 2 (a − g² k) V − g², backwards (Runge–Kutta 4).
    fn log_density(&self, x: f64) -> f64 {
        let rate = |t: f64, v: f64| {
            let c = self.sde.at(t);
            2.0 * (c.a - c.g2 * self.k(&c)) * v - c.g2
        };
        let mut v = self.sde.prior_std().powi(2);
        let times: Vec<_> = self.times(40_000).collect();
        for (t, u) in times.into_iter().rev() {
            let (h, middle) = (t - u, 0.5 * (t + u));
            let one = rate(u, v);
            let two = rate(middle, v + 0.5 * h * one);
            let three = rate(middle, v + 0.5 * h * two);
            let four = rate(t, v + h * three);
            v += h / 6.0 * (one + 2.0 * two + 2.0 * three + four);
        }
        -0.5 * ((std::f64::consts::TAU * v).ln() + x * x / v)
    }
}

#[test]
fn closed_forms_for_a_wrong_score() -> Any {
    let x = [0.9, -0.3, 0.05, 1.6];
    for sde in all() {
        let at = |slope| LinearCase { sde: &sde, variance: 0.49, slope };
        let mixture = Mixture::isotropic(&[1.0], &[vec![0.0]], 0.7)?;
        let exact = AnalyticScore::new(mixture.clone(), sde.clone());
        // Of the order of the score itself at T, which is −x/std² there.
        let slope = 0.5 / sde.prior_std().powi(2);
        let wrong = exact.clone().perturbed(vec![slope]);
        let options = BoundOptions { draws: 512, ..BoundOptions::for_dim(1) };
        let found = bound(&wrong, &x, &options, &workers())?;
        let flow = log_prob(&wrong, &x, &LikelihoodOptions::for_dim(1), &workers(), &|_| {})?;
        for (i, &x) in x.iter().enumerate() {
            let (want, density, truth) = (at(slope).bound(x), at(slope).log_density(x), truth(&mixture, &sde, &[x]));
            let (value, se) = (found.values[i], found.se[i]);
            assert!((value - want).abs() < 5.0 * se && se < 0.1, "{sde:?} {x}: {value} ± {se}, {want}");
            // Below the density that it bounds, and clear of the ODE's and the data's.
            assert!(want < density - 1e-3, "{sde:?} {x} {want} {density}");
            let clear = |from: f64| (value - from).abs() > 5.0 * se;
            assert!(clear(flow.values[i]) && clear(truth), "{sde:?} {x} {value} ± {se} {} {truth}", flow.values[i]);
            // Without the error all agree.
            assert!((at(0.0).bound(x) - truth).abs() < 2e-3, "{} {truth}", at(0.0).bound(x));
            assert!((at(0.0).log_density(x) - truth).abs() < 2e-3, "{} {truth}", at(0.0).log_density(x));
        }
    }
    Ok(())
}

fn network() -> Result<NetworkScore<f32>, Box<dyn std::error::Error>> {
    let config: NetworkConfig = toml::from_str("kind = \"mlp\"\nwidth = 32")?;
    let model = ScoreModel::new(fokker_jet::Shape::vector(2), &Sde::vp(), &config, Parameterisation::Noise);
    let parameters = model.initial_parameters(&mut Streams::new(1).named("test"));
    Ok(NetworkScore::new(model, &parameters))
}

#[test]
fn values_depend_neither_on_batch_nor_on_threads() -> Any {
    let mixture = Mixture::random(2, 3, 11)?;
    let x = points(&mixture, 40);
    let (exact, network) = (AnalyticScore::new(mixture, Sde::vp()), network()?);
    let probes = Divergence::Hutchinson { probes: 2, distribution: ProbeDistribution::Rademacher };
    for divergence in [Divergence::Exact {}, probes] {
        let options = BoundOptions { draws: 16, divergence, seed: 4, first_row: 0 };
        let all = bound(&exact, &x, &options, &Workers::new(1, 64)?)?;
        let of_network = bound(&network, &x, &options, &Workers::new(1, 64)?)?;
        assert_eq!((all.failed(), of_network.failed(), all.evaluations), (0, 0, 17));
        for (threads, rows) in [(2, 64), (1, 7), (2, 1)] {
            let workers = Workers::new(threads, rows)?;
            assert_eq!(bound(&exact, &x, &options, &workers)?, all);
            // Products of other shapes round otherwise.
            let other = bound(&network, &x, &options, &workers)?;
            assert!(other.values.iter().zip(&of_network.values).all(|(a, b)| (a - b).abs() < 1e-3));
        }
        assert_eq!(bound(&exact, &x[..10], &options, &workers())?.values, all.values[..5]);
        let reseeded = bound(&exact, &x, &BoundOptions { seed: 5, ..options }, &workers())?;
        assert!(reseeded.values.iter().zip(&all.values).all(|(a, b)| a != b));
    }
    Ok(())
}

#[test]
fn failures_are_not_numbers_and_wrong_requests_are_refused() -> Any {
    let mixture = Mixture::random(2, 3, 11)?;
    let mut x = points(&mixture, 4);
    let score = AnalyticScore::new(mixture, Sde::vp());
    let good = BoundOptions { draws: 8, ..BoundOptions::for_dim(2) };
    let ask = |x: &[f64], options: &BoundOptions| bound(&score, x, options, &workers());
    let whole = ask(&x, &good)?;
    x[2] = f64::NAN;
    let found = ask(&x, &good)?;
    assert_eq!((found.failed(), found.values[0], found.values[3]), (1, whole.values[0], whole.values[3]));
    assert!(found.values[1].is_nan() && found.se[1].is_nan() && found.mean_se().mean.is_finite());
    assert!(ask(&x[..3], &good).is_err_and(|e| e.is_request() && e.to_string().contains("3 numbers")));
    for draws in [0, 1, 9] {
        assert!(ask(&x, &BoundOptions { draws, ..good }).is_err_and(|e| e.to_string().contains("draws")));
    }
    let none = Divergence::Hutchinson { probes: 0, distribution: ProbeDistribution::Rademacher };
    assert!(ask(&x, &BoundOptions { divergence: none, ..good }).is_err());
    assert!(ask(&[], &good)?.values.is_empty());
    Ok(())
}
