//! Which passes a step makes, with which terms, and what a pass does with a chunk.

use std::borrow::Borrow;

use super::combine::Combination;
use super::draw::Draw;
use super::energy;
use super::loss::LossConfig;
use super::term::{Chunk, Needs, Term};
use super::values::LossTerms;
use crate::Error;
use crate::net::Output;
use crate::rows::Rows;
use crate::score::{Directions, Trainable};

/// A term and what it needs.
#[derive(Debug)]
pub(super) struct Member<R: Rows> {
    term: Box<dyn Term<R>>,
    pub needs: Needs,
}

/// The terms of an objective.
#[derive(Debug)]
pub(super) struct Lineup<R: Rows> {
    members: Vec<Member<R>>,
    batch: usize,
    output: Output,
    combination: Combination,
}

/// A pass over some rows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Visit {
    /// The term that draws directions, by its place.
    pub lead: Option<usize>,
    /// Are the terms that ride there?
    pub riders: bool,
    /// Number of rows.
    pub rows: usize,
    pub draw: Draw,
    /// The step.
    pub step: u64,
    /// The name of the points' streams.
    pub stream: &'static str,
}

impl<R: Rows> Member<R> {
    /// Rows come in groups of so many.
    pub fn unit(&self) -> usize {
        self.term.share().unit
    }
}

impl<R: Rows> Lineup<R> {
    /// The terms of a config for networks of this output, for batches of `batch` rows of dimension `dim`.
    ///
    /// # Errors
    /// If the directions of a term cannot be had, or it is not for networks of this output.
    pub fn new(config: &LossConfig, output: Output, dim: usize, batch: usize) -> Result<Self, Error> {
        config.check(output).map_err(|(key, reason)| Error::Output(format!("{key}: {reason}")))?;
        let member = |term: Box<dyn Term<R>>| Ok(Member { needs: term.needs(dim)?, term });
        let members = config.terms(output).into_iter().map(member).collect::<Result<_, Error>>()?;
        Ok(Self { members, batch, output, combination: config.combination })
    }

    /// The directions of the terms that ride, where they have a pass of their own.
    pub fn plain_directions(&self) -> Directions {
        let riders = self.members.iter().find(|member| member.needs.rides());
        riders.map_or_else(|| Directions::new(&[]), |member| member.needs.directions.clone())
    }

    /// The members.
    pub fn members(&self) -> &[Member<R>] {
        &self.members
    }

    /// How the gradients of the passes become one; unless that is by their sum, no term rides with a regulariser.
    pub fn combination(&self) -> Combination {
        self.combination
    }

    /// The weight of a pass's term that draws directions, if there is one and its gradient is to be kept apart.
    #[allow(clippy::cast_precision_loss)]
    pub fn apart(&self, visit: Visit) -> Option<f64> {
        let place = visit.lead.filter(|_| self.combination != Combination::Sum)?;
        let share = self.members[place].term.share();
        Some(share.weight_at(visit.step) * share.every.max(1) as f64)
    }

    /// Calls `pass` for each pass that a step makes.
    pub fn visits(&self, step: u64, mut pass: impl FnMut(Visit)) {
        // Rows of the batch that the terms without directions have seen; none of them is left to be seen after their own pass.
        let mut seen = 0;
        for (place, Member { term, needs }) in self.members.iter().enumerate() {
            let share = term.share();
            let (draw, stream) = (needs.draw, needs.stream);
            if !needs.rides() {
                if share.weight_at(step) != 0.0 {
                    let rows = fraction(self.batch, share.fraction, share.unit);
                    let riders = seen == 0 && stream == Draw::BATCH && self.combination == Combination::Sum;
                    pass(Visit { lead: Some(place), riders, rows, draw, step, stream });
                    seen = if riders { rows } else { seen };
                }
            } else if seen < self.batch {
                let stream = if seen == 0 { stream } else { Draw::REST };
                pass(Visit { lead: None, riders: true, rows: self.batch - seen, draw, step, stream });
                seen = self.batch;
            }
        }
    }

    /// The places of the terms of a pass.
    fn places(&self, visit: Visit) -> impl Iterator<Item = usize> + '_ {
        let riders = self.members.iter().enumerate().filter(|(_, member)| member.needs.rides());
        visit.lead.into_iter().chain(riders.map(|(place, _)| place).filter(move |_| visit.riders))
    }

    /// Takes a chunk, whose points are on the tape, through a pass; `add(place, sum)` takes the terms' sums.
    pub fn chunk(
        &self, visit: Visit, tape: &mut dyn Trainable<R>, chunk: &mut Chunk<'_, R>, mut add: impl FnMut(usize, R::Sum),
    ) {
        let Some(first) = self.places(visit).next() else { return };
        let needs = &self.members[first].needs;
        for (j, v) in chunk.directions.iter().enumerate() {
            R::copy(tape.direction(j), v.borrow());
        }
        tape.forward(0..needs.first);
        match self.output {
            Output::Energy => energy::begin(tape, chunk),
            Output::Score if needs.directions.set().tangent().is_some() => tape.record(),
            Output::Score => {}
        }
        for place in self.places(visit) {
            let share = self.members[place].term.share();
            #[allow(clippy::cast_precision_loss)]
            let scale = share.weight_at(visit.step) * share.every.max(1) as f64 / self.rows_of(place, visit);
            add(place, self.members[place].term.value(tape, chunk, scale));
        }
        if self.output == Output::Energy {
            energy::finish(tape, chunk, needs);
        }
        tape.pull_parameters(needs.directions.parts());
    }

    /// The rows over which a term's mean is taken.
    #[allow(clippy::cast_precision_loss)]
    fn rows_of(&self, place: usize, visit: Visit) -> f64 {
        (if self.members[place].needs.rides() { self.batch } else { visit.rows }) as f64
    }

    /// Adds what a pass's terms contribute, by their sums over its rows.
    pub fn add(&self, visit: Visit, mut sums: impl FnMut(usize) -> f64, values: &mut LossTerms) {
        for place in self.places(visit) {
            let Member { term, needs } = &self.members[place];
            let key = term.name().key;
            // Those that are taken by several passes are divided when all have been made.
            let value = if needs.rides() {
                values.get(key).unwrap_or(0.0) + sums(place)
            } else {
                sums(place) / self.rows_of(place, visit)
            };
            values.set(key, value);
        }
    }

    /// Makes means of the sums of the terms that are taken by several passes.
    #[allow(clippy::cast_precision_loss)]
    pub fn finish(&self, values: &mut LossTerms) {
        for Member { term, .. } in self.members.iter().filter(|member| member.needs.rides()) {
            let key = term.name().key;
            values.set(key, values.get(key).map(|sum| sum / self.batch as f64));
        }
    }
}

/// At least `unit` rows, a multiple of `unit`.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn fraction(batch: usize, fraction: f64, unit: usize) -> usize {
    let rows = (batch as f64 * fraction).ceil() as usize;
    rows.min(batch).div_ceil(unit).max(1) * unit
}
