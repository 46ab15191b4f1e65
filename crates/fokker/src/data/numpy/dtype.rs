//! Element types.

use half::f16;

/// Those that are numbers, as messages list them.
pub(in crate::data) const KNOWN: &str = "b1, f2 to f8, i1 to i8 and u1 to u8";

/// An element type that is a number.
#[derive(Clone, Copy)]
pub(in crate::data) struct Dtype {
    kind: u8,
    pub(in crate::data) size: usize,
    big: bool,
}

impl Dtype {
    pub(in crate::data) fn parse(descr: &str) -> Option<Self> {
        let &[order, kind, digit] = descr.as_bytes() else {
            return None;
        };
        let size = match (kind, digit) {
            (b'b', b'1') | (b'f', b'2' | b'4' | b'8') | (b'i' | b'u', b'1' | b'2' | b'4' | b'8') => {
                usize::from(digit - b'0')
            }
            _ => return None,
        };
        let big = match order {
            b'<' => false,
            b'>' => true,
            b'=' => cfg!(target_endian = "big"),
            b'|' if size == 1 => false,
            _ => return None,
        };
        Some(Self { kind, size, big })
    }

    /// Whether the values are unsigned bytes.
    pub(in crate::data) fn is_byte(self) -> bool {
        self.kind == b'u' && self.size == 1
    }

    /// Whether the values are floating-point numbers, not integers.
    pub(in crate::data) fn is_float(self) -> bool {
        self.kind == b'f'
    }

    /// The value of `size` bytes; of a boolean 0 or 1. Integers beyond 2⁵³ are rounded.
    pub(in crate::data) fn value(self, bytes: &[u8]) -> f64 {
        let mut little = [0; 8];
        for (at, &byte) in bytes.iter().enumerate() {
            little[if self.big { self.size - 1 - at } else { at }] = byte;
        }
        let bits = u64::from_le_bytes(little);
        match (self.kind, self.size) {
            (b'b', _) => f64::from(u8::from(bits != 0)),
            (b'f', 2) => f16::from_bits(bits as u16).to_f64(),
            (b'f', 4) => f64::from(f32::from_bits(bits as u32)),
            (b'f', _) => f64::from_bits(bits),
            (b'u', _) => bits as f64,
            _ => {
                // The sign bit is shifted to the top and back.
                let unused = 64 - 8 * self.size as u32;
                ((bits << unused) as i64 >> unused) as f64
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn element_types() {
        let value = |descr: &str, bytes: &[u8]| Dtype::parse(descr).unwrap().value(bytes);
        assert_eq!(value("<f4", &1.5_f32.to_le_bytes()), 1.5);
        assert_eq!(value(">f8", &(-2.25_f64).to_be_bytes()), -2.25);
        assert_eq!(value("|i1", &[0xff]), -1.0);
        assert_eq!(value("|u1", &[0xff]), 255.0);
        assert_eq!(value(">i2", &(-300_i16).to_be_bytes()), -300.0);
        assert_eq!(value("<i8", &i64::MIN.to_le_bytes()), i64::MIN as f64);
        assert_eq!(value("<u8", &u64::MAX.to_le_bytes()), u64::MAX as f64);
        assert_eq!(value("<i4", &(-7_i32).to_le_bytes()), -7.0);
        assert_eq!(value("<f2", &f16::from_f64(-1.5).to_le_bytes()), -1.5);
        assert_eq!(value(">f2", &f16::MIN_POSITIVE_SUBNORMAL.to_be_bytes()), 2.0_f64.powi(-24));
        assert!(value("<f2", &f16::NAN.to_le_bytes()).is_nan());
        assert_eq!([[0], [1]].map(|bytes| value("|b1", &bytes)), [0.0, 1.0]);
        for other in ["<c8", "|O", "<U3", "|i2", "f8", "", "<f16", "<i3"] {
            assert!(Dtype::parse(other).is_none(), "{other}");
        }
    }
}
