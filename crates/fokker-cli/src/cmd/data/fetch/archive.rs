//! Unpacking `.tar.gz` archives of plain files.
//!
//! Entries are taken as they stand ("raw"): what archivers add to rename or resize the next entry, which may be of any length, is
//! refused instead of read.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use anyhow::{Result, anyhow};
use flate2::read::MultiGzDecoder;
use fokker::data::write_atomically;
use tar::EntryType;

use super::place::{is_taken, make_inside, require_inside};
use super::remote_file::is_plain_path;
use crate::fail::request;

/// The largest file that is unpacked, and the most files.
const MOST_BYTES: u64 = 1 << 30;
const MOST_FILES: usize = 1 << 20;

/// Bytes compared at a time.
const CHUNK: usize = 1 << 16;

/// What was unpacked.
pub struct Unpacked {
    /// Files in the archive.
    pub files: usize,
    /// Those that were not there yet as they are in the archive.
    pub written: usize,
    /// The folder that all of them are in, if it is one.
    pub top: Option<String>,
}

/// Unpacks the plain files of an archive below `folder`, each whole or not at all; those that are there already with the same bytes
/// are left alone.
///
/// The whole archive is looked through before anything is written: an entry that is no file or folder, or whose name leads out of
/// `folder`, spoils all of it, and so does another file of a name, which may be someone's own, or a link that leads out.
pub fn unpack(archive: &Path, folder: &Path) -> Result<Unpacked> {
    let damaged = |reason: String| anyhow!("{}: {reason}; nothing was unpacked", archive.display());
    let mut names = BTreeSet::new();
    let (mut there, mut refused) = (BTreeSet::new(), None);
    each_file(archive, &mut |name, size, bytes| {
        if size > MOST_BYTES || names.len() == MOST_FILES {
            return Err(format!("{name:?}: more than {MOST_BYTES} bytes or {MOST_FILES} files"));
        }
        if !names.insert(name.to_owned()) {
            return Err(format!("{name:?} is there twice"));
        }
        let path = folder.join(name);
        let found = require_inside(folder, name).err().or_else(|| match () {
            () if !is_taken(&path) => None,
            () if same(&path, size, bytes) => {
                there.insert(name.to_owned());
                None
            }
            () => Some(request(format!(
                "{}: another file of this name is there, not the one in {}; delete it to have that one, or give another folder \
                 with -o; nothing was unpacked",
                path.display(),
                archive.display()
            ))),
        });
        refused = refused.take().or(found);
        Ok(())
    })
    .map_err(damaged)?;
    if let Some(error) = refused {
        return Err(error);
    }
    let mut written = 0;
    each_file(archive, &mut |name, _, bytes| {
        if there.contains(name) {
            return Ok(());
        }
        let mut content = Vec::new();
        bytes.read_to_end(&mut content).map_err(|error| error.to_string())?;
        let path = make_inside(folder, name).map_err(|error| error.to_string())?;
        let failed = |error: io::Error| format!("{}: {error}", path.display());
        write_atomically(&path, |out: &mut (dyn Write + Send)| out.write_all(&content)).map_err(failed)?;
        written += 1;
        Ok(())
    })
    .map_err(|reason| anyhow!("{}: {reason}; the same command goes on", archive.display()))?;
    let tops: BTreeSet<_> = names.iter().map(|name| name.split_once('/').map(|(top, _)| top)).collect();
    let top = if tops.len() == 1 { tops.into_iter().flatten().next().map(str::to_owned) } else { None };
    Ok(Unpacked { files: names.len(), written, top })
}

/// Whether the file at a path has these `size` bytes.
fn same(path: &Path, size: u64, bytes: &mut dyn Read) -> bool {
    if fs::metadata(path).ok().filter(fs::Metadata::is_file).map(|found| found.len()) != Some(size) {
        return false;
    }
    let Ok(mut file) = File::open(path) else { return false };
    let (mut one, mut other) = ([0; CHUNK], [0; CHUNK]);
    let mut left = size;
    while left > 0 {
        let length = left.min(CHUNK as u64) as usize;
        let read = bytes.read_exact(&mut one[..length]).and_then(|()| file.read_exact(&mut other[..length]));
        if read.is_err() || one[..length] != other[..length] {
            return false;
        }
        left -= length as u64;
    }
    true
}

/// Is told name, size and content of a plain file; what it says is wrong with it ends it.
type OnFile<'a> = dyn FnMut(&str, u64, &mut dyn Read) -> Result<(), String> + 'a;

/// Calls `file` for each plain file.
fn each_file(archive: &Path, file: &mut OnFile) -> Result<(), String> {
    let opened = File::open(archive).map_err(|error| error.to_string())?;
    entries(&mut MultiGzDecoder::new(BufReader::new(opened)), file)
}

