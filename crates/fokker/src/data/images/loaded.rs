//! Images as a format has them, before they are split and scaled.

use std::collections::BTreeSet;

use super::part::Pixels;
use crate::data::ImageShape;

/// What the files of a format hold.
pub(in crate::data) struct Loaded {
    /// The format's name.
    pub(in crate::data) format: String,
    pub(in crate::data) shape: ImageShape,
    pub(in crate::data) train: Pixels,
    /// The format's own test images.
    pub(in crate::data) held_out: Option<Pixels>,
    /// The labels that occur in the training images, where there are any.
    pub(in crate::data) labels: Option<BTreeSet<i64>>,
}
