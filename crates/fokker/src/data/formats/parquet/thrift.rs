//! A look at what the parquet crate is about to decode. It passes over lists that it does not know element by element, and elements that take no
//! bytes it passes over as often as the list says: a file of 200 bytes can keep it busy for a minute. Nothing that a writer writes
//! has such a list, nor one that says that it has more elements than there are bytes. And it takes memory for as many values as a dictionary says
//! that it has.
//!
//! Format: Thrift's compact protocol, <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>.

/// Structures in each other, at most.
const DEEPEST: usize = 32;

/// What a structure is found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found<const N: usize> {
    /// A structure of so many bytes; the integers of the fields that were asked for.
    Whole { length: usize, fields: [Option<i64>; N] },
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

/// Looks through the structure at the start of the bytes, of which `left` are left in the whole file from there on. A field is wanted by the numbers on the way
/// to it.
pub(super) fn look<const N: usize>(bytes: &[u8], left: u64, wanted: [&[i16]; N]) -> Found<N> {
    let mut walk = Walk { bytes, at: 0, left, path: Vec::new(), wanted, fields: [None; N] };
    match walk.structure() {
        Ok(()) => Found::Whole { length: walk.at, fields: walk.fields },
        Err(Stop::Unknown) => Found::Unknown,
        Err(Stop::Endless) => Found::Endless,
    }
}

struct Walk<'a, const N: usize> {
    bytes: &'a [u8],
    at: usize,
    left: u64,
    /// The numbers of the fields that it is in; [`ELEMENT`], of what is in a list.
    path: Vec<i16>,
    wanted: [&'a [i16]; N],
    fields: [Option<i64>; N],
}

/// The number of no field.
const ELEMENT: i16 = -1;

impl<const N: usize> Walk<'_, N> {
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

    fn structure(&mut self) -> Result<(), Stop> {
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
            self.inside(number, head & 15)?;
        }
    }

    /// Passes over the value of a field, or of an element.
    fn inside(&mut self, number: i16, kind: u8) -> Result<(), Stop> {
        if self.path.len() == DEEPEST {
            return Err(Stop::Unknown);
        }
        self.path.push(number);
        match self.wanted.iter().position(|wanted| *wanted == self.path) {
            Some(place) if (4..=6).contains(&kind) => self.fields[place] = Some(self.signed()?),
            _ => self.value(kind)?,
        }
        self.path.pop();
        Ok(())
    }

    /// Passes over a value; of a field, a boolean is in the field's head.
    fn value(&mut self, kind: u8) -> Result<(), Stop> {
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
            9 | 10 => {
                let head = self.byte()?;
                let count = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
                self.elements(count, &[head & 15])
            }
            11 => {
                let count = self.varint()?;
                let kinds = if count == 0 { 0 } else { self.byte()? };
                self.elements(count, &[kinds >> 4, kinds & 15])
            }
            12 => self.structure(),
            _ => Err(Stop::Unknown),
        }
    }

    fn elements(&mut self, count: u64, kinds: &[u8]) -> Result<(), Stop> {
        // Booleans in lists take a byte, but not all readers think so.
        let endless = kinds.iter().all(|kind| [1, 2].contains(kind)) && count > 15;
        if endless || count > self.left.saturating_sub(self.at as u64) {
            return Err(Stop::Endless);
        }
        for _ in 0..count {
            for &kind in kinds {
                self.inside(ELEMENT, if [1, 2].contains(&kind) { 3 } else { kind })?;
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
        assert_eq!(look(&bytes, LEFT, [&[3], &[7]]), Found::Whole { length: 17, fields: [Some(-2), None] });
        for end in 0..17 {
            assert_eq!(look(&bytes[..end], LEFT, [&[3]]), Found::Unknown, "{end}");
        }
        // Field 7 is a structure, whose field 1 is 4; of an element's no field is meant.
        let inner = [0x7c, 0x15, 8, 0, 0x19, 0x1c, 0x15, 2, 0, 0];
        assert_eq!(look(&inner, LEFT, [&[7, 1], &[8, 1]]), Found::Whole { length: 10, fields: [Some(4), None] });
    }

    #[test]
    fn lists_that_never_end_are_known() {
        let of_booleans = [0x19, 0xf1, 0xff, 0xff, 0xff, 0x7f, 0];
        assert_eq!(look(&of_booleans, u64::MAX, [&[1]]), Found::Endless);
        let of_numbers = [0x19, 0xf5, 0xff, 0xff, 0x7f, 0];
        assert_eq!(look(&of_numbers, LEFT, [&[1]]), Found::Endless);
        assert_eq!(look(&of_numbers, u64::MAX, [&[1]]), Found::Unknown);
        let map = [0x1b, 0xff, 0xff, 0x7f, 0x55, 0];
        assert_eq!(look(&map, LEFT, [&[1]]), Found::Endless);
        // One in another, in a structure that is in a list.
        let nested = [0x19, 0x1c, 0x19, 0x19, 0xf2, 0xff, 0xff, 0x7f, 0, 0];
        assert_eq!(look(&nested, u64::MAX, [&[1]]), Found::Endless);
        assert_eq!(look(&[0x1c; 100], LEFT, [&[1]]), Found::Unknown);
    }
}
