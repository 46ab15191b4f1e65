//! Each held-out row once; pairs; r(t) from probes; what flow and bound are evaluated at; the exact score and own rows.

use fokker_jet::Shape;
use fokker_jet::cpu::Workers;
use rand_distr::{Distribution, StandardNormal};

use super::measure::residuals;
use super::rows::AuditRows;
use super::*;
use crate::Error;
use crate::config::Config;
use crate::data::{Data, DataConfig, ScalingConfig, TableConfig, write_csv};
use crate::density::mixture::Mixture;
use crate::divergence::Divergence;
use crate::figure::{Difference, Figures};
use crate::rng::Streams;
use crate::score::analytic::AnalyticScore;
use crate::score::network::NetworkScore;
use crate::sde::Sde;
use crate::stats::{Average, MeanSe};

type Any = Result<(), Box<dyn std::error::Error>>;

/// A config with small figures.
fn config(more: &[&str]) -> Config {
    let small = [
        "audit.times=[1e-3, 0.3]",
        "audit.points=200",
        "audit.nll_points=200",
        "audit.gap_samples=60",
        "audit.bound_points=40",
        "audit.tolerance=1e-3",
    ];
    let all: Vec<String> = small.iter().chain(more).map(|s| (*s).to_owned()).collect();
    Config::preset("ring8", &all).unwrap()
}

/// An untrained network for a config and its data.
fn network(config: &Config, data: &Data) -> NetworkScore<f32> {
    let model = config.model(data.shape());
    let parameters = model.initial_parameters(&mut Streams::new(1).named("test"));
    NetworkScore::new(model, &parameters)
}

/// The audit of a model of a config's data.
fn audited(score: &NetworkScore<f32>, data: &Data, config: &Config, workers: &Workers) -> Result<Figures, Error> {
    Ok(audit(score, &Points::of(data), &config.audit, config.seed, workers, &|_| {})?.figures)
}

/// `rows` draws of N(0, I) in two dimensions as a table, half of them held out.
fn table(rows: usize) -> (tempfile::TempDir, DataConfig) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.csv");
    let mut values = vec![0.0; 2 * rows];
    Mixture::isotropic(&[1.0], &[vec![0.0; 2]], 1.0).unwrap().sample(&mut Streams::new(7).named("rows"), &mut values);
    write_csv(&path, &["a", "b"], &values).unwrap();
    (folder, DataConfig::File(TableConfig { held_out: 0.5, scaling: ScalingConfig::None, ..TableConfig::new(path) }))
}

#[test]
fn each_held_out_row_counts_once() -> Any {
    let (_folder, source) = table(24);
    let config = Config { data: source, ..config(&[]) };
    let data = Data::load(&config.data)?;
    let workers = Workers::new(2, 16)?;
    let found = audited(&network(&config, &data), &data, &config, &workers)?;
    let nll = &found.points("nll")[0];
    // 200 are asked for, 12 there are.
    assert_eq!((found.count("rows"), found.count("nll_rows"), nll.len()), (Some(12), Some(12), 12));
    assert!(found.points("residual").iter().all(|values| values.len() == 12));
    assert_eq!(found.points("bound_gap")[0].len(), 12);
    // The figures are those of so many values.
    assert_eq!(found.mean("nll"), Some(MeanSe::of(nll)));
    let mut distinct: Vec<u64> = nll.iter().map(|x| x.to_bits()).collect();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), 12, "a row came twice");
    // Data against other data: 6 rows each, and none in both.
    assert_eq!((found.count("samples.data_data.n"), found.count("samples.data_data.m")), (Some(6), Some(6)));
    Ok(())
}

