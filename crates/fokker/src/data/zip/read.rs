//! Archives that are read: their table of contents, and entries that are stored or deflated.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::CrcReader;
use flate2::read::DeflateDecoder;

use super::layout::{CENTRAL, END, END64, IN_ZIP64, LOCAL, LOCATOR64, number};
use crate::data::DataError;
use crate::data::input::{fill, require};
use crate::data::one_line::shown;
use crate::memory;

/// An archive and its table of contents.
pub(in crate::data) struct Archive<R> {
    bytes: R,
    /// How many bytes there are.
    length: u64,
    pub(in crate::data) entries: Vec<Entry>,
}

/// A file inside an archive.
pub(in crate::data) struct Entry {
    pub(in crate::data) name: String,
    /// Size once decompressed, as the archive has it.
    size: u64,
    packed: u64,
    offset: u64,
    crc: u32,
    method: u64,
    encrypted: bool,
}

impl Archive<File> {
    /// Opens an archive and reads its table of contents.
    pub(in crate::data) fn open(path: &Path) -> Result<Self, DataError> {
        let file = File::open(path).map_err(|error| DataError::read(path, error))?;
        let length = file.metadata().map_err(|error| DataError::read(path, error))?.len();
        Self::read_from(file, length, path)
    }
}

impl<R: Read + Seek> Archive<R> {
    /// Reads the table of contents of an archive of `length` bytes.
    pub(in crate::data) fn read_from(mut bytes: R, length: u64, path: &Path) -> Result<Self, DataError> {
        let read = |error| DataError::read(path, error);
        let mut start = [0; 8];
        let known = fill(&mut bytes, &mut start).map_err(read)?;
        if known < 4 || (start[..4] != LOCAL && start[..4] != END) {
            return Err(DataError::magic(path, "an .npz (zip) archive", &start[..known]));
        }
        let what = shown(path);
        let table = table_of_contents(&mut bytes, length, &what).map_err(read)?;
        // Names, sizes and what stands around them.
        require(path, &[table.as_ref().map_or(0, Vec::len), 4])?;
        let entries = table.as_deref().and_then(entries);
        let entries = entries.ok_or_else(|| DataError::damaged(path, "the archive has no whole table of contents"))?;
        Ok(Self { bytes, length, entries })
    }

    /// The names of the entries, in order.
    pub(in crate::data) fn names(&self) -> Vec<&str> {
        self.entries.iter().map(|entry| &*entry.name).collect()
    }

    /// Hands an entry's decompressed bytes to `read`, which must take all of them, then checks their checksum.
    pub(in crate::data) fn read<T>(
        mut self, index: usize, path: &Path, read: impl FnOnce(&mut dyn Read, u64) -> Result<T, DataError>,
    ) -> Result<T, DataError> {
        let start = self.entry_start(index, path)?;
        let Entry { crc, size, .. } = self.entries[index];
        let mut checked = CrcReader::new(unpacked(self.bytes, start, &self.entries[index], path)?);
        let value = read(&mut checked, size)?;
        if checked.crc().sum() != crc {
            return Err(DataError::damaged(path, "the checksum does not match"));
        }
        Ok(value)
    }

    /// Hands the beginning of an entry's decompressed bytes to `look`, and how many there are by the table of contents.
    pub(in crate::data) fn peek<T>(
        &mut self, index: usize, path: &Path, look: impl FnOnce(&mut dyn Read, u64) -> T,
    ) -> Result<T, DataError> {
        let start = self.entry_start(index, path)?;
        let entry = &self.entries[index];
        Ok(look(&mut unpacked(&mut self.bytes, start, entry, path)?, entry.size))
    }

