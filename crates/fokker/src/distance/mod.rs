//! How far apart two sets of points are, and whether chance alone would part them so.
//!
//! For sets a (`n × D`) and b (`m × D`), row-major and in one unit:
//!
//! | distance | definition | code |
//! | --- | --- | --- |
//! | W₂ | least root mean square distance of a pairing, n = m (Villani 2009, *Optimal Transport*, definition 6.1) | [`W2`] |
//! | sliced W₂ | root of the mean over unit vectors θ of W₂² of the projections on θ (Bonneel et al. 2015, J. Math. Imaging Vis. 51, definition 2) | [`SlicedW2`] |
//! | energy distance | 2 E‖x − y‖ − E‖x − x′‖ − E‖y − y′‖ (Székely & Rizzo 2013, J. Stat. Plan. Inference 143(8), eq. 6.1) | [`Energy`] |
//! | MMD² | E k(x, x′) + E k(y, y′) − 2 E k(x, y), k a Gaussian kernel (Gretton et al. 2012, JMLR 13, eq. 3) | [`Mmd2`] |
//! | Jensen–Shannon | ½ KL(P ‖ M) + ½ KL(Q ‖ M), M = (P + Q)/2, of histograms of one or two coordinates | [`js()`] |
//! | PMF | E_M (ln P − ln Q)² of histograms | [`pmf()`] |
//!
//! Each but those of histograms is a [`Statistic`]: it is known for every way of parting the pooled points in n and m, which is what
//! [`permutation_test`] needs. [`distances`] has all of them at once.
//!
//! [`memorisation`](memorisation()) tells whether samples are copies of training rows, from their [`nearest_neighbours`].

mod assignment;
mod histogram;
mod kolmogorov_smirnov;
mod memorisation;
mod nearest;
mod pairwise;
mod permutation;
mod sliced;
mod statistic;
mod summary;
mod two_samples;
mod wasserstein;

pub use histogram::{js, pmf};
pub use kolmogorov_smirnov::{KolmogorovSmirnov, kolmogorov_smirnov};
pub use memorisation::{Closest, Memorisation, NearestTraining, memorisation};
pub use nearest::{Neighbours, TrainingRows, nearest_neighbours};
pub use pairwise::{Energy, Mmd2};
pub use permutation::{PermutationTest, permutation_test};
pub use sliced::SlicedW2;
pub use statistic::Statistic;
pub use summary::{DistanceOptions, Distances, distances};
pub use two_samples::TwoSamples;
pub use wasserstein::W2;

#[cfg(test)]
mod tests;
