use std::path::Path;

use image::{DynamicImage, GrayImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

use super::{held_out, load, training, wrong};
use crate::data::tests::put;
use crate::data::{Data, DataConfig, ImageShape, describe};

/// A portable grey map or pixel map, by hand.
fn pnm(width: usize, height: usize, pixels: &[u8]) -> Vec<u8> {
    let kind = if pixels.len() == width * height { 5 } else { 6 };
    [format!("P{kind}\n{width} {height}\n255\n").as_bytes(), pixels].concat()
}

fn encoded(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn place(folder: &Path, name: &str, bytes: &[u8]) {
    std::fs::create_dir_all(folder.join(name).parent().unwrap()).unwrap();
    put(folder, name, bytes);
}

fn shape(data: &Data) -> [usize; 3] {
    let ImageShape { height, width, channels } = data.image_shape().unwrap();
    [height, width, channels]
}

#[test]
fn folders_of_training_and_test_images() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path();
    // By name, the capital letter first; the other files are no images.
    for (name, value) in [("test/b/1.pgm", 3), ("test/a/9.PGM", 2), ("test/Z.pgm", 1), ("test/.x.pgm", 9)] {
        place(folder, name, &pnm(2, 1, &[value, 200]));
    }
    place(folder, "train/cat/1.pgm", &pnm(2, 1, &[10, 11]));
    place(folder, "train/dog/1.pgm", &pnm(2, 1, &[20, 21]));
    place(folder, "train/dog/notes.txt", b"no image");
    place(folder, "val/1.pgm", &pnm(2, 1, &[99, 99]));
    let data = load(folder).unwrap();
    assert_eq!((shape(&data), data.len(), data.held_out_len()), ([1, 2, 1], Some(2), Some(3)));
    assert_eq!([0, 1, 2].map(|index| held_out(&data, index)[0]), [1, 2, 3]);
    assert_eq!(training(&data), [[10, 11], [20, 21]]);
    let found = serde_json::to_value(describe(folder, None, None, 0.1).unwrap()).unwrap();
    assert_eq!((&found["classes"], &found["recognised"]), (&2.into(), &"folder of image files".into()));
    std::fs::remove_dir_all(folder.join("test")).unwrap();
    assert_eq!(held_out(&load(folder).unwrap(), 0), [99, 99], "val in place of test");
    std::fs::remove_dir_all(folder.join("val")).unwrap();
    let data = load(folder).unwrap();
    assert_eq!((data.len(), data.held_out_len()), (Some(1), Some(1)), "a part is held out");
    place(folder, "test/notes.txt", b"");
    assert!(wrong(folder).contains("test: no image files"), "{}", wrong(folder));
    #[cfg(unix)]
    {
        std::fs::remove_dir_all(folder.join("test")).unwrap();
        std::os::unix::fs::symlink(folder, folder.join("train/circle")).unwrap();
        assert_eq!(load(folder).unwrap().len(), Some(1), "links in circles end");
    }
}

#[test]
fn grey_or_colour_by_the_files() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path();
    let grey = GrayImage::from_raw(2, 2, vec![0, 85, 170, 255]).unwrap();
    for (name, format) in [("a.png", ImageFormat::Png), ("b.tif", ImageFormat::Tiff)] {
        place(folder, name, &encoded(grey.clone(), format));
    }
    // 16 bits, and an alpha channel, which is dropped.
    let deep = image::ImageBuffer::<image::Luma<u16>, _>::from_raw(2, 2, vec![0, 85 * 257, 170 * 257, 65535]).unwrap();
    place(folder, "c.png", &encoded(DynamicImage::ImageLuma16(deep), ImageFormat::Png));
    let clear = image::ImageBuffer::<image::LumaA<u8>, _>::from_raw(2, 2, vec![0, 9, 85, 0, 170, 255, 255, 1]).unwrap();
    place(folder, "d.png", &encoded(DynamicImage::ImageLumaA8(clear), ImageFormat::Png));
    let data = load(folder).unwrap();
    assert_eq!((shape(&data), training(&data)), ([2, 2, 1], vec![vec![0, 85, 170, 255]]));
    let colours = [[1, 2, 3], [40, 50, 60], [200, 100, 0], [255, 255, 254]];
    let colour = RgbImage::from_fn(2, 2, |x, y| Rgb(colours[(y * 2 + x) as usize]));
    let clear = RgbaImage::from_fn(2, 2, |x, y| {
        let [r, g, b] = colours[(y * 2 + x) as usize];
        Rgba([r, g, b, 7])
    });
    for (name, format) in [
        ("e.bmp", ImageFormat::Bmp),
        ("f.webp", ImageFormat::WebP),
        ("g.PPM", ImageFormat::Pnm),
        ("h.jpg", ImageFormat::Png),
    ] {
        place(folder, name, &encoded(colour.clone(), format));
    }
    place(folder, "i.png", &encoded(clear, ImageFormat::Png));
    let data = load(folder).unwrap();
    let greys: Vec<u8> = [0, 85, 170, 255].iter().flat_map(|&u| [u; 3]).collect();
    assert_eq!((shape(&data), training(&data)), ([2, 2, 3], vec![greys, colours.concat()]));
}

