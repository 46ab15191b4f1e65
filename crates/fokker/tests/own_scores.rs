//! Scores and networks of one's own against the closed forms.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::worst;
use fokker::audit::{AuditConfig, Points, audit};
use fokker::conservativity::asymmetry;
use fokker::density::mixture::Mixture;
use fokker::divergence::Divergence;
use fokker::likelihood::{LikelihoodOptions, log_prob};
use fokker::net::{Output, TimeFeatures};
use fokker::residual::residual;
use fokker::rng::Streams;
use fokker::score::Direction::{Space, Time};
use fokker::score::analytic::AnalyticScore;
use fokker::score::network::{NetworkScore, Parameterisation, ScoreModel};
use fokker::score::{Differences, Differentiable, Directions, ProductScore, Products, Score, ScoreFn};
use fokker::sde::{Coefficients, Sde, T_MAX};
use fokker_jet::cpu::Workers;
use fokker_jet::{Function, Graph};

const DIM: usize = 3;
const TIMES: [f64; 5] = [1e-3, 0.01, 0.1, 0.5, 1.0];

fn sdes() -> [Sde; 3] {
    [Sde::vp(), Sde::sub_vp(), Sde::ve()]
}

fn mixture() -> Mixture {
    Mixture::random(DIM, 4, 2).unwrap()
}

/// B of t B x: not symmetric.
fn bend() -> Vec<f64> {
    (0..DIM * DIM).map(|k| ((k * 7 % 11) as f64 - 4.0) * 0.1).collect()
}

/// x ~ q_t, five points for each time.
fn points(sde: &Sde) -> (Vec<f64>, Vec<f64>) {
    let (mixture, mut rng) = (mixture(), Streams::new(1).named("points"));
    let (mut xs, mut ts) = (Vec::new(), Vec::new());
    for t in TIMES {
        let c = sde.at(t);
        let (mut x, mut z) = (vec![0.0; 5 * DIM], vec![0.0; 5 * DIM]);
        mixture.sample(&mut rng, &mut x);
        fokker::divergence::ProbeDistribution::Gaussian.fill(&mut rng, &mut z);
        xs.extend(x.iter().zip(&z).map(|(x, z): (&f64, &f64)| c.m * x + c.sigma * z));
        ts.extend([t; 5]);
    }
    (xs, ts)
}

fn norm(v: &[f64]) -> f64 {
    v.iter().map(|v| v * v).sum::<f64>().sqrt()
}

/// The largest error of rows, relative to the row's size.
fn apart(found: &[f64], want: &[f64]) -> f64 {
    assert_eq!(found.len(), want.len());
    let rows = found.chunks_exact(DIM).zip(want.chunks_exact(DIM));
    worst(rows.map(|(a, b)| norm(&a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<_>>()) / norm(b)))
}

/// The same of second derivatives, relative to the first ones, too: near one component they are differences of almost nothing.
fn apart_second(found: &[f64], want: &[f64], first: &[f64]) -> f64 {
    let rows = found.chunks_exact(DIM).zip(want.chunks_exact(DIM)).zip(first.chunks_exact(DIM));
    let error = |a: &[f64], b: &[f64]| norm(&a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<_>>());
    worst(rows.map(|((a, b), first)| error(a, b) / (norm(b) + norm(first))))
}

/// s, J u, ∂ₜs, D²s[u, v], Jᵀ w, and ∇ₓ⟨w, J u⟩ at all points.
fn derivatives(score: &dyn Differentiable<f64>) -> [Vec<f64>; 6] {
    let (x, t) = points(score.sde());
    let sde: Vec<Coefficients> = t.iter().map(|&t| score.sde().at(t)).collect();
    let directions = Directions::new(&[Space, Space, Time]).pair(0, 1).unwrap();
    let mut tape = score.tape(&directions, t.len()).unwrap();
    let vector = |k: f64| (0..x.len()).map(|i| (k * (i as f64 + 1.0)).sin() + 0.1).collect::<Vec<_>>();
    tape.begin(&x, &sde);
    tape.direction(0).copy_from_slice(&vector(1.0));
    tape.direction(1).copy_from_slice(&vector(2.0));
    tape.forward(0..directions.parts());
    let parts = [0, 1, 3, 4].map(|part| tape.part(part).to_vec());
    tape.seed(0).copy_from_slice(&vector(3.0));
    let transposed = tape.pull_x(3).to_vec();
    tape.seed(1).copy_from_slice(&vector(3.0));
    let bilinear = tape.pull_x(3).to_vec();
    let [s, along, dt, second] = parts;
    [s, along, dt, second, transposed, bilinear]
}

fn exact(sde: &Sde) -> AnalyticScore {
    AnalyticScore::new(mixture(), sde.clone()).perturbed(bend())
}

