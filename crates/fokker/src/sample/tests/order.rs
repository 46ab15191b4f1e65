//! The order of the deterministic solvers, by the slope of their error over doubled steps.

use super::super::field::Field;
use super::super::fixed_step::FixedStepRun;
use super::super::method::{FixedStep, Start};
use super::*;
use crate::solve::Limits;

/// x′ = (m′/m) x + m′ (v′ − v) ε: the twin, of order 1.
struct Euler(Vec<f64>);

impl FixedStep for Euler {
    fn step(&mut self, field: &mut dyn Field, grid: &[f64], at: usize, x: &mut [f64]) {
        let (from, to) = (field.sde().at(grid[at]), field.sde().at(grid[at + 1]));
        let scale = to.m / from.m;
        field.score(from.t, x, &mut self.0);
        for (x, s) in x.iter_mut().zip(&self.0) {
            *x = scale * *x - (to.sigma - scale * from.sigma) * from.sigma * s;
        }
    }
}

/// The slope of ln error against ln(1/steps), by least squares.
pub(super) fn slope(steps: &[usize], errors: &[f64]) -> f64 {
    let points: Vec<_> = steps.iter().zip(errors).map(|(&n, e)| (-(n as f64).ln(), e.ln())).collect();
    let n = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), p| (x + p.0 / n, y + p.1 / n));
    points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum::<f64>() / points.iter().map(|p| (p.0 - x).powi(2)).sum::<f64>()
}

#[test]
fn of_the_deterministic_solvers() -> Any {
    let workers = Workers::new(1, 64)?;
    let steps = [80, 160, 320, 640];
    for sde in [Sde::vp(), Sde::sub_vp(), Sde::ve()] {
        let score = score(&sde)?;
        let (starts, streams) = prior(&sde, 24.into(), 2, 5);
        let truth =
            decode::<f64>(&score, &starts, Tolerance::both(1e-12), Limits { steps: 100_000 }, &workers, &|_| {})?;
        for grid in [TimeGrid::LogSnr, TimeGrid::Karras] {
            let order = |start: &Start| -> Result<f64, Error> {
                let error = |&steps: &usize| {
                    let grid = grid.times(&sde, steps);
                    let run = FixedStepRun {
                        grid: &grid,
                        denoise: false,
                        kept: &[],
                        known: None,
                        workers: &workers,
                        progress: &|_| {},
                    };
                    let found = run.samples::<f64>(&score, &starts, &streams, start)?.0;
                    Ok(found.x.iter().zip(&truth.x).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt())
                };
                Ok(slope(&steps, &steps.iter().map(error).collect::<Result<Vec<_>, Error>>()?))
            };
            let first: Start = Box::new(|| Box::new(Euler(Vec::new())));
            let of = |sampler: Sampler| sampler.plan()?.steps().ok_or("adaptive".into()).map(|fixed| fixed.start);
            let of = |sampler: Sampler| -> Result<Start, Box<dyn std::error::Error>> { of(sampler) };
            let first = order(&first)?;
            let heun = order(&of(Heun::default().into())?)?;
            let dpm = order(&of(DpmSolverPp::default().into())?)?;
            assert!((first - 1.0).abs() < 0.15, "Euler {sde:?} {grid:?} {first}");
            assert!((heun - 2.0).abs() < 0.25, "Heun {sde:?} {grid:?} {heun}");
            assert!((dpm - 2.0).abs() < 0.25, "DPM-Solver++ {sde:?} {grid:?} {dpm}");
        }
    }
    Ok(())
}

#[test]
fn the_last_of_few_steps_is_of_first_order() -> Any {
    let (score, workers) = (score(&Sde::vp())?, Workers::new(1, 64)?);
    let draw = |steps, lower_order_final| {
        let sampler = DpmSolverPp { steps, grid: TimeGrid::LogSnr, lower_order_final, denoise: false }.into();
        sample::<f64>(&score, 5, &sampler, 0, &workers, &|_| {})
    };
    assert_ne!(draw(14, true)?, draw(14, false)?);
    assert_eq!(draw(15, true)?, draw(15, false)?);
    // One step has no history: x′ = (σ′/σ) x + m′ (1 − e^{−h}) x̂ by hand.
    let (x, sde) = (draw(1, false)?.x, Sde::vp());
    let (from, to) = (sde.at(1.0), sde.at(sde.t_min()));
    let (starts, q) = (prior(&sde, 5.into(), 2, 0).0, score.mixture().diffused(&from));
    for (x, start) in x.chunks_exact(2).zip(starts.chunks_exact(2)) {
        let mut s = [0.0; 2];
        q.score(start, &mut s);
        for i in 0..2 {
            let data = (start[i] + from.sigma * from.sigma * s[i]) / from.m;
            let want = to.sigma / from.sigma * start[i] + (to.m - from.m * to.sigma / from.sigma) * data;
            assert!((x[i] - want).abs() < 1e-9);
        }
    }
    Ok(())
}
