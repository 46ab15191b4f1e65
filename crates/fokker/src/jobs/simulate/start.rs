//! The points that chains start from.

use std::path::Path;

use fokker_jet::cpu::Workers;

use super::super::error::JobError;
use super::super::observer::{Observer, Unit, Work};
use super::super::rows;
use super::options::SimulateOptions;
use crate::data::Fingerprint;
use crate::input::{ModelRows, Values};
use crate::model_file::ModelInfo;
use crate::sample::{Sampler, sample};
use crate::score::network::NetworkScore;

/// Where chains start.
pub(super) enum Start {
    /// At rows of a file, one for all or one for each, in the units of the data.
    Rows(Vec<f64>),
    /// At samples of the model, which are not drawn before they are needed.
    Samples,
}

impl Start {
    /// Reads the file, if there is one.
    pub(super) fn read(options: &SimulateOptions, info: &ModelInfo, observer: &dyn Observer) -> Result<Self, JobError> {
        let Some(path) = &options.start else {
            return Ok(Self::Samples);
        };
        let values = rows::all(ModelRows::open(path, info, Values::Continuous)?, path, &|_, _| Ok(()), observer)?;
        let rows = values.len() / info.dim;
        if rows != 1 && rows != options.chains {
            return Err(wrong_rows(path, rows, options.chains));
        }
        Ok(Self::Rows(values))
    }

    /// What tells it from others.
    pub(super) fn identity(&self) -> String {
        match self {
            Self::Samples => "samples".into(),
            Self::Rows(values) => {
                let mut print = Fingerprint::default();
                print.numbers(values);
                format!("{} values, {}", values.len(), Fingerprint::text(print.digest()))
            }
        }
    }

    /// The points, `chains × D`, in the units of the data. Samples that fail are NaN.
    pub(super) fn points(
        self, options: &SimulateOptions, info: &ModelInfo, score: &NetworkScore<f32>, workers: &Workers,
        observer: &dyn Observer,
    ) -> Result<Vec<f64>, JobError> {
        let chains = options.chains;
        match self {
            Self::Rows(values) if values.len() == info.dim => Ok(values.repeat(chains)),
            Self::Rows(values) => Ok(values),
            Self::Samples => {
                observer.begin(&Work::counted("sample", Unit::Rows, chains as u64, 0));
                let done = |rows: usize| observer.done(rows as u64);
                let mut drawn = sample(score, chains, &Sampler::default(), options.seed, workers, &done)?.x;
                observer.end();
                info.scaling.invert_f64(&mut drawn);
                Ok(drawn)
            }
        }
    }
}

fn wrong_rows(path: &Path, rows: usize, chains: usize) -> JobError {
    JobError::option(format!("start {}", path.display()), format!("{rows} rows, neither 1 nor -n {chains}"))
}