fn multiply(b: &[f64], x: &[f64], transposed: bool) -> Vec<f64> {
    let entry = |i: usize, j: usize| if transposed { b[j * DIM + i] } else { b[i * DIM + j] };
    (0..DIM).map(|i| (0..DIM).map(|j| entry(i, j) * x[j]).sum()).collect()
}

fn add(out: &mut [f64], v: &[f64], scale: f64) {
    out.iter_mut().zip(v).for_each(|(out, v)| *out += scale * v);
}

/// The same score by plain functions.
fn products(mixture: &Mixture, second: bool) -> Products<'_, f64> {
    let b = bend();
    let (b1, b2, b3, b4) = (b.clone(), b.clone(), b.clone(), b);
    let products = Products::new(
        move |x, c, out: &mut [f64]| {
            mixture.diffused(c).score(x, out);
            add(out, &multiply(&b1, x, false), c.t);
        },
        move |x, c, v, out: &mut [f64]| {
            mixture.diffused(c).jvp(x, v, out);
            add(out, &multiply(&b2, v, false), c.t);
        },
        move |x, c, v, out: &mut [f64]| {
            mixture.diffused(c).jvp(x, v, out);
            add(out, &multiply(&b3, v, true), c.t);
        },
        move |x, c, out: &mut [f64]| {
            mixture.diffused(c).dt(x, out);
            add(out, &multiply(&b4, x, false), 1.0);
        },
    );
    if second { products.bilinear(move |x, c, v, w, out| mixture.diffused(c).second(x, v, w, out)) } else { products }
}

/// The same by its values alone; times outside (0, T] are no times.
fn black_box(mixture: &Mixture, sde: &Sde) -> ScoreFn<'static, f64> {
    let (b, mixture) = (bend(), mixture.clone());
    ScoreFn::new(DIM, sde.clone(), move |x, c, out: &mut [f64]| {
        assert!(c.t > 0.0 && c.t <= T_MAX, "t = {}", c.t);
        mixture.diffused(c).score(x, out);
        add(out, &multiply(&b, x, false), c.t);
    })
}

#[test]
fn products_are_the_score() {
    let mixture = mixture();
    for sde in sdes() {
        let want = derivatives(&exact(&sde));
        let given = derivatives(&ProductScore::new(DIM, sde.clone(), products(&mixture, true)));
        let derived = derivatives(&ProductScore::new(DIM, sde.clone(), products(&mixture, false)));
        for quantity in [0, 1, 2, 4, 5] {
            assert!(apart(&given[quantity], &want[quantity]) < 1e-13, "{sde:?} {quantity}");
        }
        for (found, quantity) in [(&derived, 3), (&derived, 5), (&given, 3)] {
            let apart = apart_second(&found[quantity], &want[quantity], &want[1]);
            assert!(apart < 1e-9, "{sde:?} {quantity} {apart:e}");
        }
        // The twin: J and Jᵀ are not the same.
        assert!(want[1] != want[4] && apart(&derivatives(&exact(&sde))[4], &given[1]) > 1e-2);
    }
}

#[test]
fn steps_that_are_too_long_or_too_short_are_worse() {
    let (mixture, sde) = (mixture(), Sde::vp());
    let want = &derivatives(&exact(&sde))[5];
    let error = |step| {
        let score = ProductScore::new(DIM, sde.clone(), products(&mixture, false)).with_step(step);
        apart(&derivatives(&score)[5], want)
    };
    let chosen = apart(&derivatives(&ProductScore::new(DIM, sde.clone(), products(&mixture, false)))[5], want);
    assert!(error(1.0) > 1e4 * chosen && error(1e-9) > 1e2 * chosen, "{} {chosen} {}", error(1.0), error(1e-9));
}

#[test]
fn a_black_box_has_derivatives() {
    let mixture = mixture();
    for sde in sdes() {
        let (truth, black_box) = (exact(&sde), black_box(&mixture, &sde));
        let (found, want) = (derivatives(&Differences::new(&black_box)), derivatives(&truth));
        for (quantity, bound) in [(0, 1e-15), (1, 1e-9), (2, 1e-8), (3, 1e-4), (4, 1e-9), (5, 1e-4)] {
            let apart = match quantity {
                3 | 5 => apart_second(&found[quantity], &want[quantity], &want[1]),
                _ => apart(&found[quantity], &want[quantity]),
            };
            assert!(apart <= bound, "{sde:?} {quantity}: {apart:e}");
        }
    }
}

