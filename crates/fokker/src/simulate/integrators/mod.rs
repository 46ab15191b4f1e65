//! The integrators. A new one is a file here and its place in [`ALL`], which makes it known to the program's `--integrator`.

mod baoab;
mod mala;
mod overdamped;
mod scoremd;

use super::integrator::Integrator;

/// The integrator unless one is asked for.
pub(super) const DEFAULT: Integrator = baoab::BAOAB;

/// All of them, in the order in which they are listed.
pub(super) const ALL: &[Integrator] = &[baoab::BAOAB, scoremd::SCOREMD, overdamped::OVERDAMPED, mala::MALA];
