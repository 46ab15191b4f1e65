//! `fokker bench collective`

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Result;
use fokker::collective::{Collective, Scratch, sum_in_order};
use serde::Serialize;

use super::setup::{median, require};
use crate::files::{require_json, write_json};
use crate::numbers::grouped;
use crate::print::out;
use crate::ranks::{self, World};

/// `fokker bench collective`
#[derive(Debug, clap::Args)]
pub struct BenchCollective {
    /// Times that each is timed, after a tenth as many that are not
    #[arg(long, default_value_t = 200)]
    pub repeats: usize,
    /// Write the figures to this file; -: to standard output, and nothing else
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// Bytes of a gradient, from a few numbers to sixteen million.
const SIZES: [usize; 8] = [8, 1 << 10, 1 << 14, 1 << 17, 1 << 20, 1 << 22, 1 << 24, 1 << 26];

/// Bytes after which there are fewer repeats.
const LONG: usize = 1 << 20;

/// What `--json` writes; seconds.
#[derive(Debug, Serialize)]
struct Found {
    format: &'static str,
    library: Option<String>,
    ranks: usize,
    /// Of a message: its time is alpha + beta times its bytes. Null where there is nobody to send one to.
    alpha: Option<f64>,
    beta: Option<f64>,
    sizes: Vec<OfSize>,
}

#[derive(Debug, Serialize)]
struct OfSize {
    bytes: usize,
    /// One way.
    message: Option<f64>,
    all_reduce: f64,
    sum_in_order: f64,
}

/// Times messages and sums.
pub fn run(args: &BenchCollective, world: &World) -> Result<()> {
    ranks::agree(
        args.json.as_ref().map_or(Ok(()), |path| require_json(path)).and_then(|()| require("--repeats", args.repeats)),
    )?;
    let ranks = &**ranks::all();
    let sizes: Vec<OfSize> = SIZES.iter().map(|&bytes| of_size(bytes, args.repeats, ranks, world)).collect();
    let (alpha, beta) = sizes.first().zip(sizes.last()).and_then(|(least, most)| line(least, most)).unzip();
    #[cfg(feature = "mpi")]
    let library = world.mpi().map(fokker::collective::Mpi::library);
    #[cfg(not(feature = "mpi"))]
    let library = None;
    out!("{} ranks, {}", ranks.size(), library.as_deref().unwrap_or("no MPI"));
    out!("{:>12} {:>14} {:>14} {:>14}", "bytes", "message, us", "all-reduce, us", "in order, us");
    let micro = |seconds: f64| format!("{:.1}", 1e6 * seconds);
    for OfSize { bytes, message, all_reduce, sum_in_order } in &sizes {
        let message = message.map_or("-".into(), micro);
        out!("{:>12} {message:>14} {:>14} {:>14}", grouped(*bytes), micro(*all_reduce), micro(*sum_in_order));
    }
    if let Some((alpha, beta)) = alpha.zip(beta) {
        out!("a message takes {:.2} us and 1 s for {:.2} GB", 1e6 * alpha, 1e-9 / beta);
    }
    match &args.json {
        Some(path) => write_json(
            path,
            &Found { format: "fokker-bench-collective 1", library, ranks: ranks.size(), alpha, beta, sizes },
        ),
        None => Ok(()),
    }
}

/// alpha and beta, from the shortest message and the longest.
#[allow(clippy::cast_precision_loss)]
fn line(least: &OfSize, most: &OfSize) -> Option<(f64, f64)> {
    let (short, long) = (least.message?, most.message?);
    let beta = (long - short) / (most.bytes - least.bytes) as f64;
    Some((short - beta * least.bytes as f64, beta))
}

fn of_size(bytes: usize, repeats: usize, ranks: &dyn Collective, world: &World) -> OfSize {
    let repeats = if bytes > LONG { (repeats * LONG / bytes).max(5) } else { repeats };
    let mut numbers = vec![1e-3_f32; bytes / size_of::<f32>()];
    let shards = ranks.size();
    let (shard, mut scratch) = (numbers.clone(), Scratch::default());
    let all_reduce = timed(repeats, ranks, || {
        numbers.fill(1e-3);
        ranks.all_reduce(&mut numbers);
    });
    let sum_in_order =
        timed(repeats, ranks, || sum_in_order(ranks, shards, &[&shard], &mut numbers, true, &mut scratch));
    OfSize { bytes, message: message(bytes, repeats, world), all_reduce, sum_in_order }
}

/// The median time of a call that all ranks make at the same time.
fn timed(repeats: usize, ranks: &dyn Collective, mut call: impl FnMut()) -> f64 {
    (0..repeats / 10 + 1).for_each(|_| call());
    let times = (0..repeats).map(|_| {
        ranks.barrier();
        let start = Instant::now();
        call();
        start.elapsed().as_secs_f64()
    });
    median(times.collect())
}

/// The median time of a message from rank 0 to rank 1.
fn message(bytes: usize, repeats: usize, world: &World) -> Option<f64> {
    #[cfg(feature = "mpi")]
    return world.mpi()?.ping_pong(bytes, repeats).map(median);
    #[cfg(not(feature = "mpi"))]
    {
        let _ = (bytes, repeats, world);
        None
    }
}
