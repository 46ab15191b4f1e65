//! Every operation against differences of its plain form, closed forms, and Burn's own operations.

#![allow(clippy::needless_range_loop, clippy::cloned_ref_to_slice_refs, reason = "index arithmetic; one shape of call")]

mod harness;
mod layers;
mod maps;
mod plain;
mod products;
mod tape;
mod tape_contract;
