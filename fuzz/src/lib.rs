//! Fuzzers of everything that reads a file.

pub mod targets;

#[doc(hidden)]
pub use libfuzzer_sys;

/// The whole of a fuzzer, from its target's name.
#[macro_export]
macro_rules! fuzz {
    ($name:literal) => {
        $crate::libfuzzer_sys::fuzz_target!(init: $crate::pass_over_what_is_caught(), |bytes: &[u8]| {
            $crate::targets::call($name, bytes);
        });
    };
}

/// The fuzzer aborts at every panic; one that the library catches and makes an error of is no finding.
pub fn pass_over_what_is_caught() {
    let abort = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !fokker::panic_is_caught() {
            abort(info);
        }
    }));
}