fn entries(reader: &mut dyn Read, file: &mut OnFile) -> Result<(), String> {
    let ended = Cell::new(false);
    let broken = |error: io::Error| match error.kind() {
        _ if ended.get() => format!("is no whole tar archive: {error}"),
        io::ErrorKind::UnexpectedEof => format!("is no whole tar archive: {error}"),
        _ => format!("is no tar archive: {error}"),
    };
    let mut archive = tar::Archive::new(Ended { reader, ended: &ended });
    for entry in archive.entries().map_err(broken)?.raw(true) {
        let mut entry = entry.map_err(broken)?;
        let utf8 = |_| "is no tar archive, or holds a name that is no UTF-8".to_owned();
        let name = String::from_utf8(entry.path_bytes().into_owned()).map_err(utf8)?;
        let (plain, size) = (name.strip_prefix("./").unwrap_or(&name), entry.size());
        match entry.header().entry_type() {
            EntryType::Regular if is_plain_path(plain) => file(plain, size, &mut entry)?,
            EntryType::Directory if is_plain_path(plain.trim_end_matches('/')) => {}
            // Remarks of the archiver, which may not rename or resize what follows.
            EntryType::XGlobalHeader | EntryType::XHeader if size <= 1 << 16 => {
                let mut remarks = Vec::new();
                entry.read_to_end(&mut remarks).map_err(|error| error.to_string())?;
                let remarks = String::from_utf8_lossy(&remarks);
                if let Some(key) = ["path=", "size=", "linkpath="].into_iter().find(|key| remarks.contains(key)) {
                    return Err(format!("holds an extended header with {key:?}, which is not supported"));
                }
            }
            EntryType::Regular | EntryType::Directory => {
                return Err(format!("holds {plain:?}, which is no plain name below its folder"));
            }
            EntryType::Link | EntryType::Symlink => return Err(format!("holds {plain:?}, which is a link")),
            other => {
                return Err(format!("holds {plain:?} of the unknown kind {:?}", char::from(other.as_byte())));
            }
        }
    }
    // An archive ends with blocks of zeros, after which nothing is read.
    if ended.get() { Err("is no whole tar archive: its end is missing".into()) } else { Ok(()) }
}

/// A reader that tells whether its end was met.
struct Ended<'a> {
    reader: &'a mut dyn Read,
    ended: &'a Cell<bool>,
}

impl Read for Ended<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(bytes)?;
        self.ended.set(self.ended.get() || read == 0 && !bytes.is_empty());
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The unit of an archive.
    const BLOCK: usize = 512;

    /// One entry, its content padded.
    fn entry(name: &str, kind: u8, content: &[u8]) -> Vec<u8> {
        let mut block = vec![0; BLOCK];
        block[..name.len()].copy_from_slice(name.as_bytes());
        block[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
        block[156] = kind;
        block[257..263].copy_from_slice(b"ustar\0");
        let sum: u64 = block.iter().map(|&byte| u64::from(byte)).sum::<u64>() + 8 * 32;
        block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        block.extend(content);
        block.resize(block.len().next_multiple_of(BLOCK), 0);
        block
    }

    fn read(archive: &[u8]) -> Result<Vec<(String, Vec<u8>)>, String> {
        let mut found = Vec::new();
        let mut rest = archive;
        entries(&mut rest, &mut |name, size, content| {
            let mut bytes = Vec::new();
            content.read_to_end(&mut bytes).unwrap();
            assert_eq!(bytes.len() as u64, size);
            found.push((name.to_owned(), bytes));
            Ok(())
        })?;
        Ok(found)
    }

    #[test]
    fn files_and_folders() {
        let end = vec![0; 2 * BLOCK];
        let archive = [
            entry("a/", b'5', b""),
            entry("x", b'x', b"20 mtime=1244.5\n"),
            entry("a/b.bin", b'0', &[7; 600]),
            entry("./c", b'\0', b""),
            end.clone(),
        ];
        let found = read(&archive.concat()).unwrap();
        assert_eq!(found, [("a/b.bin".into(), vec![7; 600]), ("c".into(), Vec::new())]);
        // Content that is not read is skipped.
        let mut names = Vec::new();
        let archive = [entry("a", b'0', &[1; 513]), entry("b", b'0', &[2; 3]), end].concat();
        entries(&mut &archive[..], &mut |name, _, _| {
            names.push(name.to_owned());
            Ok(())
        })
        .unwrap();
        assert_eq!(names, ["a", "b"]);
    }

    #[test]
    fn what_leads_out_is_refused() {
        let end = vec![0; 2 * BLOCK];
        for (name, kind, reason) in [
            ("../evil", b'0', "no plain name"),
            ("a/../../evil", b'0', "no plain name"),
            ("/etc/passwd", b'0', "no plain name"),
            ("..", b'5', "no plain name"),
            ("a\\b", b'0', "no plain name"),
            ("link", b'2', "is a link"),
            ("hard", b'1', "is a link"),
            ("device", b'3', "unknown kind '3'"),
            ("long", b'L', "unknown kind 'L'"),
        ] {
            let found = read(&[entry(name, kind, b""), end.clone()].concat());
            assert!(
                found.as_ref().is_err_and(|error| error.contains(reason) && error.contains("holds")),
                "{name} {found:?}"
            );
        }
        let renaming = [entry("x", b'x', b"17 path=../evil\n"), entry("a", b'0', b"1"), end].concat();
        assert!(read(&renaming).is_err_and(|error| error.contains("extended header")));
    }

    #[test]
    fn damage_is_seen() {
        let whole = [entry("a", b'0', &[1; 700]), vec![0; 2 * BLOCK]].concat();
        assert!(read(&whole).is_ok());
        for length in [0, 100, BLOCK, BLOCK + 1, 3 * BLOCK - 1, 3 * BLOCK] {
            // Content that ends early is noticed by whoever reads it, or by what follows.
            let mut rest = &whole[..length];
            let found = entries(&mut rest, &mut |_, _, _| Ok(()));
            assert!(found.as_ref().is_err_and(|error| error.contains("no whole tar archive")), "{length} {found:?}");
        }
        for at in [0, 124, 150, 156, 300] {
            let mut other = whole.clone();
            other[at] ^= 1;
            assert!(read(&other).is_err(), "{at}");
        }
    }
}
