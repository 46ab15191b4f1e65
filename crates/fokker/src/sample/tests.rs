//! Moments of a mixture, a wrong score, independence of rows, failures.

use super::*;
use crate::score::analytic::AnalyticScore;
use crate::score::mixture::Mixture;

type Any = Result<(), Box<dyn std::error::Error>>;

fn mixture() -> Result<Mixture, Box<dyn std::error::Error>> {
    let (means, covariances) = (vec![-1.0, 0.5], vec![0.3, 0.1, 0.1, 0.2]);
    Ok(Mixture::new(&[1.0, 3.0], &[means, vec![1.0, 0.0]], &[covariances, vec![0.1, 0.0, 0.0, 0.4]])?)
}

#[test]
#[ignore = "measurement"]
fn grids() -> Any {
    let mixture = mixture()?;
    let n = 40_000;
    let workers = Workers::new(2, 64)?;
    for sde in [Sde::vp(), Sde::sub_vp(), Sde::ve()] {
        let score = AnalyticScore::new(mixture.clone(), sde.clone());
        for steps in [25, 50, 100, 200, 500] {
            let q = |i: usize, p: f64| {
                let u = i as f64 / steps as f64;
                let e = 1.0 / p;
                (T_MAX.powf(e) + u * (sde.t_min().powf(e) - T_MAX.powf(e))).powf(p)
            };
            let grids = [
                ("snr", grid::log_snr(&sde, steps)),
                ("uniform", (0..=steps).map(|i| q(i, 1.0)).collect()),
                ("quadratic", (0..=steps).map(|i| q(i, 2.0)).collect()),
                ("cubic", (0..=steps).map(|i| q(i, 3.0)).collect()),
            ];
            for (name, grid) in grids {
                let (x, streams) = prior(&sde, n, 2, 0);
                let found = reverse::reverse_sde(&score, &x, &streams, &grid, false, &workers, &|_| {})?;
                let qt = mixture.diffused(&sde.at(sde.t_min()));
                let mut fresh = vec![0.0; 2 * n];
                mixture.sample(&mut Streams::new(9).named("x"), &mut fresh);
                let c = sde.at(sde.t_min());
                let mut noise = vec![0.0; 2 * n];
                fill_normal(&mut Streams::new(9).named("z"), &mut noise);
                fresh.iter_mut().zip(&noise).for_each(|(x, z)| *x = c.m * *x + c.sigma * z);
                // mean log q: of samples minus of truth; and sliced W1 over 8 directions
                let ml = |x: &[f64]| x.chunks_exact(2).map(|x| qt.log_density(x)).sum::<f64>() / n as f64;
                let mut w = 0.0;
                for k in 0..8 {
                    let a = std::f64::consts::PI * k as f64 / 8.0;
                    let proj = |x: &[f64]| {
                        let mut p: Vec<f64> = x.chunks_exact(2).map(|x| x[0] * a.cos() + x[1] * a.sin()).collect();
                        p.sort_by(f64::total_cmp);
                        p
                    };
                    w += proj(&found.x).iter().zip(&proj(&fresh)).map(|(a, b)| (a - b).abs()).sum::<f64>() / n as f64 / 8.0;
                }
                println!("{} {steps} {name}: dlogq {:+.4} slicedW1 {w:.4} failed {}", format!("{sde:?}").split(' ').next().unwrap_or(""), ml(&found.x) - ml(&fresh), found.failed());
            }
        }
    }
    Ok(())
}
