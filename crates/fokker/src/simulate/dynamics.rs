//! The numbers of Langevin dynamics.

use crate::Error;

/// Δt, kT, m and γ, in units that fit together: x in those of the data.
///
/// ```
/// use fokker::simulate::Dynamics;
/// let muller_brown = Dynamics { dt: 5e-3, kt: 23.0, mass: 0.5, friction: 1.0 };
/// assert!(muller_brown.validate().is_ok());
/// assert!(Dynamics::of(0.0).validate().unwrap_err().to_string().contains("dt"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dynamics {
    /// The time step Δt.
    pub dt: f64,
    /// The temperature kT, an energy: it sets how fast chains are, not where they are.
    pub kt: f64,
    /// The mass m of every coordinate.
    pub mass: f64,
    /// The friction γ, one over time.
    pub friction: f64,
}

impl Dynamics {
    /// Of this time step, with kT = m = γ = 1.
    ///
    /// ```
    /// assert_eq!(fokker::simulate::Dynamics::of(0.1).kt, 1.0);
    /// ```
    #[must_use]
    pub fn of(dt: f64) -> Self {
        Self { dt, kt: 1.0, mass: 1.0, friction: 1.0 }
    }

    /// Refuses what is not positive and finite.
    ///
    /// # Errors
    /// [`Error::Config`], naming the first key at fault.
    pub fn validate(&self) -> Result<(), Error> {
        match self.fault() {
            None => Ok(()),
            Some((key, _)) => Err(Error::Config {
                origin: "dynamics".into(),
                key: key.into(),
                reason: "must be positive and finite".into(),
            }),
        }
    }

    /// The first number that is not positive and finite, and its name.
    pub(crate) fn fault(&self) -> Option<(&'static str, f64)> {
        let all = [("dt", self.dt), ("kt", self.kt), ("mass", self.mass), ("friction", self.friction)];
        all.into_iter().find(|(_, value)| !(*value > 0.0 && value.is_finite()))
    }

    /// What is left of a velocity after a step, e^{−γΔt}, and the standard deviation of the noise that makes up for the rest,
    /// √(kT (1 − e^{−2γΔt})/m): the Ornstein–Uhlenbeck process of the velocities, exactly.
    pub(super) fn thermostat(&self) -> (f64, f64) {
        let exponent = self.friction * self.dt;
        ((-exponent).exp(), (self.kt * -(-2.0 * exponent).exp_m1() / self.mass).sqrt())
    }

    /// h = kT Δt/(mγ), the variance of an overdamped step being 2h: it is x + h ∇ log q + √(2h) ξ.
    pub(super) fn overdamped_step(&self) -> f64 {
        self.kt * self.dt / (self.mass * self.friction)
    }
}
