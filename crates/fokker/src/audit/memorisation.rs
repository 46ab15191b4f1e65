//! Whether samples are copies of training rows.

use fokker_jet::Real;
use fokker_jet::cpu::Workers;
use rand::seq::index;
use rand_distr::{Distribution, StandardNormal};

use crate::Error;
use crate::config::Config;
use crate::data::Data;
use crate::distance::{Memorisation, TrainingRows, memorisation};
use crate::rng::Streams;

/// The most samples, and held-out rows, whose neighbours are searched for.
const ROWS: usize = 1000;

/// Held-out rows that the threshold needs, however few the samples are.
const REFERENCE: usize = 200;

/// Compares `samples` (`rows × D`, at t_min) with the training images.
///
/// The reference are different held-out rows, dequantised and diffused to t_min as the samples of a perfect model are; training images
/// are at the middle of their levels.
pub(super) fn measure(
    samples: &[f64], data: &Data, config: &Config, workers: &Workers,
) -> Result<Option<Memorisation>, Error> {
    let dim = data.dim();
    let (Some(rows), Some(held_out), Some(_)) = (data.len(), data.held_out_len(), data.image_shape()) else {
        return Ok(None);
    };
    let k = config.audit.neighbours.min(rows);
    let samples = &samples[..samples.len().min(ROWS * dim)];
    if k < 2 || samples.is_empty() {
        return Ok(None);
    }
    let c = config.sde.at(config.sde.t_min());
    let mut rng = Streams::new(config.seed).named("audit-memorisation");
    let mut row = vec![0.0_f32; dim];
    let mut reference = Vec::new();
    let count = (samples.len() / dim).max(REFERENCE).min(held_out);
    for index in index::sample(&mut rng, held_out, count) {
        data.held_out_row(index, &mut rng, &mut row);
        reference.extend(row.iter().map(|&x| {
            let z: f64 = StandardNormal.sample(&mut rng);
            // Samples are compared in single precision, too.
            f64::from(f32::of(c.m * f64::from(x) + c.sigma * z))
        }));
    }
    let read = |index: usize, row: &mut [f32]| data.train_row_exact(index, row);
    memorisation(samples, &reference, dim, &TrainingRows { rows, read: &read }, k, workers).map(Some)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use rand::{Rng, RngExt};

    use super::*;
    use crate::data::DataConfig;

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
        let config = Config::preset("ring8", &[])?;
        let workers = Workers::new(2, 8)?;
        let mut row = [0.0; 9];
        for index in [0, 7, 399] {
            data.train_row_exact(index, &mut row);
            let exact = pixels[index * 9..][..9].iter().map(|&u| (f32::from(u) - 127.5) / 128.0);
            assert!(row.iter().copied().eq(exact));
        }
        // A model that draws training images, and one that draws others; both as noisy as samples are.
        let c = config.sde.at(config.sde.t_min());
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
        let found = measure(&copies, &data, &config, &workers)?.unwrap();
        assert_eq!((found.k, found.samples.n, found.held_out.n), (10, 220, 220));
        assert!(found.share.mean > 0.99 && found.p_values[0] < 1e-12, "{found:?}");
        let found = measure(&others, &data, &config, &workers)?.unwrap();
        assert!((found.share.mean - found.expected_share.mean).abs() < 4.0 * found.expected_share.se, "{found:?}");
        assert!((found.distance_ratio() - 1.0).abs() < 0.1, "{found:?}");
        Ok(())
    }

    #[test]
    fn where_there_is_nothing_to_search() -> Result<(), Box<dyn std::error::Error>> {
        let (data, _) = images(3, 2);
        let workers = Workers::new(1, 8)?;
        let config = |neighbours: &str| Config::preset("ring8", &[format!("audit.neighbours={neighbours}")]);
        let x = [0.0; 18];
        assert_eq!(measure(&x, &data, &config("10")?, &workers)?.map(|found| found.k), Some(3));
        assert_eq!(measure(&x, &data, &config("0")?, &workers)?, None);
        assert_eq!(measure(&[], &data, &config("10")?, &workers)?, None);
        let ring = Data::load(&DataConfig::default())?;
        assert_eq!(measure(&x, &ring, &config("10")?, &workers)?, None);
        assert!(config("1").is_err_and(|error| error.is_request() && error.to_string().contains("audit.neighbours")));
        assert!(config("1001").is_err());
        Ok(())
    }
}
