//! `fokker compare`: the main job.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use fokker::audit::{Audit, audit};
use fokker::compare::{Comparison, Models, SeedFigures, Trained};
use fokker::config::Config;
use fokker::data::Data;
use fokker::distance::{Distances, Memorisation};
use fokker::report::model::{Entry, render};
use fokker::report::{mean_se, number};
use fokker::stats::{MeanSe, geometric_ratio};
use fokker::train::{Run, Trainer};

use super::{out, require_folder, source, train, write_json, write_text};
use crate::args::Compare;
use crate::fail::request;
use crate::progress::spinner;

/// Trains both models for each seed, audits them, prints the table, writes the report.
pub fn run(args: &Compare) -> Result<()> {
    if let Some(path) = &args.json {
        require_folder(path)?;
    }
    let (name, mut config) = source::config(&args.source, Some("ring8"))?;
    if config.loss.fp.is_none() && config.loss.scalar.is_none() {
        return Err(request(format!("{name}: loss.fp: there is no score-FPE term to compare with")));
    }
    if config.train.steps == 0 {
        return Err(request(format!("{name}: train.steps: must be at least 1 to compare")));
    }
    train::resolve_threads(&mut config);
    let root = args.output.clone().unwrap_or_else(|| PathBuf::from(format!("fokker-{name}")));
    let data = Arc::new(source::data(&config, &args.source.origin("ring8"))?);
    config.audit.require(data.dim(), data.levels().is_some())?;
    std::fs::create_dir_all(&root).map_err(|source| fokker::Error::Write { path: root.clone(), source })?;
    let mut seeds = Vec::new();
    for index in 0..args.seeds {
        let mut config = config.clone();
        config.seed += index;
        let folder = if args.seeds == 1 { root.clone() } else { root.join(format!("seed-{}", config.seed)) };
        seeds.push(one_seed(&name, &config, &data, &folder)?);
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

fn one_seed(name: &str, config: &Config, data: &Arc<Data>, folder: &Path) -> Result<SeedFigures> {
    let mut entries = Vec::new();
    let (dsm, entry) = one_model("DSM", &config.without_fp(), data, &folder.join("dsm"))?;
    entries.push(entry);
    let (fp, entry) = one_model("FP", config, data, &folder.join("fp"))?;
    entries.push(entry);
    let title = format!("{name}: denoising score matching with and without the score FPE");
    write_text(&folder.join("report.html"), &render(&title, data, config, &entries))?;
    Ok(SeedFigures { seed: config.seed, models: Models { dsm, fp } })
}

fn one_model(name: &str, config: &Config, data: &Arc<Data>, folder: &Path) -> Result<(Trained, Entry)> {
    let trainer = Trainer::new(config, data)?;
    let run = Run::create(folder, config)?;
    let fitted = train::fit(trainer, &run, config, data, name)?;
    let workers = fitted.score.model().workers(config.train.threads, config.train.panel_rows)?;
    let bar = spinner();
    let figures = audit(&fitted.score, data, config, &workers, &|m| bar.set_message(format!("{name}: {m}")))?;
    write_json(&run.root().join("audit.json"), &figures)?;
    bar.set_message(format!("{name}: samples and log-density"));
    let entry = Entry::new(name, &fitted.score, figures.clone(), run.read_metrics()?, data, config, &workers)?;
    bar.finish_and_clear();
    #[allow(clippy::cast_precision_loss)]
    let step_ms = fitted.seconds * 1e3 / config.train.steps as f64;
    Ok((Trained { audit: figures, train_seconds: fitted.seconds, step_ms }, entry))
}

/// The figures of one model.
pub fn print_audit(audit: &Audit) {
    out!("{:>8}  {:>24}  {:>20}  {:>20}", "t", "residual r(t)", "NAsym(t)", "score error");
    for (i, r) in audit.residual.iter().enumerate() {
        let asymmetry = audit.asymmetry.get(i).map_or(String::new(), |a| format!("{:.3e}", a.mean));
        let error = audit.score_error.as_ref().and_then(|e| e.get(i)).map_or("-".into(), |e| format!("{:.3e}", e.mean));
        out!("{:>8}  {:>24}  {asymmetry:>20}  {error:>20}", r.t, mean_se(r.mean, r.se));
    }
    out!("negative log-likelihood {} nats", mean_se(audit.nll.mean, audit.nll.se));
    if let Some(truth) = audit.true_nll {
        out!("of the true density     {truth:.4} nats (gap {:.4})", audit.nll.mean - truth);
    }
    if let Some(bits) = audit.bits_per_dim {
        out!("bits per dimension      {}", mean_se(bits.mean, bits.se));
    }
    if let (Some(bits), Some(plain)) = (audit.bits_per_dim_importance, audit.bits_per_dim)
        && bits.mean < plain.mean
    {
        out!("  importance-weighted   {}", mean_se(bits.mean, bits.se));
    }
    out!(
        "log p of the flow less its bound by the reverse SDE: {} nats",
        mean_se(audit.bound_gap.mean, audit.bound_gap.se)
    );
    let samples = &audit.samples;
    out!("{:<28} {:>18} {:>10} {:>10} {:>10} {:>8}", "samples at t_min", "sliced W2", "W2", "energy", "MMD2", "p");
    for (name, d) in [
        ("ODE against SDE", samples.ode_sde),
        ("ODE against data", samples.ode_data),
        ("SDE against data", samples.sde_data),
        ("data against other data", samples.data_data),
    ] {
        let w2 = d.w2.map_or("-".into(), |w2| format!("{w2:.4}"));
        let sliced = mean_se(d.sliced_w2.mean, d.sliced_w2.se);
        out!("{name:<28} {sliced:>18} {w2:>10} {:>10.2e} {:>10.2e} {:>8.3}", d.energy, d.mmd2, d.p_value);
    }
    if let Some(found) = &audit.memorisation {
        out!(
            "near-copies of training images: {} % (if none is copied: {} %; p = {:.2}); nearest training image: {} of held-out data's distance",
            percent(found.share),
            percent(found.expected_share),
            found.p_value,
            number(found.distance_ratio())
        );
    }
    if audit.nll_failed > 0 {
        out!("{} integrations failed and are in no mean", audit.nll_failed);
    }
}

/// A share and its standard error in percent.
fn percent(share: MeanSe) -> String {
    mean_se(100.0 * share.mean, 100.0 * share.se)
}

fn print(comparison: &Comparison) {
    let Models { dsm, fp } = &comparison.models;
    let seeds = comparison.seeds.len();
    out!("{} ({seeds} seed{})", comparison.config, if seeds == 1 { "" } else { "s, means" });
    out!("{:>8}  {:>11} {:>11}  {:>10} {:>10}  {:>10} {:>10}", "", "residual", "", "NAsym", "", "score err.", "");
    out!("{:>8}  {:>11} {:>11}  {:>10} {:>10}  {:>10} {:>10}", "t", "DSM", "FP", "DSM", "FP", "DSM", "FP");
    let (a, b) = (&dsm.audit, &fp.audit);
    for i in 0..a.residual.len() {
        let error = |audit: &Audit| audit.score_error.as_ref().map_or("-".into(), |e| format!("{:.2e}", e[i].mean));
        out!(
            "{:>8}  {:>11.4} {:>11.4}  {:>10.2e} {:>10.2e}  {:>10} {:>10}",
            a.residual[i].t,
            a.residual[i].mean,
            b.residual[i].mean,
            a.asymmetry[i].mean,
            b.asymmetry[i].mean,
            error(a),
            error(b)
        );
    }
    let error_ratio = match (&b.score_error, &a.score_error) {
        (Some(b), Some(a)) => format!("{:.3}", geometric_ratio(b, a)),
        _ => "-".into(),
    };
    out!(
        "{:>8}  {:>23.3}  {:>21.3}  {error_ratio:>21}",
        "FP/DSM",
        geometric_ratio(&b.residual, &a.residual),
        geometric_ratio(&b.asymmetry, &a.asymmetry)
    );
    out!("");
    out!("{:<34} {:>20} {:>20}", "", "DSM", "FP");
    let row = |label: &str, get: &dyn Fn(&Trained) -> String| out!("{label:<34} {:>20} {:>20}", get(dsm), get(fp));
    row("negative log-likelihood (nats)", &|t| mean_se(t.audit.nll.mean, t.audit.nll.se));
    if a.true_nll.is_some() {
        row("gap to the true density (nats)", &|t| {
            t.audit.true_nll.map_or("-".into(), |v| format!("{:.4}", t.audit.nll.mean - v))
        });
    }
    if a.bits_per_dim.is_some() {
        row("bits per dimension", &|t| t.audit.bits_per_dim.map_or("-".into(), |v| mean_se(v.mean, v.se)));
    }
    row("flow less bound (nats)", &|t| mean_se(t.audit.bound_gap.mean, t.audit.bound_gap.se));
    let sliced = |get: &dyn Fn(&Audit) -> Distances, t: &Trained| {
        let d = get(&t.audit).sliced_w2;
        mean_se(d.mean, d.se)
    };
    row("sliced W2, ODE-SDE samples", &|t| sliced(&|a| a.samples.ode_sde, t));
    row("sliced W2, ODE samples-data", &|t| sliced(&|a| a.samples.ode_data, t));
    row("sliced W2, data-data", &|t| sliced(&|a| a.samples.data_data, t));
    if a.memorisation.is_some() {
        let of =
            |t: &Trained, get: &dyn Fn(&Memorisation) -> String| t.audit.memorisation.as_ref().map_or("-".into(), get);
        row("near-copies / if none (%)", &|t| {
            of(t, &|m| format!("{} / {:.1}", percent(m.share), 100.0 * m.expected_share.mean))
        });
        row("nearest training image, / held-out", &|t| of(t, &|m| number(m.distance_ratio())));
    }
    if a.nll_failed + b.nll_failed > 0 {
        row("failed integrations", &|t| t.audit.nll_failed.to_string());
    }
    row("training (s)", &|t| format!("{:.1}", t.train_seconds));
    row("a step (ms)", &|t| format!("{:.2}", t.step_ms));
    out!("");
}
