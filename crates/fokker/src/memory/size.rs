//! Numbers of bytes as text.

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

/// A number of bytes in the unit that suits it.
///
/// ```
/// use fokker::memory::shown;
/// assert_eq!([17, 3 << 29].map(shown), ["17 B", "1.5 GiB"]);
/// ```
#[must_use]
pub fn shown(bytes: u64) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_shown_in_one_unit() {
        assert_eq!([17, 1 << 10, 3 << 29].map(shown), ["17 B", "1.0 KiB", "1.5 GiB"]);
    }
}
