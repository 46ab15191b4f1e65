//! The terms on scores whose values are known: a mixture's own, which obeys the equation, and one that is off by t B x.

use super::draw::ChunkRows;
use super::sliced::Sliced;
use super::term::{Chunk, Term};
use super::vector::Vector;
use super::*;
use crate::density::mixture::Mixture;
use crate::divergence::{Divergence, ProbeDistribution, fill_normal};
use crate::residual::equation::{Points, Probes, log_density_rate};
use crate::rng::{Stream, Streams};
use crate::rows::Host;
use crate::score::analytic::AnalyticScore;
use crate::score::{Differentiable, Directions, Score, ScoreTape};

type BoxedTape<'a> = Box<dyn ScoreTape<f64> + Send + 'a>;
use crate::sde::{Coefficients, Sde};
use crate::stats::MeanSe;

type Any = Result<(), Box<dyn std::error::Error>>;

const DIM: usize = 2;
const SHARES: [f64; 2] = [0.25, 0.75];
const MEANS: [[f64; DIM]; 2] = [[-1.0, 0.5], [1.0, 0.0]];
const COVARIANCES: [[f64; 4]; 2] = [[0.3, 0.1, 0.1, 0.2], [0.1, 0.0, 0.0, 0.4]];
/// B: not symmetric, with a trace.
const B: [f64; 4] = [1.6, -1.0, 0.4, 1.2];

fn truth(sde: &Sde) -> Result<AnalyticScore, Box<dyn std::error::Error>> {
    let mixture = Mixture::new(&SHARES, &MEANS.map(Vec::from), &COVARIANCES.map(Vec::from))?;
    Ok(AnalyticScore::new(mixture, sde.clone()))
}

fn sdes() -> [Sde; 3] {
    [Sde::vp(), Sde::sub_vp(), Sde::ve()]
}

/// x ~ q_t, all at one time.
fn rows(score: &AnalyticScore, c: &Coefficients, count: usize, rng: &mut Stream) -> ChunkRows<Host<f64>> {
    let (mut x, mut z) = (vec![0.0; count * DIM], vec![0.0; count * DIM]);
    score.mixture().sample(rng, &mut x);
    fill_normal(rng, &mut z);
    x.iter_mut().zip(&z).for_each(|(x, z)| *x = c.m * *x + c.sigma * z);
    ChunkRows { dim: DIM, x, target: z.clone(), z, sde: vec![*c; count], weight: vec![1.0; count] }
}

/// E φ over q_t of the score with t B x: −½g² t tr B + ½g² t² tr(B M Bᵀ) − a t tr(B M) with M = E xxᵀ. The score's own φ has mean 0,
/// and E s·Bx = −tr B by parts.
fn mean_of_perturbed(c: &Coefficients) -> f64 {
    let entry = |i: usize, j: usize| {
        let second = |k: usize| SHARES[k] * (COVARIANCES[k][DIM * i + j] + MEANS[k][i] * MEANS[k][j]);
        c.m * c.m * (second(0) + second(1)) + if i == j { c.sigma * c.sigma } else { 0.0 }
    };
    let pairs = || (0..DIM).flat_map(|i| (0..DIM).map(move |j| (i, j)));
    let b_m: f64 = pairs().map(|(i, j)| B[DIM * i + j] * entry(j, i)).sum();
    let row = |i: usize| pairs().map(|(j, k)| B[DIM * i + j] * entry(j, k) * B[DIM * i + k]).sum::<f64>();
    let b_m_b: f64 = (0..DIM).map(row).sum();
    0.5 * c.g2 * c.t * (c.t * b_m_b - B[0] - B[3]) - c.a * c.t * b_m
}

