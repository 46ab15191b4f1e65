//! The samples most like a training image, each above the training image that it is most like.

use fokker::audit::MemorisationPictures;

use crate::page::Illustration;
use crate::sheet;
use crate::text::fixed;

/// The figure; none if the images cannot be drawn.
pub(super) fn sheet(name: &str, found: &MemorisationPictures) -> Option<Illustration> {
    let ratios: Vec<String> = found.ratios.iter().map(|&ratio| fixed(ratio, 3)).collect();
    let about = format!("The samples of {name} most like a training image, each above that image");
    let svg = sheet::sheet(&found.images, found.shape, &["sample", "training"], &ratios, "d₁/d_k", &about)?;
    let k = found.k;
    Some(Illustration::scrolling(
        &svg,
        &about,
        format!(
            "{about}; d₁/d_k is the distance to the nearest training image over that to the {k}th nearest: near 0 for a copy."
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use fokker::data::ImageShape;

    #[test]
    fn pairs_are_drawn_with_their_ratios() {
        let shape = ImageShape { height: 2, width: 2, channels: 1 };
        let found = MemorisationPictures { shape, images: vec![0.0; 16], ratios: vec![0.0123, 0.5], k: 7 };
        let html = format!("{:?}", sheet("FP", &found));
        for part in ["samples of FP", ">0.012<", ">0.500<", ">training<", "7th nearest"] {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert!(sheet("FP", &MemorisationPictures { images: vec![0.0; 15], ..found }).is_none());
    }
}
