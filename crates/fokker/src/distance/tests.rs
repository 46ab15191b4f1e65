//! Closed forms, bias, standard errors, p-values under the null and away from it, requests refused.

use super::sliced::squared_w2_of_sorted;
use super::*;
use crate::rng::{Stream, Streams};
use crate::stats::MeanSe;
use fokker_jet::cpu::Workers;
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

type Any = Result<(), Box<dyn std::error::Error>>;
type Make<'a> = &'a dyn Fn(&TwoSamples) -> Result<Box<dyn Statistic>, crate::Error>;

fn workers() -> Workers {
    Workers::new(2, 16).unwrap()
}

fn stream(i: u64) -> Stream {
    Streams::new(5).at("test", i, 0)
}

/// `rows` draws of N(0, I), moved by `shift` along the first axis.
fn normal(stream: &mut Stream, rows: usize, dim: usize, shift: f64) -> Vec<f64> {
    let mut x: Vec<f64> = (0..rows * dim).map(|_| StandardNormal.sample(stream)).collect();
    x.iter_mut().step_by(dim).for_each(|x| *x += shift);
    x
}

/// E|X − Y| of N(0, 1) and N(shift, 1): the mean of a folded N(shift, 2).
fn mean_distance(shift: f64) -> f64 {
    // shift·erf(shift/2) by Simpson's rule: erf(z) = 2/√π ∫ exp(−s²).
    let steps = 1000;
    let h = 0.5 * shift / f64::from(steps);
    let weight = |i: i32| if i == 0 || i == steps { 1.0 } else { f64::from(2 + 2 * (i % 2)) };
    let integral: f64 = (0..=steps).map(|i| weight(i) * (-(h * f64::from(i)).powi(2)).exp()).sum::<f64>() * h / 3.0;
    let root_pi = std::f64::consts::PI.sqrt();
    2.0 / root_pi * (-0.25 * shift * shift).exp() + shift * 2.0 / root_pi * integral
}

#[test]
fn one_dimension_merges_quantiles_of_unequal_sets() {
    // {0} and {1, 3}: the mean of 1 and 9. {0, 3} and {1, 2, 6}: levels 0, 1/3, 1/2, 2/3, 1.
    assert!((squared_w2_of_sorted(&[0.0], &[1.0, 3.0]) - 5.0).abs() < 1e-14);
    let want = 1.0 / 3.0 + 4.0 / 6.0 + 1.0 / 6.0 + 9.0 / 3.0;
    assert!((squared_w2_of_sorted(&[0.0, 3.0], &[1.0, 2.0, 6.0]) - want).abs() < 1e-14);
    // A set repeated is the same distribution; not so a set with one point repeated.
    assert!(squared_w2_of_sorted(&[1.0, 2.0, 4.0], &[1.0, 1.0, 2.0, 2.0, 4.0, 4.0]) < 1e-14);
    assert!(squared_w2_of_sorted(&[1.0, 2.0, 4.0], &[1.0, 1.0, 2.0, 4.0]) > 0.1);
}

#[test]
fn a_shift_is_its_own_distance() -> Any {
    for dim in [1, 2, 5] {
        let a = normal(&mut stream(1), 150, dim, 0.0);
        let shift: Vec<f64> = (0..dim).map(|i| 0.3 + i as f64).collect();
        // In another order: the pairing has to be found.
        let b: Vec<f64> = a.rchunks_exact(dim).flat_map(|x| x.iter().zip(&shift).map(|(x, s)| x + s)).collect();
        let samples = TwoSamples::new(&a, &b, dim)?;
        let norm = shift.iter().map(|s| s * s).sum::<f64>().sqrt();
        assert!((W2::new(&samples, &workers())?.observed() - norm).abs() < 1e-10);
        // E (θ·shift)² = ‖shift‖²/D.
        let sliced = SlicedW2::new(&samples, 2000, 3, &workers()).estimate();
        let gap = sliced.mean - norm / (dim as f64).sqrt();
        assert!(gap.abs() < 4.5 * sliced.se + 1e-10, "{dim} {sliced:?}");
        assert_eq!(sliced.se > 1e-3, dim > 1);
    }
    Ok(())
}

