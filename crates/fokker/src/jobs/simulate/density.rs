//! The density that a model stands for.

use crate::model_file::ModelInfo;
use crate::score::network::NetworkScore;
use crate::simulate::{LogDensity, ScoreGradient};

/// The density of a model at diffusion time `t`, in the units of its data: the gradient of its logarithm, and of an
/// energy model that logarithm, too.
pub(super) fn density<'a>(info: &ModelInfo, score: &'a NetworkScore<f32>, t: f64) -> Box<dyn LogDensity + 'a> {
    Box::new(ScoreGradient::new(score, t, info.scaling.clone()))
}
