//! Against brute force, against fresh draws, against copies; what the numbers must not depend on.

use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use super::*;
use crate::rng::{Stream, Streams};

type Any = Result<(), Box<dyn std::error::Error>>;

fn stream(i: u64) -> Stream {
    Streams::new(11).at("test", i, 0)
}

fn normal(stream: &mut Stream, rows: usize, dim: usize) -> Vec<f64> {
    (0..rows * dim).map(|_| StandardNormal.sample(stream)).collect()
}

/// Runs `check` on a training set that is held in memory.
fn with_training<T>(rows: &[f64], dim: usize, check: impl FnOnce(&TrainingRows) -> T) -> T {
    let read = |index: usize, row: &mut [f32]| {
        row.iter_mut().zip(&rows[index * dim..]).for_each(|(to, &from)| *to = f32::of(from));
    };
    check(&TrainingRows { rows: rows.len() / dim, read: &read })
}

/// Distances and indices by sorting all of them, in double precision.
fn brute(x: &[f32], training: &[f64], dim: usize, k: usize) -> Neighbours {
    let (mut rows, mut distances) = (Vec::new(), Vec::new());
    for x in x.chunks_exact(dim) {
        let square = |row: &[f64]| -> f64 {
            x.iter().zip(row).map(|(&a, &b)| (f64::from(a) - f64::from(f32::of(b))).powi(2)).sum()
        };
        let mut all: Vec<_> = training.chunks_exact(dim).map(square).enumerate().collect();
        all.sort_by(|a, b| a.1.total_cmp(&b.1));
        rows.extend(all[..k].iter().map(|a| a.0));
        distances.extend(all[..k].iter().map(|a| a.1.sqrt()));
    }
    Neighbours { k, rows, distances }
}

#[test]
fn neighbours_are_those_of_brute_force() -> Any {
    // Dimensions below, at and beyond the widths of lanes and runs; far from the origin, where a·b would cancel.
    for (dim, rows, offset) in [(3, 300, 0.0), (7, 200, 0.0), (16, 150, 1e3), (784, 90, 0.0), (1500, 40, 1e4)] {
        let shifted = |i, rows| normal(&mut stream(i), rows, dim).iter().map(|x| x + offset).collect::<Vec<_>>();
        let (training, mut x) = (shifted(1, rows), shifted(2, 12));
        // A copy, and almost one.
        x[..dim].copy_from_slice(&training[dim..2 * dim]);
        x[dim..2 * dim].copy_from_slice(&training[dim..2 * dim]);
        x[dim] += 0.01;
        let x: Vec<f32> = x.iter().map(|&x| f32::of(x)).collect();
        let want = brute(&x, &training, dim, 5);
        for threads in [1, 2, 3] {
            let workers = Workers::new(threads, 8)?;
            let found = with_training(&training, dim, |t| nearest_neighbours(&x, dim, t, 5, &workers))?;
            assert_eq!(found.rows, want.rows, "{dim}");
            let close = found.distances.iter().zip(&want.distances).all(|(a, b)| (a - b).abs() <= 3e-6 * b);
            assert!(close, "{dim} {:?} {:?}", found.distances, want.distances);
            assert_eq!((found.distances[0], found.rows[0]), (0.0, 1));
            assert!(dim < 7 || found.rows[5] == 1);
        }
    }
    Ok(())
}

#[test]
fn beyond_single_precision_and_ties() -> Any {
    let training = [0.0, 1e30, -1e30, 1e30];
    let found = with_training(&training, 1, |t| nearest_neighbours(&[-9e29], 1, t, 4, &Workers::new(2, 1)?))?;
    assert_eq!(found.rows, [2, 0, 1, 3]);
    assert!((found.distances[2] / 1.9e30 - 1.0).abs() < 1e-6);
    Ok(())
}

#[test]
fn each_training_row_is_read_once() -> Any {
    let reads = AtomicUsize::new(0);
    let read = |index: usize, row: &mut [f32]| {
        reads.fetch_add(1, Ordering::Relaxed);
        row.fill(index as f32);
    };
    let x = vec![0.5; 30 * 200];
    nearest_neighbours(&x, 200, &TrainingRows { rows: 777, read: &read }, 2, &Workers::new(3, 8)?)?;
    assert_eq!(reads.into_inner(), 777);
    Ok(())
}