/// The stated error of the held-out mean is its spread over tables, however many points are asked for.
#[test]
fn the_error_of_a_held_out_mean_is_its_spread_over_tables() -> Any {
    let score = AnalyticScore::new(Mixture::isotropic(&[1.0], &[vec![0.0; 2]], 1.0)?, Sde::vp());
    let (mut means, mut errors) = (Vec::new(), Vec::new());
    for trial in 0..300 {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("x.csv");
        let mut values = vec![0.0; 40];
        score.mixture().sample(&mut Streams::new(trial).named("rows"), &mut values);
        write_csv(&path, &["a", "b"], &values)?;
        let source =
            DataConfig::File(TableConfig { held_out: 0.5, scaling: ScalingConfig::None, ..TableConfig::new(path) });
        let data = Data::load(&source)?;
        let sde = Sde::vp();
        let points = Points::of(&data);
        let rows = AuditRows::new(&points, 0);
        // The truth's own −log p stands for a model's: the same rows, no solver.
        let x = rows.plain(0..200);
        let q = score.mixture().diffused(&sde.at(sde.t_min()));
        let nll: Vec<f64> = x.chunks_exact(2).map(|x| -q.log_density(x)).collect();
        let found = MeanSe::of(&nll);
        means.push(found.mean);
        errors.push(found.se * found.se);
    }
    let spread = MeanSe::of(&means).se * 300.0_f64.sqrt();
    let stated = MeanSe::of(&errors).mean.sqrt();
    assert!((stated / spread - 1.0).abs() < 0.15, "stated {stated}, spread {spread}");
    Ok(())
}

#[test]
fn models_are_compared_by_pairs_and_come_back_from_disk() -> Any {
    let config = config(&[]);
    let data = Data::load(&config.data)?;
    let workers = Workers::new(2, 64)?;
    let score = network(&config, &data);
    let moved: Vec<f32> = score.parameters().iter().map(|w| w * 1.02).collect();
    let other = NetworkScore::new(score.model().clone(), &moved);
    let run =
        |score: &NetworkScore<f32>| audit(score, &Points::of(&data), &config.audit, config.seed, &workers, &|_| {});
    let (a, b) = (run(&score)?, run(&other)?);
    let found = Difference::between(&b.figures, &a.figures);
    let differences: Vec<f64> =
        b.figures.points("nll")[0].iter().zip(&a.figures.points("nll")[0]).map(|(b, a)| b - a).collect();
    let nll = found.less("nll").ok_or("not compared")?;
    assert_eq!(nll, MeanSe::of(&differences));
    let [of_a, of_b] = [&a, &b].map(|audit| audit.figures.mean("nll").unwrap());
    assert!((nll.mean - (of_b.mean - of_a.mean)).abs() < 1e-9);
    // The models are near each other, the rows are not: pairs know far more than two means.
    assert!(nll.se < 0.3 * of_a.se.hypot(of_b.se), "{found:?}");
    let residual = &found.ratio("residual").ok_or("not compared")?.mean;
    let [of_a, of_b] = [&a, &b].map(|audit| audit.figures.profile("residual")[0]);
    assert!(residual.se < 0.5 * (of_a.se / of_a.mean).hypot(of_b.se / of_b.mean));
    // A model against itself is no different, at every point.
    let same = Difference::between(&a.figures, &a.figures);
    assert_eq!(same.less("nll"), Some(MeanSe { mean: 0.0, se: 0.0 }));
    assert_eq!(same.ratio("residual").map(|ratios| ratios.mean.mean), Some(1.0));
    let folder = tempfile::tempdir()?;
    a.write(folder.path())?;
    assert_eq!(Audit::read(folder.path())?, Some(a));
    assert_eq!(Audit::read(&folder.path().join("none"))?, None);
    Ok(())
}