/// φ at points x ~ q_t.
fn rates(score: &AnalyticScore, t: f64, count: usize) -> Result<Vec<f64>, Box<dyn std::error::Error>> {
    let c = Score::<f64>::sde(score).at(t);
    let rows = rows(score, &c, count, &mut Streams::new(1).named("rates"));
    let (exact, mut rng) = (Divergence::Exact {}, Streams::new(1).named("none"));
    let mut tape = score.tape(&Directions::space(DIM), count)?;
    tape.begin(&rows.x, &rows.sde);
    let mut vectors = vec![vec![0.0; count * DIM]; DIM];
    for (j, v) in vectors.iter_mut().enumerate() {
        exact.fill(j, DIM, &mut rng, v);
        tape.direction(j).copy_from_slice(v);
    }
    tape.forward(0..1 + DIM);
    let mut phi = vec![f64::NAN; count];
    let points = Points::<Host<f64>> { dim: DIM, x: &rows.x, sde: &rows.sde };
    log_density_rate(&*tape, points, &Probes { vectors: &vectors, first: 1, coefficient: 1.0 }, &mut phi);
    Ok(phi)
}

#[test]
fn the_rate_of_the_log_density_has_mean_zero_unless_the_score_is_wrong() -> Any {
    for sde in sdes() {
        let score = truth(&sde)?;
        for t in [0.02, 0.2, 0.6, 1.0] {
            let found = MeanSe::of(&rates(&score, t, 20_000)?);
            assert!(found.mean.abs() < 4.5 * found.se, "{sde:?} {t} {found:?}");
            let want = mean_of_perturbed(&sde.at(t));
            let wrong = MeanSe::of(&rates(&score.clone().perturbed(B.to_vec()), t, 20_000)?);
            assert!((wrong.mean - want).abs() < 4.5 * wrong.se, "{sde:?} {t} {wrong:?} {want}");
            assert!(t < 0.5 || wrong.mean.abs() > 20.0 * wrong.se, "{sde:?} {t} {wrong:?}");
        }
    }
    Ok(())
}

/// A term's sum over rows, along directions that are given.
fn sum(
    term: &dyn Term<Host<f64>>, tape: &mut BoxedTape<'_>, rows: &ChunkRows<Host<f64>>, directions: &[Vec<f64>],
) -> Result<f64, crate::Error> {
    tape.begin(&rows.x, &rows.sde);
    for (j, v) in directions.iter().enumerate() {
        tape.direction(j).copy_from_slice(v);
    }
    tape.forward(0..term.needs(DIM)?.first);
    let mut held = [rows.x.clone(), rows.x.clone()];
    let mut columns = [vec![0.0; rows.sde.len()], vec![0.0; rows.sde.len()]];
    Ok(term.value(tape, &mut Chunk { rows, directions, held: &mut held, columns: &mut columns }, 1.0))
}

/// R_C at one time, from groups of a point and three steps of a score.
fn consistency_value(score: &AnalyticScore, t: f64, step: f64) -> Result<MeanSe, crate::Error> {
    let config: ConsistencyConfig =
        ConsistencyConfig { weight: 1.0, time_weight: TimeWeight::Constant, step, every: 1, batch_fraction: 1.0 };
    let (sde, count, mut rng) = (Score::<f64>::sde(score).clone(), 80, Streams::new(4).named("consistency"));
    let mut tape = score.tape(&Directions::new(&[]), count)?;
    let chunks = (0..500).map(|_| {
        let mut rows = rows(score, &sde.at(t), count, &mut rng);
        tape.begin(&rows.x, &rows.sde);
        tape.forward(0..1);
        consistency::follow(&sde, &mut rows, tape.part(0), step);
        Ok(sum(&config, &mut tape, &rows, &[])? / count as f64)
    });
    Ok(MeanSe::of(&chunks.collect::<Result<Vec<_>, crate::Error>>()?))
}

#[test]
fn a_true_denoiser_is_consistent_and_a_wrong_one_is_not() -> Any {
    for sde in sdes() {
        let score = truth(&sde)?;
        for t in [0.05, 0.3, 0.8] {
            let found = consistency_value(&score, t, 0.05)?;
            let wrong = consistency_value(&score.clone().perturbed(B.to_vec()), t, 0.05)?;
            // The variance that x′ lacks leaves a bias of fourth order in the step.
            let bias = 0.02 * wrong.mean;
            assert!(found.mean.abs() < 4.5 * found.se + bias, "{sde:?} {t} {found:?} {wrong:?}");
            // t B x is little where t is.
            assert!(t < 0.5 || wrong.mean > 6.0 * wrong.se, "{sde:?} {t} {wrong:?}");
        }
    }
    Ok(())
}

