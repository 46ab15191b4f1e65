//! Whether samples are copies of training rows.

use fokker_jet::Real;
use rand::seq::index;
use rand_distr::{Distribution, StandardNormal};
use serde_json::Number;

use crate::Error;
use crate::audit::context::Context;
use crate::audit::measurement::{Measure, Measurement};
use crate::distance::{Closest, Memorisation, TrainingRows, memorisation};
use crate::figure::{Cell, Definition, Figure, OverSeeds, Record, Shown, Value};
use crate::rng::Streams;

/// The most samples, and held-out rows, whose neighbours are searched for.
const ROWS: usize = 1000;

/// Held-out rows that the threshold needs, however few the samples are.
const REFERENCE: usize = 200;

// What each is, is said where they come from: at `Memorisation`. A share below the expected one is no merit: none is the better.

static K: Definition = Definition::count("memorisation.k").optional();
static THRESHOLD: Definition = Definition::number("memorisation.threshold").optional();
static SHARE: Definition = Definition::mean("memorisation.share")
    .named("near-copies of training rows", "%")
    .short("near-copies / if none")
    .cell(Cell::PercentBeside("memorisation.expected_share"))
    .optional()
    .shown(Shown::Everywhere);
static EXPECTED: Definition = Definition::mean("memorisation.expected_share")
    .named("… if none is copied", "%")
    .cell(Cell::Percent)
    .over_seeds(OverSeeds::First)
    .optional()
    .shown(Shown::Page);
static SAMPLES: Definition = Definition::count("memorisation.samples.n").optional();
static SAMPLES_DISTANCE: Definition = Definition::mean("memorisation.samples.distance")
    .named("distance to nearest training row: samples/held-out", "")
    .short("nearest training row, / held-out")
    .cell(Cell::Over("memorisation.held_out.distance"))
    .optional()
    .shown(Shown::Everywhere);
static SAMPLES_RATIO: Definition = Definition::mean("memorisation.samples.ratio").optional();
static HELD_OUT: Definition = Definition::count("memorisation.held_out.n").optional();
static HELD_OUT_DISTANCE: Definition = Definition::mean("memorisation.held_out.distance").optional();
static HELD_OUT_RATIO: Definition = Definition::mean("memorisation.held_out.ratio").optional();
static P_VALUES: Definition =
    Definition::list("memorisation.p_values").named("p-value of near-copies", "").optional().shown(Shown::Page);
static CLOSEST: Definition = Definition::records("memorisation.closest").optional();

/// Absent if `audit.neighbours` is 0, there are fewer than 2 training rows or no sample has converged.
pub(super) fn measurement<F: Real>() -> Measurement<F> {
    Measurement {
        figures: vec![
            &K,
            &THRESHOLD,
            &SHARE,
            &EXPECTED,
            &SAMPLES,
            &SAMPLES_DISTANCE,
            &SAMPLES_RATIO,
            &HELD_OUT,
            &HELD_OUT_DISTANCE,
            &HELD_OUT_RATIO,
            &P_VALUES,
            &CLOSEST,
        ],
        measure: Measure::Once { what: Some("nearest training rows"), measure },
    }
}

fn measure<F: Real>(context: &Context<'_, F>) -> Result<Vec<Figure>, Error> {
    let Some(found) = search(context, &context.flow_samples()?.x)? else { return Ok(Vec::new()) };
    let count = |definition, count| Figure::new(definition, Value::Count(count));
    let mean = |definition, mean| Figure::new(definition, Value::Mean(mean));
    let figures = vec![
        count(&K, found.k),
        Figure::new(&THRESHOLD, Value::Number(found.threshold)),
        mean(&SHARE, found.share),
        mean(&EXPECTED, found.expected_share),
        count(&SAMPLES, found.samples.n),
        mean(&SAMPLES_DISTANCE, found.samples.distance),
        mean(&SAMPLES_RATIO, found.samples.ratio),
        count(&HELD_OUT, found.held_out.n),
        mean(&HELD_OUT_DISTANCE, found.held_out.distance),
        mean(&HELD_OUT_RATIO, found.held_out.ratio),
        Figure::new(&P_VALUES, Value::List(found.p_values)),
        Figure::new(&CLOSEST, Value::Records(found.closest.iter().map(record).collect())),
    ];
    context.keep_closest(found.closest);
    Ok(figures)
}

fn record(pair: &Closest) -> Record {
    let float = |value| Number::from_f64(value).unwrap_or_else(|| Number::from(0));
    Record(vec![
        ("sample".into(), pair.sample.into()),
        ("training_row".into(), pair.training_row.into()),
        ("distance".into(), float(pair.distance)),
        ("ratio".into(), float(pair.ratio)),
    ])
}