/// With probes r(t) is unbiased in its square: for a true score, whose ε is 0, it is all noise around 0, where ‖ε_v‖² is all noise
/// above it.
#[test]
fn the_residual_by_probes_is_free_of_their_variance() -> Any {
    let (dim, rows) = (70, 1500);
    let mixture = Mixture::random(dim, 3, 5)?;
    let c = Sde::vp().at(0.3);
    let mut x = vec![0.0; rows * dim];
    mixture.sample(&mut Streams::new(2).named("x"), &mut x);
    let mut rng = Streams::new(3).named("z");
    x.iter_mut().for_each(|x| *x = c.m * *x + c.sigma * Distribution::<f64>::sample(&StandardNormal, &mut rng));
    let (times, workers) = (vec![c.t; rows], Workers::new(2, 64)?);
    let by_probes = |score: &AnalyticScore| residuals(score, &x, &times, default_divergence(dim, 2), 3, &workers);
    let squares = |score: &AnalyticScore, divergence| -> Result<Vec<f64>, Error> {
        let found = crate::residual::residual(score, &x, &times, divergence, 3, &workers)?;
        Ok(crate::residual::Residuals::products(&found.residual, &found.residual, dim))
    };
    let score = AnalyticScore::new(mixture.clone(), Sde::vp());
    let products = MeanSe::of(&by_probes(&score)?.0);
    let noise = MeanSe::of(&squares(&score, default_divergence(dim, 1))?);
    assert!(products.mean.abs() < 4.0 * products.se, "{products:?}");
    assert!(noise.mean > 8.0 * noise.se && noise.mean > 5.0 * products.se, "{noise:?} {products:?}");
    // The twin: a score that is off has a residual that is seen, as large as the exact one.
    let mut off = vec![0.0; dim * dim];
    (0..dim).for_each(|i| off[i * dim + (i + 1) % dim] = 2.0);
    let wrong = AnalyticScore::new(mixture, Sde::vp()).perturbed(off);
    let found = Average::RootMean.of(&by_probes(&wrong)?.0);
    let exact = Average::RootMean.of(&squares(&wrong, Divergence::Exact {})?);
    assert!((found.mean - exact.mean).abs() < 4.0 * found.se && found.mean > 10.0 * found.se, "{found:?} {exact:?}");
    Ok(())
}

#[test]
fn the_entropy_is_the_truth_where_it_is_known() -> Any {
    let config = Config { data: DataConfig::Checkerboard { cells: 4, half_width: 2.0 }, ..config(&[]) };
    let data = Data::load(&config.data)?;
    let found = audited(&network(&config, &data), &data, &config, &Workers::new(2, 64)?)?;
    assert!(found.number("true_nll").is_some_and(|nll| (nll - 8.0_f64.ln()).abs() < 1e-12));
    let (gap, nll) = (found.mean("gap").ok_or("no gap")?, found.mean("nll").ok_or("no nll")?);
    assert!((gap.mean - (nll.mean - 8.0_f64.ln())).abs() < 1e-12 && (gap.se - nll.se).abs() < 1e-12);
    assert_eq!(found.value("score_error"), None);
    Ok(())
}

/// A field in one dimension is a gradient, whatever its Jacobian.
#[test]
fn asymmetry_in_one_dimension_is_zero() -> Any {
    let config = Config { data: DataConfig::Normal { dim: 1 }, ..config(&[]) };
    let data = Data::load(&config.data)?;
    assert_eq!(data.shape(), Shape::vector(1));
    let found = audited(&network(&config, &data), &data, &config, &Workers::new(1, 64)?)?;
    assert!(found.points("asymmetry").len() == 2 && found.points("asymmetry").iter().flatten().all(|&a| a == 0.0));
    Ok(())
}

