//! Figures: what is measured, said once.
//!
//! A [`Definition`] is all that anybody needs to know of a figure: its key in files, its label and unit, whether less is better, how
//! it is averaged over seeds and whether two models are compared by it, point by point. [`Figures`] are the values of one model. Files,
//! tables, pages, means over seeds and paired differences are made from these two, so that a new figure is a new definition with a
//! value, and nothing else.
//!
//! ```
//! use fokker::figure::{Better, Definition, Difference, Figure, Figures, Value};
//! use fokker::stats::MeanSe;
//! static LOSS: Definition = Definition::mean("loss").named("held-out loss", "nats").better(Better::Lower).paired();
//!
//! // Two models at the same three points.
//! let figures = |values: &[f64]| -> Figures {
//!     [Figure::new(&LOSS, Value::Mean(MeanSe::of(values))).at_points(vec![values.to_vec()])].into_iter().collect()
//! };
//! let (old, new) = (figures(&[1.0, 20.0, 3.0]), figures(&[0.5, 19.5, 2.5]));
//! assert_eq!(old.mean("loss"), Some(MeanSe::of(&[1.0, 20.0, 3.0])));
//! // What both find hard costs the comparison nothing.
//! let found = Difference::between(&new, &old).less("loss").ok_or("no such figure")?;
//! assert_eq!((found.mean, found.se), (-0.5, 0.0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod definition;
mod difference;
mod figures;
mod json;
mod value;

pub use definition::{Better, Cell, Definition, Look, Notation, OverSeeds, Paired, Root, Shape, Shown};
pub use difference::{Contrast, Difference, Ratios};
pub use figures::{Figure, Figures};
pub use value::{Record, Value};

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
