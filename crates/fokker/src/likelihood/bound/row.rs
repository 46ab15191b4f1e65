//! A row on its way through its draws.

use crate::rng::Stream;
use crate::rows::dot;
use crate::sde::{Coefficients, Sde, T_MAX, Transition};

/// Draws in a stratum of t.
pub(super) const PAIR: usize = 2;

/// What a draw knows of the score near the mean of x_t: σ s ≈ b − κ ρ z.
#[derive(Clone, Debug)]
pub(super) struct Linear {
    b: Vec<f64>,
    kappa: f64,
}

/// A row on its way through its draws.
pub(super) struct Row<'a> {
    pub x: &'a [f64],
    pub stream: Stream,
    /// The last draw of z.
    pub z: Vec<f64>,
    /// The weight of its t towards ∫ dt g²/σ², and its ρ = σ̃/σ.
    pub weight: f64,
    pub rho: f64,
    /// The local linear model of each of the two chains of draws.
    pub chains: [Linear; PAIR],
    /// The integrand at the stratum's first draw.
    pub first: f64,
    /// E log prior(x_T) + ∫ a D dt, less the integral over the strata done; its variance.
    pub value: f64,
    pub variance: f64,
}

impl<'a> Row<'a> {
    #[allow(clippy::cast_precision_loss)]
    pub fn new(x: &'a [f64], sde: &Sde, stream: Stream) -> Self {
        let dim = x.len() as f64;
        let to_end = Transition::between(&sde.at(sde.t_min()), &sde.at(T_MAX));
        let mean: Vec<f64> = x.iter().map(|x| to_end.scale * x).collect();
        let prior = sde.log_prior(&mean) - 0.5 * dim * (to_end.std() / sde.prior_std()).powi(2);
        let unknown = Linear { b: Vec::new(), kappa: 0.0 };
        Self {
            x,
            stream,
            z: vec![0.0; x.len()],
            weight: 0.0,
            rho: 0.0,
            chains: [unknown.clone(), unknown],
            first: 0.0,
            value: prior + dim * to_end.scale.ln(),
            variance: 0.0,
        }
    }

    /// σ²(½‖s‖² + div s) less the control variates of a chain, and the chain's model for its next draw.
    #[allow(clippy::cast_precision_loss)]
    pub fn absorb(&mut self, chain: usize, c: &Coefficients, s: impl Iterator<Item = f64>, divergence: f64) -> f64 {
        let (dim, rho) = (self.z.len() as f64, self.rho);
        let scaled: Vec<f64> = s.map(|s| c.sigma * s).collect();
        let divergence = c.sigma * c.sigma * divergence;
        let Linear { b, kappa } = &self.chains[chain];
        let slope = kappa * rho;
        let control = 0.5 * slope * slope * (dot(&self.z, &self.z) - dim) - slope * dot(b, &self.z);
        let value = 0.5 * dot(&scaled, &scaled) + divergence - control;
        // 0 for a score that does not vary, 1 for one that is all noise's.
        let kappa = (-divergence / dim).clamp(0.0, 1.0);
        let b = scaled.iter().zip(&self.z).map(|(s, z)| s + kappa * rho * z).collect();
        self.chains[chain] = Linear { b, kappa };
        value
    }
}
