//! The samples most like a training image, and that image.

use crate::audit::Audit;
use crate::data::{Data, ImageShape};

/// Samples, each with the training image that it is most like.
///
/// ```
/// use fokker::audit::MemorisationPictures;
/// use fokker::data::ImageShape;
/// let shape = ImageShape { height: 1, width: 1, channels: 1 };
/// let found = MemorisationPictures { shape, images: vec![0.1, 0.12], ratios: vec![0.03], k: 10 };
/// assert_eq!(found.images.len(), 2 * found.ratios.len());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct MemorisationPictures {
    /// The images' shape.
    pub shape: ImageShape,
    /// All samples, then the training images in the same order, in model coordinates.
    pub images: Vec<f32>,
    /// d₁/d_k of each sample, the smallest first.
    pub ratios: Vec<f64>,
    /// k of d_k.
    pub k: usize,
}

impl MemorisationPictures {
    /// The pictures; none if the samples are not at hand (they are not kept in files), or the data are no images.
    #[must_use]
    pub fn new(audit: &Audit, data: &Data) -> Option<Self> {
        let (shape, rows) = (data.image_shape()?, data.len()?);
        let k = audit.figures.count("memorisation.k")?;
        let pairs: Vec<_> =
            audit.closest.iter().filter(|pair| pair.x.len() == data.dim() && pair.training_row < rows).collect();
        if pairs.is_empty() {
            return None;
        }
        let mut images: Vec<f32> = pairs.iter().flat_map(|pair| &pair.x).copied().collect();
        let mut row = vec![0.0; data.dim()];
        for pair in &pairs {
            data.train_row_exact(pair.training_row, &mut row);
            images.extend(&row);
        }
        Some(Self { shape, images, ratios: pairs.iter().map(|pair| pair.ratio).collect(), k })
    }
}
