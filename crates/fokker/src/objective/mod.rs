//! The training objective J = J_DSM + α R_vec + β R_scalar + γ R_QC + η R_2 + κ R_C: a list of terms, and the passes that evaluate them.
//!
//! Each term is a file: what its table of the config says, what it must be given, and its value and cotangents at a chunk of rows, in
//! row operations. They are listed in `loss.rs`; `lineup.rs` says which passes a step makes.

mod combine;
mod conservativity;
mod consistency;
mod cost;
mod cpu;
#[cfg(feature = "burn")]
mod device;
mod draw;
mod dsm;
mod energy;
mod fault;
mod fp;
mod lineup;
mod loss;
mod pass;
mod ranks;
mod reference;
mod scalar;
mod second_order;
mod sliced;
mod term;
#[cfg(test)]
mod tests;
mod time;
mod time_weight;
mod values;
mod vector;

pub use combine::Combination;
pub use conservativity::ConservativityConfig;
pub use consistency::ConsistencyConfig;
pub use cpu::{Objective, Step};
#[cfg(feature = "burn")]
pub use device::DeviceObjective;
pub use dsm::Weighting;
pub use fp::{Estimator, FpConfig, Norm, PointSource, Scale};
pub use loss::LossConfig;
pub use scalar::{ScalarConfig, ScalarForm};
pub use second_order::SecondOrderConfig;
pub use term::TermName;
pub use time::{TimeSampler, TimeSampling};
pub use time_weight::TimeWeight;
pub use values::LossTerms;
