use std::path::Path;

use super::{held_out, load, training, wrong};
use crate::data::tests::{gzip, put};
use crate::data::{ImageShape, describe};

/// The value at (y, x, channel) of an image.
fn value(image: u8, y: usize, x: usize, channel: usize) -> u8 {
    (y * 7 + x * 3 + channel * 101) as u8 ^ image
}

/// A record: labels, then red, green and blue planes.
fn record(labels: &[u8], image: u8) -> Vec<u8> {
    let planes = (0..3).flat_map(|c| (0..32).flat_map(move |y| (0..32).map(move |x| value(image, y, x, c))));
    labels.iter().copied().chain(planes).collect()
}

fn row(image: u8) -> Vec<u8> {
    (0..32).flat_map(|y| (0..32).flat_map(move |x| (0..3).map(move |c| value(image, y, x, c)))).collect()
}

/// Batches of one image each, with labels 0 to 4, and a test batch of two.
fn ten(folder: &Path) {
    for batch in 1..=5_u8 {
        put(folder, &format!("data_batch_{batch}.bin"), &record(&[batch - 1], batch));
    }
    put(folder, "test_batch.bin", &[record(&[9], 10), record(&[0], 11)].concat());
}

fn hundred(folder: &Path) {
    put(folder, "train.bin", &[record(&[19, 99], 1), record(&[0, 7], 2), record(&[3, 7], 3)].concat());
    put(folder, "test.bin", &record(&[0, 0], 9));
}

fn tar(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, bytes) in files {
        // The fields of a POSIX header that matter: name, mode, size, checksum, type.
        let mut header = [0_u8; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[100..108].copy_from_slice(b"0000644\0");
        header[124..136].copy_from_slice(format!("{:011o}\0", bytes.len()).as_bytes());
        header[148..156].fill(b' ');
        header[156] = b'0';
        header[257..265].copy_from_slice(b"ustar\x0000");
        let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        out.extend(header);
        out.extend(bytes);
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out.resize(out.len() + 1024, 0);
    out
}

#[test]
fn cifar_10_comes_out_channels_last() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("cifar-10-batches-bin");
    std::fs::create_dir(&folder).unwrap();
    ten(&folder);
    for path in [folder.as_path(), root.path()] {
        let data = load(path).unwrap();
        assert_eq!((data.dim(), data.len(), data.held_out_len(), data.levels()), (3072, Some(5), Some(2), Some(256)));
        assert_eq!(data.image_shape(), Some(ImageShape { height: 32, width: 32, channels: 3 }));
        assert_eq!([held_out(&data, 0), held_out(&data, 1)], [row(10), row(11)]);
        let mut expected: Vec<_> = (1..=5).map(row).collect();
        expected.sort();
        assert_eq!(training(&data), expected);
    }
    put(root.path(), "x.txt", b"");
    std::fs::create_dir(root.path().join("cifar-100-binary")).unwrap();
    hundred(&root.path().join("cifar-100-binary"));
    assert!(wrong(root.path()).contains("both CIFAR-10 and CIFAR-100"));
    assert_eq!(load(&root.path().join("cifar-100-binary")).unwrap().len(), Some(3));
}

#[test]
fn archives_hold_the_same() {
    let root = tempfile::tempdir().unwrap();
    ten(root.path());
    let read = |name: &str| std::fs::read(root.path().join(name)).unwrap();
    let names: Vec<String> = (1..=5).rev().map(|batch| format!("data_batch_{batch}.bin")).collect();
    let mut files: Vec<_> = names.iter().map(|name| (format!("cifar-10-batches-bin/{name}"), read(name))).collect();
    files.push(("cifar-10-batches-bin/readme.html".into(), b"<html>".to_vec()));
    files.push(("cifar-10-batches-bin/test_batch.bin".into(), read("test_batch.bin")));
    let files: Vec<_> = files.iter().map(|(name, bytes)| (&**name, bytes.clone())).collect();
    let whole = gzip(&tar(&files));
    let path = put(root.path(), "cifar-10-binary.tar.gz", &whole);
    let (data, plain) = (load(&path).unwrap(), load(root.path()).unwrap());
    let draw = |data: &crate::data::Data| {
        let mut row = vec![0.0; 3072];
        data.draw(&mut crate::data::tests::rng(1), &mut row);
        row
    };
    assert!(draw(&data) == draw(&plain) && held_out(&data, 1) == row(11));
    // Nothing of the folder beside it is used, and what is missing or broken is said.
    let path = put(root.path(), "a.tgz", &gzip(&tar(&files[1..])));
    assert_eq!(wrong(&path), "data_batch_5.bin: no such file");
    let path = put(root.path(), "b.tgz", &gzip(&tar(&[("a.txt", vec![1])])));
    assert!(wrong(&path).contains("not one of CIFAR-10 or CIFAR-100"));
    let path = put(root.path(), "c.tgz", &whole[..whole.len() / 2]);
    assert!(wrong(&path).starts_with("c.tgz: "), "{}", wrong(&path));
    let path = put(root.path(), "d.tgz", b"no gzip");
    assert!(wrong(&path).starts_with("d.tgz: "), "{}", wrong(&path));
}

#[test]
fn cifar_100_has_two_labels() {
    let folder = tempfile::tempdir().unwrap();
    hundred(folder.path());
    let data = load(folder.path()).unwrap();
    assert_eq!((data.len(), data.held_out_len(), held_out(&data, 0)), (Some(3), Some(1), row(9)));
    let text = serde_json::to_value(describe(folder.path(), None, None, 0.1).unwrap()).unwrap();
    assert_eq!(text["classes"], 2, "the fine labels, 99 and 7");
    put(folder.path(), "train.bin", &record(&[20, 99], 1));
    assert_eq!(wrong(folder.path()), "train.bin: damaged: image 1: label 20, but there are 20 classes");
    put(folder.path(), "train.bin", &[record(&[19, 99], 1), record(&[0, 100], 1)].concat());
    assert_eq!(wrong(folder.path()), "train.bin: damaged: image 2: label 100, but there are 100 classes");
}

#[test]
fn what_is_wrong_with_cifar_files_is_said() {
    let folder = tempfile::tempdir().unwrap();
    ten(folder.path());
    for (bytes, length) in [(record(&[1], 0)[..3072].to_vec(), 3072), (Vec::new(), 0), (vec![0; 3074], 3074)] {
        put(folder.path(), "data_batch_2.bin", &bytes);
        let expected = format!("data_batch_2.bin: damaged: {length} bytes are no whole number of records of 3073");
        assert_eq!(wrong(folder.path()), expected);
    }
    put(folder.path(), "data_batch_2.bin", &record(&[10], 0));
    assert_eq!(wrong(folder.path()), "data_batch_2.bin: damaged: image 1: label 10, but there are 10 classes");
    std::fs::remove_file(folder.path().join("data_batch_2.bin")).unwrap();
    assert_eq!(wrong(folder.path()), "data_batch_2.bin: no such file");
    let python = tempfile::tempdir().unwrap();
    put(python.path(), "data_batch_1", b"\x80\x02");
    assert!(wrong(python.path()).contains("CIFAR for Python"));
}
