//! The rows of an audit: held-out ones, each at most once in any figure, diffused to a time.

use std::ops::Range;

use fokker_jet::Real;
use rand::seq::index;
use rand_distr::{Distribution, StandardNormal};

use super::Points;
use crate::rng::{Stream, Streams};
use crate::sde::Coefficients;

/// Held-out rows in the audit's own order, which is the same for every figure and every model audited with the same seed.
pub(super) struct AuditRows<'a> {
    points: &'a Points<'a>,
    streams: Streams,
    /// The rows' numbers; `None` for a generator, whose rows are drawn afresh.
    order: Option<Vec<usize>>,
}

impl<'a> AuditRows<'a> {
    pub fn new(points: &'a Points<'a>, seed: u64) -> Self {
        let streams = Streams::new(seed);
        let mut rng = streams.named("audit-held-out");
        let order = points.len().map(|rows| index::sample(&mut rng, rows, rows).into_vec());
        Self { points, streams, order }
    }

    /// How many of `wanted` rows can be had.
    pub fn most(&self, wanted: usize) -> usize {
        self.order.as_ref().map_or(wanted, |order| order.len().min(wanted))
    }

    /// The rows at these places, as far as there are any, diffused to the time of `c`; `draw` numbers the draw of their noise.
    pub fn diffused<F: Real>(&self, c: &Coefficients, places: Range<usize>, draw: u64) -> Vec<F> {
        let mut rng = self.streams.at("audit", draw, 0);
        self.read(places, &mut rng, |x, rng| {
            let z: f64 = StandardNormal.sample(rng);
            F::of(c.m * x + c.sigma * z)
        })
    }

    /// The rows at these places themselves, as far as there are any.
    pub fn plain(&self, places: Range<usize>) -> Vec<f64> {
        self.read(places, &mut self.streams.named("audit-nll"), |x, _| x)
    }

    fn read<T>(&self, places: Range<usize>, rng: &mut Stream, mut each: impl FnMut(f64, &mut Stream) -> T) -> Vec<T> {
        let (from, to, dim) = (self.most(places.start), self.most(places.end), self.points.dim());
        let mut row = vec![0.0; dim];
        let mut x = Vec::with_capacity(to.saturating_sub(from) * dim);
        for place in from..to {
            let index = self.order.as_ref().map_or(0, |order| order[place]);
            self.points.row(index, rng, &mut row);
            x.extend(row.iter().map(|&x| each(x, rng)));
        }
        x
    }
}