#[test]
fn copies_are_flagged_and_fresh_draws_are_not() -> Any {
    let (dim, workers) = (8, Workers::new(2, 64)?);
    let training = normal(&mut stream(3), 2000, dim);
    let held_out = normal(&mut stream(4), 400, dim);
    let mut stream = stream(5);
    let mut copies = Vec::new();
    for _ in 0..300 {
        let row = stream.random_range(0..2000_usize);
        copies.extend(training[row * dim..][..dim].iter().map(|x| {
            let z: f64 = StandardNormal.sample(&mut stream);
            x + 1e-3 * z
        }));
    }
    let fresh = normal(&mut stream, 300, dim);
    let of =
        |samples: &[f64]| with_training(&training, dim, |t| memorisation(samples, &held_out, dim, t, 10, &workers));
    let found = of(&copies)?;
    assert!(found.share.mean > 0.99 && found.p_values[0] < 1e-12 && found.samples.ratio.mean < 0.02, "{found:?}");
    assert!(found.distance_ratio() < 0.02);
    let found = of(&fresh)?;
    assert!((found.share.mean - found.expected_share.mean).abs() < 4.0 * found.expected_share.se, "{found:?}");
    assert!((found.distance_ratio() - 1.0).abs() < 0.05 && found.p_values[0] > 1e-3);
    // One copy in twenty is seen.
    let some = [&copies[..15 * dim], &fresh[15 * dim..]].concat();
    let found = of(&some)?;
    assert!(found.share.mean >= 0.05 && found.p_values[0] < 0.01, "{found:?}");
    assert!(found.closest.iter().all(|pair| pair.sample < 15 && pair.ratio < found.threshold));
    let first = &found.closest[0];
    assert_eq!(first.x, some[first.sample * dim..][..dim].iter().map(|&x| f32::of(x)).collect::<Vec<_>>());
    Ok(())
}

#[test]
fn the_share_of_fresh_draws_has_the_stated_mean_and_error() -> Any {
    let (dim, n, m, workers) = (3, 150, 120, Workers::new(1, 64)?);
    let training = normal(&mut stream(6), 150, dim);
    let (mut shares, mut small) = (Vec::new(), 0);
    let mut stated = MeanSe { mean: 0.0, se: 0.0 };
    for i in 0..600 {
        let mut stream = stream(1000 + i);
        let (samples, held_out) = (normal(&mut stream, n, dim), normal(&mut stream, m, dim));
        let found = with_training(&training, dim, |t| memorisation(&samples, &held_out, dim, t, 4, &workers))?;
        small += usize::from(found.p_values[0] <= 0.05);
        shares.push(found.share.mean);
        stated = found.expected_share;
    }
    let seen = MeanSe::of(&shares);
    assert_eq!(stated.mean, 1.0 / 121.0);
    assert!((seen.mean - stated.mean).abs() < 4.0 * stated.se / 600.0_f64.sqrt(), "{seen:?} {stated:?}");
    let deviation = seen.se * 600.0_f64.sqrt();
    assert!((deviation / stated.se - 1.0).abs() < 0.25, "{deviation} {stated:?}");
    // Binomially alone it would be smaller by a third.
    let alone = (stated.mean * (1.0 - stated.mean) / n as f64).sqrt();
    assert!(deviation > 1.2 * alone);
    // The law is discrete: at most 5 in 100, and not next to none.
    assert!((4..=48).contains(&small), "{small}");
    Ok(())
}

#[test]
fn p_values_are_those_of_all_partings() {
    let (n, m) = (4, 6);
    for rank in 1..=3 {
        let mut counts = [0.0; 5];
        for mask in (0_u32..1 << (n + m)).filter(|mask| mask.count_ones() == n) {
            // Bit i set: the i-th smallest is a sample. How many lie before the held-out one of this rank?
            let place = (0..n + m).filter(|i| mask >> i & 1 == 0).nth(rank - 1).unwrap();
            counts[(mask & ((1 << place) - 1)).count_ones() as usize] += 1.0;
        }
        let all: f64 = counts.iter().sum();
        assert_eq!(all, 210.0);
        for count in 0..=4_usize {
            let want = counts[count..].iter().sum::<f64>() / all;
            let found = at_least(count, 4, 6, rank);
            assert!((found - want).abs() < 1e-12, "{rank} {count} {found} {want}");
        }
        let mean = counts.iter().enumerate().map(|(x, c)| x as f64 / 4.0 * c / all).sum::<f64>();
        let square = counts.iter().enumerate().map(|(x, c)| (x as f64 / 4.0 - mean).powi(2) * c / all).sum::<f64>();
        let stated = expected(4, 6, rank);
        assert!((stated.mean - mean).abs() < 1e-12 && (stated.se - square.sqrt()).abs() < 1e-12);
    }
    assert_eq!([1, 98, 99, 199, 1000].map(rank), [1, 1, 1, 2, 10]);
    assert!((at_least(3000, 4000, 10_000, 100) - 0.0).abs() < 1e-300 && at_least(0, 4000, 10_000, 100) == 1.0);
}

