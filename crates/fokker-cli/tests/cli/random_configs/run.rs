//! Running a request under limits, and what may come of it.

use std::fs::{self, File};
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::requests::Request;

/// The limit on the address space.
const SPACE: u64 = 2 << 30;

/// What is asked for may take long: after so much time it is known not to fail at once.
const PATIENCE: Duration = Duration::from_secs(20);

/// How a request ended.
#[derive(Debug)]
pub enum Ended {
    Status(usize),
    Killed,
}

/// Runs a request; the error says what is wrong with how it ended.
pub fn run(request: &Request<'_>) -> Result<Ended, String> {
    let args: Vec<&str> = request.args.iter().map(String::as_str).collect();
    let said = request.scratch.path(&format!("{}.err", request.name));
    let mut command = request.scratch.limited_command(SPACE, &args);
    command.stdout(Stdio::null()).stderr(File::create(&said).unwrap());
    let (mut child, start) = (command.spawn().unwrap(), Instant::now());
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break Some(status),
            None if start.elapsed() > PATIENCE => {
                child.kill().unwrap();
                child.wait().unwrap();
                break None;
            }
            None => std::thread::sleep(Duration::from_millis(3)),
        }
    };
    let text = String::from_utf8_lossy(&fs::read(&said).unwrap()).into_owned();
    request.clear();
    let shown = || {
        let cut = |text: &str, most: usize| text.chars().take(most).collect::<String>();
        let args: Vec<String> = args.iter().map(|arg| cut(arg, 300)).collect();
        format!("fokker {}\n{}{}", args.join(" "), request.about, cut(&text, 3000))
    };
    let Some(status) = status else {
        return if text.is_empty() { Ok(Ended::Killed) } else { Err(format!("killed, but {}", shown())) };
    };
    let Some(code @ 0..=2) = status.code() else { return Err(format!("{status}: {}", shown())) };
    let complaint = text.starts_with("error: ") && text.ends_with('\n') && text.lines().count() == 1;
    let panicked = ["panicked", "RUST_BACKTRACE", "out of memory"].iter().any(|word| text.contains(word));
    if panicked || (code == 0 && !text.is_empty()) || (code != 0 && !complaint) {
        return Err(format!("{status}: {}", shown()));
    }
    Ok(Ended::Status(usize::try_from(code).unwrap()))
}
