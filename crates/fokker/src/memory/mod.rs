//! One memory budget for the process: what a request would take is computed, and refused, before anything is allocated.
//!
//! A system that hands out memory it does not have kills the process at some later write, hours in. So whoever is about to take
//! memory in proportion to what a user asked for first asks [`require`] here; where the work can be done in groups, the group is
//! the largest that [`budget`] allows. What is kept for long (data, a model in training, workspaces) is counted by [`hold`] as long as
//! it is there, so that the next request has the rest. Files of a length that is not known grow with what arrives, and are given
//! up at the budget ([`read`], [`read_to_end`]).

mod budget;
mod machine;
mod read;
mod record;
mod refusal;
mod size;

pub use budget::{Held, MemoryError, budget, held, hold, product, require, set_budget, suggest_budget};
pub use read::{read, read_text, read_to_end};
pub use record::{PerRecord, Record};
pub use refusal::refusal;
pub use size::{parse, shown};
