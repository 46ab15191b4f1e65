//! Every operation against differences of its plain form, closed forms, and Burn's own operations.

mod harness;
mod layers;
mod maps;
mod plain;
mod products;
mod tape;
mod tape_contract;
