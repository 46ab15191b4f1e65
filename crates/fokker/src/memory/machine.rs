//! How much memory the machine has.

/// What is taken for the machine's memory where it cannot be told.
const UNKNOWN: u64 = 8 << 30;

/// The least of the limits that can be found.
pub(super) fn machine() -> u64 {
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
}
