//! How long the next step is.
//!
//! The PI controller of Gustafsson 1991 (ACM TOMS 17(4)) with the constants of Hairer's `dopri5.f`, but for the growth, which is at
//! most 10 there; Hairer & Wanner, *Solving Ordinary Differential Equations II*, 2nd ed. 1996, eq. IV.2.43:
//! h′ = h · 0.9 · err⁻ᵅ · err_oldᵝ, β = 0.04, α = 1/5 − ¾β.

const BETA: f64 = 0.04;
const ALPHA: f64 = 0.2 - 0.75 * BETA;
const SAFETY: f64 = 0.9;
/// A step changes by no more than these factors.
const SHRINK: f64 = 0.2;
pub(super) const GROW: f64 = 5.0;
/// Least error that is remembered.
const FLOOR: f64 = 1e-4;

/// What the controller remembers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Control {
    last_error: f64,
    after_rejection: bool,
}

impl Control {
    pub fn new() -> Self {
        Self { last_error: FLOOR, after_rejection: false }
    }

    /// The factor to the next step after one of this error (at most 1) was taken.
    pub fn accepted(&mut self, error: f64) -> f64 {
        let wished = SAFETY * self.last_error.powf(BETA) / error.powf(ALPHA);
        let most = if self.after_rejection { 1.0 } else { GROW };
        self.last_error = error.max(FLOOR);
        self.after_rejection = false;
        // At error 0 the wish is infinite, which the bound mends.
        wished.max(SHRINK).min(most)
    }

    /// The factor to the next trial after one of this error (above 1, or not a number) was given up.
    pub fn rejected(&mut self, error: f64) -> f64 {
        self.after_rejection = true;
        let wished = SAFETY / error.powf(ALPHA);
        // A wish that is not a number counts as the least.
        if wished > SHRINK { wished.min(1.0) } else { SHRINK }
    }
}
