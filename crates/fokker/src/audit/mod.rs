//! What can be measured on a score model: residual of the score FPE, conservativity, score error, likelihood and its bound, the
//! distance between samples of its ODE and of its SDE, copies of training rows; and pictures of it.
//!
//! [`audit`] takes any score with derivatives, [`Points`] and an [`AuditConfig`], and gives an [`Audit`], whose
//! [figures](crate::figure) files, tables and pages are made from.

mod answers;
mod config;
mod context;
mod divergence;
mod files;
mod measure;
mod measurement;
mod part;
mod pictures;
mod points;
mod result;
mod rows;
mod run;
mod spread;

pub use answers::{Answer, Judgement, verdict};
pub use config::AuditConfig;
pub use divergence::default_divergence;
pub use measure::definitions;
pub use part::AuditPart;
pub use pictures::{DataPictures, LogDensity, MemorisationPictures, ModelPictures, Trajectories};
pub use points::Points;
pub use result::Audit;
pub(crate) use run::parts;
pub use run::{Watcher, audit, audit_from};

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
