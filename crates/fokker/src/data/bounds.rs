//! The box that rows lie in.

/// Widens the box so that it holds `row`.
pub(super) fn extend_box(low: &mut [f32], high: &mut [f32], row: &[f32]) {
    for ((low, high), &x) in low.iter_mut().zip(high).zip(row) {
        *low = low.min(x);
        *high = high.max(x);
    }
}
