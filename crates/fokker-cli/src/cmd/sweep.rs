//! `fokker sweep`: which values of some keys are best, and how sure that is.

mod table;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use fokker::jobs;
use fokker::study::Axis;
use fokker_report::SweepReport;

use super::made::made;
use super::source;
use super::source::Source;
use crate::fail::{option, request};
use crate::files::{require_json, write_json, write_text};
use crate::print::say;
use crate::progress::Progress;
use crate::ranks;

/// `fokker sweep`
#[derive(Debug, clap::Args)]
pub struct Sweep {
    /// The config (default: preset ring8)
    #[command(flatten)]
    pub source: Source,
    /// A key and the values that it is given, for example --over loss.fp.weight=1e-5,1e-4,1e-3; of several all combinations
    #[arg(long = "over", value_name = "KEY=A,B,...", required = true)]
    pub over: Vec<String>,
    /// Number of seeds; settings are ranked by their means
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub seeds: u64,
    /// The figure to rank by: one of the means in audit.json
    #[arg(long, default_value = "nll", value_name = "FIGURE")]
    pub by: String,
    /// Train all settings for a few steps, the best third for three times as many, and so on
    #[arg(long)]
    pub halving: bool,
    /// Models to train at the same time, each on its share of the threads
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: u16,
    /// Folder for the models and sweep.html (default: fokker-NAME-sweep); what an interrupted sweep left there is gone on with
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Write the table to this file; -: to standard output, and nothing else
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// Trains and audits every setting, prints the table and what to take, writes the page.
pub fn run(args: &Sweep) -> Result<()> {
    let read = || {
        if let Some(path) = &args.json {
            require_json(path)?;
        }
        let parse = |text: &String| Axis::parse(text).map_err(|reason| request(format!("--over: {reason}")));
        let axes: Vec<Axis> = args.over.iter().map(parse).collect::<Result<_>>()?;
        let (name, config) = source::config(&args.source, Some("ring8"))?;
        let data = Arc::new(source::data(&config, &args.source.origin("ring8"))?);
        Ok((axes, name, config, data))
    };
    let (axes, name, config, data) = ranks::agree(read())?;
    let root = args.output.clone().unwrap_or_else(|| PathBuf::from(format!("fokker-{name}-sweep")));
    let job = jobs::Sweep {
        by: &args.by,
        seeds: args.seeds,
        halving: args.halving,
        at_once: usize::from(args.jobs),
        ..jobs::Sweep::new(&name, &root, &config, &data, &axes)
    };
    let found = jobs::sweep(&job, &Progress::default()).map_err(option)?;
    table::print(&found);
    if let Some(path) = &args.json {
        write_json(path, &found)?;
    }
    let page = root.join("sweep.html");
    let (config, made, rows) = (config.to_toml()?, made(), [data.len(), data.held_out_len()]);
    write_text(&page, &SweepReport { figures: &found, config: &config, made: &made, rows }.render())?;
    say!("report: {}", page.display());
    Ok(())
}
