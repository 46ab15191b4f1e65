//! The samples most like a training image, each above the training image that it is most like.

use super::Figure;
use super::sheet::sheet;
use super::text::fixed;
use crate::data::Data;
use crate::distance::Memorisation;

/// The figure; none if the samples are not at hand (they are not kept in files), or the data are no images.
pub(super) fn figure(name: &str, found: &Memorisation, data: &Data) -> Option<Figure> {
    let (shape, rows) = (data.image_shape()?, data.len()?);
    let known = |pair: &&crate::distance::Closest| pair.x.len() == data.dim() && pair.training_row < rows;
    let pairs: Vec<_> = found.closest.iter().filter(known).collect();
    let mut images: Vec<f32> = pairs.iter().flat_map(|pair| &pair.x).copied().collect();
    let mut row = vec![0.0; data.dim()];
    for pair in &pairs {
        data.train_row_exact(pair.training_row, &mut row);
        images.extend(&row);
    }
    let ratios: Vec<String> = pairs.iter().map(|pair| fixed(pair.ratio, 3)).collect();
    let about = format!("The samples of {name} most like a training image, each above that image");
    let svg = sheet(&images, shape, &["sample", "training"], &ratios, "d₁/d_k", &about)?;
    let k = found.k;
    Some(Figure::svg(
        svg,
        format!(
            "{about}; d₁/d_k is the distance to the nearest training image over that to the {k}th nearest: near 0 for a copy."
        ),
    ))
}