#[test]
fn lossy_and_palette_formats_come_close() {
    for (name, format, error) in [("a.jpeg", ImageFormat::Jpeg, 6), ("a.gif", ImageFormat::Gif, 6)] {
        let root = tempfile::tempdir().unwrap();
        let picture = RgbImage::from_fn(16, 16, |x, y| Rgb([100 + x as u8 * 2, 150 - y as u8, 90]));
        place(root.path(), name, &encoded(picture.clone(), format));
        place(root.path(), &format!("b{name}"), &encoded(picture.clone(), format));
        let data = load(root.path()).unwrap();
        assert_eq!(shape(&data), [16, 16, 3]);
        let worst = held_out(&data, 0).iter().zip(picture.as_raw()).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(worst <= Some(error), "{name}: {worst:?}");
    }
}

#[test]
fn pictures_are_cropped_and_resized() {
    let root = tempfile::tempdir().unwrap();
    // The central square is of one colour, what is cropped of another.
    let wide = |x: u32, _: u32| if (4..12).contains(&x) { Rgb([10, 120, 250]) } else { Rgb([255, 0, 0]) };
    place(root.path(), "a.png", &encoded(RgbImage::from_fn(16, 8, wide), ImageFormat::Png));
    place(root.path(), "b.png", &encoded(RgbImage::from_fn(8, 17, |_, y| wide(y, 0)), ImageFormat::Png));
    let sized = |size| Data::load(&DataConfig::Images { path: root.path().into(), flip: false, size, held_out: 0.5 });
    for size in [1, 3, 8, 11] {
        let data = sized(Some(size)).unwrap();
        assert_eq!(shape(&data), [size, size, 3]);
        assert_eq!(training(&data), [[10, 120, 250].repeat(size * size)], "{size}");
    }
    assert!(sized(None).is_err());
    let message = wrong(root.path());
    assert_eq!(message, "b.png: 17×8 pixels, but 8×16 in a.png; the key `size` crops and resizes image files");
    // A ramp keeps its order and its mean; taking every other pixel would not give it.
    let ramp = tempfile::tempdir().unwrap();
    for name in ["a.png", "b.png"] {
        place(
            ramp.path(),
            name,
            &encoded(GrayImage::from_fn(8, 8, |x, _| image::Luma([x as u8 * 20])), ImageFormat::Png),
        );
    }
    let data = Data::load(&DataConfig::Images { path: ramp.path().into(), flip: false, size: Some(4), held_out: 0.5 });
    let levels = held_out(&data.unwrap(), 0);
    assert_eq!(levels[..4], levels[12..]);
    let mean = levels[..4].iter().map(|&u| f64::from(u)).sum::<f64>() / 4.0;
    assert!(levels[..4].is_sorted() && (mean - 70.0).abs() <= 1.0 && levels[1].abs_diff(50) <= 2, "{levels:?}");
    // Only image files are resized.
    let idx = tempfile::tempdir().unwrap();
    for part in ["train", "t10k"] {
        put(idx.path(), &format!("{part}-images-idx3-ubyte"), &crate::data::tests::idx(1, 4, 4));
    }
    let sized = |size| Data::load(&DataConfig::Images { path: idx.path().into(), flip: false, size, held_out: 0.5 });
    assert!(sized(Some(4)).is_ok());
    assert_eq!(
        sized(Some(5)).unwrap_err().to_string(),
        "size = 5: only image files are resized, and IDX files (MNIST family) are 4×4"
    );
}

#[test]
fn what_is_wrong_with_image_files_is_said() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path();
    assert!(wrong(folder).contains("no images"));
    let good = encoded(RgbImage::from_fn(8, 8, |x, y| Rgb([(x * 37) as u8, (y * 11) as u8, 7])), ImageFormat::Png);
    place(folder, "a.png", &good);
    assert!(wrong(folder).ends_with("1 rows, at least 2 needed"), "{}", wrong(folder));
    for bytes in [&b"Not a picture at all.\n"[..], b"", &good[..good.len() / 2], &good[..20]] {
        place(folder, "b.png", bytes);
        assert!(wrong(folder).starts_with("b.png: not an image that can be read: "), "{}", wrong(folder));
    }
    // A header that promises 60,000 × 60,000 pixels of a file of 100 bytes is refused for what they would take.
    let mut huge = good.clone();
    huge[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
    let crc = {
        let mut crc = flate2::Crc::new();
        crc.update(&huge[12..29]);
        crc.sum()
    };
    huge[29..33].copy_from_slice(&crc.to_be_bytes());
    std::fs::remove_file(folder.join("b.png")).unwrap();
    place(folder, "a.png", &huge);
    place(folder, "c.png", &huge);
    let reason = wrong(folder);
    assert!(reason.contains("the memory budget is") || reason.contains("not an image that can be read"), "{reason}");
}
