//! Group normalisation of jets, forward and back.
//!
//! Within a group of n numbers a, with parts a_p, a_pq, let h = r (a − mean a), h_p = r (a_p − mean a_p), h_pq likewise,
//! r = (var a + ε)^{−½}, and ⟨·⟩ be the mean over the group. With k_p = ⟨h h_p⟩ and κ_pq = ⟨h_p h_q⟩ + ⟨h h_pq⟩ − 3 k_p k_q, the parts
//! of the normalised numbers are
//!
//! y = h, y_p = h_p − k_p h, y_pq = h_pq − k_q h_p − k_p h_q − κ_pq h,
//!
//! that is y_i = Σ_j L_ij h_j. All sums over pixels are taken channel by channel; the rest is algebra with a few numbers per group.

mod forward;
mod numbers;
mod reverse;
mod sums;
mod terms;

pub(crate) use forward::forward;
pub(crate) use numbers::Norm;
pub(crate) use reverse::{Affine, reverse};