    /// An entry's decompressed bytes, unchecked, and how many they are by the table of contents.
    pub(in crate::data) fn open_entry<'a>(
        mut self, index: usize, path: &Path,
    ) -> Result<(Box<dyn Read + 'a>, u64), DataError>
    where
        R: 'a,
    {
        let start = self.entry_start(index, path)?;
        let entry = &self.entries[index];
        Ok((unpacked(self.bytes, start, entry, path)?, entry.size))
    }

    /// The archive's bytes and the offset of an entry in them, if the entry is stored as it is.
    pub(in crate::data) fn stored(mut self, index: usize, path: &Path) -> Result<Option<(R, u64)>, DataError> {
        let start = self.entry_start(index, path)?;
        let entry = &self.entries[index];
        Ok((entry.method == 0 && entry.packed == entry.size).then_some((self.bytes, start)))
    }

    /// Where an entry's bytes start.
    fn entry_start(&mut self, index: usize, path: &Path) -> Result<u64, DataError> {
        let entry = &self.entries[index];
        if entry.encrypted {
            return Err(DataError::Unsupported { path: path.to_path_buf(), what: "encrypted".into() });
        }
        let start = data_start(&mut self.bytes, self.length, entry.offset);
        let start = start.map_err(|error| DataError::read(path, error))?;
        start.ok_or_else(|| DataError::damaged(path, "the table of contents does not lead to the entry"))
    }
}

/// The bytes of an entry that starts at `start`, decompressed.
fn unpacked<'a, R: Read + Seek + 'a>(
    mut bytes: R, start: u64, entry: &Entry, path: &Path,
) -> Result<Box<dyn Read + 'a>, DataError> {
    bytes.seek(SeekFrom::Start(start)).map_err(|error| DataError::read(path, error))?;
    let packed = BufReader::new(bytes).take(entry.packed);
    let unpacked: Box<dyn Read + 'a> = match entry.method {
        0 => Box::new(packed),
        8 => Box::new(DeflateDecoder::new(packed)),
        method => {
            let names = [(9, "Deflate64"), (12, "bzip2"), (14, "LZMA"), (93, "Zstandard"), (95, "xz")];
            let name = names.iter().find(|(number, _)| *number == method).map(|(_, name)| (*name).to_owned());
            let what = format!("compressed by {}", name.unwrap_or_else(|| format!("method {method}")));
            return Err(DataError::Unsupported { path: path.to_path_buf(), what });
        }
    };
    Ok(Box::new(unpacked.take(entry.size)))
}

/// The bytes of the central directory; `None` if its place cannot be found inside the file.
fn table_of_contents<R: Read + Seek>(file: &mut R, length: u64, what: &str) -> io::Result<Option<Vec<u8>>> {
    // The end record has 22 bytes and a comment of up to 65,535; a zip64 locator of 20 bytes may stand before it.
    let tail_start = length.saturating_sub(22 + 65_535 + 20);
    file.seek(SeekFrom::Start(tail_start))?;
    let mut tail = Vec::new();
    (&mut *file).take(length - tail_start).read_to_end(&mut tail)?;
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
        let Some(record) = read_at(file, length, at, 56, what)? else {
            return Ok(None);
        };
        if record[..4] != END64 {
            return Ok(None);
        }
        size = number(&record, 40, 8).unwrap_or(u64::MAX);
        offset = number(&record, 48, 8).unwrap_or(u64::MAX);
    }
    read_at(file, length, offset, size, what)
}

/// `size` bytes at `offset`; `None` if the file, which has `length` bytes and which messages call `what`, ends before.
fn read_at<R: Read + Seek>(
    file: &mut R, length: u64, offset: u64, size: u64, what: &str,
) -> io::Result<Option<Vec<u8>>> {
    // Systems refuse places far beyond the end in words of their own; here they are damage like any other.
    if offset.checked_add(size).is_none_or(|end| end > length) {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    memory::read_to_end(what, &mut (&mut *file).take(size), &mut bytes)?;
    Ok((bytes.len() as u64 == size).then_some(bytes))
}

/// Where an entry's bytes start, from its local header at `offset`.
fn data_start<R: Read + Seek>(file: &mut R, length: u64, offset: u64) -> io::Result<Option<u64>> {
    let Some(header) = read_at(file, length, offset, 30, "")? else {
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
