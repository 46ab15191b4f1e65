//! Seals: the SHA-256 digests by which fokker's own files, read back, are told from damaged ones.
//!
//! A JSON object is sealed by an entry `sha256` before all others: the digest of the text without it, and of what lies beside the text (tensors,
//! another file). A text without a seal is one that an earlier version or another program wrote, and is taken as it is.

use sha2::{Digest, Sha256};

const KEY: &str = "\"sha256\":";

/// Hexadecimal digits of a digest.
const DIGITS: usize = 64;

/// A digest in hexadecimal digits.
pub(crate) fn hex(digest: Sha256) -> String {
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The text of a JSON object with its seal; `beside` has taken in what belongs to it.
pub(crate) fn seal(text: &str, beside: Sha256) -> String {
    let digest = hex(beside.chain_update(text));
    match text.strip_prefix("{\n") {
        Some(rest) => format!("{{\n  {KEY} \"{digest}\",\n{rest}"),
        None => format!("{{{KEY}\"{digest}\",{}", text.strip_prefix('{').unwrap_or(text)),
    }
}

/// The text as it was before it was sealed; `None` if it, or what lies beside it, is not what was sealed.
pub(crate) fn unsealed(text: &str, beside: impl FnOnce() -> Sha256) -> Option<String> {
    let compact = |text: &str| {
        let (digest, rest) = text.strip_prefix('{')?.strip_prefix(KEY)?.strip_prefix('"')?.split_at_checked(DIGITS)?;
        Some((digest.to_owned(), format!("{{{}", rest.strip_prefix("\",")?)))
    };
    let pretty = |text: &str| {
        let rest = text.strip_prefix("{\n  ")?.strip_prefix(KEY)?.strip_prefix(" \"")?;
        let (digest, rest) = rest.split_at_checked(DIGITS)?;
        Some((digest.to_owned(), format!("{{\n{}", rest.strip_prefix("\",\n")?)))
    };
    match compact(text).or_else(|| pretty(text)) {
        Some((digest, text)) => (hex(beside().chain_update(&text)) == digest).then_some(text),
        None => Some(text.to_owned()),
    }
}

/// The last line of a sealed text of lines, but for the digest.
const LINE: &str = "# sha256 ";

/// A text of lines with a comment as its last that has its digest.
pub(crate) fn seal_lines(text: &str) -> String {
    let text = without_line(text).map_or(text, |(before, _)| before);
    format!("{text}{LINE}{}\n", hex(Sha256::new_with_prefix(text)))
}

/// Is the text, if it has a digest, the one that it was made of?
pub(crate) fn lines_hold(text: &str) -> bool {
    without_line(text).is_none_or(|(before, digest)| hex(Sha256::new_with_prefix(before)) == digest)
}

fn without_line(text: &str) -> Option<(&str, &str)> {
    let start = text.strip_suffix('\n')?.rfind('\n')? + 1;
    Some((&text[..start], text[start..].strip_prefix(LINE)?.trim_end_matches('\n')))
}

/// The key of a sealed line's digest, and its digits: enough to tell a flipped bit, and short.
const CHECK: &str = ",\"check\":\"";
const CHECK_DIGITS: usize = 8;

/// A line, a JSON object, with its digest as its last entry.
pub(crate) fn seal_line(line: &str) -> String {
    format!("{}{CHECK}{}\"}}", line.strip_suffix('}').unwrap_or(line), check(line))
}

/// The line as it was before it was sealed; `None` if it is not what was sealed.
pub(crate) fn unsealed_line(line: &str) -> Option<String> {
    let sealed = line.strip_suffix("\"}").and_then(|line| line.split_at_checked(line.len().checked_sub(CHECK_DIGITS)?));
    match sealed.and_then(|(line, digits)| Some((format!("{}}}", line.strip_suffix(CHECK)?), digits))) {
        Some((line, digits)) => (check(&line) == digits).then_some(line),
        None => Some(line.to_owned()),
    }
}

fn check(line: &str) -> String {
    hex(Sha256::new_with_prefix(line))[..CHECK_DIGITS].to_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Each text with one bit flipped, as far as it is a text.
    fn flips(text: &str) -> impl Iterator<Item = String> + '_ {
        (0..8 * text.len()).filter_map(|bit| {
            let mut bytes = text.as_bytes().to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            String::from_utf8(bytes).ok()
        })
    }

    /// Is a text that is taken the same object, or none that a strict reader takes?
    fn same_or_refused(found: Option<String>, value: &serde_json::Value) -> bool {
        let Some(parsed) = found.and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok()) else {
            return true;
        };
        // One flip in the seal's key leaves an entry that is unknown.
        parsed == *value || parsed.as_object().is_some_and(|object| object.len() > value.as_object().unwrap().len())
    }

    #[test]
    fn a_flipped_bit_is_told() {
        let value = serde_json::json!({"version": 2, "name": "ü", "steps": 250});
        for text in [serde_json::to_string(&value).unwrap(), serde_json::to_string_pretty(&value).unwrap() + "\n"] {
            let sealed = seal(&text, Sha256::new_with_prefix("tensors"));
            assert_eq!(unsealed(&sealed, || Sha256::new_with_prefix("tensors")).as_ref(), Some(&text));
            assert_eq!(unsealed(&sealed, || Sha256::new_with_prefix("tensorz")), None);
            assert_eq!(serde_json::from_str::<serde_json::Value>(&sealed).unwrap()["steps"], 250);
            for flipped in flips(&sealed) {
                let found = unsealed(&flipped, || Sha256::new_with_prefix("tensors"));
                assert!(same_or_refused(found, &value), "{flipped}");
            }
        }
        assert_eq!(unsealed("{\"a\":1}", Sha256::new).as_deref(), Some("{\"a\":1}"), "no seal");
    }

    #[test]
    fn a_line_with_a_flipped_bit_is_told() {
        let value = serde_json::json!({"step": 50, "dsm": 0.25});
        let line = serde_json::to_string(&value).unwrap();
        let sealed = seal_line(&line);
        assert_eq!(unsealed_line(&sealed), Some(line.clone()));
        assert_eq!(unsealed_line(&line), Some(line));
        for flipped in flips(&sealed) {
            assert!(same_or_refused(unsealed_line(&flipped), &value), "{flipped}");
        }
    }

    #[test]
    fn a_config_with_a_flipped_bit_is_told_and_one_without_its_last_line_taken() {
        let text = "seed = 0\n[train]\nsteps = 10\n";
        let sealed = seal_lines(text);
        assert!(lines_hold(&sealed) && lines_hold(text) && !lines_hold(&sealed.replace("10", "11")));
        assert_eq!(seal_lines(&sealed), sealed, "sealed once");
        for flipped in flips(&sealed) {
            let table = toml::from_str::<toml::Table>(&flipped).ok().filter(|_| lines_hold(&flipped));
            assert!(table.is_none_or(|table| table == toml::from_str(text).unwrap()), "{flipped}");
        }
    }
}
