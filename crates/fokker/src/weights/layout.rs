//! The order of a weight's axes.

use serde::Deserialize;

/// The order of the axes of a weight in another program. Ours is \[in, out\] and \[height, width, in, out\]; a bias or a
/// normalisation has one axis, and no order.
///
/// It is said and never guessed: a square matrix looks alike both ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// \[out, in\]: PyTorch's `Linear`.
    Linear,
    /// \[out, in, height, width\]: PyTorch's `Conv2d`; of 1 × 1 pixels for a layer that acts on the channels of a pixel.
    Conv,
    /// As ours: Flax's `Dense` and `Conv`, the `NIN` of DDPM and score_sde.
    InOut,
}

impl Layout {
    /// The layout of a weight of ours whose map says nothing.
    #[must_use]
    pub fn of(ours: &[usize]) -> Self {
        match ours.len() {
            2 => Self::Linear,
            4 => Self::Conv,
            _ => Self::InOut,
        }
    }

    /// The shape that a tensor of ours has there.
    pub(super) fn shape(self, ours: &[usize]) -> Result<Vec<usize>, String> {
        match (self, ours) {
            (_, &[n]) => Ok(vec![n]),
            (Self::InOut, _) => Ok(ours.to_vec()),
            (Self::Linear, &[i, o]) => Ok(vec![o, i]),
            (Self::Conv, &[i, o]) => Ok(vec![o, i, 1, 1]),
            (Self::Conv, &[h, w, i, o]) => Ok(vec![o, i, h, w]),
            _ => Err(format!("a weight of shape {ours:?} cannot have the layout `linear`")),
        }
    }

    /// Values there as ours.
    pub(super) fn to_ours(self, values: &[f32], ours: &[usize]) -> Vec<f32> {
        self.moved(values, ours, |there, here| (here, there))
    }

    /// Our values as there.
    pub(super) fn to_theirs(self, values: &[f32], ours: &[usize]) -> Vec<f32> {
        self.moved(values, ours, |there, here| (there, here))
    }

    /// Copies by (place there, place here) → (to, from).
    fn moved(self, values: &[f32], ours: &[usize], order: impl Fn(usize, usize) -> (usize, usize)) -> Vec<f32> {
        let (pixels, inputs, outputs) = match *ours {
            [i, o] => (1, i, o),
            [h, w, i, o] => (h * w, i, o),
            _ => return values.to_vec(),
        };
        if self == Self::InOut {
            return values.to_vec();
        }
        let mut moved = vec![0.0; values.len()];
        for pixel in 0..pixels {
            for i in 0..inputs {
                for o in 0..outputs {
                    let (to, from) = order((o * inputs + i) * pixels + pixel, (pixel * inputs + i) * outputs + o);
                    moved[to] = values[from];
                }
            }
        }
        moved
    }
}
