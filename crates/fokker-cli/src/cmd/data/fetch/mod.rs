//! `fokker data fetch`

mod archive;
mod download;
mod manifest;
mod place;
mod remote_file;
mod source;

use std::path::{Path, PathBuf};

use anyhow::Result;

use self::download::{Done, Server};
use self::place::{make_inside, require_inside};
use self::source::Source;
use crate::fail::request;
use crate::print::out;

/// `fokker data fetch`
#[derive(Debug, clap::Args)]
pub struct Fetch {
    /// The data set
    #[arg(value_enum, required_unless_present = "manifest", conflicts_with = "manifest")]
    pub name: Option<source::DataSet>,
    /// Folder for the files (default: the data set's name)
    #[arg(short, long, value_name = "DIR", required_unless_present = "name")]
    pub output: Option<PathBuf>,
    /// Fetch from below this URL, in place of the public servers; may be repeated: the next is tried if one fails
    #[arg(long, value_name = "URL")]
    pub mirror: Vec<String>,
    /// Fetch the files of this list from your own server: a line each of SHA-256, bytes and name, parted by tabs
    #[arg(long, value_name = "FILE", requires = "mirror")]
    pub manifest: Option<PathBuf>,
    /// Seconds without a byte after which a server is given up
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub timeout: u64,
}

/// Downloads the files that are not there yet, verifies all of them, unpacks archives.
pub fn run(args: &Fetch) -> Result<()> {
    let source = Source::new(args.name, args.manifest.as_deref(), &args.mirror, args.output.as_deref())?;
    let folder = source.folder.clone();
    if folder.exists() && !folder.is_dir() {
        return Err(request(format!("-o {}: is a file, a folder is needed", folder.display())));
    }
    for file in &source.files {
        require_inside(&folder, &file.name)?;
    }
    make_folder(&folder)?;
    let server = Server::new(source.mirrors, args.timeout);
    let mut data = folder.clone();
    for file in &source.files {
        let path = make_inside(&folder, &file.name)?;
        match server.fetch(file, &path)? {
            Done::Fetched => out!("{}: fetched, {} bytes, SHA-256 verified", path.display(), file.bytes),
            Done::AlreadyThere => out!("{}: already there, SHA-256 verified", path.display()),
        }
        if file.name.ends_with(".tar.gz") {
            let unpacked = archive::unpack(&path, &folder)?;
            let (written, files) = (unpacked.written, unpacked.files);
            out!("{}: {files} files, {written} of them unpacked anew", path.display());
            if source.files.len() == 1 {
                data = unpacked.top.map_or(data, |top| folder.join(top));
            }
        }
    }
    out!("next: fokker data describe {}", shell_word(&data));
    Ok(())
}

fn make_folder(path: &Path) -> Result<()> {
    std::fs::create_dir_all(path).map_err(|source| fokker::Error::Io { path: PathBuf::from(path), source })?;
    Ok(())
}

/// A path as it can be pasted into a shell.
fn shell_word(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:@%,".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}
