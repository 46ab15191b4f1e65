//! How the gradients of denoising and of the regularisers become one.

use fokker_jet::Real;
use serde::{Deserialize, Serialize};

/// How the regularisers' gradient g_R, weights included, is joined to that of denoising, g_D.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Combination {
    /// g_D + g_R: the gradient of the objective.
    #[default]
    Sum,
    /// g_D + α (‖g_D‖/‖g_R‖) g_R: the weight of the one regulariser is its share of the step, whatever its size (as Wang et al. 2021,
    /// arXiv 2001.04536, balance the terms of a physics-informed network).
    Balanced,
    /// g_D + g_R, less what of g_R points against g_D (Yu et al. 2020, arXiv 2001.06782, on one side): the regularisers never undo what
    /// denoising asks for.
    Projected,
}

impl Combination {
    /// The factors of g_D and g_R, from ⟨g_D, g_D⟩, ⟨g_D, g_R⟩, ⟨g_R, g_R⟩ and the regulariser's weight.
    ///
    /// ```
    /// use fokker::objective::Combination::{Balanced, Projected, Sum};
    /// assert_eq!(Sum.factors([4.0, -2.0, 9.0], 0.1), [1.0, 1.0]);
    /// // α times as long as g_D: 0.1 · 2 = (0.2/3) · 3.
    /// assert_eq!(Balanced.factors([4.0, -2.0, 9.0], 0.1), [1.0, 0.2 / 3.0]);
    /// // g_R + ½ g_D is at a right angle to g_D.
    /// assert_eq!(Projected.factors([4.0, -2.0, 9.0], 0.1), [1.5, 1.0]);
    /// assert_eq!(Projected.factors([4.0, 2.0, 9.0], 0.1), [1.0, 1.0]);
    /// ```
    #[must_use]
    pub fn factors(self, [dd, dr, rr]: [f64; 3], weight: f64) -> [f64; 2] {
        match self {
            Self::Balanced if rr > 0.0 => [1.0, weight * (dd / rr).sqrt()],
            Self::Projected if dr < 0.0 && dd > 0.0 => [1.0 - dr / dd, 1.0],
            _ => [1.0, 1.0],
        }
    }

    /// Makes of g_D the gradient of a step.
    pub(super) fn join<F: Real>(self, denoising: &mut [F], regularisers: &[F], weight: f64) {
        let [mut dd, mut dr, mut rr] = [0.0; 3];
        for (&d, &r) in denoising.iter().zip(regularisers) {
            let (d, r) = (d.as_f64(), r.as_f64());
            dd += d * d;
            dr += d * r;
            rr += r * r;
        }
        let [d, r] = self.factors([dd, dr, rr], weight).map(F::of);
        denoising.iter_mut().zip(regularisers).for_each(|(g, &of_r)| *g = d * *g + r * of_r);
    }
}
