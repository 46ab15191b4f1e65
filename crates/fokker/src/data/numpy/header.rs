//! The header of NumPy's `.npy` format, versions 1 to 3.
//!
//! It is a Python dictionary of three fixed keys, so a parser for just that (no recursion, bounded memory) is safer on
//! arbitrary bytes than one for Python's literals.

use std::io::Read;
use std::path::Path;

use crate::data::DataError;
use crate::data::input::fill;
use crate::data::one_line::one_line;

pub(super) const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// NumPy's own limit for headers it trusts is 10,000 bytes.
const HEADER_LIMIT: usize = 1 << 16;

/// The header's text and the offset at which the values start.
pub(in crate::data) fn header_text(
    reader: &mut dyn Read, length: u64, path: &Path,
) -> Result<(String, u64), DataError> {
    let read = |reader: &mut dyn Read, bytes: &mut [u8], before: u64| {
        let actual = fill(reader, bytes).map_err(|error| DataError::read(path, error))?;
        if actual < bytes.len() {
            let expected = before + bytes.len() as u64;
            return Err(DataError::Truncated { path: path.to_path_buf(), expected, actual: before + actual as u64 });
        }
        Ok(())
    };
    let mut start = [0; 8];
    let actual = fill(reader, &mut start).map_err(|error| DataError::read(path, error))?;
    if actual < MAGIC.len() || start[..6] != MAGIC[..] {
        return Err(DataError::magic(path, "a NumPy array", &start[..actual]));
    }
    if actual < start.len() {
        return Err(DataError::Truncated { path: path.to_path_buf(), expected: 10, actual: actual as u64 });
    }
    let mut size = [0; 4];
    let width = match start[6] {
        1 => 2,
        2 | 3 => 4,
        version => {
            return Err(DataError::damaged(path, format!("version {version} of the NumPy format is not known")));
        }
    };
    read(reader, &mut size[..width], 8)?;
    let size = u32::from_le_bytes(size) as usize;
    let before = 8 + width as u64;
    if size > HEADER_LIMIT {
        return Err(DataError::damaged(path, format!("a header of {size} bytes")));
    }
    let end = before + size as u64;
    if end > length {
        return Err(DataError::Truncated { path: path.to_path_buf(), expected: end, actual: length });
    }
    let mut text = vec![0; size];
    read(reader, &mut text, before)?;
    Ok((String::from_utf8_lossy(&text).into_owned(), end))
}

/// The three entries of the header.
#[derive(Debug, PartialEq)]
pub(in crate::data) struct Header {
    /// The element type as written, without quotes if it is a string.
    pub(in crate::data) descr: String,
    pub(in crate::data) fortran: bool,
    pub(in crate::data) shape: Vec<u64>,
}

impl Header {
    pub(in crate::data) fn parse(text: &str) -> Result<Self, String> {
        let (mut descr, mut fortran, mut shape) = (None, None, None);
        let mut rest = eat(text, '{')?;
        while !rest.trim_start().starts_with('}') {
            let (key, after) = quoted(rest)?;
            rest = eat(after, ':')?.trim_start();
            match key {
                "descr" => {
                    // Anything but a string is a structured type: report it as it stands.
                    let Ok((value, after)) = quoted(rest) else {
                        return Ok(Self { descr: rest.into(), fortran: false, shape: Vec::new() });
                    };
                    (descr, rest) = (Some(value.to_string()), after);
                }
                "fortran_order" => {
                    let after = rest.strip_prefix("True").or_else(|| rest.strip_prefix("False"));
                    fortran = Some(rest.starts_with("True"));
                    rest = after.ok_or("the header's fortran_order is not True or False")?;
                }
                "shape" => {
                    let inside = eat(rest, '(')?;
                    let (sizes, after) = inside.split_once(')').ok_or("the header's shape does not end")?;
                    (shape, rest) = (Some(parse_shape(sizes)?), after);
                }
                _ => return Err(format!("the header has the key {:?}", one_line(key, 40))),
            }
            let after = rest.trim_start();
            rest = after.strip_prefix(',').unwrap_or(after);
            if after == rest && !rest.starts_with('}') {
                return Err("the header's entries are not separated by commas".into());
            }
        }
        if !rest.trim_start().trim_start_matches('}').trim().is_empty() {
            return Err("the header goes on after its dictionary".into());
        }
        match (descr, fortran, shape) {
            (Some(descr), Some(fortran), Some(shape)) => Ok(Self { descr, fortran, shape }),
            _ => Err("the header lacks descr, fortran_order or shape".into()),
        }
    }
}

fn eat(text: &str, character: char) -> Result<&str, String> {
    let rest = text.trim_start().strip_prefix(character);
    rest.ok_or_else(|| format!("the header lacks a {character:?} where one is needed"))
}

/// A Python string without escapes, and what follows it.
fn quoted(text: &str) -> Result<(&str, &str), String> {
    let text = text.trim_start();
    let inside = |quote: char| text.strip_prefix(quote)?.split_once(quote);
    inside('\'').or_else(|| inside('"')).ok_or_else(|| "the header lacks a string where one is needed".into())
}

fn parse_shape(sizes: &str) -> Result<Vec<u64>, String> {
    let sizes = sizes.trim();
    let sizes = sizes.strip_suffix(',').unwrap_or(sizes);
    if sizes.is_empty() {
        return Ok(Vec::new());
    }
    // Python 2 wrote long integers with an L.
    let parse = |size: &str| size.trim().trim_end_matches('L').parse();
    let parsed: Result<Vec<u64>, _> = sizes.split(',').map(parse).collect();
    parsed.map_err(|_| format!("the header's shape is ({})", one_line(sizes, 40)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_all_kinds() {
        let parse = |text| Header::parse(text).map(|header| (header.descr, header.fortran, header.shape));
        let expected = Ok(("<f8".to_string(), true, vec![3, 4]));
        assert_eq!(parse("{'descr': '<f8', 'fortran_order': True, 'shape': (3, 4), }   \n"), expected);
        assert_eq!(parse("{\"shape\":(3L,4L,),\"fortran_order\":True,\"descr\":\"<f8\"}"), expected);
        assert_eq!(parse("{'descr': '|u1', 'fortran_order': False, 'shape': (), }").unwrap().2, Vec::<u64>::new());
        assert_eq!(parse("{'descr': [('a', '<f4')], 'fortran").unwrap().0, "[('a', '<f4')], 'fortran");
        for broken in [
            "",
            "{",
            "{}",
            "{'descr'",
            "{'descr': '<f8'",
            "{'descr': '<f8' 'shape': (1,)}",
            "{'shape': (-1, 2)}",
            "{'shape': (1",
            "{'fortran_order': Maybe}",
            "{'key': 1}",
            "{'descr': '<f8', 'fortran_order': True, 'shape': (3, 4)} 1",
            "{'shape': (99999999999999999999, 1)}",
        ] {
            assert!(parse(broken).is_err(), "{broken}");
        }
    }
}
