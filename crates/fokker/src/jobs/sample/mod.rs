//! Samples, or latents, of a model as a file.

mod output;
mod part;
mod request;
mod run;

pub use request::{Draws, SampleRequest};
pub use run::{Sampled, sample};
