//! Files that are either whole or not there.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Writes a file so that a reader, or a crash at any moment, sees the old file or the new one and never a part of it.
///
/// `fill` writes (buffered) to a temporary name in the same folder; the bytes are then synchronised to disk and the
/// temporary name is renamed to `path`. If anything fails, `path` is as it was and the temporary file is removed. Temporary files of `path` that
/// killed processes left are removed, too.
///
/// A symbolic link stays one: the file that it leads to is replaced. What is no regular file (a device, a FIFO, a descriptor of
/// this process such as `/dev/stdout`) cannot be replaced, and is written to as it stands.
///
/// # Errors
/// Whatever `fill` returned, or the failure to create, synchronise or rename the file. The error does not name `path`.
///
/// ```
/// use std::io::Write;
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("note.txt");
/// fokker::data::write_atomically(&path, |out| out.write_all(b"whole"))?;
/// assert_eq!(std::fs::read(&path)?, b"whole");
/// let failed = fokker::data::write_atomically(&path, |out| {
///     out.write_all(b"ha")?;
///     Err(std::io::Error::other("disk on fire"))
/// });
/// assert!(failed.is_err());
/// assert_eq!(std::fs::read(&path)?, b"whole");
/// assert_eq!(std::fs::read_dir(folder.path())?.count(), 1);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn write_atomically(path: &Path, fill: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>) -> io::Result<()> {
    let place = match place(path)? {
        Place::Stream => return write_through(path, fill),
        Place::File(place) => place,
    };
    let name = place
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path does not end in a file name"))?;
    remove_left_over(folder(&place), &|of| of == name.as_encoded_bytes());
    let mut file = temporary(&place, name)?;
    let mut out = BufWriter::with_capacity(BUFFER, file.as_file_mut());
    fill(&mut out)?;
    out.flush()?;
    drop(out);
    file.as_file().sync_all()?;
    file.into_temp_path().persist(&place).map_err(|failed| failed.error)?;
    sync_folder(&place);
    Ok(())
}

/// Does the system complain of the place, and not of the disk or of rights?
pub(crate) fn is_wrong_place(error: &io::Error) -> bool {
    use io::ErrorKind::{AlreadyExists, InvalidFilename, InvalidInput, IsADirectory, NotADirectory, NotFound};
    let kinds = [AlreadyExists, InvalidFilename, InvalidInput, IsADirectory, NotADirectory, NotFound];
    kinds.contains(&error.kind())
}

const BUFFER: usize = 1 << 16;

/// Links that are followed before a chain of them is taken for a circle, as Linux does.
const MOST_LINKS: usize = 40;

/// What is to be written.
enum Place {
    /// A regular file, or one that is not there yet; no link.
    File(PathBuf),
    /// Anything else that can be opened and written to.
    Stream,
}

/// Is it the name of an open descriptor? A rename there would replace the file behind the process's back. (Devices are told by their kind, and
/// `/dev/shm` is a folder like any other.)
fn is_descriptor(path: &Path) -> bool {
    ["/dev/fd", "/proc"].iter().any(|folder| path.starts_with(folder))
}

/// What a path leads to.
fn place(path: &Path) -> io::Result<Place> {
    if is_descriptor(path) {
        return Ok(Place::Stream);
    }
    let mut place = path.to_path_buf();
    for _ in 0..MOST_LINKS {
        match fs::symlink_metadata(&place) {
            Ok(found) if found.is_symlink() => {
                let target = fs::read_link(&place)?;
                place = place.parent().unwrap_or(Path::new("")).join(target);
                if is_descriptor(&place) {
                    return Ok(Place::Stream);
                }
            }
            // A folder is refused by the rename, with the system's own words.
            Ok(found) if found.is_file() || found.is_dir() => return Ok(Place::File(place)),
            Ok(_) => return Ok(Place::Stream),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Place::File(place)),
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "too many symbolic links"))
}

/// Writes to what is there and cannot be replaced.
fn write_through(path: &Path, fill: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(BUFFER, OpenOptions::new().write(true).open(path)?);
    fill(&mut out)?;
    out.flush()
}

/// A new, hidden file in the folder of `path`, which is removed when dropped. It is locked for as long as it is open, so that others can tell it
/// from what a killed process left.
fn temporary(path: &Path, name: &OsStr) -> io::Result<NamedTempFile> {
    let mut prefix = OsString::from(".");
    prefix.push(name);
    prefix.push(format!(".{}-", std::process::id()));
    // Opened as any new file is: with the rights that the user's mask leaves, and errors in the system's own words.
    let open = |path: &Path| OpenOptions::new().write(true).create_new(true).open(path);
    loop {
        let file = tempfile::Builder::new().prefix(&prefix).suffix(SUFFIX).make_in(folder(path), open)?;
        // Where there are no locks nothing is removed. Who took this one for left over has removed it by now.
        if file.as_file().lock().is_err() || file.path().exists() {
            return Ok(file);
        }
    }
}

/// The end of a temporary file's name.
const SUFFIX: &str = ".tmp";

/// Removes the temporary files in a folder that killed processes left of the files whose names `is_of` takes.
pub(crate) fn remove_left_over(folder: &Path, is_of: &dyn Fn(&[u8]) -> bool) {
    // A file too many is no failure.
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if target(entry.file_name().as_encoded_bytes()).is_some_and(is_of) {
            let path = entry.path();
            let file = OpenOptions::new().write(true).open(&path);
            if file.is_ok_and(|file| file.try_lock().is_ok()) {
                let _ = fs::remove_file(path);
            }
        }
    }
}

