//! See `csv` in `src/targets/mod.rs`.
#![no_main]

fokker_fuzz::fuzz!("csv");
