//! A file that is fetched.

/// A file, and how it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteFile {
    /// Its name below the mirror's URL and the folder.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256, 64 lower-case hexadecimal digits.
    pub sha256: String,
}

/// Whether a name stays below the folder it is put in on every system, means itself in a URL, and is no hidden or temporary file.
pub fn is_plain_path(name: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && !part.ends_with('.')
            && !part.ends_with(".part")
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    name.len() <= 200 && name.split('/').all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_paths_stay_below() {
        for good in ["a", "a.tar.gz", "train/0_1-2.png", "A/b/c"] {
            assert!(is_plain_path(good), "{good}");
        }
        let long = "a".repeat(201);
        for bad in [
            "", ".", "..", "../a", "a/..", "a/../b", "/a", "a/", "a//b", "a b", "a\\b", "C:a", ".a", "a\0", "ä",
            "a.part", "a?b", "a%2e", "a.", &long,
        ] {
            assert!(!is_plain_path(bad), "{bad}");
        }
    }
}