/// What the truth's own audit finds, and that of a score that is off; in double precision, on own rows.
#[test]
fn the_exact_score_has_no_fault_and_a_wrong_one_has() -> Any {
    let exact = AnalyticScore::new(Mixture::ring(5, 1.5, 0.3)?, Sde::vp());
    let mut rows = vec![0.0; 2 * 120];
    exact.mixture().sample(&mut Streams::new(3).named("rows"), &mut rows);
    let points = Points::from_rows(&rows, 2).with_truth(exact.mixture());
    let settings = AuditConfig { times: vec![1e-3, 0.3], gap_samples: 60, tolerance: 1e-6, ..AuditConfig::default() };
    let workers = Workers::new(2, 64)?;
    let run = |score: &AnalyticScore| -> Result<Figures, Error> {
        Ok(audit::<f64>(score, &points, &settings, 0, &workers, &|_| {})?.figures)
    };
    let of =
        |figures: &Figures, key: &str| -> f64 { figures.profile(key).iter().map(|at| at.mean).fold(0.0, f64::max) };
    let found = run(&exact)?;
    assert_eq!(found.count("rows"), Some(120));
    assert!(of(&found, "residual_relative") < 1e-10 && of(&found, "asymmetry") < 1e-20, "{found:?}");
    assert_eq!(of(&found, "score_error"), 0.0);
    // What separates them is the prior at T, which is no law of the data's, and the solver's error.
    let gap = found.mean("gap").ok_or("no gap")?;
    assert!(gap.mean.abs() < 1e-3, "{gap:?}");
    // The twin.
    let wrong = run(&exact.clone().perturbed(vec![0.0, 1.0, -0.5, 0.0]))?;
    assert!(of(&wrong, "residual_relative") > 0.1 && of(&wrong, "asymmetry") > 1e-3, "{wrong:?}");
    assert!(of(&wrong, "score_error") > 1e-3);
    let gap = wrong.mean("gap").ok_or("no gap")?;
    assert!(gap.mean > 0.05 && gap.mean > 2.0 * gap.se, "{gap:?}");
    let ratio = Difference::between(&wrong, &found);
    assert!(ratio.ratio("residual").is_some_and(|ratios| ratios.mean.mean > 1e6));
    Ok(())
}

/// Own rows are audited as the same rows of a file are.
#[test]
fn own_rows_are_as_good_as_a_table() -> Any {
    let (_folder, source) = table(24);
    let config = Config { data: source, ..config(&[]) };
    let data = Data::load(&config.data)?;
    let (score, workers) = (network(&config, &data), Workers::new(2, 16)?);
    let mut rows = Vec::new();
    for index in 0..12 {
        let mut row = [0.0; 2];
        data.held_out_row(index, &mut Streams::new(0).named("none"), &mut row);
        rows.extend(row.map(f64::from));
    }
    let mut training = Vec::new();
    for index in 0..12 {
        let mut row = [0.0; 2];
        data.train_row_exact(index, &mut row);
        training.extend(row.map(f64::from));
    }
    let points = Points::from_rows(&rows, 2).with_training(&training);
    let own = audit(&score, &points, &config.audit, config.seed, &workers, &|_| {})?.figures;
    assert_eq!(own, audited(&score, &data, &config, &workers)?);
    // Without training rows there is nothing to look for copies in, and nothing to fit simple densities to.
    let found = audit(&score, &Points::from_rows(&rows, 2), &config.audit, config.seed, &workers, &|_| {})?.figures;
    let of = |figures: &Figures| (figures.count("memorisation.k"), figures.mean("baselines.gaussian.nll").is_some());
    assert_eq!((of(&own), of(&found)), ((Some(10), true), (None, false)));
    Ok(())
}

#[test]
fn what_cannot_be_audited_is_refused() -> Any {
    let score = AnalyticScore::new(Mixture::isotropic(&[1.0], &[vec![0.0; 2]], 1.0)?, Sde::vp());
    let workers = Workers::new(1, 64)?;
    let run = |points: &Points<'_>, settings: &AuditConfig| {
        audit::<f64>(&score, points, settings, 0, &workers, &|_| {}).map(|_| ()).unwrap_err().to_string()
    };
    let rows = [0.0; 6];
    let settings = AuditConfig::default();
    assert_eq!(run(&Points::from_rows(&rows, 3), &settings), "data: dimension 3, but the model's is 2");
    assert_eq!(run(&Points::from_rows(&[], 2), &settings), "audit: points: there is no held-out row");
    let early = AuditConfig { times: vec![1e-9], ..settings };
    assert!(run(&Points::from_rows(&rows, 2), &early).starts_with("audit: audit.times: every t must be between"));
    Ok(())
}

