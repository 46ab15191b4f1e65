//! A look at what the parquet crate is about to decode. It passes over lists that it does not know element by element, and elements that take no
//! bytes it passes over as often as the list says: a file of 200 bytes can keep it busy for a minute. Nothing that a writer writes
//! has such a list, nor one that says that it has more elements than there are bytes.
//!
//! Format: Thrift's compact protocol, <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>.

/// Structures in each other, at most.
const DEEPEST: usize = 32;

/// What a structure is found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A structure of so many bytes; the integer of the field that was asked for.
    Whole { length: usize, field: Option<i64> },
    /// One that goes on beyond these bytes, or none: the parquet crate knows how to say what is wrong.
    Unknown,
    /// A list longer than all that is left.
    Endless,
}

/// What ends a walk early.
enum Stop {
    Unknown,
    Endless,
}

/// Looks through the structure at the start of the bytes, of which `left` are left in the whole file from there on.
pub(super) fn look(bytes: &[u8], left: u64, field: i16) -> Found {
    let mut walk = Walk { bytes, at: 0, left, wanted: field, field: None };
    match walk.structure(0) {
        Ok(()) => Found::Whole { length: walk.at, field: walk.field },
        Err(Stop::Unknown) => Found::Unknown,
        Err(Stop::Endless) => Found::Endless,
    }
}

struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    left: u64,
    /// The number of the outermost structure's field that is wanted.
    wanted: i16,
    field: Option<i64>,
}

impl Walk<'_> {
    fn byte(&mut self) -> Result<u8, Stop> {
        let byte = *self.bytes.get(self.at).ok_or(Stop::Unknown)?;
        self.at += 1;
        Ok(byte)
    }

    fn pass(&mut self, count: u64) -> Result<(), Stop> {
        let end = usize::try_from(count).ok().and_then(|count| self.at.checked_add(count));
        self.at = end.filter(|&end| end <= self.bytes.len()).ok_or(Stop::Unknown)?;
        Ok(())
    }

    /// An integer of a variable number of bytes.
    fn varint(&mut self) -> Result<u64, Stop> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Stop::Unknown)
    }

    fn signed(&mut self) -> Result<i64, Stop> {
        let number = self.varint()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    fn structure(&mut self, depth: usize) -> Result<(), Stop> {
        let mut number = 0_i16;
        loop {
            let head = self.byte()?;
            if head & 15 == 0 {
                return Ok(());
            }
            number = match head >> 4 {
                0 => i16::try_from(self.signed()?).map_err(|_| Stop::Unknown)?,
                delta => number.wrapping_add(delta.into()),
            };
            if depth == 0 && number == self.wanted && (4..=6).contains(&(head & 15)) {
                self.field = Some(self.signed()?);
            } else {
                self.value(head & 15, depth)?;
            }
        }
    }

    /// Passes over a value; of a field, a boolean is in the field's head.
    fn value(&mut self, kind: u8, depth: usize) -> Result<(), Stop> {
        match kind {
            1 | 2 => Ok(()),
            3 => self.pass(1),
            4..=6 => self.varint().map(|_| ()),
            7 => self.pass(8),
            8 => {
                let length = self.varint()?;
                self.pass(length)
            }
            13 => self.pass(16),
            _ if depth >= DEEPEST => Err(Stop::Unknown),
            9 | 10 => {
                let head = self.byte()?;
                let count = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
                self.elements(count, &[head & 15], depth)
            }
            11 => {
                let count = self.varint()?;
                let kinds = if count == 0 { 0 } else { self.byte()? };
                self.elements(count, &[kinds >> 4, kinds & 15], depth)
            }
            12 => self.structure(depth + 1),
            _ => Err(Stop::Unknown),
        }
    }

    fn elements(&mut self, count: u64, kinds: &[u8], depth: usize) -> Result<(), Stop> {
        // Booleans in lists take a byte, but not all readers think so.
        let endless = kinds.iter().all(|kind| [1, 2].contains(kind)) && count > 15;
        if endless || count > self.left.saturating_sub(self.at as u64) {
            return Err(Stop::Endless);
        }
        for _ in 0..count {
            for &kind in kinds {
                self.value(if [1, 2].contains(&kind) { 3 } else { kind }, depth + 1)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEFT: u64 = 1 << 20;

    #[test]
    fn structures_are_passed_over_to_their_end() {
        // Field 1: 5; field 3: −2 (i32), wanted; field 4: "ab"; field 20: a list of two i16 and of a structure of a boolean.
        let bytes = [0x15, 10, 0x25, 3, 0x18, 2, b'a', b'b', 0x09, 40, 0x24, 1, 2, 0x1c, 0x11, 0, 0, 99];
        assert_eq!(look(&bytes, LEFT, 3), Found::Whole { length: 17, field: Some(-2) });
        assert_eq!(look(&bytes, LEFT, 7), Found::Whole { length: 17, field: None });
        for end in 0..17 {
            assert_eq!(look(&bytes[..end], LEFT, 3), Found::Unknown, "{end}");
        }
    }

    #[test]
    fn lists_that_never_end_are_known() {
        let of_booleans = [0x19, 0xf1, 0xff, 0xff, 0xff, 0x7f, 0];
        assert_eq!(look(&of_booleans, u64::MAX, 1), Found::Endless);
        let of_numbers = [0x19, 0xf5, 0xff, 0xff, 0x7f, 0];
        assert_eq!(look(&of_numbers, LEFT, 1), Found::Endless);
        assert_eq!(look(&of_numbers, u64::MAX, 1), Found::Unknown);
        let map = [0x1b, 0xff, 0xff, 0x7f, 0x55, 0];
        assert_eq!(look(&map, LEFT, 1), Found::Endless);
        // One in another, in a structure that is in a list.
        let nested = [0x19, 0x1c, 0x19, 0x19, 0xf2, 0xff, 0xff, 0x7f, 0, 0];
        assert_eq!(look(&nested, u64::MAX, 1), Found::Endless);
        assert_eq!(look(&[0x1c; 100], LEFT, 1), Found::Unknown);
    }
}
