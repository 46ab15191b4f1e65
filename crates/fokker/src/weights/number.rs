//! Floating-point numbers of 64, 32 and 16 bits.

use half::{bf16, f16};

/// A floating-point format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    /// IEEE 754 binary64.
    F64,
    /// IEEE 754 binary32.
    F32,
    /// IEEE 754 binary16.
    F16,
    /// The upper half of a binary32.
    Bf16,
}

/// Little-endian numbers, rounded to 32 bits.
#[allow(clippy::cast_possible_truncation)]
pub(super) fn floats(number: Number, bytes: &[u8]) -> Vec<f32> {
    match number {
        Number::F64 => words(bytes, |b| f64::from_le_bytes(b) as f32),
        Number::F32 => words(bytes, f32::from_le_bytes),
        Number::F16 => words(bytes, |b| f16::from_le_bytes(b).to_f32()),
        Number::Bf16 => words(bytes, |b| bf16::from_le_bytes(b).to_f32()),
    }
}

fn words<const N: usize>(bytes: &[u8], f: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    bytes.as_chunks::<N>().0.iter().map(|&word| f(word)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_bits_are_read_exactly() {
        let half = |bits: u16| floats(Number::F16, &bits.to_le_bytes())[0];
        // IEEE 754-2019, section 3.4: one, the largest, the smallest normal and subnormal, −2, a third.
        let cases = [
            (0x3c00, 1.0),
            (0x7bff, 65_504.0),
            (0x0400, 6.103_515_6e-5),
            (0x0001, 5.960_464_5e-8),
            (0xc000, -2.0),
            (0x3555, 0.333_251_95),
            (0x0000, 0.0),
        ];
        for (bits, value) in cases {
            assert_eq!(half(bits), value, "{bits:x}");
        }
        assert!(half(0x7c00) == f32::INFINITY && half(0xfc00) == f32::NEG_INFINITY && half(0x7e00).is_nan());
        assert_eq!(floats(Number::F16, &[0x00, 0x3c, 0x00, 0xc0]), [1.0, -2.0]);
        assert_eq!(floats(Number::Bf16, &[0x80, 0x3f, 0x49, 0x40]), [1.0, 3.140_625]);
    }

    #[test]
    fn sixty_four_bits_are_rounded() {
        let bytes: Vec<u8> = [0.1_f64, -3.0, 1e300].iter().flat_map(|v| v.to_le_bytes()).collect();
        assert_eq!(floats(Number::F64, &bytes), [0.1, -3.0, f32::INFINITY]);
    }
}
