//! The values that are tried.

use crate::util::Chance;

/// Values that no key expects, or that are at the end of what a type can hold.
const EXTREMES: &[&str] = &[
    "0",
    "1",
    "-1",
    "2",
    "3",
    "2147483647",
    "2147483648",
    "4294967296",
    "9007199254740992",
    "9000000000000000000",
    "-9223372036854775808",
    "99999999999999999999",
    "1e308",
    "-1e308",
    "1e-308",
    "1e-5",
    "0.5",
    "1.0",
    "0.999999",
    "nan",
    "-nan",
    "inf",
    "-inf",
    "true",
    "\"\"",
    "\"a\"",
    "\"x\\ny\\u0000\"",
    "[]",
    "[0]",
    "[1e-3, 0.5]",
    "[nan]",
    "[[1], [2]]",
    "{}",
    "{ kind = \"exact\" }",
    "{ a = { b = { c = 1 } } }",
    "1979-05-27",
    "\"4 GiB\"",
    "\"1 B\"",
    "\"900 MiB\"",
    "=",
    "[",
    "\"",
];

/// Sizes that are large but not absurd, of what takes memory rather than time.
pub const SIZES: &[&str] = &["64", "1000", "4096", "10000", "65536", "1000000", "16777216"];

/// Keys that such sizes are tried on.
pub const SIZED: &[&str] = &[
    "network.width",
    "network.time.features",
    "network.time.frequencies",
    "network.groups",
    "train.batch",
    "train.chunk_rows",
    "train.threads",
    "loss.fp.divergence.probes",
    "loss.scalar.divergence.probes",
    "data.dim",
    "data.modes",
    "data.components",
    "data.size",
    "audit.samples",
    "audit.points",
];

/// Keys whose large values ask for long work, and for nothing else.
pub const LONG: &[&str] = &["train.steps", "data.frames", "data.every"];

/// What is tried on options.
pub const OPTIONS: &[&str] = &[
    "0",
    "1",
    "2",
    "5",
    "-1",
    "1.5",
    "nan",
    "inf",
    "-inf",
    "1e308",
    "1e-300",
    "2147483648",
    "9007199254740992",
    "18446744073709551615",
    "99999999999999999999",
    "",
    "x",
    "0x10",
    "0.3",
];

/// A value that is at some end.
pub fn extreme(chance: &mut Chance) -> String {
    match chance.below(40) {
        0 => format!("\"{}\"", "x".repeat(60_000)),
        1 => "[".repeat(1 + chance.below(30_000)),
        2 => format!("{}1{}", "[".repeat(100), "]".repeat(100)),
        3 => format!("{}1{}", "{ a = ".repeat(60), " }".repeat(60)),
        4 => format!("[{}]", "0.5,".repeat(3000)),
        _ => (*chance.of(EXTREMES)).to_owned(),
    }
}
