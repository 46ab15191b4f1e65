//! Commands that are started and not waited for, and signals to them.

use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::Scratch;

pub fn send(child: &Child, signal: &str) {
    // It may have ended by itself.
    let _ = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).stderr(Stdio::null()).status();
}

pub fn start(scratch: &Scratch, args: &[&str]) -> Child {
    scratch.command(args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits until something is there, for a minute at most.
#[track_caller]
pub fn wait_for(child: &mut Child, what: &dyn Fn() -> bool) {
    let begun = Instant::now();
    while !what() && child.try_wait().unwrap().is_none() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it never came");
        sleep(Duration::from_millis(1));
    }
}
