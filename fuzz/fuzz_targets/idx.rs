//! See `idx` in `src/targets/mod.rs`.
#![no_main]

fokker_fuzz::fuzz!("idx");
