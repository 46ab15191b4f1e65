//! No bytes make a reader panic, and every refusal is one line.

use proptest::prelude::*;

use super::{file, gzip, idx, npy, put};
use crate::data::formats::npz::write_archive;
use crate::data::{
    Data, DataConfig, DataError, ImageShape, RowReader, ScalingConfig, TableConfig, parse_table, read_table,
    table_formats,
};

/// Reads the bytes with every reader.
fn read_all_ways(bytes: &[u8]) {
    let (folder, _) = file("train-images-idx3-ubyte", bytes);
    put(folder.path(), "t10k-images-idx3-ubyte.gz", &gzip(&idx(1, 2, 2)));
    put(folder.path(), "train-labels-idx1-ubyte.gz", bytes);
    let images = |path: &std::path::Path| {
        Data::load(&DataConfig::Images { path: path.into(), flip: false, size: None, held_out: 0.5 })
    };
    let mut errors: Vec<_> = images(folder.path()).err().into_iter().collect();
    std::fs::remove_file(folder.path().join("train-images-idx3-ubyte")).unwrap();
    put(folder.path(), "train-images-idx3-ubyte.gz", bytes);
    errors.extend(images(folder.path()).err());
    put(folder.path(), "train-images-idx3-ubyte.gz", &gzip(bytes));
    errors.extend(images(folder.path()).err());
    errors.extend(read_images_all_ways(bytes, images));
    for format in table_formats() {
        let path = put(folder.path(), &format!("a.{}", format.ending), bytes);
        let (read, parsed) = (read_table(&path, None), parse_table(&path, bytes.to_vec(), None));
        match (read, parsed) {
            (Ok(read), Ok(parsed)) => assert!(read == parsed, "in a file and in memory"),
            (Err(read), Err(parsed)) => {
                assert_eq!(read.to_string(), parsed.to_string());
                errors.push(read);
            }
            (read, parsed) => panic!("in a file {read:?}, in memory {parsed:?}"),
        }
        errors.extend(read_table(&path, Some("x")).err());
        let config = DataConfig::File(TableConfig {
            held_out: 0.1,
            scaling: ScalingConfig::Standardise,
            ..TableConfig::new(path)
        });
        errors.extend(Data::load(&config).err());
    }
    errors.extend(read_rows_all_ways(bytes));
    for error in errors {
        let message = error.to_string();
        assert!(!message.is_empty() && !message.chars().any(char::is_control), "{message:?}");
    }
}

/// Reads the bytes as images of the other formats.
fn read_images_all_ways(bytes: &[u8], images: impl Fn(&std::path::Path) -> Result<Data, DataError>) -> Vec<DataError> {
    let (root, packed) = (tempfile::tempdir().unwrap(), gzip(bytes));
    let mut errors = Vec::new();
    for (name, bytes) in [("x.npy", bytes), ("x.npz", bytes), ("x.tar.gz", bytes), ("x.tgz", &packed)] {
        errors.extend(images(&put(root.path(), name, bytes)).err());
    }
    for names in [["train_data_batch_1.npz", "val_data.npz"], ["train.bin", "test.bin"], ["a.png", "b.tif"]] {
        let folder = root.path().join(names[0]);
        std::fs::create_dir(&folder).unwrap();
        names.iter().for_each(|name| drop(put(&folder, name, bytes)));
        errors.extend(images(&folder).err());
    }
    let folder = root.path().join("a.png");
    let sized = DataConfig::Images { path: folder, flip: false, size: Some(3), held_out: 0.5 };
    errors.extend(Data::load(&sized).err());
    errors
}

/// Reads the bytes as rows of images for models of several shapes.
fn read_rows_all_ways(bytes: &[u8]) -> Vec<DataError> {
    let (root, packed) = (tempfile::tempdir().unwrap(), gzip(bytes));
    let mut errors = Vec::new();
    let names = ["x.npy", "x.npz", "x.tar.gz", "x-images-idx3-ubyte", "x-images-idx3-ubyte.gz"];
    for (name, bytes) in names.into_iter().zip([bytes, bytes, &packed, bytes, &packed]) {
        let path = put(root.path(), name, bytes);
        for (height, width, channels) in [(2, 2, 1), (3, 2, 2), (5, 4, 3)] {
            let read = RowReader::open(&path, Some(ImageShape { height, width, channels }), None);
            errors.extend(read.and_then(|mut rows| rows.read(usize::MAX, &mut Vec::new())).err());
        }
    }
    errors
}

