//! What a page shows of a model.

use fokker::audit::ModelPictures;
use fokker::figure::Figures;
use fokker::train::Metrics;

use crate::series::{STYLE_DSM, STYLE_FP};

/// A model with all that the page shows of it.
#[derive(Clone, Copy, Debug)]
pub struct Model<'a> {
    /// What it is called.
    pub name: &'a str,
    /// What was measured.
    pub figures: &'a Figures,
    /// How its training went.
    pub metrics: &'a [Metrics],
    /// Samples and the like.
    pub pictures: &'a ModelPictures,
}

/// The look of the model at a place: one alone has that of FP.
pub(super) fn style(index: usize, models: &[Model<'_>]) -> usize {
    if models.len() == 1 { STYLE_FP } else { [STYLE_DSM, STYLE_FP].get(index).copied().unwrap_or(index) }
}
