//! A small HTTP/1.1 server on this machine, which can misbehave.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How requests for a file are answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Manner {
    /// As they should be; ranges with 206.
    #[default]
    Well,
    /// The connection is closed after so many bytes of content.
    Cut(usize),
    /// Nothing more is sent after so many bytes of content, and the connection stays open.
    Stall(usize),
    /// After so many bytes of content nothing is sent for a while.
    Pause(usize),
    /// Ranges are answered with 200 and the whole file.
    NoRanges,
    /// Ranges are answered with 206 and the file from its start.
    WrongRange,
    /// The first byte sent is another.
    Corrupted,
    /// 404.
    Missing,
    /// The file without a length, and a byte more than it has.
    TooLong,
    /// The connection is closed before an answer.
    Silent,
}

/// The name asked for, and the byte that its range begins at.
pub type Asked = (String, Option<usize>);

/// Serves files until the test ends.
pub struct Server {
    pub url: String,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    files: BTreeMap<String, Vec<u8>>,
    manner: Manner,
    asked: Vec<Asked>,
}

impl Server {
    /// Serves these files below `/d/`.
    pub fn new(files: &[(&str, &[u8])]) -> Self {
        let files = files.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())).collect();
        let state = Arc::new(Mutex::new(State { files, ..State::default() }));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/d", listener.local_addr().unwrap());
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                // A client that is killed closes its end: no reason to fail here.
                std::thread::spawn(move || answer(stream, &state));
            }
        });
        Self { url, state }
    }

    /// From now on requests are answered so.
    pub fn behave(&self, manner: Manner) {
        self.state.lock().unwrap().manner = manner;
    }

    /// What has been asked for since the last call.
    pub fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.state.lock().unwrap().asked)
    }
}

fn answer(mut stream: TcpStream, state: &Mutex<State>) -> Option<()> {
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines().map_while(Result::ok);
    let name = lines.next()?.split(' ').nth(1)?.strip_prefix("/d/")?.to_owned();
    let mut range = None;
    for line in lines.take_while(|line| !line.is_empty()) {
        let line = line.to_ascii_lowercase();
        if let Some(first) = line.strip_prefix("range: bytes=") {
            range = Some(first.trim_end_matches('-').parse::<usize>().unwrap());
        }
    }
    let (file, manner) = {
        let mut state = state.lock().unwrap();
        state.asked.push((name.clone(), range));
        (state.files.get(&name).cloned(), state.manner)
    };
    let missing = file.is_none() || manner == Manner::Missing;
    let file = file.unwrap_or_default();
    if missing {
        let body = "no such file";
        return write!(
            stream,
            "HTTP/1.1 404 Not Found\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
        .ok();
    }
    let from = range.filter(|_| manner != Manner::NoRanges);
    if from.is_some_and(|from| from >= file.len()) {
        let head = "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        return stream.write_all(head.as_bytes()).ok();
    }
    let start = if manner == Manner::WrongRange { 0 } else { from.unwrap_or(0) };
    let mut content = file[start..].to_vec();
    let mut head = match from {
        Some(_) => format!(
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {start}-{}/{}\r\n",
            file.len() - 1,
            file.len()
        ),
        None => "HTTP/1.1 200 OK\r\n".to_owned(),
    };
    match manner {
        Manner::TooLong => content.push(0),
        _ => head += &format!("Content-Length: {}\r\n", content.len()),
    }
    head += "Connection: close\r\n\r\n";
    match manner {
        Manner::Silent => return None,
        Manner::Corrupted => content[0] ^= 1,
        Manner::Cut(bytes) | Manner::Stall(bytes) => content.truncate(bytes),
        _ => {}
    }
    if let Manner::Pause(bytes) = manner {
        let rest = content.split_off(bytes.min(content.len()));
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&content)).ok()?;
        std::thread::sleep(Duration::from_secs(2));
        return stream.write_all(&rest).ok();
    }
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&content)).and_then(|()| stream.flush()).ok()?;
    if let Manner::Stall(_) = manner {
        std::thread::sleep(Duration::from_secs(60));
    }
    Some(())
}
