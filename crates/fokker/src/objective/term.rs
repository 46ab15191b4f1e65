//! What a term of the objective is.

use std::borrow::Borrow;
use std::fmt::Debug;

use super::draw::{ChunkRows, Draw, Probing};
use crate::Error;
use crate::residual::equation::Points;
use crate::rows::Rows;
use crate::score::{Directions, RowTape};

/// What a term is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TermName {
    /// In `metrics.jsonl` and on the progress bar.
    pub key: &'static str,
    /// In words.
    pub label: &'static str,
    /// In formulas.
    pub symbol: &'static str,
    /// What stands before it in the objective, if anything does.
    pub weight: Option<&'static str>,
}

/// A term of the objective. Each says what it must be given, and from that makes its value and the cotangents of the score's parts;
/// one reverse pass with respect to the parameters then gives the gradient of the sum of all terms that shared a pass.
pub(super) trait Term<R: Rows>: Debug + Send + Sync {
    /// What it is called.
    fn name(&self) -> &'static TermName;
    /// Its weight, and how much of the batches it is applied to.
    fn share(&self) -> Share;
    /// What it must be given, for data of dimension `dim`. A term that draws no directions is applied to the whole batch, by the
    /// passes of other terms where they have the same points.
    ///
    /// # Errors
    /// If the directions cannot be had, or even one row along them takes more memory than there may be.
    fn needs(&self, dim: usize) -> Result<Needs, Error>;
    /// The term's sum over a chunk; its cotangents, times `scale`, are added to the seeds. The parts that it needs first have been
    /// computed.
    fn value(&self, tape: &mut dyn RowTape<R>, chunk: &mut Chunk<'_, R>, scale: f64) -> R::Sum;
}

/// What of a term there is in a step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    /// Its weight in the objective, in the end.
    pub weight: f64,
    /// The first step that has it, and the number of steps from there over which its weight grows from 0.
    pub begin: u64,
    pub warmup: u64,
    /// Every k-th step has it, with k-fold weight.
    pub every: u64,
    /// Fraction of the batch.
    pub fraction: f64,
    /// Rows come in groups of so many.
    pub unit: usize,
}

impl Share {
    /// Its weight in a step, before that is made k-fold; 0 where the step has no such term.
    #[allow(clippy::cast_precision_loss)]
    pub fn weight_at(&self, step: u64) -> f64 {
        match step.checked_sub(self.begin) {
            Some(since) if step.is_multiple_of(self.every.max(1)) => {
                self.weight * if since < self.warmup { since as f64 / self.warmup as f64 } else { 1.0 }
            }
            _ => 0.0,
        }
    }
}

/// What a term must be given.
#[derive(Clone, Debug)]
pub(super) struct Needs {
    /// Its points.
    pub draw: Draw,
    /// The name of their random streams: terms of one name have the same points.
    pub stream: &'static str,
    /// The directions in x that are drawn; they are the tape's first ones.
    pub probes: Option<Probing>,
    /// All directions and pairs.
    pub directions: Directions,
    /// The parts that are computed before the term is asked for its value.
    pub first: usize,
}

impl Needs {
    /// Is the term taken along by the passes of those that need more, where they have the same points?
    pub fn rides(&self) -> bool {
        self.probes.is_none() && self.stream == Draw::BATCH
    }
}

/// What a term works with.
pub(super) struct Chunk<'a, R: Rows> {
    pub rows: &'a ChunkRows<R>,
    /// The directions drawn.
    pub directions: &'a [R::Owned],
    /// Two arrays of `rows × D`: for whatever a term wants to keep, the terms of a pass having them one after the other; in a pass of an
    /// energy model s and its cotangent, which all terms add to.
    pub held: &'a mut [R::Owned; 2],
    /// Two columns for whatever a term wants to keep.
    pub columns: &'a mut [R::Owned; 2],
}

impl<'a, R: Rows> Chunk<'a, R> {
    /// The points.
    pub fn points(&self) -> Points<'a, R> {
        let rows = self.rows;
        Points { dim: rows.dim, x: rows.x.borrow(), sde: &rows.sde }
    }
}
