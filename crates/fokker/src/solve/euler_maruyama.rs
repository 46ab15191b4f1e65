//! Fixed steps with additive noise.

/// dy = drift(t, y) dt + diffusion(t) dw, the noise the same in every direction.
///
/// ```
/// use fokker::solve::NoisySystem;
/// /// Motion with neither drift nor noise.
/// struct Rest;
/// impl NoisySystem for Rest {
///     fn drift(&mut self, _t: f64, _y: &[f64], dy: &mut [f64]) {
///         dy.fill(0.0);
///     }
///     fn diffusion(&self, _t: f64) -> f64 {
///         0.0
///     }
///     fn noise(&mut self, z: &mut [f64]) {
///         z.fill(0.0);
///     }
/// }
/// ```
pub trait NoisySystem {
    /// Fills `dy` with the drift at time `t` and state `y`.
    fn drift(&mut self, t: f64, y: &[f64], dy: &mut [f64]);
    /// The factor of dw at time `t`.
    fn diffusion(&self, t: f64) -> f64;
    /// Fills `z` with independent standard normal draws.
    fn noise(&mut self, z: &mut [f64]);
}

/// The Euler–Maruyama method (Maruyama 1955): y ← y + drift h + diffusion √|h| z, weak order 1 and, the noise being additive,
/// strong order 1 (Kloeden & Platen, *Numerical Solution of Stochastic Differential Equations*, 1992, section 10.2).
///
/// A negative step h runs backwards in time; the caller's drift must then be that of the reverse-time equation.
///
/// ```
/// use fokker::solve::{EulerMaruyama, NoisySystem};
/// struct Decay;
/// impl NoisySystem for Decay {
///     fn drift(&mut self, _t: f64, y: &[f64], dy: &mut [f64]) {
///         dy.iter_mut().zip(y).for_each(|(dy, y)| *dy = -y);
///     }
///     fn diffusion(&self, _t: f64) -> f64 {
///         1.0
///     }
///     fn noise(&mut self, z: &mut [f64]) {
///         z.fill(2.0); // not random, for the example
///     }
/// }
/// let mut y = [1.0];
/// EulerMaruyama::default().step(&mut Decay, 0.0, 0.25, &mut y);
/// assert_eq!(y, [1.0 - 0.25 + 2.0 * 0.5]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct EulerMaruyama {
    rate: Vec<f64>,
    noise: Vec<f64>,
}

impl EulerMaruyama {
    /// One step of length `h` from time `t`, in place.
    pub fn step(&mut self, system: &mut dyn NoisySystem, t: f64, h: f64, y: &mut [f64]) {
        self.rate.resize(y.len(), 0.0);
        self.noise.resize(y.len(), 0.0);
        system.drift(t, y, &mut self.rate);
        system.noise(&mut self.noise);
        let spread = system.diffusion(t) * h.abs().sqrt();
        for ((y, rate), z) in y.iter_mut().zip(&self.rate).zip(&self.noise) {
            *y += h * rate + spread * z;
        }
    }
}
