//! Rasters as PNG pictures inside `data:` URIs.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::colour::viridis;
use crate::text::{escape, number, shorten};

/// The longest side of a picture, in pixels.
const MAX_SIDE: usize = 4096;
/// Middle tones of the six styles, readable on white and on black.
const TONES: [[u8; 3]; 6] =
    [[213, 94, 0], [24, 122, 196], [0, 148, 110], [190, 92, 150], [184, 134, 11], [110, 120, 130]];

/// Why a picture could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PictureError {
    /// A side is zero or too long.
    #[error("a picture of {width} x {height} pixels cannot be drawn: each side takes 1 to {MAX_SIDE}")]
    Side {
        /// Width asked for.
        width: usize,
        /// Height asked for.
        height: usize,
    },
    /// The values do not fill the raster.
    #[error("a raster of {width} x {height} needs {} values, got {got}", width * height)]
    Length {
        /// Width asked for.
        width: usize,
        /// Height asked for.
        height: usize,
        /// Values given.
        got: usize,
    },
    /// The bounds of a scatter are not finite or not increasing.
    #[error("the bounds {bounds:?} of a scatter must be finite and increasing")]
    Bounds {
        /// Bounds asked for.
        bounds: [[f64; 2]; 2],
    },
    /// The encoder failed.
    #[error("the PNG encoder failed")]
    Png(#[from] png::EncodingError),
}

/// The bytes of a PNG file as a `data:` URI.
///
/// ```
/// assert_eq!(fokker_report::png_uri(b"abc"), "data:image/png;base64,YWJj");
/// ```
#[must_use]
pub fn png_uri(bytes: &[u8]) -> String {
    format!("data:image/png;base64,{}", STANDARD.encode(bytes))
}

/// A raster of values in viridis colours, darkest at the smallest finite value and lightest at the largest.
///
/// `values` are by rows, the top row first, `width` to a row. Values that are not finite are transparent.
///
/// # Errors
/// When the values do not fill the raster, or a side is zero or above 4096.
///
/// ```
/// # fn main() -> Result<(), fokker_report::PictureError> {
/// let uri = fokker_report::heatmap(&[0.0, 0.5, 1.0, f64::NAN], 2, 2)?;
/// assert!(uri.starts_with("data:image/png;base64,"));
/// # Ok(())
/// # }
/// ```
pub fn heatmap(values: &[f64], width: usize, height: usize) -> Result<String, PictureError> {
    let finite = values.iter().filter(|v| v.is_finite());
    let range = finite.fold([f64::INFINITY, f64::NEG_INFINITY], |[lo, hi], &v| [lo.min(v), hi.max(v)]);
    heatmap_within(values, width, height, range)
}

/// [`heatmap`] with the colours spread over a given `range`, so that several can be compared; values beyond it take
/// the colour of its end.
///
/// # Errors
/// As [`heatmap`].
pub fn heatmap_within(values: &[f64], width: usize, height: usize, range: [f64; 2]) -> Result<String, PictureError> {
    check_sides(width, height)?;
    if values.len() != width * height {
        return Err(PictureError::Length { width, height, got: values.len() });
    }
    // Halves keep the difference of two huge ends finite.
    let [lo, hi] = range.map(|end| end / 2.0);
    let pixels = values.iter().flat_map(|&v| {
        let place = if hi > lo { (v / 2.0 - lo) / (hi - lo) } else { 0.5 };
        let [r, g, b] = viridis(place);
        [r, g, b, if v.is_finite() { 255 } else { 0 }]
    });
    encode(&pixels.collect::<Vec<u8>>(), width, height)
}

/// The legend of a [`heatmap_within`]: its colours, the ends of its range and what they measure, as inline SVG.
///
/// ```
/// assert!(fokker_report::colour_bar([-8.0, 0.0], "log density").contains("log density"));
/// ```
#[must_use]
pub fn colour_bar(range: [f64; 2], label: &str) -> String {
    let [lo, hi] = range.map(number);
    let label = escape(&shorten(label, 22.0));
    let mut out = format!(
        "<svg class=\"bar\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 320 38\" role=\"img\" \
         aria-label=\"{label}: colours from {lo} to {hi}\"><g shape-rendering=\"crispEdges\">"
    );
    for i in 0..64 {
        let [r, g, b] = viridis((f64::from(i) + 0.5) / 64.0);
        let _ = write!(out, "<rect x=\"{}\" width=\"5\" height=\"10\" fill=\"#{r:02x}{g:02x}{b:02x}\"/>", i * 5);
    }
    let _ = write!(
        out,
        "</g><text class=\"tick\" x=\"0\" y=\"27\">{lo}</text><text class=\"label mid\" x=\"160\" y=\"27\">{label}</text>\
         <text class=\"tick end\" x=\"320\" y=\"27\">{hi}</text></svg>"
    );
    out
}

