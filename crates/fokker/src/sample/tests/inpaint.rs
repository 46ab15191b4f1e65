//! Inpainting against the conditional of a Gaussian.

use super::*;

const CORRELATION: f64 = 0.9;
const KNOWN: f64 = 1.0;

/// Mean and variance of x₁ given x₀, as the sampler finds them, and its score's evaluations.
fn found(sampler: Sampler, resample: Resample) -> Result<(MeanSe, f64), Box<dyn std::error::Error>> {
    let mixture = Mixture::new(&[1.0], &[vec![0.0; 2]], &[vec![1.0, CORRELATION, CORRELATION, 1.0]])?;
    let (score, n) = (AnalyticScore::new(mixture, Sde::vp()), 2000);
    let how = Inpaint { sampler, resample };
    let samples = inpaint::<f64>(&score, n, &[KNOWN, f64::NAN], &how, 0, &Workers::new(2, 64)?, &|_| {})?;
    assert_eq!(samples.failed(), 0);
    assert!(samples.x.iter().step_by(2).all(|&x| x == KNOWN));
    let free: Vec<f64> = samples.x.iter().skip(1).step_by(2).copied().collect();
    let mean = MeanSe::of(&free);
    Ok((mean, mean.se * mean.se * n as f64))
}

#[test]
fn jumps_bring_the_conditional_law() -> Any {
    // x₁ | x₀ ~ N(ρ x₀, 1 − ρ²).
    let (mean, variance) = (CORRELATION * KNOWN, 1.0 - CORRELATION * CORRELATION);
    for sampler in &fixed(100, true)[..3] {
        for (r, close) in [(1, false), (10, true)] {
            let (m, v) = found(*sampler, Resample { length: 1, repeats: r })?;
            let near = (m.mean - mean).abs() < 4.0 * m.se + 0.02 && (v / variance - 1.0).abs() < 0.2;
            let far = (m.mean - mean).abs() > 0.1 && v / variance > 1.3;
            assert!(if close { near } else { far }, "{sampler:?} {r} {m:?} {v}");
        }
    }
    let (m, v) = found(fixed(400, true)[1], Resample { length: 10, repeats: 10 })?;
    assert!((m.mean - mean).abs() < 4.0 * m.se + 0.02 && (v / variance - 1.0).abs() < 0.2, "{m:?} {v}");
    Ok(())
}

#[test]
fn rows_have_their_own_knowledge_whatever_the_batch() -> Any {
    let score = score(&Sde::vp())?;
    let known = [0.3, f64::NAN, f64::NAN, -0.2, f64::NAN, f64::NAN, 0.1, 0.4];
    for sampler in &fixed(12, true)[..4] {
        let how = Inpaint { sampler: *sampler, resample: Resample { length: 5, repeats: 3 } };
        let draw = |n: usize, threads, rows| {
            inpaint::<f64>(&score, n, &known[..2 * n], &how, 0, &Workers::new(threads, rows)?, &|_| {})
        };
        let all = draw(4, 1, 64)?;
        assert_eq!(all, draw(4, 2, 3)?);
        assert_eq!(all.x[..4], draw(2, 1, 64)?.x);
        for (x, known) in all.x.iter().zip(known) {
            assert!(x.is_finite() && (known.is_nan() || *x == known));
        }
        // With every step taken three times, and the end.
        let plain = sample::<f64>(&score, 1, sampler, 0, &Workers::new(1, 1)?, &|_| {})?.evaluations[0];
        assert_eq!(all.evaluations, [3 * (plain - 1) + 1; 4]);
    }
    Ok(())
}

#[test]
fn what_cannot_be_inpainted() -> Any {
    let (score, workers) = (score(&Sde::vp())?, Workers::new(1, 8)?);
    let run = |known: &[f64], how: Inpaint| inpaint::<f64>(&score, 3, known, &how, 0, &workers, &|_| {});
    let refused = |known: &[f64], how: Inpaint, part: &str| {
        run(known, how).is_err_and(|e| e.is_request() && e.to_string().contains(part))
    };
    let quick = |sampler| Inpaint { sampler, ..Inpaint::default() };
    assert!(refused(&[0.1; 4], Inpaint::default(), "one row of 2"));
    assert!(refused(&[f64::INFINITY, 0.0], Inpaint::default(), "finite"));
    for resample in [Resample { length: 0, repeats: 1 }, Resample { length: 1, repeats: 0 }] {
        assert!(refused(&[0.1; 2], Inpaint { resample, ..Inpaint::default() }, "at least 1"));
    }
    let [.., heun, dpm] = fixed(5, true);
    for sampler in [Sampler::default(), heun, dpm] {
        assert!(refused(&[0.1; 2], quick(sampler), "reverse-diffusion"));
    }
    let steep = score.clone().perturbed(vec![1e200, 0.0, 0.0, 1e200]);
    let failed = inpaint::<f64>(&steep, 3, &[0.1, f64::NAN], &quick(fixed(5, true)[1]), 0, &workers, &|_| {})?;
    assert!(failed.failed() == 3 && failed.x.iter().all(|x| x.is_nan()));
    Ok(())
}
