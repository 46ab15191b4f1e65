//! One memory budget for the process: what a request would take is computed, and refused, before anything is allocated.
//!
//! A system that hands out memory it does not have kills the process at some later write, hours in. So whoever is about to take
//! memory in proportion to what a user asked for first asks [`require`] here; where the work can be done in groups, the group is
//! the largest that [`budget`] allows. What is kept for long (data, a model in training, workspaces) is counted by [`hold`] as long as
//! it is there, so that the next request has the rest. Files of a length that is not known grow with what arrives, and are given
//! up at the budget ([`read`], [`read_to_end`]).

mod read;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

pub use read::{PerRecord, Record, read, read_text, read_to_end, refusal};

/// The part of the machine's memory that is the budget unless one is set: one in so many.
const SHARE: u64 = 2;

/// What is taken for the machine's memory where it cannot be told.
const UNKNOWN: u64 = 8 << 30;

/// The budget that was set; 0: none.
static SET: AtomicU64 = AtomicU64::new(0);

/// What is held at present.
static HELD: AtomicU64 = AtomicU64::new(0);

/// A request that would take more memory than there may be.
///
/// ```
/// use fokker::memory::MemoryError;
/// let error = MemoryError { what: "-n 1000000".into(), needed: 49 << 30, budget: 12 << 30 };
/// assert!(error.to_string().starts_with("-n 1000000: would take about 49.0 GiB, but the memory budget is 12.0 GiB"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{what}: would take about {}, but the memory budget is {}: ask for less, or raise it with --memory (or the key memory)",
    shown(*.needed),
    shown(*.budget)
)]
pub struct MemoryError {
    /// The key, option or file that asks for it.
    pub what: String,
    /// Bytes that would be taken, with those that are held already; [`u64::MAX`] if they cannot be counted.
    pub needed: u64,
    /// Bytes that there may be.
    pub budget: u64,
}

/// The budget in bytes: what [`set_budget`] said, else half of the least of the machine's memory, the control group's limit and
/// the limit on the address space.
///
/// ```
/// assert!(fokker::memory::budget() > 0);
/// ```
#[must_use]
pub fn budget() -> u64 {
    static FOUND: OnceLock<u64> = OnceLock::new();
    match SET.load(Ordering::Relaxed) {
        0 => *FOUND.get_or_init(|| (machine() / SHARE).max(1)),
        set => set,
    }
}

/// Sets the budget of the whole process; 0: what is found to be right for the machine.
///
/// ```
/// fokker::memory::set_budget(1 << 33);
/// assert_eq!(fokker::memory::budget(), 1 << 33);
/// fokker::memory::set_budget(0);
/// ```
pub fn set_budget(bytes: u64) {
    SET.store(bytes, Ordering::Relaxed);
}

/// Sets the budget unless it is set already: what a config says, which an option goes before.
///
/// ```
/// fokker::memory::set_budget(1 << 33);
/// fokker::memory::suggest_budget(1 << 20);
/// assert_eq!(fokker::memory::budget(), 1 << 33);
/// ```
pub fn suggest_budget(bytes: u64) {
    // A budget that is set stays.
    let _ = SET.compare_exchange(0, bytes, Ordering::Relaxed, Ordering::Relaxed);
}

/// Refuses what would take more than the budget has left; `what` is the key, option or file that asks for it.
///
/// # Errors
/// [`MemoryError`], with the bytes that would be taken.
///
/// ```
/// use fokker::memory::require;
/// assert!(require("--rows", 1000).is_ok());
/// assert!(require("--rows", u64::MAX).is_err());
/// ```
pub fn require(what: &str, needed: u64) -> Result<(), MemoryError> {
    let (needed, budget) = (needed.saturating_add(held()), budget());
    if needed <= budget { Ok(()) } else { Err(MemoryError { what: what.into(), needed, budget }) }
}

/// Memory that is taken: it counts as long as this is there.
#[derive(Debug)]
pub struct Held(u64);

impl Drop for Held {
    fn drop(&mut self) {
        HELD.fetch_sub(self.0, Ordering::Relaxed);
    }
}

