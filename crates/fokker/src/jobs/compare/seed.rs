//! One seed, trained and audited.

use std::path::Path;

use crate::audit::{DataPictures, ModelPictures};
use crate::config::Config;
use crate::study::{Arm, SeedFigures};
use crate::train::Metrics;

/// What is known of a model beside its figures.
#[derive(Clone, Debug)]
pub struct ComparedModel {
    /// How its training went.
    pub metrics: Vec<Metrics>,
    /// Samples and the like.
    pub pictures: ModelPictures,
}

/// A seed that is done: all that a page about it needs.
#[derive(Clone, Copy, Debug)]
pub struct ComparedSeed<'a> {
    /// Its folder, which holds the models', named by the arms' keys. `report.html` in it is known to be fokker's.
    pub folder: &'a Path,
    /// The config with this seed, before the arms change it.
    pub config: &'a Config,
    /// What was compared.
    pub arms: &'a [Arm],
    /// What was measured.
    pub figures: &'a SeedFigures,
    /// Pictures of the data.
    pub data: &'a DataPictures,
    /// The models, in the order of the arms.
    pub models: &'a [ComparedModel],
}
