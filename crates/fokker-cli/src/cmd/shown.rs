//! What a page shows of a run.

use anyhow::Result;
use fokker::audit::{Answer, Audit, DataPictures, ModelPictures};
use fokker::config::Config;
use fokker::data::Data;
use fokker::jobs::{Observer, Run, Work};
use fokker::score::network::NetworkScore;
use fokker::train::Metrics;
use fokker_report::Model;

use crate::progress::Progress;

/// A run's figures, curves and pictures.
pub struct Shown {
    /// What the run is called.
    pub name: String,
    pub audit: Audit,
    answers: Vec<Answer>,
    metrics: Vec<Metrics>,
    pictures: ModelPictures,
    /// `None`: the data are not at hand.
    pub data: Option<DataPictures>,
    /// Its config, as TOML.
    pub config: String,
}

impl Shown {
    /// Draws the pictures of a run's model beside those of the data.
    pub fn new(
        name: &str, run: &Run, config: &Config, audit: Audit, score: &NetworkScore<f32>, data: Option<&Data>,
    ) -> Result<Self> {
        let workers = score.model().workers(config.train.threads, config.train.chunk_rows)?;
        let progress = Progress::default();
        progress.begin(&Work::uncounted(name));
        progress.doing(&format!("{name}: samples and pictures"));
        let pictures = data.map(|data| ModelPictures::new(score, &audit, data, &workers));
        progress.end();
        Ok(Self {
            name: name.into(),
            metrics: run.read_metrics()?,
            pictures: pictures.transpose()?.unwrap_or_default(),
            data: data.map(|data| DataPictures::new(data, &config.sde, &audit.settings, audit.seed)),
            config: config.to_toml()?,
            answers: audit.answers(),
            audit,
        })
    }

    /// The same as a page takes it.
    pub fn model(&self) -> Model<'_> {
        Model {
            name: &self.name,
            figures: &self.audit.figures,
            metrics: &self.metrics,
            pictures: &self.pictures,
            data: self.data.as_ref(),
            answers: &self.answers,
        }
    }
}
