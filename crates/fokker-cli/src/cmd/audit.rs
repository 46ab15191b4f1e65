//! `fokker audit`

use anyhow::Result;
use fokker::config::Config;
use fokker::data::Data;
use fokker::report::model::{Entry, render};
use fokker::train::Run;
use fokker_jet::panel::Workers;

use super::{out, source, write_json, write_text};
use crate::args::Audit;
use crate::fail::request;
use crate::progress::spinner;

/// Measures a trained model; writes `audit.json` and `report.html`.
pub fn run(args: &Audit) -> Result<()> {
    let (run, config) = Run::open(&args.run)?;
    let config = if args.set.is_empty() {
        config
    } else {
        if let Some(other) = args.set.iter().find(|s| !s.starts_with("audit.") && !s.starts_with("seed=")) {
            return Err(request(format!("--set {other}: only audit.* and seed can be changed for an audit")));
        }
        Config::parse(&config.to_toml()?, &run.config().display().to_string(), &args.set)?
    };
    let (_, score) = source::model(&args.run)?;
    let data = Data::load(&config.data)?;
    let workers = Workers::new(config.train.threads, config.train.panel_rows)?;
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
