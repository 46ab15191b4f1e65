//! Archives as the writers of others make them.

use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::files::crc32;

/// How entries are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zip {
    /// As they are, as by `numpy.savez`.
    Stored,
    /// Deflated, as by `numpy.savez_compressed`.
    Deflated,
    /// Deflated into a stream, in which sizes stand only after the bytes.
    Streamed,
    /// As they are, with sizes of 64 bits in the local headers, as by `numpy.savez` today.
    Zip64,
    /// As they are, but said to be compressed in this manner.
    Method(u16),
}

/// An archive of some files.
pub fn zip(files: &[(&str, &[u8])], kind: Zip) -> Vec<u8> {
    let (mut out, mut table) = (Vec::new(), Vec::new());
    for (name, bytes) in files {
        let packed = if matches!(kind, Zip::Deflated | Zip::Streamed) { deflated(bytes) } else { bytes.to_vec() };
        let method = match kind {
            Zip::Stored | Zip::Zip64 => 0,
            Zip::Deflated | Zip::Streamed => 8,
            Zip::Method(method) => method,
        };
        let flags: u16 = if kind == Zip::Streamed { 8 } else { 0 };
        let (start, sums) =
            (four(out.len()), [crc32(bytes).to_le_bytes(), four(packed.len()), four(bytes.len())].concat());
        let (sizes, extra) = match kind {
            Zip::Streamed => (vec![0; 12], Vec::new()),
            Zip::Zip64 => {
                let long = |size: usize| (size as u64).to_le_bytes();
                let extra = [&[1, 0, 16, 0][..], &long(bytes.len()), &long(packed.len())].concat();
                ([&sums[..4], &[0xff; 8]].concat(), extra)
            }
            _ => (sums.clone(), Vec::new()),
        };
        let head = [&two(45)[..], &flags.to_le_bytes(), &method.to_le_bytes(), &[0; 4]].concat();
        let names = |extra: usize| [two(name.len()), two(extra)].concat();
        out.extend([b"PK\x03\x04", &head[..], &sizes, &names(extra.len()), name.as_bytes(), &extra, &packed].concat());
        if kind == Zip::Streamed {
            out.extend([b"PK\x07\x08", &sums[..]].concat());
        }
        table.extend([b"PK\x01\x02\x2d\x03", &head[..], &sums, &names(0), &[0; 10], &start, name.as_bytes()].concat());
    }
    let counts = [two(files.len()), two(files.len())].concat();
    let end = [b"PK\x05\x06\0\0\0\0", &counts[..], &four(table.len()), &four(out.len()), &[0, 0]].concat();
    [out, table, end].concat()
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn two(number: usize) -> [u8; 2] {
    u16::try_from(number).unwrap().to_le_bytes()
}

fn four(number: usize) -> [u8; 4] {
    u32::try_from(number).unwrap().to_le_bytes()
}
