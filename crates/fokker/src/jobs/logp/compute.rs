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
use super::part::Part;
use super::row::Row;
use super::summary::LogpSummary;
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
    request: &Request<'_>, score: &dyn Differentiable<F>, mut part: Part,
) -> Result<LogpSummary, (Box<JobError>, u64)> {
    match compute(request, score, &mut part) {
        Ok(seen) if seen == request.survey => {}
        Ok(_) => {
            part.remove();
            return Err((Box::new(JobError::InputChanged { path: request.data.into() }), 0));
        }
        Err(error) => return Err((Box::new(error), part.rows())),
    }
    let scaling = &request.info.scaling;
    let written = write(request.output, &part, scaling, request.more())
        .map_err(JobError::from)
        .and_then(|()| summarise(&part, scaling).map_err(|source| PartError::Replay { source }.into()));
    match written {
        Ok(summary) => {
            part.remove();
            Ok(summary)
        }
        Err(error) => Err((Box::new(error), part.rows())),
    }
}

/// Computes the rows that `part` lacks; returns what was seen of the input, all of which is read.
fn compute<F: Real>(request: &Request<'_>, score: &dyn Differentiable<F>, part: &mut Part) -> Result<Survey, JobError> {
    let Request { options, info, workers, observer, .. } = request;
    // A grey level is one unit of the data.
    let bins: Vec<f64> = info.scaling.scale.iter().map(|scale| 1.0 / scale).collect();
    let repeats = Dequantise {
        count: request.draws.max(1),
        bins: (request.draws > 0).then_some(&bins[..]),
        start: if options.at_zero { Start::AtZero } else { Start::AtTMin },
    };
    observer.begin(&Work::counted("logp", Unit::Rows, request.survey.rows, part.rows()));
    let (mut input, mut values) = (Input::open(request.data, info, request.draws)?, Vec::new());
    input.skip(part.rows(), &mut values)?;
    while input.read(request.chunk, &mut values)? > 0 {
        info.scaling.apply_f64(&mut values);
        let first = part.rows();
        let likelihood = LikelihoodOptions { first_row: first, ..request.likelihood };
        let done = |rows: usize| observer.done(first + rows as u64);
        let found = match request.log_z {
            Some(log_z) => {
                let (seed, first) = (likelihood.seed, likelihood.first_row);
                let found = dequantised_energy(score, log_z.value, &values, &repeats, (seed, first), workers)?;
                done(found.mean.len());
                found
            }
            None => dequantised_log_prob(score, &values, &repeats, &likelihood, workers, &done)?,
        };
        let bound = if options.bound {
            let LikelihoodOptions { divergence, seed, first_row, .. } = likelihood;
            let options = BoundOptions { divergence, seed, first_row, ..BoundOptions::for_dim(info.dim) };
            Some(dequantised_bound(score, &values, &repeats, &options, workers)?)
        } else {
            None
        };
        part.append(&Row::of(&found, bound.as_ref())).map_err(|source| PartError::Append { source })?;
        if observer.stops() && part.rows() < request.survey.rows {
            return Err(JobError::Stopped { how: None });
        }
    }
    observer.end();
    Ok(input.seen())
}