/// R_scalar at one time by chunks of 50 rows.
fn scalar_value(
    score: &AnalyticScore, t: f64, config: &ScalarConfig, rng: &mut Stream,
) -> Result<MeanSe, crate::Error> {
    let (c, count) = (Score::<f64>::sde(score).at(t), 50);
    let directions = Term::<Host<f64>>::needs(config, DIM)?.directions;
    let mut tape = score.tape(&directions, count)?;
    let mut vectors = vec![vec![0.0; count * DIM]; directions.kinds().len()];
    let chunks = (0..800).map(|_| {
        let rows = rows(score, &c, count, rng);
        for (j, v) in vectors.iter_mut().enumerate() {
            config.divergence.fill(j, DIM, rng, v);
        }
        Ok(sum(config, &mut tape, &rows, &vectors)? / count as f64)
    });
    Ok(MeanSe::of(&chunks.collect::<Result<Vec<_>, crate::Error>>()?))
}

#[test]
fn products_of_independent_rates_are_unbiased_for_the_squared_mean() -> Any {
    let probe = Divergence::Hutchinson { probes: 1, distribution: ProbeDistribution::Gaussian };
    for (sde, t) in sdes().into_iter().zip([0.4, 0.6, 0.6]) {
        let (score, mut rng) = (truth(&sde)?, Streams::new(2).named("rows"));
        let (c, time_weight) = (sde.at(t), TimeWeight::Constant);
        for divergence in [Divergence::Exact {}, probe] {
            let form = ScalarForm::Product;
            let config = ScalarConfig { weight: 1.0, form, time_weight, divergence, batch_fraction: 1.0 };
            let right = scalar_value(&score, t, &config, &mut rng)?;
            assert!(right.mean.abs() < 4.5 * right.se, "{sde:?} {right:?}");
            let wrong = scalar_value(&score.clone().perturbed(B.to_vec()), t, &config, &mut rng)?;
            let want = mean_of_perturbed(&c).powi(2);
            assert!((wrong.mean - want).abs() < 4.5 * wrong.se, "{sde:?} {divergence:?} {wrong:?} {want}");
            assert!(wrong.mean > 20.0 * wrong.se, "{sde:?} {divergence:?} {wrong:?} says nothing");
        }
        // The twin: a mean of squares is larger, by the variance.
        let squares: Vec<f64> = rates(&score, t, 20_000)?.iter().map(|phi| phi * phi).collect();
        let squares = MeanSe::of(&squares);
        assert!(squares.mean > 8.0 * squares.se);
    }
    Ok(())
}

/// R_vec at one time, by one chunk.
fn vector_value(score: &AnalyticScore, t: f64, config: &FpConfig) -> Result<f64, crate::Error> {
    let (c, count) = (Score::<f64>::sde(score).at(t), 30);
    let mut rng = Streams::new(3).named("rows");
    let rows = rows(score, &c, count, &mut rng);
    let mut u = vec![0.0; count * DIM];
    fill_normal(&mut rng, &mut u);
    let mut vectors = vec![vec![0.0; count * DIM]; config.divergence.directions(DIM)];
    vectors.iter_mut().enumerate().for_each(|(j, v)| config.divergence.fill(j, DIM, &mut rng, v));
    let term: Box<dyn Term<Host<f64>>> = match config.estimator {
        Estimator::Vector => Box::new(Vector(config.clone())),
        Estimator::Sliced => Box::new(Sliced(config.clone())),
        Estimator::LogDensity => unreachable!("a score has no log-density"),
    };
    if config.estimator == Estimator::Sliced {
        vectors.insert(0, u);
    }
    let mut tape = score.tape(&term.needs(DIM)?.directions, count)?;
    Ok(sum(&*term, &mut tape, &rows, &vectors)? / count as f64)
}

