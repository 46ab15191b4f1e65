//! Small pictures in rows and columns, each row and column with its name.

use std::fmt::Write as _;

use fokker::data::{ImageShape, contact_sheet};

use crate::picture::png_uri;
use crate::text::{escape, shorten};

/// The width of a sheet in its own units.
const WIDTH: f64 = 640.0;
/// The size of names, and the room for those of rows and columns.
const FONT: f64 = 12.0;
const LEFT: f64 = 62.0;
const TOP: f64 = 18.0;

/// Where an image grid's size stands in a PNG file: the header's width and height.
const PNG_SIZE: std::ops::Range<usize> = 16..24;

/// Images as one picture with names around it, as inline SVG; none if they cannot be drawn or do not fill the sheet.
///
/// `images` are `rows × columns` images in model coordinates (see [`contact_sheet`]); `corner` names what the columns' names are.
pub(crate) fn sheet(
    images: &[f32], shape: ImageShape, rows: &[&str], columns: &[String], corner: &str, about: &str,
) -> Option<String> {
    if images.is_empty() || images.len() != rows.len() * columns.len() * shape.dim() {
        return None;
    }
    let png = contact_sheet(images, shape, columns.len()).ok()?;
    let size: [u8; 8] = png.get(PNG_SIZE)?.try_into().ok()?;
    let [width, height] = [0, 4].map(|at| f64::from(u32::from_be_bytes(std::array::from_fn(|i| size[at + i]))));
    let (wide, high) = (WIDTH - LEFT, (WIDTH - LEFT) * height / width);
    let (across, down) = (wide / columns.len() as f64, high / rows.len() as f64);
    let mut out = format!(
        "<svg class=\"sheet\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {:.0}\" role=\"img\" aria-label=\"{}\">\
         <image x=\"{LEFT}\" y=\"{TOP}\" width=\"{wide:.1}\" height=\"{high:.1}\" style=\"image-rendering:pixelated\" href=\"{}\"/>",
        TOP + high,
        escape(about),
        png_uri(&png)
    );
    let mut name = |x: f64, y: f64, class: &str, text: &str, room: f64| {
        let text = escape(&shorten(text, room / FONT));
        let _ = write!(out, "<text class=\"tick{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{text}</text>");
    };
    name(0.0, TOP - 6.0, "", corner, LEFT);
    for (i, column) in columns.iter().enumerate() {
        name(LEFT + (i as f64 + 0.5) * across, TOP - 6.0, " mid", column, across);
    }
    for (i, row) in rows.iter().enumerate() {
        name(0.0, TOP + (i as f64 + 0.5) * down + 4.0, "", row, LEFT);
    }
    out.push_str("</svg>");
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_sizes() {
        for channels in [1, 3] {
            let shape = ImageShape { height: 3, width: 2, channels };
            let images = vec![0.0; 4 * shape.dim()];
            let columns = ["0.5".to_owned(), "<1".to_owned()];
            let svg = sheet(&images, shape, &["a", "b"], &columns, "t", "About & all").unwrap();
            for part in [">t</text>", ">a</text>", ">b</text>", ">0.5</text>", ">&lt;1</text>", "About &amp; all"] {
                assert!(svg.contains(part), "{part} in {svg}");
            }
            // Two columns of 2 pixels and a gap of 2; two rows of 3 and the same.
            let high = (WIDTH - LEFT) * 8.0 / 6.0;
            assert!(svg.contains(&format!("height=\"{high:.1}\"")), "{svg}");
        }
    }

    #[test]
    fn what_does_not_fill_the_sheet_is_not_drawn() {
        let shape = ImageShape { height: 1, width: 1, channels: 1 };
        let one = ["x".to_owned()];
        assert!(sheet(&[0.0], shape, &["a"], &one, "", "").is_some());
        assert!(sheet(&[0.0; 2], shape, &["a"], &one, "", "").is_none());
        assert!(sheet(&[], shape, &[], &[], "", "").is_none());
        assert!(sheet(&[0.0; 2], ImageShape { channels: 2, ..shape }, &["a"], &one, "", "").is_none());
    }
}
