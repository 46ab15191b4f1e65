//! The `fokker` command.
fn main() {}
