//! Coordinates of samples that are given, and how often the others are brought into line with them.

/// Jumps back in time (Lugmayr et al. 2022, RePaint, arXiv 2201.09865, section 4.2 and appendix B): each stretch of `length` steps is
/// taken `repeats` times, with the forward SDE's exact transition back to its start in between.
///
/// ```
/// assert_eq!(fokker::sample::Resample::once().repeats, 1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resample {
    /// Steps of a stretch, the paper's jump length.
    pub length: usize,
    /// Times that it is taken, the paper's number of resamplings.
    pub repeats: usize,
}

impl Default for Resample {
    /// Length 1, 10 times. (The paper's length for images of 250 steps is 10.)
    fn default() -> Self {
        Self { length: 1, repeats: 10 }
    }
}

impl Resample {
    /// No jump: plain replacement.
    #[must_use]
    pub fn once() -> Self {
        Self { length: 1, repeats: 1 }
    }
}

/// Coordinates that are given.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<'a> {
    /// One row, or one for each sample; NaN where unknown.
    pub values: &'a [f64],
    pub dim: usize,
}

impl Known<'_> {
    /// Sets each known coordinate of the rows from number `first` on to `value(place in x, value given)`.
    pub fn replace(&self, first: usize, x: &mut [f64], value: impl Fn(usize, f64) -> f64) {
        let start = first * self.dim;
        for (i, x) in x.iter_mut().enumerate() {
            let given = self.values[(start + i) % self.values.len()];
            if !given.is_nan() {
                *x = value(i, given);
            }
        }
    }
}
