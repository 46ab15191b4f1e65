//! `fokker compare`: the main job.

mod table;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use fokker::Error;
use fokker::audit::Audit;
use fokker::config::Config;
use fokker::data::write_atomically;
use fokker::jobs::{self, ComparedSeed};
use fokker::study::{Arm, Comparison};
use fokker_report::{Listing, Model, Report};

use super::arms::Arms;
use super::made::{listed, made};
use super::source;
use super::source::Source;
use crate::fail::request;
use crate::files::{require_json, write_json};
use crate::print::say;
use crate::progress::Progress;
use crate::ranks;
pub use table::remarks;

/// `fokker compare`
#[derive(Debug, clap::Args)]
pub struct Compare {
    /// The config (default: preset ring8)
    #[command(flatten)]
    pub source: Source,
    /// Number of seeds; figures are their means
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub seeds: u64,
    #[command(flatten)]
    pub arms: Arms,
    /// Folder for the report and the models (default: fokker-NAME); what an interrupted compare left there is gone on with
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Replace what an earlier compare wrote there
    #[arg(long)]
    pub force: bool,
    /// Write all figures to this file; -: to standard output, and nothing else
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// Trains both models for each seed, audits them, prints the table, writes the report. What an interrupted compare of the same
/// config left is gone on with.
pub fn run(args: &Compare) -> Result<()> {
    let read = || {
        if let Some(path) = &args.json {
            require_json(path)?;
        }
        let (name, config) = source::config(&args.source, Some("ring8"))?;
        let data = Arc::new(source::data(&config, &args.source.origin("ring8"))?);
        let arms = if config.arm.is_empty() { Arm::dsm_and_fp() } else { of_config(&config, &args.source.set)? };
        Ok((name, config, data, args.arms.or(arms)?))
    };
    let (name, config, data, arms) = ranks::agree(read())?;
    let root = args.output.clone().unwrap_or_else(|| PathBuf::from(format!("fokker-{name}")));
    let job = jobs::Compare {
        seeds: args.seeds,
        replace: args.force,
        ..jobs::Compare::new(&name, &root, &config, &data, &arms)
    };
    // A page that cannot be written is told when the table, which hours of training went into, has been printed.
    let mut unwritten = None;
    let comparison = jobs::compare(&job, &Progress::default(), &mut |seed| {
        if ranks::is_first() {
            unwritten = write_report(&name, seed).err().or(unwritten.take());
        }
        Ok(())
    })?;
    table::print(&comparison);
    if let Some(path) = &args.json {
        write_json(path, &comparison)?;
    }
    if let Some(error) = unwritten {
        return Err(error.into());
    }
    say!("report: {}", job.folder(config.seed).join("report.html").display());
    Ok(())
}

/// The config's arms, none of which may hide what was asked for.
fn of_config(config: &Config, asked: &[String]) -> Result<Vec<Arm>> {
    let key = |assignment: &str| assignment.split_once('=').map(|(key, _)| key.trim().to_owned());
    for arm in &config.arm {
        let own: Vec<_> = arm.sets.iter().filter_map(|set| key(set)).collect();
        if let Some(hidden) = asked.iter().filter_map(|set| key(set)).find(|key| own.contains(key)) {
            let (name, way) = (&arm.name, format!("--arm DSM without=loss.fp --arm FP {hidden}=…"));
            return Err(request(format!(
                "--set {hidden}: the config's arm {name} sets it itself; name the arms: {way}"
            )));
        }
    }
    Ok(config.arm.clone())
}

/// Writes a seed's page.
fn write_report(name: &str, seed: &ComparedSeed<'_>) -> Result<(), Error> {
    let answers: Vec<_> = seed.figures.models.iter().map(Audit::answers).collect();
    let models: Vec<Model<'_>> = (seed.arms.iter().zip(&seed.figures.models).zip(seed.models).zip(&answers))
        .map(|(((arm, audit), model), answers)| Model {
            name: &arm.name,
            figures: &audit.figures,
            metrics: &model.metrics,
            pictures: &model.pictures,
            data: Some(seed.data),
            answers,
        })
        .collect();
    let verdicts = Comparison::new(name, seed.arms, vec![seed.figures.clone()]).map(|found| found.verdicts());
    let (title, made) = (format!("{name}: {}", listed(seed.arms.iter().map(|arm| arm.name.as_str()))), made());
    let config = seed.config.to_toml()?;
    let report = Report {
        models: &models,
        differences: &seed.figures.differences,
        verdicts: verdicts.as_deref().unwrap_or_default(),
        configs: &[Listing { name: "Resolved config", text: &config }],
        ..Report::new(&title, &made)
    };
    let path = seed.folder.join("report.html");
    write_atomically(&path, |out| out.write_all(report.render().as_bytes()))
        .map_err(|source| Error::Write { path, source })
}
