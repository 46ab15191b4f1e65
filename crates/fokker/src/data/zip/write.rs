//! Archives that are written: stored files, byte for byte the same each time.

use std::io::{self, Write};

use flate2::CrcWriter;

use super::layout::{CENTRAL, END, END64, Fields, IN_ZIP64, LOCAL, LOCATOR64};

/// A file to be stored uncompressed: `fill` writes its `size` bytes, and is called twice (for the checksum first).
pub(in crate::data) struct Stored<'a, F> {
    pub(in crate::data) name: &'a str,
    pub(in crate::data) size: u64,
    pub(in crate::data) fill: F,
}

/// Writes an archive of stored files; `zip64` allows for files and archives beyond 4 GiB.
pub(in crate::data) fn write_stored<F>(out: &mut dyn Write, files: Vec<Stored<'_, F>>, zip64: bool) -> io::Result<()>
where
    F: Fn(&mut dyn Write) -> io::Result<()>,
{
    let mut offset = 0_u64;
    let mut table = Vec::new();
    let count = files.len() as u64;
    for Stored { name, size, fill } in files {
        let mut checked = CrcWriter::new(io::sink());
        fill(&mut checked)?;
        let [local, central] = entry_headers(name, size, checked.crc().sum(), offset, zip64);
        out.write_all(&local)?;
        fill(out)?;
        table.extend(central);
        offset += local.len() as u64 + size;
    }
    out.write_all(&table)?;
    out.write_all(&end_records(count, table.len() as u64, offset, zip64))
}

/// What stands before a file's bytes, and its entry in the table of contents.
fn entry_headers(name: &str, size: u64, crc: u32, offset: u64, zip64: bool) -> [Vec<u8>; 2] {
    let (size32, offset32) = if zip64 { (IN_ZIP64, IN_ZIP64) } else { (size, offset) };
    let extra = |fields: Fields| if zip64 { fields.0 } else { Vec::new() };
    let local_extra = extra(Fields::of(&[(2, 1), (2, 16), (8, size), (8, size)]));
    let central_extra = extra(Fields::of(&[(2, 1), (2, 24), (8, size), (8, size), (8, offset)]));
    // Version needed, flags (UTF-8 names), method, time and date (1 January 1980), checksum, sizes.
    let version = if zip64 { 45 } else { 20 };
    let crc = u64::from(crc);
    let common = [(2, version), (2, 0x800), (2, 0), (2, 0), (2, 0x21), (4, crc), (4, size32), (4, size32)];
    let common = Fields::of(&common).put(2, name.len() as u64).0;
    let local_rest = Fields::of(&[(2, local_extra.len() as u64)]).0;
    // Lengths of the extra field and the comment, disk, attributes inside and outside, offset.
    let central_rest = [(2, central_extra.len() as u64), (2, 0), (2, 0), (2, 0), (4, 0), (4, offset32)];
    let central_rest = Fields::of(&central_rest).0;
    [
        [&LOCAL[..], &common, &local_rest, name.as_bytes(), &local_extra].concat(),
        [&CENTRAL[..], &[45, 0], &common, &central_rest, name.as_bytes(), &central_extra].concat(),
    ]
}

/// What ends an archive whose table of contents has `size` bytes at `offset`.
fn end_records(count: u64, size: u64, offset: u64, zip64: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (mut count16, mut size32, mut offset32) = (count, size, offset);
    if zip64 {
        let end = [(8, 44), (2, 45), (2, 45), (4, 0), (4, 0), (8, count), (8, count), (8, size), (8, offset)];
        let locator = [(4, 0), (8, offset + size), (4, 1)];
        bytes.extend([&END64[..], &Fields::of(&end).0, &LOCATOR64[..], &Fields::of(&locator).0].concat());
        (count16, size32, offset32) = (0xffff, IN_ZIP64, IN_ZIP64);
    }
    let end = [(4, 0), (2, count16), (2, count16), (4, size32), (4, offset32), (2, 0)];
    bytes.extend([&END[..], &Fields::of(&end).0].concat());
    bytes
}
