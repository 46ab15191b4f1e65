//! Scores given by networks.
//!
//! A [`ScoreModel`] is everything about one but its numbers: a [graph](fokker_jet::Graph) of x, features of t and the factors of a
//! [`Parameterisation`]. It is what is trained ([`Objective`](crate::objective::Objective)); with its parameters it is a
//! [`NetworkScore`].

mod energy;
mod inputs;
mod model;
mod network_score;
mod parameterisation;
mod places;
mod tape;
#[cfg(feature = "burn")]
mod tensor_tape;

pub use energy::NetworkEnergy;
pub(crate) use energy::require as require_energy;
pub use model::{DropoutMask, ScoreModel};
pub use network_score::NetworkScore;
pub use parameterisation::Parameterisation;
pub use tape::NetworkTape;
#[cfg(feature = "burn")]
pub(crate) use tensor_tape::NetworkTensors;
