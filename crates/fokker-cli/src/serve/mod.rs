//! A page for this machine alone, as long as it is held: HTTP/1.1, GET and HEAD of one path, one connection after the other.
//!
//! The crates that serve HTTP are either great (hyper and what goes with it) or have had no release in years (`tiny_http`); to answer
//! one question with one page takes less than to hold either.

mod page;

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::fail::request;
use crate::global;
use crate::print::error_line;
use crate::progress::StepRate;

/// Whoever asks is given so long to ask, and to take the answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// The longest request that is read, its headers included.
const LONGEST: usize = 8192;

/// Seconds after which a browser asks again.
const REFRESH: u32 = 5;

/// Shows how training in a run directory goes until it is dropped. Says where.
pub fn training(port: u16, root: &Path, rates: Arc<Mutex<Vec<StepRate>>>) -> Result<Server> {
    let root = root.to_path_buf();
    let server = Server::start(port, move || page::training(&root, &rates))
        .map_err(|error| request(format!("--serve {port}: {error}")))?;
    if !global::is_quiet() {
        error_line(&format!("training is shown at http://{}/", server.address));
    }
    Ok(server)
}

/// A page that is served.
pub struct Server {
    address: SocketAddr,
    stops: Arc<AtomicBool>,
}

impl Server {
    /// Serves what `page` makes, anew for each request, on a port of the loopback interface; 0: any.
    fn start(port: u16, page: impl Fn() -> String + Send + 'static) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let (address, stops) = (listener.local_addr()?, Arc::new(AtomicBool::new(false)));
        let ends = Arc::clone(&stops);
        let serve = move || {
            for stream in listener.incoming() {
                if ends.load(Ordering::Acquire) {
                    return;
                }
                // Whoever has gone away needs no answer.
                let _ = stream.and_then(|stream| answer(stream, &page));
            }
        };
        std::thread::Builder::new().name("serve".into()).spawn(serve)?;
        Ok(Self { address, stops })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stops.store(true, Ordering::Release);
        // It waits for somebody to come. It is not waited for: whoever reads slowly does not keep training from its end.
        let _ = TcpStream::connect_timeout(&self.address, PATIENCE);
    }
}

/// Reads a request and answers it.
fn answer(mut stream: TcpStream, page: &dyn Fn() -> String) -> io::Result<()> {
    let by = Instant::now() + PATIENCE;
    let mut asked = Vec::new();
    while !asked.windows(4).any(|end| end == b"\r\n\r\n") {
        let left = by.checked_duration_since(Instant::now()).filter(|left| !left.is_zero());
        let Some(left) = left else { return respond(&mut stream, "408 Request Timeout", "", "too slow", true) };
        stream.set_read_timeout(Some(left))?;
        let mut some = [0; 1024];
        match stream.read(&mut some)? {
            0 => return Ok(()),
            read => asked.extend_from_slice(&some[..read]),
        }
        if asked.len() > LONGEST {
            return respond(&mut stream, "431 Request Header Fields Too Large", "", "too long", true);
        }
    }
    let asked = String::from_utf8_lossy(&asked);
    let mut words = asked.lines().next().unwrap_or_default().split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let with_body = method != "HEAD";
    match (method, path.split('?').next().unwrap_or_default()) {
        // A page of another site may have a name that leads here.
        _ if !is_local(&asked) => respond(&mut stream, "403 Forbidden", "", "for this machine alone", with_body),
        ("GET" | "HEAD", "/") => {
            let headers = format!("Refresh: {REFRESH}\r\n");
            respond(&mut stream, "200 OK", &headers, &page(), with_body)
        }
        ("GET" | "HEAD", _) => respond(&mut stream, "404 Not Found", "", "there is one page: /", with_body),
        _ => respond(&mut stream, "405 Method Not Allowed", "Allow: GET, HEAD\r\n", "GET alone", with_body),
    }
}

/// Is it this machine that is asked for, by its own name?
fn is_local(asked: &str) -> bool {
    let is_host = |line: &&str| line.get(..5).is_some_and(|name| name.eq_ignore_ascii_case("host:"));
    let host = asked.lines().find(is_host).map_or("", |line| line[5..].trim());
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    ["", "127.0.0.1", "localhost"].contains(&name)
}

fn respond(stream: &mut TcpStream, status: &str, headers: &str, body: &str, with_body: bool) -> io::Result<()> {
    stream.set_write_timeout(Some(PATIENCE))?;
    let kind = if status.starts_with("200") { "text/html" } else { "text/plain" };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\
         Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n{headers}\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(if with_body { body.as_bytes() } else { &[] })
}
