//! As much of the zip format as `.npz` archives use: stored and deflated entries, zip64, checksums.
//!
//! Layout: <https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>, sections 4.3.7, 4.3.12, 4.3.14 to 4.3.16 and 4.5.3.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use flate2::read::DeflateDecoder;
use flate2::{CrcReader, CrcWriter};

use super::DataError;
use super::error::shown;
use super::npy::require;
use crate::memory;

const LOCAL: [u8; 4] = *b"PK\x03\x04";
const CENTRAL: [u8; 4] = *b"PK\x01\x02";
const END: [u8; 4] = *b"PK\x05\x06";
const END64: [u8; 4] = *b"PK\x06\x06";
const LOCATOR64: [u8; 4] = *b"PK\x06\x07";
/// A 32-bit field with this value has its real one in a zip64 field.
const IN_ZIP64: u64 = 0xffff_ffff;

/// An archive's table of contents.
pub(super) struct Archive {
    file: File,
    pub(super) entries: Vec<Entry>,
}

/// A file inside an archive.
pub(super) struct Entry {
    pub(super) name: String,
    /// Size once decompressed, as the archive has it.
    pub(super) size: u64,
    packed: u64,
    offset: u64,
    crc: u32,
    method: u64,
    encrypted: bool,
}

/// Little-endian unsigned integer of up to 8 bytes at `at`; `None` past the end.
fn number(bytes: &[u8], at: usize, width: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(width)?)?;
    Some(bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
}

impl Archive {
    /// Opens an archive and reads its table of contents.
    pub(super) fn open(path: &Path) -> Result<Self, DataError> {
        let read = |error| DataError::read(path, error);
        let mut file = File::open(path).map_err(read)?;
        let mut start = [0; 8];
        let known = super::npy::fill(&mut file, &mut start).map_err(read)?;
        let length = file.metadata().map_err(read)?.len();
        if known < 4 || (start[..4] != LOCAL && start[..4] != END) {
            return Err(DataError::magic(path, "an .npz (zip) archive", &start[..known]));
        }
        let what = shown(path);
        let table = table_of_contents(&mut file, length, &what).map_err(read)?;
        // Names, sizes and what stands around them.
        require(path, &[table.as_ref().map_or(0, Vec::len), 4])?;
        let entries = table.as_deref().and_then(entries);
        let entries = entries.ok_or_else(|| DataError::damaged(path, "the archive has no whole table of contents"))?;
        Ok(Self { file, entries })
    }

    /// Hands an entry's decompressed bytes to `read`, which must take all of them, then checks their checksum.
    pub(super) fn read<T>(
        self, index: usize, path: &Path, read: impl FnOnce(&mut dyn Read, u64) -> Result<T, DataError>,
    ) -> Result<T, DataError> {
        let crc = self.entries[index].crc;
        let (unpacked, size) = self.open_entry(index, path)?;
        let mut checked = CrcReader::new(unpacked);
        let value = read(&mut checked, size)?;
        if checked.crc().sum() != crc {
            return Err(DataError::damaged(path, "the checksum does not match"));
        }
        Ok(value)
    }

    /// An entry's decompressed bytes, unchecked, and how many they are by the table of contents.
    pub(super) fn open_entry(mut self, index: usize, path: &Path) -> Result<(Box<dyn Read>, u64), DataError> {
        let start = self.entry_start(index, path)?;
        let entry = &self.entries[index];
        self.file.seek(SeekFrom::Start(start)).map_err(|error| DataError::read(path, error))?;
        let packed = BufReader::new(self.file).take(entry.packed);
        let unpacked: Box<dyn Read> = match entry.method {
            0 => Box::new(packed),
            8 => Box::new(DeflateDecoder::new(packed)),
            method => {
                return Err(DataError::damaged(path, format!("compression method {method} is not known")));
            }
        };
        Ok((Box::new(unpacked.take(entry.size)), entry.size))
    }

    /// The archive's file and the offset of an entry in it, if the entry is stored as it is.
    pub(super) fn stored(mut self, index: usize, path: &Path) -> Result<Option<(File, u64)>, DataError> {
        let start = self.entry_start(index, path)?;
        let entry = &self.entries[index];
        Ok((entry.method == 0 && entry.packed == entry.size).then_some((self.file, start)))
    }

    /// Where an entry's bytes start.
    fn entry_start(&mut self, index: usize, path: &Path) -> Result<u64, DataError> {
        let entry = &self.entries[index];
        if entry.encrypted {
            return Err(DataError::damaged(path, "the entry is encrypted"));
        }
        let start = data_start(&mut self.file, entry.offset).map_err(|error| DataError::read(path, error))?;
        start.ok_or_else(|| DataError::damaged(path, "the table of contents does not lead to the entry"))
    }
}

