//! `fokker audit`

mod table;

use std::path::{Path, PathBuf};

use anyhow::Result;
use fokker::config::Config;
use fokker::data::{Data, DataError};
use fokker::input::require_data;
use fokker::jobs::{self, Measure, Newest, Run};
use fokker::model_file::ModelInfo;
use fokker::score::network::NetworkScore;
use fokker::{Error, Occupant};
use fokker_report::{Listing, Report};

use super::made::made;
use super::shown::Shown;
use super::source;
use crate::fail::request;
use crate::files::{require_json, write_json, write_text};
use crate::global;
use crate::print::{notes, say};
use crate::progress::Progress;
use crate::ranks;

/// `fokker audit`
#[derive(Debug, clap::Args)]
pub struct Audit {
    /// The run directory
    pub run: PathBuf,
    /// Audit on this data (default: what the model was trained on); if it is something else, all its rows are held out
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,
    /// Change a key of the audit, for example --set audit.points=10000
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Write all figures to this file (default: RUN/audit.json); -: to standard output, and nothing else
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// Measures a run's model, or what it is so far; writes `audit.json` and `report.html`.
pub fn run(args: &Audit) -> Result<()> {
    let read = || {
        if let Some(path) = &args.json {
            require_json(path)?;
        }
        let Opened { run, config, info, score } = opened(&args.run)?;
        let origin = run.config().display().to_string();
        if let Some(other) = args.set.iter().find(|s| !s.starts_with("audit.") && !s.starts_with("seed=")) {
            return Err(request(format!("--set {other}: only audit.* and seed can be changed for an audit")));
        }
        let mut config = Config::parse(&config.to_toml()?, &origin, &global::with_threads(&args.set))?;
        if let Some(path) = &args.data {
            config = source::with_data(&config, path, &origin)?;
        }
        let data = audited(args, &config, &info, &origin)?;
        Ok((run, config, info, score, data))
    };
    let (run, config, info, score, data) = ranks::agree(read())?;
    let workers = score.model().workers(config.train.threads, config.train.chunk_rows)?;
    let job = Measure {
        name: "audit",
        run: run.root(),
        score: &score,
        steps: info.steps,
        data: &data,
        settings: &config.audit,
        seed: config.seed,
        workers: &workers,
    };
    let progress = Progress::default();
    let audit = jobs::measure(&job, &progress)?;
    if !ranks::is_first() {
        return Ok(());
    }
    match &args.json {
        Some(path) => write_json(path, &audit)?,
        None => audit.write(run.root())?,
    }
    let title = if info.steps < config.train.steps && !run.model().exists() {
        format!("Audit of {}, at step {} of {}", run.root().display(), info.steps, config.train.steps)
    } else {
        format!("Audit of {}", run.root().display())
    };
    let shown = Shown::new("model", &run, &config, audit, &score, Some(&data))?;
    let made = made();
    let report = Report {
        models: &[shown.model()],
        configs: &[Listing { name: "Resolved config", text: &shown.config }],
        ..Report::new(&title, &made)
    };
    run.record(&run.root().join("report.html"))?;
    write_text(&run.root().join("report.html"), &report.render())?;
    table::print(&shown.audit);
    table::answers(&shown.audit);
    say!("report: {}", run.root().join("report.html").display());
    Ok(())
}

/// A run with its model.
pub struct Opened {
    pub run: Run,
    pub config: Config,
    pub info: ModelInfo,
    pub score: NetworkScore<f32>,
}

/// The run in a directory; one that is not finished has the model of its newest checkpoint.
pub fn opened(root: &Path) -> Result<Opened> {
    let run = Run::at(root);
    if !matches!(run.occupant(), Ok(Some(Occupant::Unfinished { .. }))) {
        let (info, score) = source::model(root)?;
        let (run, config) = Run::open(root)?;
        config.suggest_budget();
        return Ok(Opened { run, config, info, score });
    }
    let (run, config) = Run::open(root)?;
    config.suggest_budget();
    let data = source::data(&config, &run.config().display().to_string())?;
    notes(run.require_data(&config, &data)?);
    let Newest { checkpoint, damaged, .. } = run.newest_checkpoint()?;
    notes(damaged);
    let (info, score) = run.model_at(&checkpoint, &config, &data)?;
    say!("model: as it was at step {} of {}, at which the newest checkpoint was made", info.steps, config.train.steps);
    Ok(Opened { run, config, info, score })
}

/// The data that the model is audited on, in its coordinates: what it was trained on, or all rows of something else.
fn audited(args: &Audit, config: &Config, info: &ModelInfo, origin: &str) -> Result<Data> {
    let path = config.data.path().unwrap_or(Path::new(origin));
    let hint = |error: Error| match error {
        Error::Data(error @ (DataError::Missing { .. } | DataError::Changed { .. })) if args.data.is_none() => {
            request(format!("{error}; --data PATH audits on other data, or on the same elsewhere"))
        }
        other => other.into(),
    };
    let data = source::data_for(config, origin, info).map_err(hint)?;
    let found = require_data(info, &data, path)?;
    let trained_on = info.data.as_ref().and_then(|data| data.fingerprint);
    if let (None, Some(expected)) = (&args.data, trained_on) {
        data.require_fingerprint(expected, path).map_err(|error| hint(error.into()))?;
    }
    notes(found);
    notes(data.notes().iter().cloned());
    let Some(path) = &args.data else {
        return Ok(data);
    };
    let path = path.display();
    if info.data.is_none() {
        say!(
            "data: {path}; the model's file does not say what it was trained on: held out are the rows that its config holds out"
        );
        Ok(data)
    } else if data.fingerprint() == trained_on {
        say!("data: {path}, what the model was trained on; held out are the rows that were then");
        Ok(data)
    } else {
        let data = data.hold_out_all();
        let rows = data.held_out_len().unwrap_or_default();
        say!("data: {path}, not what the model was trained on: all {rows} rows are held out");
        Ok(data)
    }
}
