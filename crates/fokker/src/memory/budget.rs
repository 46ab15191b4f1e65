//! What may be taken, and what is.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::machine::machine;
use super::size::shown;

/// The part of the machine's memory that is the budget unless one is set: one in so many.
const SHARE: u64 = 2;

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