#[test]
fn rows_repeated_in_the_training_set_are_copies_too() -> Any {
    let training: Vec<f64> = (0..20).map(|i| f64::from(i / 4)).collect();
    let found =
        with_training(&training, 1, |t| memorisation(&[2.0, 2.4], &[0.3, 1.4, 3.3], 1, t, 3, &Workers::new(1, 8)?))?;
    assert_eq!((found.closest[0].sample, found.closest[0].ratio, found.closest[0].distance), (0, 0.0, 0.0));
    assert_eq!((found.closest[0].training_row, found.share.mean), (8, 0.5));
    Ok(())
}

#[test]
fn wrong_requests_are_refused() -> Any {
    let workers = Workers::new(1, 8)?;
    let ask = |samples: &[f64], held_out: &[f64], dim: usize, k| {
        with_training(&[1.0, 2.0, 3.0, 4.0], dim.max(1), |t| memorisation(samples, held_out, dim, t, k, &workers))
            .map_err(|error| (error.is_request(), error.to_string()))
    };
    assert!(ask(&[1.0], &[2.0], 1, 2).is_ok());
    for (found, reason) in [
        (ask(&[1.0], &[2.0], 1, 1), "at least 2"),
        (ask(&[1.0], &[2.0], 1, 5), "between 1 and 4"),
        (ask(&[], &[2.0], 1, 2), "at least 1 sample"),
        (ask(&[1.0], &[], 1, 2), "at least 1 sample"),
        (ask(&[1.0], &[2.0], 0, 2), "whole rows"),
        (ask(&[1.0, 2.0, 3.0], &[2.0, 3.0], 2, 2), "whole rows"),
        (ask(&[1.0, f64::NAN], &[2.0], 1, 2), "row 1: not finite"),
    ] {
        assert!(found.as_ref().is_err_and(|(wrong, text)| *wrong && text.contains(reason)), "{found:?} {reason}");
    }
    Ok(())
}

fn sets() -> impl Strategy<Value = (usize, Vec<f64>, Vec<f64>, Vec<f64>, u64)> {
    (1..5_usize, 4..40_usize, 1..12_usize, 1..12_usize, any::<u64>()).prop_map(|(dim, rows, n, m, seed)| {
        let mut stream = stream(seed);
        let mut draw = |rows| normal(&mut stream, rows, dim);
        (dim, draw(rows), draw(n), draw(m), seed)
    })
}

proptest! {
    #[test]
    fn order_threads_and_unit_do_not_matter((dim, training, samples, held_out, seed) in sets()) {
        let of = |training: &[f64], samples: &[f64], held_out: &[f64], threads| {
            let workers = Workers::new(threads, 8).unwrap();
            with_training(training, dim, |t| memorisation(samples, held_out, dim, t, 3, &workers)).unwrap()
        };
        let found = of(&training, &samples, &held_out, 1);
        prop_assert_eq!(&of(&training, &samples, &held_out, 3), &found);
        // Another unit, a power of two: distances follow, nothing else moves.
        let unit = |x: &[f64]| x.iter().map(|x| x * 8.0).collect::<Vec<_>>();
        let other = of(&unit(&training), &unit(&samples), &unit(&held_out), 2);
        prop_assert_eq!((other.share, other.threshold, other.p_values[0]), (found.share, found.threshold, found.p_values[0]));
        prop_assert_eq!(other.samples.ratio, found.samples.ratio);
        prop_assert!((other.samples.distance.mean / found.samples.distance.mean - 8.0).abs() < 1e-12);
        // Training rows turned round: the same distances to rows of other numbers.
        let rows = training.len() / dim;
        let turned: Vec<f64> = training.rchunks_exact(dim).flatten().copied().collect();
        let other = of(&turned, &samples, &held_out, 2);
        prop_assert_eq!((&other.samples, &other.held_out, other.share), (&found.samples, &found.held_out, found.share));
        prop_assert!(!found.closest.is_empty() && other.closest.len() == found.closest.len());
        for (a, b) in other.closest.iter().zip(&found.closest) {
            prop_assert_eq!((a.sample, a.training_row), (b.sample, rows - 1 - b.training_row));
        }
        // A rotation by a right angle and a reflection.
        let mirrored = |x: &[f64]| x.chunks_exact(dim).flat_map(|x| x.iter().rev().map(|x| -x)).collect::<Vec<_>>();
        let other = of(&mirrored(&training), &mirrored(&samples), &mirrored(&held_out), 1);
        prop_assert!((other.samples.ratio.mean - found.samples.ratio.mean).abs() < 1e-6);
        prop_assert!((0.0..=1.0).contains(&found.samples.ratio.mean) && (0.0..=1.0).contains(&found.p_values[0]));
        // A row that is moved onto a training row comes first.
        let mut copied = samples.clone();
        let from = seed as usize % rows;
        copied[..dim].copy_from_slice(&training[from * dim..][..dim]);
        let other = of(&training, &copied, &held_out, 1);
        prop_assert_eq!((other.closest[0].sample, other.closest[0].training_row, other.closest[0].ratio), (0, from, 0.0));
    }
}