/// Compares samples (`rows × D`, at t_min) with the training rows.
///
/// The reference are different held-out rows, dequantised and diffused to t_min as the samples of a perfect model are; training images
/// are at the middle of their levels.
fn search<F: Real>(context: &Context<'_, F>, samples: &[f64]) -> Result<Option<Memorisation>, Error> {
    let (points, dim) = (context.points, context.dim());
    let Some(training) = points.training() else { return Ok(None) };
    let k = context.settings.neighbours.min(training.rows);
    let samples = &samples[..samples.len().min(ROWS * dim)];
    if k < 2 || samples.is_empty() {
        return Ok(None);
    }
    let c = context.end();
    let mut rng = Streams::new(context.seed).named("audit-memorisation");
    let mut row = vec![0.0; dim];
    let mut reference = Vec::new();
    let wanted = (samples.len() / dim).max(REFERENCE);
    let places = match points.len() {
        Some(held_out) => index::sample(&mut rng, held_out, wanted.min(held_out)).into_vec(),
        // Fresh draws, whatever their number.
        None => vec![0; wanted],
    };
    for index in places {
        points.row(index, &mut rng, &mut row);
        reference.extend(row.iter().map(|&x| {
            let z: f64 = StandardNormal.sample(&mut rng);
            // Samples are compared in single precision, too.
            f64::from(f32::of(c.m * x + c.sigma * z))
        }));
    }
    let training = TrainingRows { rows: training.rows, read: &|index, row| training.exact(index, row) };
    memorisation(samples, &reference, dim, &training, k, context.workers).map(Some)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use rand::{Rng, RngExt};

    use fokker_jet::cpu::Workers;

    use super::*;
    use crate::audit::run::Doing;
    use crate::audit::{AuditConfig, Points};
    use crate::config::Config;
    use crate::data::{Data, DataConfig};
    use crate::density::mixture::Mixture;
    use crate::score::analytic::AnalyticScore;
    use crate::sde::Sde;

    /// What is found among samples for a model of this data.
    fn measure(x: &[f64], data: &Data, neighbours: usize, workers: &Workers) -> Result<Option<Memorisation>, Error> {
        let mixture = Mixture::isotropic(&[1.0], &[vec![0.0; data.dim()]], 1.0).unwrap();
        let (score, points) = (AnalyticScore::new(mixture, Sde::vp()), Points::of(data));
        let settings = AuditConfig { neighbours, ..AuditConfig::default() };
        search(&Context::<f64>::new(&score, &points, &settings, 0, workers, &Doing(&|_| {})), x)
    }

    /// Images of 3 × 3 random pixels from IDX files, and those of the training set.
    fn images(train: u32, held_out: u32) -> (Data, Vec<u8>) {
        let folder = tempfile::tempdir().unwrap();
        let mut rng = Streams::new(3).named("test");
        let mut training = Vec::new();
        for (stem, count) in [("t10k", held_out), ("train", train)] {
            training = (0..count * 9).map(|_| (rng.next_u32() >> 24) as u8).collect();
            let mut bytes = vec![0, 0, 8, 3];
            [count, 3, 3].iter().for_each(|size| bytes.extend(size.to_be_bytes()));
            bytes.extend(&training);
            std::fs::write(folder.path().join(format!("{stem}-images-idx3-ubyte")), bytes).unwrap();
        }
        let path = folder.path().to_path_buf();
        let config = DataConfig::Images { path, flip: false, size: None, held_out: 0.1 };
        (Data::load(&config).unwrap(), training)
    }

    #[test]
    fn copies_of_images_are_flagged_and_other_images_are_not() -> Result<(), Box<dyn std::error::Error>> {
        let (data, pixels) = images(400, 250);
        let workers = Workers::new(2, 8)?;
        let mut row = [0.0; 9];
        for index in [0, 7, 399] {
            data.train_row_exact(index, &mut row);
            let exact = pixels[index * 9..][..9].iter().map(|&u| (f32::from(u) - 127.5) / 128.0);
            assert!(row.iter().copied().eq(exact));
        }
        // A model that draws training images, and one that draws others; both as noisy as samples are.
        let c = Sde::vp().at(Sde::vp().t_min());
        let mut rng = Streams::new(4).named("test");
        let (mut copies, mut others) = (Vec::new(), Vec::new());
        for _ in 0..220 {
            let index = rng.random_range(0..400);
            let level = |u: f64| (u + rng.random::<f64>()) / 128.0 - 1.0;
            copies.extend(pixels[index * 9..][..9].iter().map(|&u| f64::from(u)).map(level));
            others.extend((0..9).map(|_| 2.0 * rng.random::<f64>() - 1.0));
        }
        for x in [&mut copies, &mut others] {
            for x in x.iter_mut() {
                let z: f64 = StandardNormal.sample(&mut rng);
                *x = c.m * *x + c.sigma * z;
            }
        }
        let found = measure(&copies, &data, 10, &workers)?.unwrap();
        assert_eq!((found.k, found.samples.n, found.held_out.n), (10, 220, 220));
        assert!(found.share.mean > 0.99 && found.p_values[0] < 1e-12, "{found:?}");
        let found = measure(&others, &data, 10, &workers)?.unwrap();
        assert!((found.share.mean - found.expected_share.mean).abs() < 4.0 * found.expected_share.se, "{found:?}");
        assert!((found.distance_ratio() - 1.0).abs() < 0.1, "{found:?}");
        Ok(())
    }

    #[test]
    fn where_there_is_nothing_to_search() -> Result<(), Box<dyn std::error::Error>> {
        let (data, _) = images(3, 2);
        let workers = Workers::new(1, 8)?;
        let x = [0.0; 18];
        assert_eq!(measure(&x, &data, 10, &workers)?.map(|found| found.k), Some(3));
        assert_eq!(measure(&x, &data, 0, &workers)?, None);
        assert_eq!(measure(&[], &data, 10, &workers)?, None);
        let ring = Data::load(&DataConfig::default())?;
        assert_eq!(measure(&x, &ring, 10, &workers)?, None);
        let config = |neighbours: &str| Config::preset("ring8", &[format!("audit.neighbours={neighbours}")]);
        assert!(config("1").is_err_and(|error| error.is_request() && error.to_string().contains("audit.neighbours")));
        assert!(config("1001").is_err());
        Ok(())
    }
}
