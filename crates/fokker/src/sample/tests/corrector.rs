//! Langevin steps leave q_t as it is.

use super::super::field::{ChunkField, Field};
use super::super::methods::Langevin;
use super::*;

/// What is done to the samples.
#[derive(Clone, Copy)]
enum Rule {
    /// As it is.
    Expected,
    /// With each row's own norms in place of their means: what one would take for the published rule by rows.
    Own,
}

/// Draws of q_t, and the same after 40 corrector steps at time `at`.
fn corrected(t: f64, at: f64, rule: Rule) -> Result<[Vec<f64>; 2], Box<dyn std::error::Error>> {
    let (sde, n, snr) = (Sde::vp(), 1500, 0.16);
    let score = AnalyticScore::new(Mixture::ring(5, 1.0, 0.3)?, sde.clone());
    let draw = |seed| {
        let mut stream = Streams::new(seed).named("data");
        let (mut x, mut z) = (vec![0.0; 2 * n], vec![0.0; 2 * n]);
        score.mixture().sample(&mut stream, &mut x);
        fill_normal(&mut stream, &mut z);
        let c = sde.at(t);
        x.iter_mut().zip(z).for_each(|(x, z)| *x = c.m * *x + c.sigma * z);
        x
    };
    let (fresh, mut x) = (draw(1), draw(2));
    let streams = (0..n as u64).map(|row| Streams::new(3).at("walk", row, 0)).collect();
    let mut evaluator = score.evaluator(n)?;
    let mut chunk = ChunkField::new(&sde, evaluator.as_mut(), streams);
    let mut langevin = Langevin::new(snr);
    let (mut s, mut z) = (Vec::new(), vec![0.0; 2 * n]);
    for _ in 0..40 {
        if let Rule::Expected = rule {
            langevin.step(&mut chunk, at, &mut x);
            continue;
        }
        chunk.score(at, &x, &mut s);
        chunk.noise(&mut z);
        for ((x, s), z) in x.chunks_exact_mut(2).zip(s.chunks_exact(2)).zip(z.chunks_exact(2)) {
            let length = 2.0 * (snr * z[0].hypot(z[1]) / s[0].hypot(s[1])).powi(2);
            for i in 0..2 {
                x[i] += length * s[i] + (2.0 * length).sqrt() * z[i];
            }
        }
    }
    Ok([fresh, x])
}

/// n/2 times the energy distance 2 E‖X − Y‖ − E‖X − X′‖ − E‖Y − Y′‖ (Székely and Rizzo 2013), over E‖X − Y‖: near 1 for equal laws.
fn energy(x: &[f64], y: &[f64]) -> f64 {
    let mean = |a: &[f64], b: &[f64]| {
        let total: f64 =
            a.chunks_exact(2).map(|a| b.chunks_exact(2).map(|b| (a[0] - b[0]).hypot(a[1] - b[1])).sum::<f64>()).sum();
        total / (a.len() / 2) as f64 / (b.len() / 2) as f64
    };
    let across = mean(x, y);
    (x.len() / 4) as f64 * (2.0 * across - mean(x, x) - mean(y, y)) / across
}

#[test]
fn the_corrector_keeps_the_law() -> Any {
    for t in [0.05, 0.2, 0.6] {
        let [fresh, kept] = corrected(t, t, Rule::Expected)?;
        let distance = energy(&fresh, &kept);
        let square = |x: &[f64]| MeanSe::of(&x.iter().map(|x| x * x).collect::<Vec<_>>());
        let (a, b) = (square(&fresh), square(&kept));
        let mean = |x: &[f64]| MeanSe::of(x);
        assert!(distance < 2.5, "{t} {distance}");
        assert!((mean(&kept).mean).abs() < 4.0 * mean(&kept).se);
        // The bias of the dynamics, (snr σ)²/v and less, beside the sampling error.
        assert!((a.mean - b.mean).abs() < 4.0 * a.se.hypot(b.se) + 0.02 * a.mean, "{t} {a:?} {b:?}");
    }
    // Another time's score moves them, and so do steps by each row's own norms.
    let [fresh, moved] = corrected(0.2, 0.8, Rule::Expected)?;
    let [same, spoiled] = corrected(0.2, 0.2, Rule::Own)?;
    assert!(energy(&fresh, &moved) > 5.0 && energy(&same, &spoiled) > 5.0);
    Ok(())
}