#[test]
fn on_a_line_the_exact_distance_is_that_of_sorted_points() -> Any {
    let (mut a, mut b) = (normal(&mut stream(2), 200, 1, 0.0), normal(&mut stream(3), 200, 1, 0.5));
    let samples = TwoSamples::new(&a, &b, 1)?;
    let exact = W2::new(&samples, &workers())?.observed();
    let sliced = SlicedW2::new(&samples, 3, 0, &workers()).observed();
    a.sort_by(f64::total_cmp);
    b.sort_by(f64::total_cmp);
    let want = squared_w2_of_sorted(&a, &b).sqrt();
    assert!((exact - want).abs() < 1e-12 && (sliced - want).abs() < 1e-12);
    // Unsorted points are another pairing.
    a.reverse();
    assert!((squared_w2_of_sorted(&a, &b).sqrt() - want).abs() > 0.1);
    Ok(())
}

#[test]
fn gaussians_have_their_closed_form() -> Any {
    // W₂² of N(0, I) and N((1, 0), 4 I) in the plane: 1 + 2 (2 − 1)²; by slices 1/2 + 1 (Dowson & Landau 1982).
    let a = normal(&mut stream(4), 20_000, 2, 0.0);
    let b: Vec<f64> = normal(&mut stream(5), 30_000, 2, 0.5).iter().map(|x| 2.0 * x).collect();
    let sliced = SlicedW2::new(&TwoSamples::new(&a, &b, 2)?, 400, 0, &workers()).estimate();
    assert!((sliced.mean.powi(2) - 1.5).abs() < 0.08, "{sliced:?}");
    let few = TwoSamples::new(&a, &b, 2)?.at_most(800, &mut stream(6));
    let exact = W2::new(&few, &workers())?.observed();
    assert!((exact.powi(2) - 3.0).abs() < 0.4, "{exact}");
    Ok(())
}

#[test]
fn the_standard_error_over_directions_is_right() -> Any {
    let (a, b) = (normal(&mut stream(7), 60, 3, 0.0), normal(&mut stream(8), 50, 3, 1.0));
    let samples = TwoSamples::new(&a, &b, 3)?;
    let truth = SlicedW2::new(&samples, 100_000, 77, &workers()).observed();
    let scores: Vec<f64> = (0..300)
        .map(|seed| SlicedW2::new(&samples, 100, seed, &workers()).estimate())
        .map(|found| (found.mean - truth) / found.se)
        .collect();
    let mean = MeanSe::of(&scores);
    let variance = mean.se.powi(2) * 300.0;
    // The standard error of the variance is √(2/299) = 0.08.
    assert!(mean.mean.abs() < 0.35 && (variance - 1.0).abs() < 0.4, "{mean:?} {variance}");
    Ok(())
}

/// Whether the laws differ or not: the stated error is the spread of the distance over fresh draws of both sets.
#[test]
fn the_standard_error_over_points_is_right() -> Any {
    for (dim, shift) in [(2, 0.0), (2, 1.5), (8, 0.0), (8, 1.0)] {
        let alone = Workers::new(1, 16)?;
        let draw = |i| {
            let mut stream = stream(40_000 + i);
            let (a, b) = (normal(&mut stream, 480, dim, 0.0), normal(&mut stream, 480, dim, shift));
            // The same directions each time, as in the blocks.
            TwoSamples::new(&a, &b, dim).map(|samples| {
                let sliced = SlicedW2::new(&samples, 12, 9, &alone);
                (sliced.over_points(), sliced.estimate().se)
            })
        };
        let found = (0..256_u64).map(draw).collect::<Result<Vec<_>, _>>()?;
        let spread = MeanSe::of(&found.iter().map(|f| f.0.mean).collect::<Vec<_>>()).se * 16.0;
        let stated = MeanSe::of(&found.iter().map(|f| f.0.se.powi(2)).collect::<Vec<_>>()).mean.sqrt();
        assert!((stated / spread - 1.0).abs() < 0.25, "{dim} {shift}: stated {stated}, spread {spread}");
        // The error over directions alone is another thing: it says nothing of the points.
        let over_directions = MeanSe::of(&found.iter().map(|f| f.1).collect::<Vec<_>>()).mean;
        assert!(!(0.75..1.33).contains(&(over_directions / spread)), "{dim} {shift}: {over_directions} {spread}");
    }
    // Too few rows to say.
    let few = TwoSamples::new(&[0.0, 1.0, 2.0], &[1.0, 2.0, 3.0], 1)?;
    assert!(SlicedW2::new(&few, 3, 0, &workers()).over_points().se.is_nan());
    Ok(())
}