/// The bytes of the central directory; `None` if its place cannot be found inside the file.
fn table_of_contents(file: &mut File, length: u64, what: &str) -> io::Result<Option<Vec<u8>>> {
    // The end record has 22 bytes and a comment of up to 65,535; a zip64 locator of 20 bytes may stand before it.
    let tail_start = length.saturating_sub(22 + 65_535 + 20);
    file.seek(SeekFrom::Start(tail_start))?;
    let mut tail = Vec::new();
    file.take(length - tail_start).read_to_end(&mut tail)?;
    let Some(end) = tail.windows(22).rposition(|window| window[..4] == END) else {
        return Ok(None);
    };
    let field = |at, width| number(&tail, end + at, width).unwrap_or(0);
    let (mut size, mut offset) = (field(12, 4), field(16, 4));
    let locator = end.checked_sub(20).filter(|&at| tail[at..at + 4] == LOCATOR64);
    if let Some(locator) = locator
        && (size == IN_ZIP64 || offset == IN_ZIP64)
    {
        let at = number(&tail, locator + 8, 8).unwrap_or(u64::MAX);
        let Some(record) = read_at(file, at, 56, what)? else {
            return Ok(None);
        };
        if record[..4] != END64 {
            return Ok(None);
        }
        size = number(&record, 40, 8).unwrap_or(u64::MAX);
        offset = number(&record, 48, 8).unwrap_or(u64::MAX);
    }
    match offset.checked_add(size) {
        Some(end) if end <= length => read_at(file, offset, size, what),
        _ => Ok(None),
    }
}

/// `size` bytes at `offset`; `None` if the file, which messages call `what`, ends before.
fn read_at(file: &mut File, offset: u64, size: u64, what: &str) -> io::Result<Option<Vec<u8>>> {
    if i64::try_from(offset).is_err() {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    memory::read_to_end(what, &mut file.take(size), &mut bytes)?;
    Ok((bytes.len() as u64 == size).then_some(bytes))
}

/// Where an entry's bytes start, from its local header at `offset`.
fn data_start(file: &mut File, offset: u64) -> io::Result<Option<u64>> {
    let Some(header) = read_at(file, offset, 30, "")? else {
        return Ok(None);
    };
    let lengths = number(&header, 26, 2).zip(number(&header, 28, 2));
    let start = lengths.and_then(|(name, extra)| offset.checked_add(30 + name + extra));
    Ok(start.filter(|_| header[..4] == LOCAL))
}

/// The entries of a central directory; `None` if it is broken.
fn entries(mut table: &[u8]) -> Option<Vec<Entry>> {
    let mut entries = Vec::new();
    while !table.is_empty() {
        let field = |at, width| number(table, at, width);
        if table.get(..4)? != CENTRAL {
            return None;
        }
        let [name_len, extra_len, comment_len] =
            [field(28, 2)? as usize, field(30, 2)? as usize, field(32, 2)? as usize];
        let name = table.get(46..46 + name_len)?;
        let extra = table.get(46 + name_len..46 + name_len + extra_len)?;
        let mut sizes = [field(24, 4)?, field(20, 4)?, field(42, 4)?];
        unpack_zip64(extra, &mut sizes)?;
        let [size, packed, offset] = sizes;
        entries.push(Entry {
            name: String::from_utf8_lossy(name).into_owned(),
            size,
            packed,
            offset,
            crc: field(16, 4)? as u32,
            method: field(10, 2)?,
            encrypted: field(8, 2)? & 1 == 1,
        });
        table = table.get(46 + name_len + extra_len + comment_len..)?;
    }
    Some(entries)
}

/// Replaces the sizes that the zip64 extra field holds.
fn unpack_zip64(mut extra: &[u8], sizes: &mut [u64]) -> Option<()> {
    while let (Some(id), Some(length)) = (number(extra, 0, 2), number(extra, 2, 2)) {
        let field = extra.get(4..4 + length as usize)?;
        if id == 1 {
            let mut at = 0;
            for size in sizes.iter_mut().filter(|size| **size == IN_ZIP64) {
                *size = number(field, at, 8)?;
                at += 8;
            }
        }
        extra = extra.get(4 + length as usize..)?;
    }
    Some(())
}

/// A file to be stored uncompressed: `fill` writes its `size` bytes, and is called twice (for the checksum first).
pub(super) struct Stored<'a, F> {
    pub(super) name: &'a str,
    pub(super) size: u64,
    pub(super) fill: F,
}

/// Writes an archive of stored files; `zip64` allows for files and archives beyond 4 GiB.
pub(super) fn write_stored<F>(out: &mut dyn Write, files: Vec<Stored<'_, F>>, zip64: bool) -> io::Result<()>
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

/// Little-endian fields, one after another.
#[derive(Default)]
struct Fields(Vec<u8>);

impl Fields {
    /// Fields from their widths in bytes and their values.
    fn of(fields: &[(usize, u64)]) -> Self {
        fields.iter().fold(Self::default(), |all, &(width, value)| all.put(width, value))
    }

    fn put(mut self, width: usize, value: u64) -> Self {
        self.0.extend(&value.to_le_bytes()[..width]);
        self
    }
}
