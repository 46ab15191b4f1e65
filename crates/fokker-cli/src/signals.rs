//! Signals. The first SIGINT or SIGTERM lets a job end the step that it is in and keep what is done; the second ends the program at once.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// The signal that was caught; 0: none.
static CAUGHT: OnceLock<Arc<AtomicUsize>> = OnceLock::new();

/// Lets jobs end in good order.
pub fn catch() -> io::Result<()> {
    let (caught, again) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    for signal in [SIGINT, SIGTERM] {
        // In this order: it is the second signal that finds the flag set.
        flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&again))?;
        flag::register(signal, Arc::clone(&again))?;
        flag::register_usize(signal, Arc::clone(&caught), usize::try_from(signal).unwrap_or(usize::MAX))?;
    }
    CAUGHT.get_or_init(|| caught);
    Ok(())
}

/// A file that grows beyond the limit of the shell (`ulimit -f`) is a write that fails, with a message, and not the end of the process.
pub fn survive_limits() -> io::Result<()> {
    #[cfg(unix)]
    flag::register(signal_hook::consts::SIGXFSZ, Arc::default())?;
    Ok(())
}

/// The signal that was caught.
pub fn caught() -> Option<u8> {
    let signal = CAUGHT.get().map_or(0, |caught| caught.load(Ordering::Relaxed));
    u8::try_from(signal).ok().filter(|&signal| signal != 0)
}
