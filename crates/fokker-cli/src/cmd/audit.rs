//! `fokker audit`

use anyhow::Result;
use fokker::config::Config;
use fokker::data::DataConfig;
use fokker::report::model::{Entry, render};
use fokker::train::Run;

use super::{out, require_folder, source, write_json, write_text};
use crate::args::Audit;
use crate::fail::request;
use crate::progress::spinner;

/// Measures a trained model; writes `audit.json` and `report.html`.
pub fn run(args: &Audit) -> Result<()> {
    if let Some(path) = &args.json {
        require_folder(path)?;
    }
    let (run, config) = Run::open(&args.run)?;
    let config = if args.set.is_empty() {
        config
    } else {
        if let Some(other) = args.set.iter().find(|s| !s.starts_with("audit.") && !s.starts_with("seed=")) {
            return Err(request(format!("--set {other}: only audit.* and seed can be changed for an audit")));
        }
        Config::parse(&config.to_toml()?, &run.config().display().to_string(), &args.set)?
    };
    config.suggest_budget();
    let (_, score) = source::model(&args.run)?;
    let origin = run.config().display().to_string();
    let data = source::data(&config, &origin)?;
    if data.dim() != score.model().dim() {
        let (found, expected) = (data.dim(), score.model().dim());
        let what = match &config.data {
            DataConfig::File { path, .. } | DataConfig::Images { path, .. } => path.display().to_string(),
            _ => format!("{origin}: data"),
        };
        return Err(fokker::Error::Dimension { what, expected, found }.into());
    }
    let workers = score.model().workers(config.train.threads, config.train.panel_rows)?;
    let bar = spinner();
    let audit = fokker::audit::audit(&score, &data, &config, &workers, &|message| bar.set_message(message.to_owned()))?;
    bar.finish_and_clear();
    let json = args.json.clone().unwrap_or_else(|| run.root().join("audit.json"));
    write_json(&json, &audit)?;
    let entry = Entry::new("model", &score, audit.clone(), run.read_metrics()?, &data, &config, &workers)?;
    let page = render(&format!("Audit of {}", run.root().display()), &data, &config, &[entry]);
    write_text(&run.root().join("report.html"), &page)?;
    super::compare::print_audit(&audit);
    out!("report: {}", run.root().join("report.html").display());
    Ok(())
}