/// A cloud of points as a square picture on a transparent ground: the denser, the stronger the colour.
///
/// `bounds` are the ends of x and those of y; y grows upwards, and points outside are left out. `style` is that of
/// [`Series`](crate::Series).
///
/// # Errors
/// When the bounds are not finite and increasing, or `size` is zero or above 4096.
///
/// ```
/// # fn main() -> Result<(), fokker_report::PictureError> {
/// use fokker_report::{STYLE_DSM, scatter};
/// let uri = scatter(&[[0.0, 0.0], [0.5, 0.5]], [[-1.0, 1.0], [-1.0, 1.0]], 64, STYLE_DSM)?;
/// assert!(uri.starts_with("data:image/png;base64,"));
/// # Ok(())
/// # }
/// ```
pub fn scatter(points: &[[f64; 2]], bounds: [[f64; 2]; 2], size: usize, style: usize) -> Result<String, PictureError> {
    check_sides(size, size)?;
    if !bounds.iter().all(|[lo, hi]| lo < hi && (hi - lo).is_finite()) {
        return Err(PictureError::Bounds { bounds });
    }
    let ink = splat(points, bounds, size);
    let [r, g, b] = TONES[style % TONES.len()];
    // One point alone must be seen, and a crowd must not saturate: the fewer points, the stronger each.
    let strength = (1200.0 / points.len().max(1) as f64).sqrt().clamp(0.12, 0.9);
    let pixels = ink.iter().flat_map(|&n| {
        let alpha = 1.0 - (1.0 - strength).powf(n);
        // 32 levels look no worse than 256 and make the file half as large.
        [r, g, b, ((alpha * 31.0).round() / 31.0 * 255.0) as u8]
    });
    encode(&pixels.collect::<Vec<u8>>(), size, size)
}

/// How much ink each pixel receives: a small round spot for every point.
fn splat(points: &[[f64; 2]], bounds: [[f64; 2]; 2], size: usize) -> Vec<f64> {
    let mut ink = vec![0.0; size * size];
    let side = size as f64;
    // Few points are drawn larger, too.
    let radius = (side / 300.0).max(0.9) * (2000.0 / points.len().max(1) as f64).powf(0.3).clamp(1.0, 2.5);
    let reach = radius.ceil() as i64 + 1;
    for p in points {
        let [u, v]: [f64; 2] = std::array::from_fn(|i| (p[i] - bounds[i][0]) / (bounds[i][1] - bounds[i][0]));
        if !(0.0..=1.0).contains(&u) || !(0.0..=1.0).contains(&v) {
            continue;
        }
        let (cx, cy) = (u * side, (1.0 - v) * side);
        for row in cy as i64 - reach..=cy as i64 + reach {
            for column in cx as i64 - reach..=cx as i64 + reach {
                let far = (column as f64 + 0.5 - cx).hypot(row as f64 + 0.5 - cy);
                let inside = |i: i64| usize::try_from(i).ok().filter(|&i| i < size);
                if let (Some(row), Some(column)) = (inside(row), inside(column)) {
                    ink[row * size + column] += (radius + 0.5 - far).clamp(0.0, 1.0);
                }
            }
        }
    }
    ink
}

fn check_sides(width: usize, height: usize) -> Result<(), PictureError> {
    if (1..=MAX_SIDE).contains(&width) && (1..=MAX_SIDE).contains(&height) {
        Ok(())
    } else {
        Err(PictureError::Side { width, height })
    }
}

fn encode(rgba: &[u8], width: usize, height: usize) -> Result<String, PictureError> {
    let side = |n: usize| u32::try_from(n).map_err(|_| PictureError::Side { width, height });
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, side(width)?, side(height)?);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(rgba)?;
    writer.finish()?;
    Ok(png_uri(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error;

    fn pixels(uri: &str) -> Result<Vec<u8>, Box<dyn Error>> {
        let body = uri.strip_prefix("data:image/png;base64,").ok_or("not a PNG URI")?;
        let bytes = STANDARD.decode(body)?;
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info()?;
        let mut rgba = vec![0; reader.output_buffer_size().ok_or("too large")?];
        reader.next_frame(&mut rgba)?;
        Ok(rgba)
    }

    #[test]
    fn heatmap_colours() -> Result<(), Box<dyn Error>> {
        let rgba = pixels(&heatmap(&[-3.0, 5.0, f64::NAN, f64::NEG_INFINITY], 2, 2)?)?;
        assert_eq!(rgba[..8], [68, 1, 84, 255, 253, 231, 37, 255]);
        assert_eq!((rgba[11], rgba[15]), (0, 0));
        Ok(())
    }

    #[test]
    fn odd_heatmaps_are_drawn() -> Result<(), Box<dyn Error>> {
        for values in [[f64::NAN; 4], [7.0; 4], [-f64::MAX, f64::MAX, 0.0, 1.0]] {
            pixels(&heatmap(&values, 2, 2)?)?;
        }
        Ok(())
    }

    #[test]
    fn scatter_puts_ink_where_the_point_is() -> Result<(), Box<dyn Error>> {
        let points = [[0.9, 0.9], [f64::NAN, 0.0], [5.0, 0.0]];
        let rgba = pixels(&scatter(&points, [[-1.0, 1.0], [-1.0, 1.0]], 40, 1)?)?;
        let alpha = |row: usize, column: usize| rgba[(row * 40 + column) * 4 + 3];
        assert!(alpha(2, 38) > 100 && alpha(38, 2) == 0);
        Ok(())
    }

    #[test]
    fn wrong_requests_are_errors() {
        assert!(matches!(heatmap(&[], 0, 0), Err(PictureError::Side { .. })));
        assert!(matches!(heatmap(&[1.0], 2, 2), Err(PictureError::Length { got: 1, .. })));
        assert!(matches!(heatmap(&[1.0], 5000, 1), Err(PictureError::Side { .. })));
        let unit = [0.0, 1.0];
        assert!(matches!(scatter(&[], [unit, [1.0, 1.0]], 9, 0), Err(PictureError::Bounds { .. })));
        assert!(matches!(scatter(&[], [unit, [f64::NAN, 1.0]], 9, 0), Err(PictureError::Bounds { .. })));
    }
}