#[test]
fn energy_of_shifted_points_and_its_bias() -> Any {
    // Each of two clusters of equal points at distance d: 2 d.
    let samples = TwoSamples::new(&[1.0, 2.0].repeat(7), &[4.0, 6.0].repeat(4), 2)?;
    assert!((Energy::new(&samples, &workers()).observed() - 10.0).abs() < 1e-12);
    // A set and its copies are one distribution.
    let a = normal(&mut stream(9), 9, 2, 0.0);
    assert!(Energy::new(&TwoSamples::new(&a, &a.repeat(3), 2)?, &workers()).observed().abs() < 1e-12);
    // Small sets of N(0, 1) and N(shift, 1), bias and all.
    let (n, m) = (6, 9);
    for shift in [0.0, 0.8] {
        let draw = |i| {
            let mut stream = stream(100 + i);
            let (a, b) = (normal(&mut stream, n, 1, 0.0), normal(&mut stream, m, 1, shift));
            TwoSamples::new(&a, &b, 1).map(|samples| Energy::new(&samples, &workers()).observed())
        };
        let mean = MeanSe::of(&(0..2000_u64).map(draw).collect::<Result<Vec<_>, _>>()?);
        let within = mean_distance(0.0);
        let distance = 2.0 * (mean_distance(shift) - within);
        let want = distance + within / n as f64 + within / m as f64;
        assert!((mean.mean - want).abs() < 4.5 * mean.se, "{mean:?} {want}");
        // The bias is seen.
        assert!((mean.mean - distance).abs() > 10.0 * mean.se);
    }
    Ok(())
}

#[test]
fn mmd2_is_as_defined_and_unbiased() -> Any {
    let (a, b) = (normal(&mut stream(11), 5, 2, 0.0), normal(&mut stream(12), 7, 2, 1.0));
    let found = Mmd2::new(&TwoSamples::new(&a, &b, 2)?, &workers());
    let rows = |x: &[f64]| x.chunks_exact(2).map(<[f64]>::to_vec).collect::<Vec<_>>();
    let (a, b) = (rows(&a), rows(&b));
    let distance = |x: &[f64], y: &[f64]| (x[0] - y[0]).hypot(x[1] - y[1]);
    let pool = [a.clone(), b.clone()].concat();
    let mut all: Vec<f64> =
        (0..12).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| distance(&pool[i], &pool[j])).collect();
    all.sort_by(f64::total_cmp);
    assert!((found.bandwidth() - all[33]).abs() < 1e-14);
    let k = |x: &[f64], y: &[f64]| (-distance(x, y).powi(2) / (2.0 * all[33] * all[33])).exp();
    let mean = |x: &[Vec<f64>], y: &[Vec<f64>], skip: bool| {
        let pairs = (0..x.len()).flat_map(|i| (0..y.len()).map(move |j| (i, j))).filter(|(i, j)| !skip || i != j);
        let values: Vec<f64> = pairs.map(|(i, j)| k(&x[i], &y[j])).collect();
        values.iter().sum::<f64>() / values.len() as f64
    };
    let want = mean(&a, &a, true) + mean(&b, &b, true) - 2.0 * mean(&a, &b, false);
    assert!((found.observed() - want).abs() < 1e-13);
    // Under the null its mean is 0, and not with the diagonal or a shift.
    let draw = |shift: f64| {
        let of = |i| {
            let mut stream = stream(5000 + i);
            let (a, b) = (normal(&mut stream, 8, 2, 0.0), normal(&mut stream, 8, 2, shift));
            TwoSamples::new(&a, &b, 2).map(|samples| Mmd2::new(&samples, &workers()).observed())
        };
        (0..2000_u64).map(of).collect::<Result<Vec<_>, _>>().map(|values| MeanSe::of(&values))
    };
    let (null, moved) = (draw(0.0)?, draw(1.0)?);
    assert!(null.mean.abs() < 4.5 * null.se && moved.mean > 20.0 * moved.se, "{null:?} {moved:?}");
    Ok(())
}

