//! One file over HTTP: in parts, resumed, verified, renamed when whole.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use fokker::jobs::{Observer, Unit, Work};
use sha2::{Digest, Sha256};
use ureq::http::{Response, StatusCode};
use ureq::{Agent, Body};

use super::place::is_taken;
use super::remote_file::RemoteFile;
use crate::fail::request;
use crate::progress::Progress;

/// Bytes read at a time.
const CHUNK: usize = 1 << 16;

/// How a file came to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// It was downloaded.
    Fetched,
    /// It had been before.
    AlreadyThere,
}

/// The mirrors, and how they are asked.
pub struct Server {
    mirrors: Vec<String>,
    agent: Agent,
    timeout: u64,
}

/// Why a mirror did not give the file.
enum Failure {
    /// The next one may.
    Mirror(String),
    /// It is not the mirror's fault.
    Here(anyhow::Error),
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Here(error)
    }
}

impl Server {
    /// `timeout` seconds without an answer, or a byte of it, are too long.
    pub fn new(mirrors: Vec<String>, timeout: u64) -> Self {
        let limit = Some(Duration::from_secs(timeout));
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_resolve(limit)
            .timeout_connect(limit)
            .timeout_recv_response(limit)
            .timeout_per_read(limit)
            .user_agent(concat!("fokker/", env!("CARGO_PKG_VERSION")))
            // The bytes as they are: gzip files are the files that are wanted.
            .accept_encoding("identity")
            .build();
        Self { mirrors, agent: config.into(), timeout }
    }

    /// Makes `path` the whole, verified file. Bytes that arrive are kept in `path.part` until then.
    pub fn fetch(&self, file: &RemoteFile, path: &Path) -> Result<Done> {
        if is_taken(path) {
            return already_there(file, path);
        }
        let mut part = Part::open(file, path)?;
        match self.complete(file, &mut part)? {
            Ok(()) => part.rename(path).map(|()| Done::Fetched),
            Err(failures) => bail!("{}; {}", failures.join("; "), part.advice(file)),
        }
    }

    /// Asks one mirror after the other for what is missing; what was wrong with each if none gave it.
    fn complete(&self, file: &RemoteFile, part: &mut Part) -> Result<Result<(), Vec<String>>> {
        // All of it had arrived before; if it is wrong it is cleared.
        if part.length == file.bytes && part.verify(file)?.is_ok() {
            return Ok(Ok(()));
        }
        let mut failures = Vec::new();
        for base in &self.mirrors {
            let url = format!("{base}{}", file.name);
            match self.ask_mirror(&url, file, part) {
                Ok(()) => return Ok(Ok(())),
                Err(Failure::Mirror(reason)) => failures.push(format!("{url}: {reason}")),
                Err(Failure::Here(error)) => return Err(error),
            }
        }
        Ok(Err(failures))
    }

    /// Goes on where the part ends, to the verified end of the file.
    fn ask_mirror(&self, url: &str, file: &RemoteFile, part: &mut Part) -> Result<(), Failure> {
        let response = self.get(url, part.length)?;
        let response = match response.status() {
            // An answer to another question than the one asked: once more from the start.
            StatusCode::RANGE_NOT_SATISFIABLE | StatusCode::PARTIAL_CONTENT if !continues(&response, part.length) => {
                part.clear()?;
                self.get(url, 0)?
            }
            _ => response,
        };
        let from = match response.status() {
            StatusCode::PARTIAL_CONTENT if continues(&response, part.length) => part.length,
            StatusCode::OK => 0,
            status => {
                let reason = format!("HTTP {} {}", status.as_u16(), status.canonical_reason().unwrap_or_default());
                return Err(Failure::Mirror(reason.trim_end().to_owned()));
            }
        };
        let length =
            response.headers().get("Content-Length").and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if let Some(length) = length.filter(|length| from.saturating_add(*length) != file.bytes) {
            return Err(Failure::Mirror(format!("sends {length} bytes, expected {}", file.bytes - from)));
        }
        if from < part.length {
            part.clear()?;
        }
        let progress = Progress::default();
        progress.begin(&Work::counted(&file.name, Unit::Bytes, file.bytes, from));
        let received = self.receive(response.into_body(), file, part, &progress);
        progress.end();
        received?;
        part.verify(file)?.map_err(Failure::Mirror)
    }

