//! `fokker logp`

use anyhow::Result;
use fokker::audit::default_divergence;
use fokker::data::{bits_per_dim, read_table, write_csv, write_npy, write_npz};
use fokker::likelihood::{LikelihoodOptions, log_prob};
use fokker::loss::{Divergence, ProbeDistribution};
use fokker::solve::Tolerance;
use fokker_jet::panel::Workers;

use super::{out, require_converged, require_folder, source};
use crate::args::Logp;
use crate::fail::request;
use crate::progress;

/// Probes where the dimension forbids the exact divergence.
const PROBES: usize = 8;

/// More probes than these do not fit in memory.
const MOST_PROBES: usize = 100_000;

/// Writes the log-likelihood of each row. Rows that fail have NaN there; if there are any, exit status 1.
pub fn run(args: &Logp) -> Result<()> {
    let extension = args.output.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    if !["csv", "npy", "npz"].contains(&extension.as_str()) {
        return Err(request(format!("-o {}: the file to write ends in .csv, .npy or .npz", args.output.display())));
    }
    if !(args.tolerance > 0.0 && args.tolerance.is_finite()) {
        return Err(request(format!("--tolerance {}: must be positive", args.tolerance)));
    }
    if args.probes.is_some_and(|probes| !(1..=MOST_PROBES).contains(&probes)) {
        return Err(request(format!("--probes: must be between 1 and {MOST_PROBES}")));
    }
    if args.step_limit == 0 {
        return Err(request("--step-limit: must be at least 1"));
    }
    require_folder(&args.output)?;
    let (info, score) = source::model(&args.run)?;
    let mut table = read_table(&args.data, None)?;
    table.require_dim(&args.data, info.dim)?;
    info.scaling.apply_f64(&mut table.values);
    let divergence = match args.probes {
        Some(probes) => Divergence::Hutchinson { probes, distribution: ProbeDistribution::Rademacher },
        None => default_divergence(info.dim, PROBES),
    };
    let options = LikelihoodOptions {
        tolerance: Tolerance { absolute: args.tolerance, relative: args.tolerance },
        step_limit: args.step_limit,
        divergence,
        seed: args.seed,
    };
    let workers = Workers::new(args.threads, 64)?;
    let bar = progress::rows(table.rows, "logp");
    let found = log_prob(&score, &table.values, &options, &workers, &|rows| bar.set_position(rows as u64))?;
    bar.finish_and_clear();
    let log_det = info.scaling.log_det();
    // In the units of the data: p_data(x) = p_model(x_model) |d x_model / d x|.
    let log_p: Vec<f64> = found.values.iter().map(|v| v + log_det).collect();
    let bits: Vec<f64> = found.values.iter().map(|&v| bits_per_dim(v, &info.scaling, info.dim)).collect();
    #[allow(clippy::cast_precision_loss)]
    let evaluations: Vec<f64> = found.evaluations.iter().map(|&e| e as f64).collect();
    let se = found.probe_se.clone();
    let shape = [log_p.len()];
    let mut columns: Vec<(&str, &[f64])> = vec![("log_prob", &log_p), ("bits_per_dim", &bits)];
    if let Some(se) = &se {
        columns.push(("probe_se", se));
    }
    columns.push(("evaluations", &evaluations));
    match extension.as_str() {
        "npy" => write_npy(&args.output, &shape, &log_p)?,
        "npz" => write_npz(&args.output, &columns.iter().map(|(n, v)| (*n, &shape[..], *v)).collect::<Vec<_>>())?,
        _ => {
            let header: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
            let rows: Vec<f64> = (0..log_p.len()).flat_map(|i| columns.iter().map(move |(_, v)| v[i])).collect();
            write_csv(&args.output, &header, &rows)?;
        }
    }
    let mean = found.mean_se();
    out!(
        "{}: {} rows, mean log p {:.4} ± {:.4} nats",
        args.output.display(),
        log_p.len(),
        mean.mean + log_det,
        mean.se
    );
    require_converged(&found.outcomes)?;
    Ok(())
}
