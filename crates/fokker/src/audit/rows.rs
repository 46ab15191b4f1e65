//! The points of an audit: held-out rows, each at most once in any figure, diffused to a time.

use std::ops::Range;

use fokker_jet::Real;
use rand_distr::{Distribution, StandardNormal};

use crate::data::{Data, HeldOut};
use crate::rng::Streams;
use crate::sde::{Coefficients, Sde};

/// Held-out rows in the audit's own order, which is the same for every figure and every model audited with the same seed.
pub(super) struct AuditRows<'a> {
    pub data: &'a Data,
    pub sde: &'a Sde,
    streams: Streams,
    held_out: HeldOut<'a>,
}

impl<'a> AuditRows<'a> {
    pub fn new(data: &'a Data, sde: &'a Sde, seed: u64) -> Self {
        let streams = Streams::new(seed);
        Self { data, sde, streams, held_out: HeldOut::new(data, &mut streams.named("audit-held-out")) }
    }

    /// How many of `wanted` rows can be had.
    pub fn most(&self, wanted: usize) -> usize {
        self.held_out.most(wanted)
    }

    /// The rows at these places, as far as there are any, diffused to the time of `c`; `draw` numbers the draw of their noise.
    pub fn diffused(&self, c: &Coefficients, places: Range<usize>, draw: u64) -> Vec<f32> {
        let (from, to, dim) = (self.most(places.start), self.most(places.end), self.data.dim());
        let mut rng = self.streams.at("audit", draw, 0);
        let mut x = vec![0.0_f32; to.saturating_sub(from) * dim];
        for (place, row) in (from..to).zip(x.chunks_exact_mut(dim)) {
            self.held_out.row(place, &mut rng, row);
            for v in row {
                let z: f64 = StandardNormal.sample(&mut rng);
                *v = f32::of(c.m * f64::from(*v) + c.sigma * z);
            }
        }
        x
    }

    /// The rows at these places themselves, as far as there are any.
    pub fn plain(&self, places: Range<usize>) -> Vec<f32> {
        self.held_out.draw(places, &mut self.streams.named("audit-nll"))
    }
}