/// The name of the file that a temporary file of this name was to become; `None` if it is none.
pub(crate) fn temporary_of(name: &OsStr) -> Option<&[u8]> {
    target(name.as_encoded_bytes())
}

/// The name of the file that a temporary file was to become: `.NAME.PROCESS-XXXXXX.tmp`.
fn target(name: &[u8]) -> Option<&[u8]> {
    let name = name.strip_prefix(b".")?.strip_suffix(SUFFIX.as_bytes())?;
    let dot = name.iter().rposition(|&byte| byte == b'.')?;
    let (name, numbers) = (&name[..dot], &name[dot + 1..]);
    let dash = numbers.iter().position(|&byte| byte == b'-')?;
    let (process, random) = (&numbers[..dash], &numbers[dash + 1..]);
    let good = !process.is_empty() && process.iter().all(u8::is_ascii_digit) && random.len() == 6;
    good.then_some(name)
}

/// The folder that a file is in.
fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Makes the rename itself durable where folders can be synchronised; the file is whole either way.
fn sync_folder(path: &Path) {
    if let Ok(folder) = File::open(folder(path)) {
        let _ = folder.sync_all();
    }
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Read;
    use std::os::unix::fs::{FileTypeExt, symlink};

    use super::*;

    fn write(path: &Path, text: &str) -> io::Result<()> {
        write_atomically(path, |out| out.write_all(text.as_bytes()))
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn memory_that_is_a_folder_holds_files_like_any_other() {
        let folder = tempfile::tempdir_in("/dev/shm").unwrap();
        let path = folder.path().join("file");
        write(&path, "old").unwrap();
        write(&path, "new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        // Descriptors and devices are written to as they stand.
        write(Path::new("/dev/null"), "gone").unwrap();
        assert_eq!(write(Path::new("/dev/full"), "no").unwrap_err().kind(), io::ErrorKind::StorageFull);
        let mut file = tempfile::tempfile_in(folder.path()).unwrap();
        let descriptor = std::os::fd::AsRawFd::as_raw_fd(&file);
        write(Path::new(&format!("/dev/fd/{descriptor}")), "through").unwrap();
        let mut text = String::new();
        io::Seek::rewind(&mut file).unwrap();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "through");
    }

    #[test]
    fn a_link_stays_a_link_and_its_file_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("sub")).unwrap();
        fs::write(at("sub/file"), "old").unwrap();
        symlink("sub/file", at("link")).unwrap();
        symlink(at("link"), at("second")).unwrap();
        symlink("sub/none", at("dangling")).unwrap();
        symlink("circle", at("circle")).unwrap();
        write(&at("second"), "new").unwrap();
        write(&at("dangling"), "made").unwrap();
        for link in ["link", "second", "dangling"] {
            assert!(fs::symlink_metadata(at(link)).unwrap().is_symlink(), "{link}");
        }
        assert_eq!(fs::read_to_string(at("sub/file")).unwrap(), "new");
        assert_eq!(fs::read_to_string(at("sub/none")).unwrap(), "made");
        assert!(write(&at("circle"), "").is_err());
        assert_eq!(fs::read_dir(at("sub")).unwrap().count(), 2, "nothing is left over");
    }

    #[test]
    fn new_files_have_the_rights_of_new_files() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let mode = |name: &str| fs::metadata(at(name)).unwrap().permissions().mode();
        fs::write(at("usual"), "").unwrap();
        write(&at("new"), "").unwrap();
        assert_eq!(mode("new"), mode("usual"));
        // Errors are in the system's own words.
        let nowhere = write(&at("no/folder/x"), "").unwrap_err();
        assert_eq!(nowhere.to_string(), File::create(at("no/folder/x")).unwrap_err().to_string());
        assert!(is_wrong_place(&nowhere));
    }

    #[test]
    fn a_panic_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        write(&path, "old").unwrap();
        let unwound = std::panic::catch_unwind(|| write_atomically(&path, |_| panic!("while it was written")));
        assert!(unwound.is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_a_killed_process_left_goes_and_what_another_writes_stays() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in [".x.17-abcdef.tmp", ".y.17-abcdef.tmp", ".x.tmp", ".x.mine-abcdef.tmp", "x.17-abcdef.tmp"] {
            fs::write(at(name), "left").unwrap();
        }
        let live = temporary(&at("x"), OsStr::new("x")).unwrap();
        write(&at("x"), "new").unwrap();
        assert!(live.path().exists() && !at(".x.17-abcdef.tmp").exists(), "one is locked, the other is not");
        let mut left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        left.retain(|path| path != live.path());
        left.sort();
        let others = [".x.mine-abcdef.tmp", ".x.tmp", ".y.17-abcdef.tmp", "x", "x.17-abcdef.tmp"];
        assert_eq!(left, others.map(at), "what is no temporary file of x stays");
    }

    #[test]
    fn a_fifo_is_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fifo");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let other = path.clone();
        let reader = std::thread::spawn(move || {
            let mut text = String::new();
            File::open(other).unwrap().read_to_string(&mut text).map(|_| text)
        });
        write(&path, "through").unwrap();
        assert_eq!(reader.join().unwrap().unwrap(), "through");
        assert!(fs::symlink_metadata(&path).unwrap().file_type().is_fifo());
        write(Path::new("/dev/null"), "nothing").unwrap();
        assert!(fs::symlink_metadata("/dev/null").unwrap().file_type().is_char_device());
    }
}
