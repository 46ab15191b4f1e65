//! Files of images, as training data and as rows for a model.

use std::path::Path;

use fokker::data::{Data, DataConfig, ImageShape, RowReader};

use super::place::{check, folder, gzip, put};

/// An IDX file of images or of labels, plain or packed.
pub fn idx(bytes: &[u8]) {
    let root = folder("idx");
    let is_packed = bytes.starts_with(&[0x1f, 0x8b]);
    let [plain, packed] = ["train-images-idx3-ubyte", "train-images-idx3-ubyte.gz"];
    for name in [plain, packed] {
        // The one is read where the other is not there.
        let _ = std::fs::remove_file(root.join(name));
    }
    put(&root, "t10k-images-idx3-ubyte", &TWO_BY_TWO);
    let _ = if is_packed { put(&root, packed, bytes) } else { put(&root, plain, bytes) };
    load(&root, None);
    rows(&root.join(if is_packed { packed } else { plain }));
}

/// An image of 2 × 2 pixels as IDX.
const TWO_BY_TWO: [u8; 20] = [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4];

/// CIFAR's binary version: a batch, or an archive of batches.
pub fn cifar(bytes: &[u8]) {
    let root = folder("cifar");
    // Batches are of one length: the records of a damaged one are cut or not.
    if bytes.len().is_multiple_of(2) {
        let batches = root.join("batches");
        std::fs::create_dir_all(&batches).expect("a folder");
        ["train.bin", "test.bin"].iter().for_each(|name| drop(put(&batches, name, bytes)));
        load(&batches, None);
    }
    let tar = if bytes.starts_with(&[0x1f, 0x8b]) { bytes.to_vec() } else { gzip(bytes) };
    let tar = put(&root, "x.tar.gz", &tar);
    load(&tar, None);
    rows(&tar);
}

/// Arrays of images: `.npy`, `.npz` and ImageNet's batches.
pub fn arrays(bytes: &[u8]) {
    let root = folder("arrays");
    if bytes.starts_with(b"PK") {
        let batches = root.join("batches");
        std::fs::create_dir_all(&batches).expect("a folder");
        ["train_data_batch_1.npz", "val_data.npz"].iter().for_each(|name| drop(put(&batches, name, bytes)));
        load(&batches, None);
    }
    let name = if bytes.starts_with(b"PK") { "x.npz" } else { "x.npy" };
    let path = put(&root, name, bytes);
    load(&path, None);
    rows(&path);
}

/// Pictures, two of them the same but for their names; the readers go by the first bytes.
pub fn pictures(bytes: &[u8]) {
    let root = folder("pictures");
    let endings: [&str; 2] =
        if bytes.first().is_some_and(|byte| byte % 2 == 0) { ["png", "jpg"] } else { ["tif", "pnm"] };
    for other in ["a.png", "b.jpg", "a.tif", "b.pnm"] {
        let _ = std::fs::remove_file(root.join(other));
    }
    ["a", "b"].iter().zip(endings).for_each(|(name, ending)| drop(put(&root, &format!("{name}.{ending}"), bytes)));
    load(&root, None);
    load(&root, Some(3));
}

fn load(path: &Path, size: Option<usize>) {
    let config = DataConfig::Images { path: path.into(), flip: false, size, held_out: 0.5 };
    check(Data::load(&config));
}

fn rows(path: &Path) {
    for (height, width, channels) in [(2, 2, 1), (3, 2, 2), (32, 32, 3)] {
        let opened = check(RowReader::open(path, Some(ImageShape { height, width, channels }), None));
        if let Some(mut rows) = opened {
            check(rows.read(usize::MAX, &mut Vec::new()));
        }
    }
}