/// What is cut off is missed, or the picture is there all the same; nothing panics.
#[test]
fn pictures_cut_anywhere() {
    for good in good_images() {
        (0..good.len()).step_by(31).for_each(|end| read_all_ways(&good[..end]));
    }
}

/// A small colour picture in each format, and other files of images.
fn good_images() -> Vec<Vec<u8>> {
    use image::ImageFormat::{Bmp, Gif, Jpeg, Png, Pnm, Tiff, WebP};
    let picture = image::RgbImage::from_fn(5, 4, |x, y| image::Rgb([(x * 50) as u8, (y * 60) as u8, 99]));
    let encoded = [Bmp, Gif, Jpeg, Png, Pnm, Tiff, WebP].map(|format| {
        let mut bytes = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    });
    let arrays = [npy("'|u1'", "False", "(2, 3, 2, 2)", &[7; 24]), npy("'<f4'", "True", "(2, 2, 2)", &[0; 32])];
    encoded.into_iter().chain(arrays).chain([vec![3; 3074]]).collect()
}

/// A good file of each kind.
fn good() -> Vec<Vec<u8>> {
    let values: Vec<u8> = [1.0_f64, 2.0, 3.0, 4.0, 5.0, 6.0].iter().flat_map(|value| value.to_le_bytes()).collect();
    let [mut zip, mut zip64] = [Vec::new(), Vec::new()];
    write_archive(&mut zip, &[("x", &[2, 1], &[1.0, 2.0])], false).unwrap();
    write_archive(&mut zip64, &[("x", &[2, 1], &[1.0, 2.0])], true).unwrap();
    vec![
        npy("'<f8'", "False", "(3, 2)", &values),
        zip,
        zip64,
        b"x,y\n1,2\n3,4\n\"5\",6e-1\n".to_vec(),
        idx(3, 2, 2),
        gzip(&idx(3, 2, 2)),
        b"\0\0\x08\x01\0\0\0\x03\x01\x02\x03".to_vec(),
        include_bytes!("parquet/snappy.parquet").to_vec(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read_all_ways(&bytes);
    }

    #[test]
    fn random_bytes_after_a_good_start(which in 0..8_usize, keep in 0..40_usize, bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let good = &good()[which];
        read_all_ways(&[&good[..keep.min(good.len())], &bytes].concat());
    }

    #[test]
    fn damaged_files(which in 0..8_usize, hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5)) {
        let mut bytes = good().swap_remove(which);
        for (at, value) in hits {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        read_all_ways(&bytes);
    }

    #[test]
    fn damaged_images(which in 0..10_usize, hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5), end in any::<prop::sample::Index>(), cut: bool) {
        let mut bytes = good_images().swap_remove(which);
        for (at, value) in hits {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if cut {
            bytes.truncate(end.index(bytes.len()));
        }
        read_all_ways(&bytes);
    }

    #[test]
    fn random_headers(text in "[{}()\\[\\]':, 0-9a-zL<|_]{0,80}", order in "True|False|None", shape in "\\([0-9, ]{0,24}\\)") {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((text.len() as u16).to_le_bytes());
        bytes.extend(text.as_bytes());
        read_all_ways(&bytes);
        read_all_ways(&npy("'<f4'", &order, &shape, &[0; 64]));
    }

    #[test]
    fn random_text(text in "[0-9a-e.,\"\\n\\r +\\-é]{0,120}") {
        read_all_ways(text.as_bytes());
    }
}

#[test]
fn files_cut_anywhere_are_refused() {
    for (which, good) in good().iter().enumerate() {
        for end in 0..good.len() {
            if end < 40 || end % 37 == 0 {
                read_all_ways(&good[..end]);
            }
            if which < 3 {
                let (_folder, path) = file(if which == 0 { "a.npy" } else { "a.npz" }, &good[..end]);
                assert!(read_table(&path, None).is_err(), "kind {which} cut at {end}");
            }
        }
    }
}

#[test]
fn deep_nesting_does_not_exhaust_the_stack() {
    let deep = "[".repeat(60_000);
    read_all_ways(&npy(&deep, "False", "(1, 1)", &[]));
    read_all_ways(&npy("'<f8'", "False", &"(".repeat(60_000), &[]));
}
