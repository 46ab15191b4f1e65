//! `fokker man`

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Command, CommandFactory};
use clap_mangen::Man as Page;
use fokker::data::write_atomically;

use crate::args::Args;
use crate::print::{self, say};

/// `fokker man`
#[derive(Debug, clap::Args)]
pub struct Man {
    /// Write the pages of the program and of each command into this folder, as fokker.1, fokker-train.1 and so on (default: print the
    /// program's)
    #[arg(short, long, value_name = "FOLDER")]
    pub output: Option<PathBuf>,
}

/// Prints the program's page, or writes all.
pub fn run(args: &Man) -> Result<()> {
    let mut program = Args::command().disable_help_subcommand(true);
    program.build();
    match &args.output {
        None => print::bytes(&rendered(program)?),
        Some(folder) => {
            std::fs::create_dir_all(folder).map_err(|source| fokker::Error::Write { path: folder.clone(), source })?;
            let pages = write(&program, folder)?;
            say!("{}: {pages} pages; MANPATH or `man -l` finds them", folder.display());
        }
    }
    Ok(())
}

/// Writes the page of a command and of all below it; how many that are.
fn write(command: &Command, folder: &Path) -> Result<usize> {
    let mut pages = 1;
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        pages += write(below, folder)?;
    }
    let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
    let (path, page) = (folder.join(format!("{name}.1")), rendered(command.clone().display_name(name))?);
    write_atomically(&path, |out| out.write_all(&page)).map_err(|source| fokker::Error::Write { path, source })?;
    Ok(pages)
}

fn rendered(command: Command) -> Result<Vec<u8>> {
    let mut page = Vec::new();
    Page::new(command).render(&mut page)?;
    Ok(page)
}
