//! Denoising trajectories: samples on their way from noise to image, and what the model makes of them at each time.

use fokker::audit::Trajectories;
use fokker::data::ImageShape;

use crate::page::Illustration;
use crate::sheet;
use crate::text::{exponent, fixed};

/// The figure; none if the images cannot be drawn.
pub(super) fn sheet(name: &str, found: &Trajectories, shape: ImageShape) -> Option<Illustration> {
    let times: Vec<String> = found.times.iter().map(|&t| label(t)).collect();
    let about = format!("From noise to image: {} samples of {name} by the probability-flow ODE", found.samples);
    let rows = ["state", "denoised"].repeat(found.samples);
    let svg = sheet::sheet(&found.images, shape, &rows, &times, "t", &about)?;
    Some(Illustration::scrolling(
        &svg,
        &about,
        format!(
            "{about}. Above x_t/√(m² + σ²), below the denoised estimate E[x₀ | x_t] = (x_t + σ² s)/m, both cut off at black and \
             white."
        ),
    ))
}

/// A time with two significant digits.
fn label(t: f64) -> String {
    let decimals = usize::try_from(1 - exponent(t)).unwrap_or(0);
    let t = fixed(t, decimals.min(6));
    if t.contains('.') { t.trim_end_matches('0').trim_end_matches('.').into() } else { t }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grey_and_colour_are_drawn() {
        let times = vec![1.0, 0.62, 0.31, 0.1, 0.04, 0.02, 0.003, 0.001];
        for channels in [1, 3] {
            let shape = ImageShape { height: 4, width: 4, channels };
            let images = vec![f32::NAN; 3 * 2 * times.len() * shape.dim()];
            let found = Trajectories { times: times.clone(), samples: 3, images };
            let figure = format!("{:?}", sheet("FP", &found, shape));
            assert!(figure.contains("3 samples of FP"), "{figure}");
            for t in [">1<", ">0.62<", ">0.1<", ">0.003<", ">0.001<", ">denoised<"] {
                assert!(figure.contains(t), "{t} in {figure}");
            }
            assert!(sheet("FP", &found, ImageShape { width: 5, ..shape }).is_none());
        }
    }
}