    fn get(&self, url: &str, from: u64) -> Result<Response<Body>, Failure> {
        let mut asked = self.agent.get(url);
        if from > 0 {
            asked = asked.header("Range", format!("bytes={from}-"));
        }
        asked.call().map_err(|error| Failure::Mirror(self.say(&error)))
    }

    fn receive(&self, body: Body, file: &RemoteFile, part: &mut Part, progress: &Progress) -> Result<(), Failure> {
        let mut reader = body.into_reader();
        let mut chunk = vec![0; CHUNK];
        while part.length < file.bytes {
            let room = usize::try_from(file.bytes - part.length).map_or(CHUNK, |left| left.min(CHUNK));
            let reason = match reader.read(&mut chunk[..room]) {
                Ok(0) => "the connection ended".to_owned(),
                Ok(read) => {
                    part.write(&chunk[..read])?;
                    progress.done(part.length);
                    continue;
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => self.say(&ureq::Error::from(error)),
            };
            return Err(Failure::Mirror(format!("{reason} after {} of {} bytes", part.length, file.bytes)));
        }
        Ok(())
    }

    /// An error in a user's words.
    fn say(&self, error: &ureq::Error) -> String {
        use std::io::ErrorKind::{ConnectionRefused, UnexpectedEof};
        let text = error.to_string();
        let text = text.trim_start_matches("io: ");
        match error {
            ureq::Error::Timeout(_) => format!("no answer within {} s", self.timeout),
            ureq::Error::Io(error) if error.kind() == ConnectionRefused => "connection refused".into(),
            ureq::Error::Io(error) if error.kind() == UnexpectedEof => "the connection ended".into(),
            // What the system says if it finds no address.
            _ if matches!(error, ureq::Error::HostNotFound) || text.contains("lookup address") => {
                "no server of this name is found (is this machine online?)".into()
            }
            _ => text.to_owned(),
        }
    }
}

/// Whether an answer to a request for a range begins at this byte.
fn continues(response: &Response<Body>, from: u64) -> bool {
    let range = response.headers().get("Content-Range").and_then(|value| value.to_str().ok());
    let first = range.and_then(|range| range.strip_prefix("bytes ")).and_then(|range| range.split('-').next());
    first.and_then(|first| first.trim().parse().ok()) == Some(from)
}

/// A file of the right name is kept whatever it holds: it may be someone's own.
fn already_there(file: &RemoteFile, path: &Path) -> Result<Done> {
    if !path.is_file() {
        return Err(in_the_way(path));
    }
    let mut opened = File::open(path).map_err(|source| fokker::Error::Io { path: path.into(), source })?;
    let mut hasher = Sha256::new();
    let length = hash(&mut opened, &mut hasher, path)?;
    match wrong(file, length, hasher) {
        None => Ok(Done::AlreadyThere),
        Some(reason) => Err(another(path, &reason)),
    }
}

/// Something that is no file has the name, or a link that leads nowhere.
fn in_the_way(path: &Path) -> anyhow::Error {
    request(format!("{}: is in the way: not a file", path.display()))
}

/// Another file has the name.
fn another(path: &Path, reason: &str) -> anyhow::Error {
    request(format!(
        "{}: another file of this name is there: {reason}; delete it to fetch it anew, or give another folder with -o",
        path.display()
    ))
}

/// What is wrong with a whole file.
fn wrong(file: &RemoteFile, length: u64, hasher: Sha256) -> Option<String> {
    if length != file.bytes {
        return Some(format!("expected {} bytes, actual {length}", file.bytes));
    }
    let actual = hex(&hasher.finalize());
    (actual != file.sha256).then(|| format!("wrong SHA-256: expected {}, actual {actual}", file.sha256))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Takes the rest of a file into a sum; its length.
fn hash(file: &mut File, hasher: &mut Sha256, path: &Path) -> Result<u64> {
    let failed = |source| fokker::Error::Io { path: path.into(), source };
    let (mut chunk, mut length) = (vec![0; CHUNK], 0);
    loop {
        match file.read(&mut chunk).map_err(failed)? {
            0 => return Ok(length),
            read => {
                hasher.update(&chunk[..read]);
                length += read as u64;
            }
        }
    }
}

/// The bytes that have arrived so far, and their sum.
struct Part {
    path: PathBuf,
    file: File,
    length: u64,
    hasher: Sha256,
}

impl Part {
    /// Opens what an earlier run left, or nothing; one process at a time.
    fn open(file: &RemoteFile, path: &Path) -> Result<Self> {
        let mut name = path.as_os_str().to_owned();
        name.push(".part");
        let path = PathBuf::from(name);
        let failed = |source| fokker::Error::Io { path: path.clone(), source };
        // Writing through a link would change what it leads to.
        if std::fs::symlink_metadata(&path).is_ok_and(|found| !found.is_file()) {
            return Err(in_the_way(&path));
        }
        let mut opened =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
        match opened.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!("{}: another process is fetching this file", path.display()),
            // Not every file system has locks.
            Err(TryLockError::Error(_)) => {}
        }
        let mut hasher = Sha256::new();
        let length = hash(&mut opened, &mut hasher, &path)?;
        let mut part = Self { path, file: opened, length, hasher };
        if part.length > file.bytes {
            part.clear()?;
        }
        Ok(part)
    }

    fn io(&self, source: std::io::Error) -> anyhow::Error {
        let kept = format!("{} bytes are kept there: the same command goes on from them", self.length);
        anyhow!("{}: {source}; {kept}", self.path.display())
    }

    /// Starts over.
    fn clear(&mut self) -> Result<()> {
        self.length = 0;
        self.hasher = Sha256::new();
        self.file.set_len(0).and_then(|()| self.file.seek(SeekFrom::Start(0))).map_err(|error| self.io(error))?;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        if let Err(error) = self.file.write_all(bytes) {
            // A disk that is full may have taken some of them: only what is counted may stay.
            let _ = self.file.set_len(self.length);
            return Err(self.io(error));
        }
        self.hasher.update(bytes);
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Whether the whole file is the one expected; if not, nothing of it is kept.
    fn verify(&mut self, file: &RemoteFile) -> Result<Result<(), String>> {
        match wrong(file, self.length, self.hasher.clone()) {
            None => Ok(Ok(())),
            Some(reason) => {
                self.clear()?;
                Ok(Err(reason))
            }
        }
    }

    /// What is kept and how to go on; a part of no bytes is removed.
    fn advice(self, file: &RemoteFile) -> String {
        if self.length == 0 {
            let _ = std::fs::remove_file(&self.path);
            return "nothing of this file is kept, files that are whole are kept: the same command goes on".into();
        }
        format!("{} of {} bytes are kept in {}: the same command goes on", self.length, file.bytes, self.path.display())
    }

    /// Gives the file its name, unless another one has come to have it meanwhile.
    fn rename(self, path: &Path) -> Result<()> {
        self.file.sync_all().map_err(|error| self.io(error))?;
        match std::fs::hard_link(&self.path, path) {
            Ok(()) => {
                // Under its own name it is whole all the same.
                let _ = std::fs::remove_file(&self.path);
                Ok(())
            }
            // Not every file system has links.
            Err(_) if !is_taken(path) => std::fs::rename(&self.path, path).map_err(|error| self.io(error)),
            Err(_) => {
                Err(another(path, &format!("it was written meanwhile; the file fetched is {}", self.path.display())))
            }
        }
    }
}