/// As [`require`], and counts the bytes from now on.
///
/// # Errors
/// As [`require`].
///
/// ```
/// use fokker::memory::{budget, held, hold};
/// let some = hold("data.path", budget() / 2)?;
/// assert_eq!(held(), budget() / 2);
/// assert!(hold("network.width", budget() / 3 * 2).is_err());
/// drop(some);
/// assert!(hold("network.width", budget() / 3 * 2).is_ok());
/// # Ok::<(), fokker::memory::MemoryError>(())
/// ```
pub fn hold(what: &str, bytes: u64) -> Result<Held, MemoryError> {
    let budget = budget();
    let sum = |held: u64| held.checked_add(bytes).filter(|&sum| sum <= budget);
    match HELD.fetch_update(Ordering::Relaxed, Ordering::Relaxed, sum) {
        Ok(_) => Ok(Held(bytes)),
        Err(held) => Err(MemoryError { what: what.into(), needed: held.saturating_add(bytes), budget }),
    }
}

/// Bytes that are held at present.
#[must_use]
pub fn held() -> u64 {
    HELD.load(Ordering::Relaxed)
}

/// The product of some counts, as bytes that may be asked for: too large a product is [`u64::MAX`].
///
/// ```
/// use fokker::memory::product;
/// assert_eq!(product(&[3, 4, 8]), 96);
/// assert_eq!(product(&[usize::MAX, 8]), u64::MAX);
/// ```
#[must_use]
pub fn product(counts: &[usize]) -> u64 {
    counts.iter().fold(1, |product: u64, &count| product.saturating_mul(count as u64))
}

/// A number of bytes as people write it: digits, and one of `B`, `KiB`, `MiB`, `GiB`, `TiB` (or `K`, `M`, `G`, `T`; powers of 1024).
///
/// # Errors
/// The reason, if it is none.
///
/// ```
/// use fokker::memory::parse;
/// assert_eq!(parse("1.5 GiB"), Ok(3 << 29));
/// assert_eq!(parse("4096"), Ok(4096));
/// assert!(parse("much").is_err() && parse("0").is_err() && parse("1e30 GiB").is_err());
/// ```
pub fn parse(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let unit: u64 = match text[end..].trim().trim_end_matches("iB") {
        "" | "B" => 1,
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        "T" => 1 << 40,
        _ => return Err(format!("{text}: a size is a number and one of B, KiB, MiB, GiB, TiB")),
    };
    let number: f64 = text[..end].parse().map_err(|_| format!("{text}: a size begins with a number"))?;
    #[allow(clippy::cast_precision_loss)]
    let bytes = number * unit as f64;
    // Beyond 2⁶³ no machine has an address.
    if !(1.0..9.2e18).contains(&bytes) {
        return Err(format!("{text}: must be between 1 B and 8388608 TiB"));
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    Ok(bytes as u64)
}

/// Bytes as text.
fn shown(bytes: u64) -> String {
    #[allow(clippy::cast_precision_loss)]
    let value = bytes as f64;
    let power = (1..=5).rev().find(|&power| value >= 1024_f64.powi(power)).unwrap_or(0);
    match power {
        0 => format!("{bytes} B"),
        _ if bytes == u64::MAX => "more bytes than can be counted".into(),
        _ => {
            format!("{:.1} {}", value / 1024_f64.powi(power), ["B", "KiB", "MiB", "GiB", "TiB", "PiB"][power as usize])
        }
    }
}

/// The least of the limits that can be found.
fn machine() -> u64 {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let limits = [
        total(&read("/proc/meminfo")),
        number(&read("/sys/fs/cgroup/memory.max")),
        number(&read("/sys/fs/cgroup/memory/memory.limit_in_bytes")),
        address_space(&read("/proc/self/limits")),
    ];
    limits.into_iter().flatten().min().unwrap_or(UNKNOWN)
}

/// `MemTotal` of `/proc/meminfo`, which is in KiB.
fn total(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    number(line.trim_end_matches("kB")).map(|kib| kib << 10)
}

/// The soft limit on the address space in `/proc/self/limits`.
fn address_space(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    number(line.split_whitespace().next()?)
}

fn number(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_as_the_kernel_writes_them() {
        assert_eq!(total("MemTotal:       24602132 kB\nMemFree: 1 kB\n"), Some(24_602_132 << 10));
        let limits = "Limit                     Soft Limit           Hard Limit           Units\n\
                      Max address space         2147483648           unlimited            bytes\n";
        assert_eq!(address_space(limits), Some(2 << 30));
        assert_eq!(address_space(&limits.replace("2147483648", "unlimited ")), None);
        assert_eq!((number("max\n"), number("4096\n"), total("")), (None, Some(4096), None));
    }

    #[test]
    fn sizes_are_shown_in_one_unit() {
        assert_eq!([17, 1 << 10, 3 << 29].map(shown), ["17 B", "1.0 KiB", "1.5 GiB"]);
    }
}