#[test]
fn residuals_and_asymmetries_of_a_black_box_are_the_score_s() {
    let (mixture, workers) = (mixture(), Workers::new(1, 8).unwrap());
    for sde in sdes() {
        let (x, t) = points(&sde);
        let of = |score: &dyn Differentiable<f64>| {
            let found = residual(score, &x, &t, Divergence::Exact {}, 0, &workers).unwrap();
            (found, asymmetry(score, &x, &t, Divergence::Exact {}, 0, &workers).unwrap())
        };
        // The truth's own values: no residual.
        let values = ScoreFn::new(DIM, sde.clone(), |x, c, out: &mut [f64]| mixture.diffused(c).score(x, out));
        let (found, skew) = of(&Differences::new(&values));
        let relative = found.per_dimension().into_iter().zip(found.dt_per_dimension()).map(|(r, dt)| r / dt);
        let relative = worst(relative);
        assert!(relative < 1e-8, "{sde:?} {relative:e}");
        assert!(skew.normalised.iter().all(|&n| n < 1e-15), "{sde:?}");
        // The twin: one that is wrong has the residual that it has.
        let (want, want_skew) = of(&exact(&sde));
        for score in [
            &Differences::new(&black_box(&mixture, &sde)) as &dyn Differentiable<f64>,
            &ProductScore::new(DIM, sde.clone(), products(&mixture, false)),
        ] {
            let (found, skew) = of(score);
            let rows = found
                .residual
                .chunks_exact(DIM)
                .zip(want.residual.chunks_exact(DIM))
                .zip(&want.dt_per_dimension())
                .map(|((a, b), dt)| (norm(&a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<_>>()), norm(b) + dt))
                .collect::<Vec<_>>();
            let relative = worst(rows.iter().map(|(error, size)| error / size));
            assert!(relative < 1e-8, "{sde:?} {relative:e}");
            for (a, b) in skew.absolute.iter().zip(&want_skew.absolute) {
                // Of entries of J, of size 1/σ², the asymmetry is the small difference.
                assert!((a - b).abs() < 1e-4 * b && *b > 1e-8, "{sde:?} {a} {b}");
            }
        }
    }
}

#[test]
fn a_black_box_is_audited_as_the_exact_score_is() {
    let (mixture, workers) = (mixture(), Workers::new(1, 32).unwrap());
    let sde = Sde::vp();
    let mut rows = vec![0.0; DIM * 40];
    mixture.sample(&mut Streams::new(1).named("rows"), &mut rows);
    let points = Points::from_rows(&rows, DIM).with_truth(&mixture);
    let settings = AuditConfig {
        times: vec![0.01, 0.3],
        points: 20,
        nll_points: 10,
        bound_points: 4,
        gap_samples: 10,
        samples: 0,
        tolerance: 1e-4,
        ..AuditConfig::default()
    };
    let run = |score: &dyn Differentiable<f64>| audit(score, &points, &settings, 0, &workers, &|_| {}).unwrap();
    let truth = run(&AnalyticScore::new(mixture.clone(), sde.clone()));
    let values = ScoreFn::new(DIM, sde, |x, c, out: &mut [f64]| mixture.diffused(c).score(x, out));
    let found = run(&Differences::new(&values));
    assert!(found.figures.profile("residual").iter().all(|r| r.mean < 1e-6));
    let nll = |audit: &fokker::audit::Audit| audit.figures.mean("nll").unwrap().mean;
    assert!((nll(&found) - nll(&truth)).abs() < 1e-6, "{} {}", nll(&found), nll(&truth));
}

#[test]
fn likelihoods_of_products_in_single_precision_are_near_the_truth() {
    // N(0, 0.25) in one dimension under VE, in f32.
    let variance = |c: &Coefficients| 0.25 + c.sigma * c.sigma;
    #[allow(clippy::cast_possible_truncation)]
    let of = move |x: f32, c: &Coefficients| (-f64::from(x) / variance(c)) as f32;
    #[allow(clippy::cast_possible_truncation)]
    let products = Products::new(
        move |x: &[f32], c, out: &mut [f32]| out[0] = of(x[0], c),
        move |_, c, v, out: &mut [f32]| out[0] = of(v[0], c),
        move |_, c, v, out: &mut [f32]| out[0] = of(v[0], c),
        move |x, c, out: &mut [f32]| out[0] = (f64::from(x[0]) * 2.0 * c.sigma * c.dsigma / variance(c).powi(2)) as f32,
    );
    let (sde, workers) = (Sde::ve(), Workers::new(1, 8).unwrap());
    let score = ProductScore::new(1, sde.clone(), products);
    let found = log_prob(&score, &[0.3, -1.0], &LikelihoodOptions::for_dim(1), &workers, &|_| {}).unwrap();
    let v = variance(&sde.at(sde.t_min()));
    for (x, value) in [0.3_f64, -1.0].into_iter().zip(found.values) {
        // The prior stands for q_T, which is wider by 0.25 in 2500.
        let want = -0.5 * (x * x / v + v.ln() + std::f64::consts::TAU.ln());
        assert!((value - want).abs() < 1e-3, "{value} {want}");
    }
    let gap = residual(&score, &[0.3_f32], &[0.5], Divergence::Exact {}, 0, &workers).unwrap();
    assert!(gap.per_dimension()[0] < 1e-5 * gap.dt_per_dimension()[0], "{gap:?}");
}

