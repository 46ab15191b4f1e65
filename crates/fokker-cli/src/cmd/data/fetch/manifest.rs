//! Lists of files of one's own: SHA-256, bytes and name, parted by tabs, a line each.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;

use super::remote_file::{RemoteFile, is_plain_path};
use crate::fail::request;

/// The longest list that is read.
const MOST_BYTES: u64 = 1 << 24;

/// Reads a list. Empty lines and lines that begin with `#` say nothing.
pub fn read(path: &Path) -> Result<Vec<RemoteFile>> {
    let wrong = |reason: String| request(format!("--manifest {}: {reason}", path.display()));
    let size = std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?.len();
    if size > MOST_BYTES {
        return Err(wrong(format!("{size} bytes; at most {MOST_BYTES} are read")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    parse(&text).map_err(wrong)
}

/// The files of a list, or what is wrong with it.
pub fn parse(text: &str) -> Result<Vec<RemoteFile>, String> {
    let mut files = Vec::new();
    let mut names = BTreeSet::new();
    let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty() && !line.starts_with('#'));
    for (line, number) in lines {
        let wrong = |reason: &str| format!("line {number}: {reason}");
        let fields: Vec<&str> = line.split('\t').collect();
        let &[sha256, bytes, name] = &fields[..] else {
            return Err(wrong("a SHA-256, a number of bytes and a name are needed, parted by tabs"));
        };
        if sha256.len() != 64 || !sha256.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(wrong("a SHA-256 has 64 hexadecimal digits"));
        }
        let bytes = bytes.parse().map_err(|_| wrong(&format!("{bytes:?} is no number of bytes")))?;
        if !is_plain_path(name) {
            return Err(wrong(&format!(
                "{name:?} is no plain name: letters, digits, '.', '_' and '-', folders parted by '/', none beginning with '.'"
            )));
        }
        if !names.insert(name.to_ascii_lowercase()) {
            return Err(wrong(&format!("{name:?} is there twice")));
        }
        files.push(RemoteFile { name: name.into(), bytes, sha256: sha256.to_ascii_lowercase() });
    }
    if files.is_empty() { Err("names no file".into()) } else { Ok(files) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists() {
        let sum = "0123456789abcdefABCDEF0123456789abcdef0123456789abcdef0123456789";
        let files = parse(&format!("# mine\n\n{sum}\t12\ta.bin\r\n{sum}\t0\tb/c\n")).unwrap();
        assert_eq!(files[0], RemoteFile { name: "a.bin".into(), bytes: 12, sha256: sum.to_lowercase() });
        assert_eq!((files[1].name.as_str(), files.len()), ("b/c", 2));
        for (text, reason) in [
            (String::new(), "no file"),
            ("# nothing".into(), "no file"),
            (format!("{sum} 12 a"), "line 1: a SHA-256, a number"),
            (format!("{sum}\t12\ta\tb"), "parted by tabs"),
            (format!("# x\n{}\t12\ta", &sum[1..]), "line 2: a SHA-256 has 64"),
            (format!("{}g\t12\ta", &sum[1..]), "64 hexadecimal"),
            (format!("{sum}\t-1\ta"), "\"-1\" is no number"),
            (format!("{sum}\t1\t../a"), "\"../a\" is no plain name"),
            (format!("{sum}\t1\ta\n{sum}\t1\tA"), "line 2: \"A\" is there twice"),
        ] {
            let found = parse(&text);
            assert!(found.as_ref().is_err_and(|error| error.contains(reason)), "{found:?} {reason}");
        }
    }
}
