//! The marks in an archive, and its numbers, which are little-endian.

pub(super) const LOCAL: [u8; 4] = *b"PK\x03\x04";
pub(super) const CENTRAL: [u8; 4] = *b"PK\x01\x02";
pub(super) const END: [u8; 4] = *b"PK\x05\x06";
pub(super) const END64: [u8; 4] = *b"PK\x06\x06";
pub(super) const LOCATOR64: [u8; 4] = *b"PK\x06\x07";

/// A 32-bit field with this value has its real one in a zip64 field.
pub(super) const IN_ZIP64: u64 = 0xffff_ffff;

/// The unsigned integer of up to 8 bytes at `at`; `None` past the end.
pub(super) fn number(bytes: &[u8], at: usize, width: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(width)?)?;
    Some(bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
}

/// Fields, one after another.
#[derive(Default)]
pub(super) struct Fields(pub(super) Vec<u8>);

impl Fields {
    /// Fields from their widths in bytes and their values.
    pub(super) fn of(fields: &[(usize, u64)]) -> Self {
        fields.iter().fold(Self::default(), |all, &(width, value)| all.put(width, value))
    }

    pub(super) fn put(mut self, width: usize, value: u64) -> Self {
        self.0.extend(&value.to_le_bytes()[..width]);
        self
    }
}
