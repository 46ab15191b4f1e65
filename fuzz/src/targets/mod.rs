//! What the fuzzers call: for each reader of files a function of the bytes of one. `crates/fokker/tests/corpus.rs` includes this
//! file, too, and replays what was found, so it must do with what the library itself depends on.

mod images;
mod own;
mod place;
mod tables;
mod texts;
mod weights;

/// A name, and the function that reads the bytes: it may refuse them in any way but by a panic.
pub type Target = (&'static str, fn(&[u8]));

/// All targets; each has a file of its name in `fuzz_targets/` and a folder in `seeds/`.
pub const TARGETS: [Target; 18] = [
    ("config", texts::config),
    ("names", texts::names),
    ("metrics", own::metrics),
    ("manifest", own::manifest),
    ("audit", own::audit),
    ("checkpoint", own::checkpoint),
    ("part", own::part),
    ("model", weights::model),
    ("safetensors", weights::safetensors),
    ("pth", weights::pth),
    ("npy", tables::npy),
    ("npz", tables::npz),
    ("csv", tables::csv),
    ("parquet", tables::parquet),
    ("idx", images::idx),
    ("cifar", images::cifar),
    ("arrays", images::arrays),
    ("pictures", images::pictures),
];

/// The memory budget of the readers: less than what a fuzzer takes for a leak.
pub const BUDGET: u64 = 512 << 20;

/// Calls a target by its name.
pub fn call(name: &str, bytes: &[u8]) {
    fokker::memory::set_budget(BUDGET);
    let (_, target) = TARGETS.iter().find(|(known, _)| *known == name).expect("a target's name");
    target(bytes);
}
