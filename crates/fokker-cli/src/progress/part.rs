//! How far a part of an audit is that is done by rows.

use std::time::Instant;

use crate::numbers::{duration, grouped};

/// How far a part is.
pub struct Part {
    done: u64,
    of: u64,
    /// The first that was heard of it, and when that was.
    from: u64,
    begun: Instant,
}

impl Part {
    /// What is known of the present part when so many rows are done: threads may tell of them in another order than they did them. `None`
    /// when it is over.
    pub fn heard(before: Option<Self>, done: u64, of: u64, now: Instant) -> Option<Self> {
        if done >= of {
            return None;
        }
        Some(match before {
            Some(part) if part.of == of => Self { done: part.done.max(done), ..part },
            _ => Self { done, of, from: done, begun: now },
        })
    }

    /// The row that it has come to, and how long it takes yet, at the speed so far.
    #[allow(clippy::cast_precision_loss)]
    pub fn text(&self, now: Instant) -> String {
        let Self { done, of, from, begun } = *self;
        let rows = format!("row {} of {}", grouped(done), grouped(of));
        let speed = (done - from) as f64 / (now - begun).as_secs_f64().max(1e-9);
        if speed > 0.0 { format!("{rows}, {} left", duration((of - done) as f64 / speed)) } else { rows }
    }
}