#[test]
fn every_parting_has_the_value_of_its_own_sets() -> Any {
    let (n, m, dim) = (9, 9, 2);
    let (a, b) = (normal(&mut stream(13), n, dim, 0.0), normal(&mut stream(14), m, dim, 0.7));
    let samples = TwoSamples::new(&a, &b, dim)?;
    let order: Vec<usize> = (0..n + m).map(|i| i * 7 % (n + m)).collect();
    let pick = |order: &[usize]| order.iter().flat_map(|&i| samples.row(i)).copied().collect::<Vec<_>>();
    let parted = TwoSamples::new(&pick(&order[..n]), &pick(&order[n..]), dim)?;
    let w = workers();
    let of = |s: &TwoSamples| -> Result<Vec<Box<dyn Statistic>>, crate::Error> {
        let sliced = SlicedW2::new(s, 20, 0, &w);
        Ok(vec![Box::new(Energy::new(s, &w)), Box::new(Mmd2::new(s, &w)), Box::new(sliced), Box::new(W2::new(s, &w)?)])
    };
    for (here, there) in of(&samples)?.iter().zip(of(&parted)?) {
        assert!((here.of(&order) - there.observed()).abs() < 1e-13);
        assert!((here.observed() - there.observed()).abs() > 1e-3);
    }
    Ok(())
}

/// χ² of p-values in 10 bins, against uniformity over (0, 1]; 9 degrees of freedom.
fn chi_square(p: &[f64]) -> f64 {
    let mut counts = [0.0; 10];
    // p = k/100 falls into bin ⌈10 p⌉ − 1.
    p.iter().for_each(|p| counts[((p * 100.0).round() as usize - 1) / 10] += 1.0);
    let expected = p.len() as f64 / 10.0;
    counts.iter().map(|c| (c - expected).powi(2) / expected).sum()
}

#[test]
fn p_values_are_uniform_under_the_null_and_small_under_a_shift() -> Any {
    let w = workers();
    let p_values = |shift: f64, make: Make<'_>| {
        let p = |i| {
            let mut stream = stream(20_000 + i);
            let (a, b) = (normal(&mut stream, 10, 2, 0.0), normal(&mut stream, 10, 2, shift));
            let statistic = make(&TwoSamples::new(&a, &b, 2)?)?;
            permutation_test(&*statistic, 99, i, &w).map(|test| test.p_value)
        };
        (0..300).map(p).collect::<Result<Vec<_>, _>>()
    };
    let makes: [Make<'_>; 4] = [
        &|s| Ok(Box::new(Energy::new(s, &w))),
        &|s| Ok(Box::new(Mmd2::new(s, &w))),
        &|s| Ok(Box::new(SlicedW2::new(s, 5, 0, &w))),
        &|s| Ok(Box::new(W2::new(s, &w)?)),
    ];
    for (i, make) in makes.into_iter().enumerate() {
        let (null, moved) = (p_values(0.0, make)?, p_values(1.0, make)?);
        // 33.7 is exceeded once in 10,000 times.
        assert!(chi_square(&null) < 33.7, "{i} {}", chi_square(&null));
        assert!(chi_square(&moved) > 200.0, "{i} {}", chi_square(&moved));
        assert!(null.iter().chain(&moved).all(|p| (0.01..=1.0).contains(p)));
    }
    Ok(())
}

#[test]
fn equal_points_are_ties() -> Any {
    let samples = TwoSamples::new(&[2.0; 6], &[2.0; 4], 1)?;
    let w = workers();
    assert_eq!(permutation_test(&Energy::new(&samples, &w), 50, 0, &w)?.p_value, 1.0);
    assert_eq!(permutation_test(&Mmd2::new(&samples, &w), 50, 0, &w)?.p_value, 1.0);
    // Of the 6 partings of these two pairs, 2 are as far apart as the one observed: p near 1/3.
    let pairs = TwoSamples::new(&[0.0, 0.1], &[5.0, 5.1], 1)?;
    let test = permutation_test(&Energy::new(&pairs, &w), 5999, 0, &w)?;
    assert!((test.p_value - 1.0 / 3.0).abs() < 0.03, "{test:?}");
    Ok(())
}