/// A network of one's own: s = −ε/σ, ε = W₂ tanh(W₁ [x, ln σ, t]) + b.
fn own_graph(features: usize) -> Graph {
    let mut graph = Graph::new();
    let x = graph.input(2);
    let time = graph.input(features);
    let score = Parameterisation::Noise.around(Output::Score, &mut graph, x, |graph, x| {
        let both = graph.concat(&[x, time]);
        let hidden = graph.dense("hidden", both, 8);
        let hidden = graph.map(hidden, Function::Tanh);
        graph.dense("output", hidden, 2)
    });
    graph.set_output(score);
    graph
}

#[test]
fn a_network_of_one_s_own_is_the_formula() {
    let features = || TimeFeatures::from_fn(|c| [[c.sigma.ln(), c.dsigma / c.sigma], [c.t, 1.0]]);
    let model =
        ScoreModel::from_graph(Output::Score, own_graph(2), &Sde::vp(), features(), Parameterisation::Noise).unwrap();
    let weights = model.initial_parameters(&mut Streams::new(2).named("weights"));
    let w: Vec<f64> = weights.iter().map(|&w| f64::from(w)).collect();
    let formula = ScoreFn::new(2, Sde::vp(), move |x, c, out: &mut [f64]| {
        let input = [x[0], x[1], c.sigma.ln(), c.t];
        let (first, second) = w.split_at(4 * 8 + 8);
        let hidden: Vec<f64> =
            (0..8).map(|j| ((0..4).map(|i| input[i] * first[8 * i + j]).sum::<f64>() + first[32 + j]).tanh()).collect();
        for (k, out) in out.iter_mut().enumerate() {
            let epsilon = (0..8).map(|j| hidden[j] * second[2 * j + k]).sum::<f64>() + second[16 + k];
            *out = -epsilon / c.sigma;
        }
    });
    let network = NetworkScore::<f64>::new(model, &weights);
    let (x, t) = ([0.3, -0.7, 1.2, 0.1], [0.05, 0.6]);
    let workers = Workers::new(1, 4).unwrap();
    let of = |score: &dyn Differentiable<f64>| residual(score, &x, &t, Divergence::Exact {}, 0, &workers).unwrap();
    let (found, want) = (of(&network), of(&Differences::new(&formula)));
    for (a, b) in found.residual.iter().chain(&found.dt).zip(want.residual.iter().chain(&want.dt)) {
        assert!((a - b).abs() < 1e-7 * (1.0 + b.abs()) && b.abs() > 1e-3, "{a} {b}");
    }
}

#[test]
fn a_graph_with_other_inputs_is_refused() {
    let features = || TimeFeatures::from_fn(|c| [[c.t, 1.0], [c.sigma, c.dsigma]]);
    let make = |graph, parameterisation| {
        ScoreModel::from_graph(Output::Score, graph, &Sde::vp(), features(), parameterisation)
    };
    let message = |graph, parameterisation| make(graph, parameterisation).unwrap_err().to_string();
    assert!(message(own_graph(3), Parameterisation::Noise).contains("time features"));
    assert!(message(own_graph(2), Parameterisation::Score).contains("number of inputs"));
    let mut graph = own_graph(2);
    let wide = graph.dense("more", graph.inputs()[0], 5);
    graph.set_output(wide);
    assert!(message(graph, Parameterisation::Noise).contains("output"));
    assert!(make(Graph::new(), Parameterisation::Score).is_err());
    assert!(make(own_graph(2), Parameterisation::Noise).is_ok());
}

#[test]
fn values_alone_are_enough_to_sample_in_either_precision() {
    use fokker::sample::{Sampler, sample};
    #[allow(clippy::cast_possible_truncation)]
    let single = ScoreFn::new(1, Sde::vp(), |x: &[f32], _, s: &mut [f32]| s[0] = -x[0]);
    let double = ScoreFn::new(1, Sde::vp(), |x: &[f64], _, s: &mut [f64]| s[0] = -x[0]);
    let workers = Workers::new(1, 64).unwrap();
    let a = sample(&single, 30, &Sampler::default(), 0, &workers, &|_| {}).unwrap();
    let b = sample(&double, 30, &Sampler::default(), 0, &workers, &|_| {}).unwrap();
    assert!((single.dim(), Score::<f64>::dim(&double)) == (1, 1));
    assert!(a.x.iter().zip(&b.x).all(|(a, b)| (a - b).abs() < 1e-4) && b.x.iter().any(|x| x.abs() > 0.5));
}
