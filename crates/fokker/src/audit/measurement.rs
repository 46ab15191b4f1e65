//! What a measurement is.

use fokker_jet::Real;

use super::context::Context;
use crate::Error;
use crate::figure::{Definition, Figure};
use crate::sde::Coefficients;
use crate::stats::MeanSe;

/// Figures that are had together, and how.
pub(super) struct Measurement<F: Real> {
    /// Whether they are there or not: what the measurement may give.
    pub figures: Vec<&'static Definition>,
    pub measure: Measure<F>,
}

/// How figures are had.
pub(super) enum Measure<F: Real> {
    /// One time after the other: profiles. Nothing, where the figures cannot be had.
    AtTimes(AtTimes<F>),
    /// All at once; `what` is said meanwhile, if anything is to be said.
    Once { what: Option<&'static str>, measure: Once<F> },
}

type AtTimes<F> = fn(&Context<'_, F>, &Rows<'_, F>) -> Result<Vec<AtOneTime>, Error>;
type Once<F> = fn(&Context<'_, F>) -> Result<Vec<Figure>, Error>;

/// Points x ~ q_t at one time.
pub(super) struct Rows<'a, F> {
    /// The SDE at the time.
    pub c: Coefficients,
    /// `rows × D`.
    pub x: &'a [F],
    /// The time, for each row.
    pub times: &'a [f64],
}

/// A profile at one time.
pub(super) struct AtOneTime {
    pub definition: &'static Definition,
    pub value: MeanSe,
    /// The values behind it, if models are compared by them.
    pub points: Vec<f64>,
}
