//! Each held-out row once; pairs; r(t) from probes; what flow and bound are evaluated at.

use fokker_jet::Shape;
use fokker_jet::cpu::Workers;
use rand_distr::{Distribution, StandardNormal};

use super::*;
use crate::data::{DataConfig, ScalingConfig, write_csv};
use crate::density::mixture::Mixture;
use crate::rng::Streams;
use crate::score::analytic::AnalyticScore;
use crate::score::network::NetworkScore;
use crate::sde::Sde;

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

/// `rows` draws of N(0, I) in two dimensions as a table, half of them held out.
fn table(rows: usize) -> (tempfile::TempDir, DataConfig) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.csv");
    let mut values = vec![0.0; 2 * rows];
    Mixture::isotropic(&[1.0], &[vec![0.0; 2]], 1.0).unwrap().sample(&mut Streams::new(7).named("rows"), &mut values);
    write_csv(&path, &["a", "b"], &values).unwrap();
    (folder, DataConfig::File { path, array: None, held_out: 0.5, scaling: ScalingConfig::None })
}

#[test]
fn each_held_out_row_counts_once() -> Any {
    let (_folder, source) = table(24);
    let config = Config { data: source, ..config(&[]) };
    let data = Data::load(&config.data)?;
    let workers = Workers::new(2, 16)?;
    let found = audit(&network(&config, &data), &data, &config, &workers, &|_| {})?;
    // 200 are asked for, 12 there are.
    assert_eq!((found.rows, found.nll_rows, found.points.nll.len()), (12, 12, 12));
    assert!(found.points.residual.iter().all(|values| values.len() == 12));
    assert_eq!(found.points.bound_gap.len(), 12);
    // The figures are those of so many values.
    assert_eq!(found.nll, MeanSe::of(&found.points.nll));
    let mut distinct: Vec<u64> = found.points.nll.iter().map(|x| x.to_bits()).collect();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), 12, "a row came twice");
    // Data against other data: 6 rows each, and none in both.
    assert_eq!((found.samples.data_data.n, found.samples.data_data.m), (6, 6));
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
        let source = DataConfig::File { path, array: None, held_out: 0.5, scaling: ScalingConfig::None };
        let data = Data::load(&source)?;
        let sde = Sde::vp();
        let rows = AuditRows::new(&data, &sde, 0);
        // The truth's own −log p stands for a model's: the same rows, no solver.
        let x = rows.plain(0..200);
        let q = score.mixture().diffused(&sde.at(sde.t_min()));
        let nll: Vec<f64> = x.chunks_exact(2).map(|x| -q.log_density(&[f64::from(x[0]), f64::from(x[1])])).collect();
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
    let run = |score: &NetworkScore<f32>| audit(score, &data, &config, &workers, &|_| {});
    let (a, b) = (run(&score)?, run(&other)?);
    let found = Difference::between(&b, &a);
    let differences: Vec<f64> = b.points.nll.iter().zip(&a.points.nll).map(|(b, a)| b - a).collect();
    assert_eq!(found.nll, MeanSe::of(&differences));
    assert!((found.nll.mean - (b.nll.mean - a.nll.mean)).abs() < 1e-9);
    // The models are near each other, the rows are not: pairs know far more than two means.
    assert!(found.nll.se < 0.3 * a.nll.se.hypot(b.nll.se), "{found:?}");
    assert!(
        found.residual.mean.se
            < 0.5 * (a.residual[0].se / a.residual[0].mean).hypot(b.residual[0].se / b.residual[0].mean)
    );
    // A model against itself is no different, at every point.
    let same = Difference::between(&a, &a);
    assert_eq!((same.nll.mean, same.nll.se, same.residual.mean.mean), (0.0, 0.0, 1.0));
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
    let by_probes =
        |score: &AnalyticScore| at_time::residuals(score, &x, &times, default_divergence(dim, 2), 3, &workers);
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
    let found = audit(&network(&config, &data), &data, &config, &Workers::new(2, 64)?, &|_| {})?;
    assert!(found.true_nll.is_some_and(|nll| (nll - 8.0_f64.ln()).abs() < 1e-12));
    let gap = found.gap.ok_or("no gap")?;
    assert!((gap.mean - (found.nll.mean - 8.0_f64.ln())).abs() < 1e-12 && (gap.se - found.nll.se).abs() < 1e-12);
    assert_eq!(found.score_error, None);
    Ok(())
}

/// A field in one dimension is a gradient, whatever its Jacobian.
#[test]
fn asymmetry_in_one_dimension_is_zero() -> Any {
    let config = Config { data: DataConfig::Normal { dim: 1 }, ..config(&[]) };
    let data = Data::load(&config.data)?;
    assert_eq!(data.shape(), Shape::vector(1));
    let found = audit(&network(&config, &data), &data, &config, &Workers::new(1, 64)?, &|_| {})?;
    assert!(found.points.asymmetry.iter().flatten().all(|&a| a == 0.0));
    Ok(())
}
