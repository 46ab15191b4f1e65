//! The map of the probability-flow ODE: a closed form for a Gaussian, and there and back.

use super::*;
use crate::solve::Limits;

#[test]
fn a_gaussian_is_mapped_by_scaling() -> Any {
    let (workers, tolerance) = (Workers::new(1, 8)?, Tolerance::both(1e-9));
    for sde in [Sde::vp(), Sde::sub_vp(), Sde::ve()] {
        let score = AnalyticScore::new(Mixture::isotropic(&[1.0], &[vec![0.6, -1.0]], 0.3)?, sde.clone());
        let x = [0.5, -0.9, 1.2, 0.0, -0.4, -1.7];
        let z = encode::<f64>(&score, &x, tolerance, Limits::default(), &workers, &|_| {})?;
        // (x_T − m_T μ)/√v_T = (x − m μ)/√v.
        let [start, end] = [sde.t_min(), 1.0].map(|t| sde.at(t));
        let std = [start, end].map(|c| (c.m * c.m * 0.09 + c.sigma * c.sigma).sqrt());
        assert_eq!(z.x.len(), x.len());
        for (i, (x, z)) in x.iter().zip(&z.x).enumerate() {
            let mean = [0.6, -1.0][i % 2];
            let want = end.m * mean + std[1] / std[0] * (x - start.m * mean);
            assert!((z - want).abs() < 1e-6 * std[1], "{sde:?} {z} {want}");
            assert!((z - x).abs() > 1e-3);
        }
    }
    Ok(())
}

#[test]
fn there_and_back() -> Any {
    let workers = Workers::new(2, 8)?;
    for sde in [Sde::vp(), Sde::sub_vp(), Sde::ve()] {
        let (score, x) = (score(&sde)?, sample(&score(&sde)?, 40, &Sampler::default(), 3, &workers, &|_| {})?.x);
        let error = |tolerance| -> Result<f64, Error> {
            let (tolerance, limits) = (Tolerance::both(tolerance), Limits::default());
            let z = encode::<f64>(&score, &x, tolerance, limits, &workers, &|_| {})?;
            let back = decode::<f64>(&score, &z.x, tolerance, limits, &workers, &|_| {})?;
            assert_eq!((z.failed(), back.failed()), (0, 0));
            Ok(worst(back.x.iter().zip(&x).map(|(a, b)| (a - b).abs())))
        };
        let (fine, coarse) = (error(1e-10)?, error(1e-3)?);
        assert!(fine < 1e-6 && coarse > 10.0 * fine, "{sde:?} {fine} {coarse}");
    }
    Ok(())
}

#[test]
fn what_cannot_be_encoded() -> Any {
    let (score, workers) = (score(&Sde::vp())?, Workers::new(1, 8)?);
    let run = |x: &[f64], tolerance| {
        encode::<f64>(&score, x, Tolerance::both(tolerance), Limits::default(), &workers, &|_| {})
    };
    assert!(run(&[1.0], 1e-5).is_err_and(|e| e.to_string().contains("whole rows")));
    assert!(run(&[1.0, 2.0], 0.0).is_err_and(|e| e.to_string().contains("tolerance")));
    let found = run(&[f64::NAN, 1.0, 0.3, 0.4], 1e-5)?;
    assert!(found.failed() == 1 && found.x[0].is_nan() && found.x[2].is_finite());
    assert!(decode::<f64>(&score, &[0.1; 3], Tolerance::default(), Limits::default(), &workers, &|_| {}).is_err());
    Ok(())
}