#[test]
fn nothing_depends_on_threads_but_on_the_seed() -> Any {
    let (a, b) = (normal(&mut stream(15), 90, 3, 0.0), normal(&mut stream(16), 70, 3, 0.2));
    let options = DistanceOptions { directions: 20, permutations: 99, rows: 50 };
    let at = |seed, threads, rows| distances(&a, &b, 3, seed, &Workers::new(threads, rows)?, &options);
    let found = at(1, 1, 64)?;
    assert_eq!((found.n, found.m, found.permutations), (50, 50, 99));
    assert!(found == at(1, 2, 64)? && found == at(1, 3, 7)?);
    let other = at(2, 1, 64)?;
    assert!(other.energy != found.energy && other.sliced_w2 != found.sliced_w2);
    // Of unequal sets as many rows of each as the smaller has, so that they can be paired; all rows count for the slices.
    let all = distances(&a, &b, 3, 1, &workers(), &DistanceOptions { rows: 1000, ..options })?;
    assert_eq!((all.n, all.m, all.sliced_w2), (70, 70, found.sliced_w2));
    assert!(all.w2.is_some_and(|w2| w2 > all.sliced_w2.mean));
    Ok(())
}

#[test]
fn rows_are_drawn_without_replacement_and_evenly() -> Any {
    let a: Vec<f64> = (0..40).map(f64::from).collect();
    let samples = TwoSamples::new(&a, &[7.0, 8.0], 1)?;
    let mut counts = [0.0; 40];
    for i in 0..1000 {
        let kept = samples.at_most(10, &mut stream(i));
        assert_eq!((kept.n(), kept.m(), kept.row(10)), (10, 2, &[7.0][..]));
        let rows: Vec<usize> = (0..10).map(|i| kept.row(i)[0] as usize).collect();
        assert!(rows.windows(2).all(|pair| pair[0] < pair[1]));
        rows.iter().for_each(|&i| counts[i] += 1.0);
    }
    // Each 250 ± 13.7.
    assert!(counts.iter().all(|c: &f64| (c - 250.0).abs() < 70.0), "{counts:?}");
    Ok(())
}

#[test]
fn wrong_requests_are_refused() -> Any {
    let w = workers();
    let good = DistanceOptions { permutations: 9, ..DistanceOptions::default() };
    let (a, b) = ([0.0, 1.0, 2.0, 3.0], [1.0, 2.0, 3.0, 4.0]);
    let ask = |a: &[f64], b: &[f64], dim, options: &DistanceOptions| {
        distances(a, b, dim, 0, &w, options).map_err(|e| (e.is_request(), e.to_string()))
    };
    assert!(ask(&a, &b, 2, &good).is_ok());
    let refused = [
        (ask(&a, &b, 0, &good), "dim"),
        (ask(&a[..3], &b, 2, &good), "3 numbers"),
        (ask(&a, &b[..2], 2, &good), "at least 2 rows"),
        (ask(&a, &[], 2, &good), "at least 2 rows"),
        (ask(&[0.0, 1.0, 2.0, f64::NAN], &b, 2, &good), "row 1"),
        (ask(&a, &b, 2, &DistanceOptions { directions: 0, ..good }), "directions"),
        (ask(&a, &b, 2, &DistanceOptions { permutations: 0, ..good }), "permutations"),
        (ask(&a, &b, 2, &DistanceOptions { rows: 1, ..good }), "rows"),
    ];
    for (found, reason) in refused {
        assert!(found.as_ref().is_err_and(|(request, text)| *request && text.contains(reason)), "{found:?} {reason}");
    }
    let unequal = TwoSamples::new(&a, &b[..3], 1)?;
    assert!(W2::new(&unequal, &w).is_err_and(|e| e.to_string().contains("3 rows where a has 4")));
    Ok(())
}

/// Twice the size is eight times the time, at worst; this is the largest that the module's users ask for.
#[test]
fn a_thousand_points_are_paired_in_time() -> Any {
    let mut stream = stream(17);
    let a: Vec<f64> = (0..2000).map(|_| stream.random()).collect();
    let b: Vec<f64> = (0..2000).map(|_| stream.random()).collect();
    let found = W2::new(&TwoSamples::new(&a, &b, 2)?, &workers())?.observed();
    // E W₂² of n uniform points in the square is near ln n/(2πn) (Ambrosio, Stra & Trevisan 2019): 0.033 for n = 1000.
    assert!((0.02..0.06).contains(&found), "{found}");
    Ok(())
}
