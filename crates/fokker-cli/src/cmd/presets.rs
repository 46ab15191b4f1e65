//! `fokker presets`

use anyhow::Result;
use fokker::config::PRESETS;

use crate::fail::request;
use crate::print::out;

/// `fokker presets`
#[derive(Debug, clap::Args)]
pub struct Presets {
    /// Print this one, as TOML
    pub name: Option<String>,
}

/// Lists the presets, or prints one.
pub fn run(args: &Presets) -> Result<()> {
    match &args.name {
        None => PRESETS.iter().for_each(|preset| out!("{:<13} {}", preset.name, preset.about)),
        Some(name) => {
            let preset = PRESETS.iter().find(|preset| preset.name == name);
            let preset = preset.ok_or_else(|| request(format!("presets: {name}: no such preset")))?;
            out!("{}", preset.toml.trim_end());
        }
    }
    Ok(())
}
