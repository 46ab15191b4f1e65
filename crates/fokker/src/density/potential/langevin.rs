//! Langevin dynamics in a potential.

use rand::RngExt;
use rand_distr::StandardNormal;

use super::energy::Potential;
use super::error::{PotentialError, number};
use crate::rng::Stream;

/// A coordinate that is farther off than this is lost.
const LOST: f64 = 1e6;

/// Mass, friction and time step of Langevin dynamics, in the potential's units.
///
/// ```
/// use fokker::density::potential::{Dynamics, Potential, PotentialName};
/// let potential = Potential::new(PotentialName::MuellerBrown, None, None)?;
/// assert_eq!(potential.dynamics(), Dynamics { mass: 0.5, friction: 1.0, dt: 5e-3 });
/// # Ok::<(), fokker::density::potential::PotentialError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dynamics {
    /// The mass m of each coordinate.
    pub mass: f64,
    /// The friction γ, per unit of time.
    pub friction: f64,
    /// The time step Δt.
    pub dt: f64,
}

/// One step of Langevin dynamics m dv = (F − γ m v) dt + √(2γ m kT) dW, dx = v dt, as ScoreMD takes it (Plainer et al. 2025):
///
/// > v ← e v + ((1 − e)/γ) F(x)/m + √(kT (1 − e²)/m) ξ,  x ← x + Δt v,  e = exp(−γ Δt), ξ ~ N(0, 1).
///
/// Velocities without a force keep N(0, kT/m) exactly; the error in x is of the order of Δt².
///
/// ```
/// use fokker::density::potential::{Dynamics, Integrator};
/// let integrator = Integrator::new(&Dynamics { mass: 1.0, friction: 1.0, dt: 0.1 }, 1.0)?;
/// let (mut x, mut v) = ([0.0], [1.0]);
/// integrator.step(&mut x, &mut v, &[0.0], &[0.0]);
/// assert!((v[0] - (-0.1_f64).exp()).abs() < 1e-15 && (x[0] - 0.1 * v[0]).abs() < 1e-15);
/// # Ok::<(), fokker::density::potential::PotentialError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Integrator {
    /// e.
    decay: f64,
    /// (1 − e)/(γ m).
    push: f64,
    /// √(kT (1 − e²)/m).
    kick: f64,
    /// √(kT/m).
    thermal: f64,
    dt: f64,
}

impl Integrator {
    /// The step of these dynamics at temperature `kt`.
    ///
    /// # Errors
    /// [`PotentialError::Parameter`] unless mass, friction and time step lie between 1e-9 and 1e9, and kT is positive and finite.
    pub fn new(dynamics: &Dynamics, kt: f64) -> Result<Self, PotentialError> {
        let Dynamics { mass, friction, dt } = *dynamics;
        for (key, value) in [("mass", mass), ("friction", friction), ("dt", dt)] {
            number(key, value, 1e-9, 1e9)?;
        }
        number("kt", kt, f64::MIN_POSITIVE, f64::MAX)?;
        let lost = -(-friction * dt).exp_m1();
        let kick = (kt / mass * -(-2.0 * friction * dt).exp_m1()).sqrt();
        Ok(Self { decay: 1.0 - lost, push: lost / (friction * mass), kick, thermal: (kt / mass).sqrt(), dt })
    }

    /// √(kT/m), the standard deviation of a velocity in equilibrium.
    #[must_use]
    pub fn thermal_speed(&self) -> f64 {
        self.thermal
    }

    /// One step of positions `x` and velocities `v`, given the force at `x` and as many standard normal numbers; any number of
    /// coordinates, of one particle or of many.
    pub fn step(&self, x: &mut [f64], v: &mut [f64], force: &[f64], normals: &[f64]) {
        for (((x, v), force), normal) in x.iter_mut().zip(v).zip(force).zip(normals) {
            *v = self.decay * *v + self.push * force + self.kick * normal;
            *x += self.dt * *v;
        }
    }
}

/// A trajectory from `start` with v ~ N(0, kT/m): its position after every `every` steps, `frames` rows of D values. The start is no row,
/// and nothing is left out at the beginning.
///
/// # Errors
/// [`PotentialError::Lost`] if a position is no longer finite, or farther than 10⁶ away; as for [`Integrator::new`].
///
/// ```
/// use fokker::density::potential::{Potential, PotentialName, trajectory};
/// use fokker::rng::Streams;
/// let potential = Potential::new(PotentialName::DoubleWell, Some(2), None)?;
/// let (dynamics, start) = (potential.dynamics(), potential.start());
/// let rows = trajectory(&potential, &dynamics, &start, 100, 50, &mut Streams::new(0).named("trajectory"))?;
/// assert_eq!(rows.len(), 200);
/// # Ok::<(), fokker::density::potential::PotentialError>(())
/// ```
///
/// # Panics
/// If `start` has not D values.
pub fn trajectory(
    potential: &Potential, dynamics: &Dynamics, start: &[f64], frames: usize, every: usize, rng: &mut Stream,
) -> Result<Vec<f64>, PotentialError> {
    let dim = potential.dim();
    assert_eq!(start.len(), dim, "a trajectory starts at a point of the potential's space");
    let integrator = Integrator::new(dynamics, potential.kt())?;
    let (mut x, mut force, mut normals) = (start.to_vec(), vec![0.0; dim], vec![0.0; dim]);
    let mut v: Vec<f64> = (0..dim).map(|_| integrator.thermal * rng.sample::<f64, _>(StandardNormal)).collect();
    let mut rows = Vec::with_capacity(frames.saturating_mul(dim));
    for frame in 0..frames {
        for _ in 0..every {
            potential.force(&x, &mut force);
            normals.iter_mut().for_each(|z| *z = rng.sample(StandardNormal));
            integrator.step(&mut x, &mut v, &force, &normals);
        }
        if !x.iter().all(|x| x.abs() <= LOST) {
            let steps = (frame as u64 + 1).saturating_mul(every as u64);
            return Err(PotentialError::Lost { dt: dynamics.dt, steps });
        }
        rows.extend_from_slice(&x);
    }
    Ok(rows)
}
