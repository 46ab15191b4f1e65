//! The command line: every test runs the real program in a scratch directory.
#![allow(clippy::unwrap_used)]

mod util;

mod audit;
mod bench;
mod columns;
mod compare;
mod doctor;
mod endurance;
mod energy;
mod eval;
mod failed_run;
mod fetch;
mod flips;
mod full_output;
mod help;
mod image_rows;
mod images;
mod kills;
mod limits;
mod logp;
mod logp_long;
mod names;
mod occupied;
mod own_data;
mod presets;
mod random_configs;
mod report;
mod reproducible;
mod resume;
mod same_data;
mod sample;
mod schema;
mod simulate;
mod soak;
mod sweep;
mod terminal;
mod unet;
mod weights;
mod without_end;
mod wrong_config;
mod wrong_data;
mod wrong_images;
mod wrong_model;
mod wrong_output;
mod wrong_usage;
