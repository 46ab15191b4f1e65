//! Simulations with a trained model, however long they are.
//!
//! Frames, and the state of all chains, are kept in `FILE.part` as they come; the result is written from it at the end (see
//! `docs/energy.md`).

mod compute;
mod defaults;
mod density;
mod options;
mod output;
mod part;
mod run;
mod simulated;
mod start;

pub use options::SimulateOptions;
pub use run::simulate;
pub use simulated::Simulated;
