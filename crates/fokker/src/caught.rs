//! Panics of other libraries that become errors.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread would be caught inside this library and become an error.
///
/// Some decoders panic on damaged files. A library must not let that reach its user, nor change how the process tells of panics: the
/// panic hook belongs to the program. So this library catches such a panic, and says meanwhile, for the thread alone, that it will.
/// A program whose hook asks prints nothing for a panic that does no harm; without that, the usual hook prints it. (Where panics
/// abort, `panic = "abort"`, nothing can be caught.)
///
/// ```
/// let usual = std::panic::take_hook();
/// std::panic::set_hook(Box::new(move |info| {
///     if !fokker::panic_is_caught() {
///         usual(info);
///     }
/// }));
/// assert!(!fokker::panic_is_caught());
/// ```
#[must_use]
pub fn panic_is_caught() -> bool {
    CAUGHT.get()
}

/// A call that panicked.
#[derive(Debug)]
pub(crate) struct Panicked;

/// Calls `call` and catches its panic. Whatever it was changing is then left half-done, and must not be used.
pub(crate) fn catch<T>(call: impl FnOnce() -> T) -> Result<T, Panicked> {
    let before = CAUGHT.replace(true);
    let result = catch_unwind(AssertUnwindSafe(call));
    CAUGHT.set(before);
    result.map_err(|_| Panicked)
}

#[cfg(test)]
mod tests {
    use super::{catch, panic_is_caught};

    #[test]
    fn a_panic_is_caught_and_said_to_be_only_meanwhile() {
        assert!(!panic_is_caught());
        assert!(matches!(catch(|| (panic_is_caught(), 7)), Ok((true, 7))));
        let nested = catch(|| {
            let inner = catch(|| panic!("a decoder's"));
            (inner.is_err(), panic_is_caught(), std::thread::spawn(panic_is_caught).join())
        });
        assert!(matches!(nested, Ok((true, true, Ok(false)))), "{nested:?}");
        assert!(!panic_is_caught());
    }
}
