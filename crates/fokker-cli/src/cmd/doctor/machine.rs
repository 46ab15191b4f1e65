//! What the system says of the machine; what it does not say is not known.

use std::fs;

/// The processor's name.
pub fn processor() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let name = text.lines().find_map(|line| line.strip_prefix("model name"))?;
    Some(name.trim_start_matches([' ', '\t', ':']).to_owned())
}

/// Processors that this process may use: affinity and control groups count.
pub fn parallelism() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Processors of the machine.
pub fn processors() -> Option<usize> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    Some(text.lines().filter(|line| line.starts_with("processor")).count()).filter(|&count| count > 0)
}

/// A number of bytes in `/proc/meminfo`.
pub fn memory(key: &str) -> Option<u64> {
    of(&fs::read_to_string("/proc/meminfo").ok()?, key)
}

/// The number on the line that begins with a key; the system gives KiB.
fn of(text: &str, key: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    line.trim().strip_suffix("kB")?.trim_end().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_in_bytes() {
        let text = "MemTotal:       24602132 kB\nMemAvailable:    1024 kB\n";
        assert_eq!((of(text, "MemTotal:"), of(text, "MemAvailable:")), (Some(24_602_132 << 10), Some(1 << 20)));
        assert_eq!((of(text, "SwapTotal:"), of("MemTotal: many\n", "MemTotal:")), (None, None));
    }
}
