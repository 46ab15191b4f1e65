//! `fokker compare`: the main job.

mod table;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use fokker::Occupant;
use fokker::audit::{Audit, audit};
use fokker::compare::{Comparison, SeedFigures, Trained};
use fokker::config::Config;
use fokker::data::Data;
use fokker::manifest::Manifest;
use fokker::model_file::read_model;
use fokker::report::model::{Entry, render};
use fokker::train::{Run, Trainer};

use self::table::print;
use super::rows::print_notes;
use super::source::Source;
use super::train::Fitted;
use super::{out, require_folder, source, train, write_json, write_text};
use crate::fail::request;
use crate::progress::spinner;
pub use table::print_audit;

/// `fokker compare`
#[derive(Debug, clap::Args)]
pub struct Compare {
    /// The config (default: preset ring8)
    #[command(flatten)]
    pub source: Source,
    /// Number of seeds; figures are their means
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub seeds: u64,
    /// Folder for the report and the models (default: fokker-NAME); what an interrupted compare left there is gone on with
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Replace what an earlier compare wrote there
    #[arg(long)]
    pub force: bool,
    /// Write all figures to this file
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// Trains both models for each seed, audits them, prints the table, writes the report. What an interrupted compare of the same
/// config left is gone on with.
pub fn run(args: &Compare) -> Result<()> {
    if let Some(path) = &args.json {
        require_folder(path)?;
    }
    let (name, mut config) = source::config(&args.source, Some("ring8"))?;
    if config.loss.is_plain() {
        return Err(request(format!("{name}: loss.fp: there is no score-FPE term to compare with")));
    }
    if config.train.steps == 0 {
        return Err(request(format!("{name}: train.steps: must be at least 1 to compare")));
    }
    train::resolve_threads(&mut config);
    let root = args.output.clone().unwrap_or_else(|| PathBuf::from(format!("fokker-{name}")));
    Manifest::require_own(&root)?;
    let data = Arc::new(source::data(&config, &args.source.origin("ring8"))?);
    config.audit.require(data.dim(), data.levels().is_some())?;
    begin(&root)?;
    let mut seeds = Vec::new();
    for index in 0..args.seeds {
        let mut config = config.clone();
        config.seed += index;
        let folder = if args.seeds == 1 { root.clone() } else { root.join(format!("seed-{}", config.seed)) };
        seeds.push(one_seed(&name, &config, &data, &folder, args.force)?);
    }
    let comparison = Comparison::new(&name, seeds).context("no seed was run")?;
    print(&comparison);
    if let Some(path) = &args.json {
        write_json(path, &comparison)?;
    }
    let shown = if args.seeds == 1 { root } else { root.join(format!("seed-{}", config.seed)) };
    out!("report: {}", shown.join("report.html").display());
    Ok(())
}

/// Makes a folder, with a manifest from the start: what an interrupted compare leaves there is known to be its own.
fn begin(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|source| fokker::Error::Write { path: folder.into(), source })?;
    Ok(Manifest::update(folder, |manifest| manifest.record("report.html"))?)
}

fn one_seed(name: &str, config: &Config, data: &Arc<Data>, folder: &Path, force: bool) -> Result<SeedFigures> {
    begin(folder)?;
    let arm =
        |name: &str, config: &Config, sub: &str| Arm { name, config, data, folder: &folder.join(sub), force }.run();
    let (dsm, of_dsm) = arm("DSM", &config.without_fp(), "dsm")?;
    let (fp, of_fp) = arm("FP", config, "fp")?;
    let title = format!("{name}: denoising score matching with and without the score FPE");
    write_text(&folder.join("report.html"), &render(&title, data, config, &[of_dsm, of_fp]))?;
    Ok(SeedFigures::new(config.seed, dsm, fp))
}

/// One of the models that are compared.
struct Arm<'a> {
    name: &'a str,
    config: &'a Config,
    data: &'a Arc<Data>,
    folder: &'a Path,
    /// Whether what is there is replaced.
    force: bool,
}

impl Arm<'_> {
    /// Trains the model, or what is left of its training, and audits it, unless that has been done.
    fn run(&self) -> Result<(Trained, Entry)> {
        let Self { name, config, data, .. } = *self;
        let (run, fitted) = self.train()?;
        let workers = fitted.score.model().workers(config.train.threads, config.train.chunk_rows)?;
        let bar = spinner();
        let before = Audit::read(run.root())?.filter(|a| a.seed == config.seed && a.settings == config.audit);
        let figures = match before {
            Some(figures) => figures,
            None => audit(&fitted.score, data, config, &workers, &|m| bar.set_message(format!("{name}: {m}")))?,
        };
        figures.write(run.root())?;
        bar.set_message(format!("{name}: samples and log-density"));
        let entry = Entry::new(name, &fitted.score, figures.clone(), run.read_metrics()?, data, config, &workers)?;
        bar.finish_and_clear();
        #[allow(clippy::cast_precision_loss)]
        let step_ms = fitted.seconds * 1e3 / config.train.steps as f64;
        Ok((Trained { audit: figures, train_seconds: fitted.seconds, step_ms }, entry))
    }

    fn train(&self) -> Result<(Run, Fitted)> {
        let Self { name, config, data, folder, force } = *self;
        let fit = |trainer, run: Run| train::fit(trainer, &run, config, data, name).map(|fitted| (run, fitted));
        let fresh = || Trainer::new(config, data);
        let there = Run::at(folder);
        match there.occupant()? {
            None => fit(fresh()?, Run::create(folder, config, data)?),
            Some(_) if force => fit(fresh()?, Run::replace(folder, config, data)?),
            Some(occupant @ Occupant::Foreign { .. }) => {
                Err(fokker::Error::Occupied { path: folder.into(), occupant }.into())
            }
            Some(occupant) => {
                self.require_same(&there)?;
                match occupant {
                    Occupant::Finished => {
                        out!("{name}: trained before, kept in {}", folder.display());
                        let (seconds, (_, score)) = (there.manifest()?.train_seconds, read_model(&there.model())?);
                        Ok((there, Fitted { score, seconds }))
                    }
                    Occupant::Unfinished { step } => {
                        out!("{name}: goes on from step {step}, kept in {}", folder.display());
                        fit(train::resumed(&there, config, data)?, there)
                    }
                    // No checkpoint: nothing is lost.
                    _ => fit(fresh()?, Run::replace(folder, config, data)?),
                }
            }
        }
    }

    /// Refuses to go on with a run of another config, or of other data; what is audited may differ.
    fn require_same(&self, there: &Run) -> Result<()> {
        let (_, before) = Run::open(there.root())?;
        let before = Config { audit: self.config.audit.clone(), memory: self.config.memory.clone(), ..before };
        match before.difference(self.config) {
            Some(key) => {
                let occupant = Occupant::OtherConfig { key };
                Err(fokker::Error::Occupied { path: there.root().into(), occupant }.into())
            }
            None => {
                print_notes(there.require_data(self.config, self.data)?);
                Ok(())
            }
        }
    }
}
