//! How much memory the process has, where the system says so.

use std::fs;

/// Resident memory at one moment, in MiB.
#[derive(Clone, Copy, Debug)]
pub struct Resident {
    /// Now.
    pub now: f64,
    /// The most there ever was.
    pub peak: f64,
}

impl Resident {
    /// As Linux tells it; `None` elsewhere.
    pub fn read() -> Option<Self> {
        let status = fs::read_to_string("/proc/self/status").ok()?;
        Some(Self { now: mib(&status, "VmRSS:")?, peak: mib(&status, "VmHWM:")? })
    }
}

/// The number on the line of `/proc/self/status` that starts with `key`; the system gives KiB.
fn mib(status: &str, key: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(key))?;
    Some(line.trim().strip_suffix("kB")?.trim_end().parse::<f64>().ok()? / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read_in_mib() {
        let status = "Name:\tfokker\nVmHWM:\t    3072 kB\nVmRSS:\t    1536 kB\nThreads:\t1\n";
        assert_eq!(mib(status, "VmHWM:"), Some(3.0));
        assert_eq!(mib(status, "VmRSS:"), Some(1.5));
        assert_eq!(mib(status, "VmSwap:"), None);
        assert_eq!(mib("VmRSS:\tmany\n", "VmRSS:"), None);
    }
}
