//! The rows that are not done yet, chunk by chunk, and the file at the end.

use std::path::Path;

use fokker_jet::Real;
use fokker_jet::cpu::Workers;

use super::super::error::JobError;
use super::super::observer::{Observer, Unit, Work};
use super::super::part_error::PartError;
use super::input::{Input, Survey};
use super::options::{LogpOptions, probes};
use super::output::{More, summarise, write};
use super::part::{Done, MOST_ROWS};
use super::row::Row;
use super::summary::LogpSummary;
use crate::collective::{agree, all_gather_bytes, any, part as share};
use crate::likelihood::{
    BoundOptions, Dequantise, LikelihoodOptions, LogZ, Start, dequantised_bound, dequantised_energy,
    dequantised_log_prob,
};
use crate::model_file::ModelInfo;
use crate::score::Differentiable;

/// What is to be done.
pub(super) struct Request<'a> {
    pub(super) data: &'a Path,
    pub(super) output: &'a Path,
    pub(super) options: &'a LogpOptions,
    pub(super) info: &'a ModelInfo,
    pub(super) workers: Workers,
    pub(super) likelihood: LikelihoodOptions,
    /// log Z(T), if log p is had from the model's log-density.
    pub(super) log_z: Option<LogZ>,
    /// Of dequantisation noise.
    pub(super) draws: usize,
    /// Rows at a time.
    pub(super) chunk: usize,
    pub(super) survey: Survey,
    pub(super) observer: &'a dyn Observer,
}

impl Request<'_> {
    /// Is log p exact, its divergence not estimated?
    pub(super) fn is_exact(&self) -> bool {
        self.log_z.is_some() || probes(&self.likelihood).is_none()
    }

    /// What is written of a row beside what is always there.
    fn more(&self) -> More {
        let probed = self.log_z.is_none() && probes(&self.likelihood).is_some_and(|probes| probes > 1);
        let several = self.draws > 1 || self.draws == 0 && probed;
        More { se: several, importance: self.draws > 1 && self.is_exact(), bound: self.options.bound }
    }
}

/// Computes the rows that `part` lacks and writes the result; an error comes with the number of rows that are kept.
pub(super) fn finish<F: Real>(
    request: &Request<'_>, score: &dyn Differentiable<F>, mut part: Done,
) -> Result<LogpSummary, (Box<JobError>, u64)> {
    let ranks = &**request.observer.ranks();
    match compute(request, score, &mut part) {
        Ok(seen) if seen == request.survey => {}
        Ok(_) => {
            part.remove();
            return Err((Box::new(JobError::InputChanged { path: request.data.into() }), 0));
        }
        Err(error) => return Err((Box::new(error), part.rows())),
    }
    let scaling = &request.info.scaling;
    let write = || {
        let Some(part) = part.file() else { return Ok(LogpSummary::default()) };
        write(request.output, part, scaling, request.more())?;
        Ok(summarise(part, scaling).map_err(|source| PartError::Replay { source })?)
    };
    match agree(ranks, write()) {
        Ok(summary) => {
            part.remove();
            Ok(summary)
        }
        Err(error) => Err((Box::new(error), part.rows())),
    }
}

/// Computes the rows that `part` lacks; returns what was seen of the input, all of which is read. Of each chunk a rank computes its part.
fn compute<F: Real>(request: &Request<'_>, score: &dyn Differentiable<F>, part: &mut Done) -> Result<Survey, JobError> {
    let Request { info, observer, .. } = request;
    let (ranks, dim) = (&**observer.ranks(), info.dim);
    let most = request.chunk.saturating_mul(ranks.size()).min(MOST_ROWS);
    observer.begin(&Work::counted("logp", Unit::Rows, request.survey.rows, part.rows()));
    let (mut input, mut values) = (Input::open(request.data, info, request.draws)?, Vec::new());
    agree(ranks, input.skip(part.rows(), &mut values))?;
    loop {
        let before = part.rows();
        let mut chunk = || {
            let rows = input.read(most, &mut values)?;
            info.scaling.apply_f64(&mut values);
            let mine = share(rows, ranks.rank(), ranks.size());
            let (first, own) = (before + mine.start as u64, &values[mine.start * dim..mine.end * dim]);
            let done = |rows: usize| observer.done(before + (rows * ranks.size()) as u64);
            let found = if mine.is_empty() { Vec::new() } else { rows_of(request, score, own, first, &done)? };
            Ok::<_, JobError>((rows, found))
        };
        let (rows, mine) = agree(ranks, chunk())?;
        if rows == 0 {
            break;
        }
        let all = if ranks.size() == 1 {
            mine
        } else {
            all_gather_bytes(ranks, &Row::bytes(&mine)).concat().chunks_exact(Row::SIZE).map(Row::read).collect()
        };
        agree(ranks, part.append(&all).map_err(|source| JobError::from(PartError::Append { source })))?;
        if any(ranks, observer.stops()) && part.rows() < request.survey.rows {
            return Err(JobError::Stopped { how: None });
        }
    }
    observer.end();
    Ok(input.seen())
}

/// Rows in model coordinates, the first of which has this number, and what is found of them.
fn rows_of<F: Real>(
    request: &Request<'_>, score: &dyn Differentiable<F>, values: &[f64], first_row: u64, done: &(dyn Fn(usize) + Sync),
) -> Result<Vec<Row>, JobError> {
    let Request { options, info, workers, .. } = request;
    // A grey level is one unit of the data.
    let bins: Vec<f64> = info.scaling.scale.iter().map(|scale| 1.0 / scale).collect();
    let repeats = Dequantise {
        count: request.draws.max(1),
        bins: (request.draws > 0).then_some(&bins[..]),
        start: if options.at_zero { Start::AtZero } else { Start::AtTMin },
    };
    let likelihood = LikelihoodOptions { first_row, ..request.likelihood };
    let found = match request.log_z {
        Some(log_z) => {
            let found =
                dequantised_energy(score, log_z.value, values, &repeats, (likelihood.seed, first_row), workers)?;
            done(found.mean.len());
            found
        }
        None => dequantised_log_prob(score, values, &repeats, &likelihood, workers, done)?,
    };
    let bound = if options.bound {
        let LikelihoodOptions { divergence, seed, .. } = likelihood;
        let options = BoundOptions { divergence, seed, first_row, ..BoundOptions::for_dim(info.dim) };
        Some(dequantised_bound(score, values, &repeats, &options, workers)?)
    } else {
        None
    };
    Ok(Row::of(&found, bound.as_ref()))
}