#[test]
fn the_exact_score_has_no_residual_and_a_wrong_one_has() -> Any {
    for sde in sdes() {
        let score = truth(&sde)?;
        let wrong = score.clone().perturbed(B.to_vec());
        for (estimator, norm) in [
            (Estimator::Vector, Norm::First),
            (Estimator::Vector, Norm::Second),
            (Estimator::Sliced, Norm::First),
            (Estimator::Sliced, Norm::Second),
        ] {
            let config = FpConfig { estimator, norm, divergence: Divergence::Exact {}, ..FpConfig::default() };
            let bound = if norm == Norm::First { 1e-9 } else { 1e-18 };
            for t in [0.02, 0.2, 0.6, 1.0] {
                let (right, wrong) = (vector_value(&score, t, &config)?, vector_value(&wrong, t, &config)?);
                assert!(right <= bound * wrong && wrong > 1e-6, "{sde:?} {config:?} {t} {right:e} {wrong:e}");
            }
        }
        // By one probe the residual is not 0: the vector's square is biased by the probe's variance.
        let config = FpConfig { time_weight: TimeWeight::Constant, ..FpConfig::default() };
        assert!(vector_value(&score, 0.2, &config)? > 1e-3);
    }
    Ok(())
}

#[test]
fn the_asymmetry_has_its_mean_and_a_gradient_none() -> Any {
    let config: ConservativityConfig = toml::from_str("weight = 1.0\ntime_weight = \"constant\"")?;
    let (score, count, mut rng) = (truth(&Sde::vp())?, 4000, Streams::new(4).named("rows"));
    for t in [0.2, 0.7] {
        let rows = rows(&score, &Sde::vp().at(t), count, &mut rng);
        let needs = Term::<Host<f64>>::needs(&config, DIM)?;
        let mut vectors = vec![vec![0.0; count * DIM]; 2];
        vectors.iter_mut().for_each(|v| ProbeDistribution::Rademacher.fill(&mut rng, v));
        let value = |score: &AnalyticScore| -> Result<f64, Box<dyn std::error::Error>> {
            let mut tape = score.tape(&needs.directions, count)?;
            Ok(sum(&config, &mut tape, &rows, &vectors)? / count as f64)
        };
        // ½‖t(B − Bᵀ)‖² = (1.4 t)²; by signs each point gives 0 or twice as much.
        let want = (1.4 * t).powi(2);
        let (right, wrong) = (value(&score)?, value(&score.clone().perturbed(B.to_vec()))?);
        assert!(right < 1e-18 && (wrong - want).abs() < 4.5 * want / (count as f64).sqrt(), "{right:e} {wrong} {want}");
    }
    Ok(())
}

#[test]
fn the_second_order_is_least_for_the_true_jacobian() -> Any {
    let config: SecondOrderConfig = toml::from_str("weight = 1.0\ndirections = { kind = \"exact\" }")?;
    let (score, count, mut rng) = (truth(&Sde::vp())?, 20_000, Streams::new(5).named("rows"));
    let (t, needs) = (0.3, Term::<Host<f64>>::needs(&config, DIM)?);
    // x and the noise in it belong together.
    let (c, mut rows) = (Sde::vp().at(t), rows(&score, &Sde::vp().at(t), count, &mut rng));
    let mut clean = vec![0.0; count * DIM];
    score.mixture().sample(&mut rng, &mut clean);
    rows.x = clean.iter().zip(&rows.z).map(|(x, z)| c.m * x + c.sigma * z).collect();
    let mut vectors = vec![vec![0.0; count * DIM]; DIM];
    vectors.iter_mut().enumerate().for_each(|(j, v)| config.directions.fill(j, DIM, &mut rng, v));
    let value = |b: f64| -> Result<f64, Box<dyn std::error::Error>> {
        // J alone is off by b t B where the score is held: the rows' own ℓ would change with it.
        let score = score.clone().perturbed(B.map(|entry| b * entry).to_vec());
        let mut tape = score.tape(&needs.directions, count)?;
        Ok(sum(&config, &mut tape, &rows, &vectors)? / count as f64)
    };
    let (right, more, less) = (value(0.0)?, value(0.3)?, value(-0.3)?);
    assert!(right < more && right < less, "{less} {right} {more}");
    Ok(())
}