/// The page of the formats knows every key.
#[test]
fn every_figure_is_documented() {
    let page = include_str!("../../../../docs/json.md");
    let words: Vec<&str> = page.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    for definition in definitions().iter().chain(&crate::study::timings()) {
        assert!(definition.key.split('.').all(|part| words.contains(&part)), "{}", definition.key);
    }
}

/// What is said of fit knows the true score from one that has learned its rows by heart.
#[test]
fn figures_of_fit_tell_the_truth_from_copies() -> Any {
    let ring = Mixture::ring(4, 1.5, 0.15)?;
    let rows = |count: usize, name: &str| {
        let mut rows = vec![0.0; 2 * count];
        ring.sample(&mut Streams::new(5).named(name), &mut rows);
        rows
    };
    let (train, held_out) = (rows(150, "train"), rows(300, "held out"));
    let points = Points::from_rows(&held_out, 2).with_training(&train);
    let settings = AuditConfig {
        times: vec![0.5],
        points: 4,
        nll_points: 150,
        bound_points: 4,
        gap_samples: 150,
        tolerance: 1e-3,
        ..AuditConfig::default()
    };
    let workers = Workers::new(2, 16)?;
    let of = |mixture: Mixture| {
        let score = AnalyticScore::new(mixture, Sde::vp());
        audit::<f64>(&score, &points, &settings, 0, &workers, &|_| {})
    };
    let (truth, by_heart) = (
        of(ring.clone())?,
        of(Mixture::isotropic(&[1.0; 150], &train.chunks(2).map(<[f64]>::to_vec).collect::<Vec<_>>(), 0.01)?)?,
    );
    let mean = |audit: &Audit, key: &str| audit.figures.mean(key).ok_or_else(|| key.to_owned());
    // KL(ring ‖ the Gaussian of its moments) is above 0.5 nats; a mixture fitted to 150 rows comes near the truth.
    let (gaussian, mixture) = (mean(&truth, "baselines.gaussian.less")?, mean(&truth, "baselines.mixture.less")?);
    assert!(gaussian.mean < -0.5 && mixture.mean < 2.0 * mixture.se && mixture.mean > -0.3, "{gaussian:?} {mixture:?}");
    let (none, much) = (mean(&truth, "generalisation.gap")?, mean(&by_heart, "generalisation.gap")?);
    assert!(none.mean.abs() < 4.0 * none.se && much.mean > 3.0 * much.se && much.mean > 1.0, "{none:?} {much:?}");
    assert_eq!(truth.figures.count("tails.samples"), Some(0));
    let p = |audit: &Audit| -> Vec<f64> {
        let columns = audit.figures.records("columns").iter();
        columns.filter_map(|record| record.0.iter().find(|(key, _)| key == "p")?.1.as_f64()).collect()
    };
    assert!(p(&truth).len() == 2 && p(&truth).iter().all(|p| *p > 1e-3), "{:?}", p(&truth));
    let copies =
        |audit: &Audit| audit.answers().into_iter().find(|a| a.question.contains("heart")).map(|a| a.judgement);
    assert_eq!((copies(&truth), copies(&by_heart)), (Some(Judgement::Good), Some(Judgement::Bad)));
    // Rows of another law are told, column by column, and as stray samples if they are far.
    let moved: Vec<f64> = held_out.iter().map(|x| 0.01 * x).collect();
    let elsewhere = Points::from_rows(&moved, 2).with_training(&train);
    let score = AnalyticScore::new(ring, Sde::vp());
    let found = audit::<f64>(&score, &elsewhere, &settings, 0, &workers, &|_| {})?;
    assert!(p(&found).iter().all(|p| *p < 1e-6), "{:?}", p(&found));
    assert!(found.figures.count("tails.samples") > Some(100), "{:?}", found.figures.count("tails.samples"));
    Ok(())
}
