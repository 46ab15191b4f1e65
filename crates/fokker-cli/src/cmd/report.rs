//! `fokker report`: a page about runs, from what is in them.

mod columns;
mod compared;

use std::path::{Path, PathBuf};

use anyhow::Result;
use fokker::Error;
use fokker::audit::Audit;
use fokker::data::{Data, DataError};
use fokker::study::timed;
use fokker_report::{Listing, Model, Report as Page, is_page};

use self::compared::{Compared, Place};
use super::audit::{Opened, opened};
use super::made::{listed, made};
use super::shown::Shown;
use super::source;
use crate::fail::request;
use crate::files::{require_folder, write_text};
use crate::print::say;

/// `fokker report`
#[derive(Debug, clap::Args)]
pub struct Report {
    /// The run directories; others are compared with the first
    #[arg(required = true, value_name = "RUN")]
    pub runs: Vec<PathBuf>,
    /// Columns of the data to draw, by name or by number from 1 (default: the first four)
    #[arg(long, value_name = "A,B,...", value_delimiter = ',')]
    pub columns: Vec<String>,
    /// The page
    #[arg(short, long, value_name = "FILE", default_value = "report.html")]
    pub output: PathBuf,
    /// Replace the file even if it is no page of fokker's
    #[arg(long)]
    pub force: bool,
}

/// Draws the runs' pictures and writes the page.
pub fn run(args: &Report) -> Result<()> {
    require_own(&args.output, args.force)?;
    let audits: Vec<Audit> = args.runs.iter().map(|root| audited(root)).collect::<Result<_>>()?;
    let names = names(&args.runs);
    let (mut shown, mut places, mut notes) = (Vec::new(), Vec::new(), Vec::new());
    for ((root, name), audit) in args.runs.iter().zip(&names).zip(audits) {
        let Opened { run, config, info, score } = opened(root)?;
        if let Some(steps) = audit.steps.filter(|&steps| steps != info.steps) {
            let now = format!("fokker audit {}", root.display());
            notes.push(format!("{name}: the figures are of step {steps}, the pictures of step {}; {now}", info.steps));
        }
        let data = match at_hand(source::data_for(&config, &run.config().display().to_string(), &info), &info.data)? {
            Ok(data) => Some(data),
            Err(why) => {
                notes.push(format!("{name}: no pictures: {why}"));
                None
            }
        };
        let audit = timed(audit, run.manifest()?.train_seconds, info.steps);
        shown.push(Shown::new(name, &run, &config, audit, &score, data.as_ref())?);
        places.push(Place { data: config.data, sde: config.sde, scaling: info.scaling, of: info.data });
    }
    let columns = columns::chosen(&args.columns, &shown)?;
    let Compared { differences, verdicts, notes: apart } = compared::compared(&shown, &places);
    notes.extend(apart);
    let models: Vec<Model<'_>> = shown.iter().map(Shown::model).collect();
    let titles: Vec<String> = names.iter().map(|name| format!("Config of {name}")).collect();
    let configs = titles.iter().zip(&shown).map(|(name, run)| Listing { name, text: &run.config });
    let (title, made) = (listed(names.iter().map(String::as_str)), made());
    let page = Page {
        models: &models,
        differences: &differences,
        verdicts: &verdicts,
        notes: &notes,
        columns: &columns,
        configs: &configs.collect::<Vec<_>>(),
        ..Page::new(&title, &made)
    };
    write_text(&args.output, &page.render())?;
    say!("report: {}", args.output.display());
    Ok(())
}

/// Refuses to replace what is no page of fokker's.
fn require_own(path: &Path, force: bool) -> Result<()> {
    require_folder(path)?;
    if force || !path.exists() {
        return Ok(());
    }
    let text = std::fs::read(path).map_err(|source| Error::read(path, source))?;
    if is_page(&String::from_utf8_lossy(&text)) {
        return Ok(());
    }
    let path = path.display();
    Err(request(format!(
        "{path}: there is a file that is no page of fokker's: -o FILE writes another, --force replaces it"
    )))
}

/// A run's audit.
fn audited(root: &Path) -> Result<Audit> {
    let name = root.display();
    if !root.is_dir() {
        return Err(request(format!("{name}: is no folder, let alone a run")));
    }
    Audit::read(root)?.ok_or_else(|| request(format!("{name}: no audit in it: type `fokker audit {name}` first")))
}

/// The data, or why they are not at hand.
fn at_hand(data: Result<Data, Error>, of: &Option<fokker::data::DataInfo>) -> Result<Result<Data, String>> {
    match data {
        Ok(data) if of.as_ref().is_some_and(|of| of.fingerprint != data.fingerprint()) => {
            Ok(Err("the data have changed since it was trained".into()))
        }
        Ok(data) => Ok(Ok(data)),
        Err(Error::Data(error @ (DataError::Missing { .. } | DataError::Changed { .. }))) => Ok(Err(error.to_string())),
        Err(error) => Err(error.into()),
    }
}

/// What the runs are called: by their folders, or as they were typed where folders share a name.
fn names(runs: &[PathBuf]) -> Vec<String> {
    let folder = |run: &PathBuf| -> String {
        let whole = std::fs::canonicalize(run).unwrap_or_else(|_| run.clone());
        whole.file_name().map_or_else(|| run.display().to_string(), |name| name.to_string_lossy().into_owned())
    };
    let folders: Vec<String> = runs.iter().map(folder).collect();
    let shared = |name: &String| folders.iter().filter(|other| *other == name).count() > 1;
    let names = runs.iter().zip(&folders);
    names.map(|(run, name)| if shared(name) { run.display().to_string() } else { name.clone() }).collect()
}
