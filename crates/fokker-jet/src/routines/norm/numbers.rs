//! What a normalisation does, and the numbers that it keeps.

use super::terms::Coefficient;
use crate::Real;

/// What a normalisation does: `pixels` of `channels`, in `groups`.
#[derive(Clone, Copy)]
pub(crate) struct Norm {
    pub pixels: usize,
    pub channels: usize,
    pub groups: usize,
    pub epsilon: f64,
    /// Stored parts of the operand, and of the result.
    pub a_parts: usize,
    pub y_parts: usize,
}

impl Norm {
    /// Numbers that a row keeps from the forward pass for the others: for each group r, the mean of each part of the operand, and
    /// for each part of the result k_p or κ_pq.
    pub fn kept(self) -> usize {
        self.groups * self.kept_of_group()
    }

    fn kept_of_group(self) -> usize {
        1 + self.a_parts + self.y_parts
    }

    pub(super) fn of_group(self) -> usize {
        self.channels / self.groups
    }

    /// n.
    #[allow(clippy::cast_precision_loss)]
    pub(super) fn count<F: Real>(self) -> F {
        F::of((self.pixels * self.of_group()) as f64)
    }
}

/// What a row keeps, group by group.
pub(super) struct Kept<'a, F> {
    pub norm: Norm,
    pub numbers: &'a mut [F],
}

impl<F: Real> Kept<'_, F> {
    pub(super) fn r(&mut self, group: usize) -> &mut F {
        &mut self.numbers[group * self.norm.kept_of_group()]
    }

    pub(super) fn mean(&mut self, group: usize, slot: usize) -> &mut F {
        &mut self.numbers[group * self.norm.kept_of_group() + 1 + slot]
    }

    pub(super) fn k(&mut self, group: usize, slot: usize) -> &mut F {
        &mut self.numbers[group * self.norm.kept_of_group() + 1 + self.norm.a_parts + slot]
    }

    /// L_ij.
    pub(super) fn coefficient(&mut self, l: Coefficient, group: usize) -> F {
        match l {
            Coefficient::Minus(slot) => -*self.k(group, slot),
            _ => F::ONE,
        }
    }

    /// The means of a part, for every channel.
    pub(super) fn means(&mut self, slot: usize, to: &mut Vec<F>) {
        to.clear();
        for group in 0..self.norm.groups {
            let mean = *self.mean(group, slot);
            to.resize(to.len() + self.norm.of_group(), mean);
        }
    }
}

/// Memory for one number per channel, and for what is known of the groups.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch<F> {
    /// Means of two parts.
    pub(super) means: [Vec<F>; 2],
    pub(super) sums: Vec<F>,
    pub(super) coefficients: Vec<F>,
    /// Group by group, the cotangents over n of k_p and κ_pq (by their places in the result) and, last, that of r times −r/n.
    pub(super) adjoints: Vec<F>,
    /// Part by part and group by group, the mean of γ ȳ.
    pub(super) mean_cotangents: Vec<F>,
}
