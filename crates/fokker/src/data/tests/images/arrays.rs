use super::{held_out, load, npz, training, wrong};
use crate::data::images::{Part, Pixels, Row, fingerprint, load_arrays_within};
use crate::data::tests::{npy, put, rng};
use crate::data::{Data, DataError, ImageShape, describe};

/// An array of bytes that count up.
fn bytes(shape: &str, count: usize) -> Vec<u8> {
    npy("'|u1'", "False", shape, &(0..count).map(|at| (at * 7) as u8).collect::<Vec<_>>())
}

fn shape(data: &Data) -> [usize; 3] {
    let ImageShape { height, width, channels } = data.image_shape().unwrap();
    [height, width, channels]
}

/// All images, in whatever part they are, sorted.
fn all(data: &Data) -> Vec<Vec<u8>> {
    let mut images = training(data);
    images.extend((0..data.held_out_len().unwrap()).map(|index| held_out(data, index)));
    images.sort();
    images
}

#[test]
fn the_channels_are_the_axis_of_one_or_three() {
    let folder = tempfile::tempdir().unwrap();
    for (text, expected) in [
        ("(4, 2, 5)", [2, 5, 1]),
        ("(4, 2, 5, 1)", [2, 5, 1]),
        ("(4, 2, 5, 3)", [2, 5, 3]),
        ("(4, 3, 2, 5)", [2, 5, 3]),
        ("(4, 1, 2, 5)", [2, 5, 1]),
    ] {
        let path = put(folder.path(), "x.npy", &bytes(text, 4 * expected.iter().product::<usize>()));
        let data = load(&path).unwrap();
        assert_eq!((shape(&data), data.len(), data.held_out_len()), (expected, Some(3), Some(1)), "{text}");
        // Value (y, x, channel) of image n, counted by hand.
        let [height, width, channels] = expected;
        let planes = text.starts_with("(4, 3");
        let value = |n: usize, at: usize| {
            let (y, x, c) = (at / channels / width, at / channels % width, at % channels);
            let place = if planes { (c * height + y) * width + x } else { at };
            ((n * height * width * channels + place) * 7) as u8
        };
        let mut images: Vec<Vec<u8>> =
            (0..4).map(|n| (0..height * width * channels).map(|at| value(n, at)).collect()).collect();
        images.sort();
        assert_eq!(all(&data), images, "{text}");
    }
    for (text, count) in [
        ("(4, 3, 5, 3)", 180),
        ("(4, 1, 5, 1)", 20),
        ("(4, 2, 5, 2)", 80),
        ("(4, 5, 3)", 60),
        ("(4, 5)", 20),
        ("(20,)", 20),
    ] {
        let path = put(folder.path(), "x.npy", &bytes(text, count));
        let message = wrong(&path);
        assert!(message.starts_with("x.npy: shape (") && message.ends_with("is needed"), "{message}");
    }
}

#[test]
fn column_major_arrays_hold_the_same_images() {
    let folder = tempfile::tempdir().unwrap();
    for sizes in [vec![4, 2, 5], vec![4, 2, 5, 3], vec![4, 3, 2, 5]] {
        let count: usize = sizes.iter().product();
        let text = format!("({})", sizes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "));
        // The value at each index of the row-major array is put where the index is in column-major order.
        let mut turned = vec![0; count];
        for at in 0..count {
            let (mut rest, mut place) = (at, 0);
            for (axis, &size) in sizes.iter().enumerate().rev() {
                place += rest % size * sizes[..axis].iter().product::<usize>();
                rest /= size;
            }
            turned[place] = (at * 7) as u8;
        }
        let plain = load(&put(folder.path(), "c.npy", &bytes(&text, count))).unwrap();
        let other = load(&put(folder.path(), "f.npy", &npy("'|u1'", "True", &text, &turned))).unwrap();
        assert_eq!(shape(&plain), shape(&other));
        assert_eq!((all(&plain), held_out(&plain, 0)), (all(&other), held_out(&other, 0)), "{text}");
    }
}

#[test]
fn floating_point_images_are_continuous() {
    let folder = tempfile::tempdir().unwrap();
    let single = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>();
    let mut values: Vec<f32> = (0..24).map(|at| at as f32 / 40.0).collect();
    let path = put(folder.path(), "x.npy", &npy("'<f4'", "False", "(6, 2, 2)", &single(&values)));
    let data = load(&path).unwrap();
    assert_eq!((data.levels(), shape(&data), data.len()), (None, [2, 2, 1], Some(5)));
    // From 0 to 23/40: one scale for all pixels, so that the array's extremes become −1 and 1.
    let half = 23.0 / 80.0;
    assert!(data.scaling().scale.iter().chain(&data.scaling().shift).all(|x| (x - half).abs() < 1e-7));
    let (mut row, mut again) = ([0.0; 4], [0.0; 4]);
    data.held_out_row(0, &mut rng(1), &mut row);
    data.held_out_row(0, &mut rng(2), &mut again);
    assert_eq!(row, again, "no noise is added");
    data.scaling().invert(&mut row);
    let first = (row[0] * 40.0).round();
    assert!(first % 4.0 == 0.0 && (0..4).all(|at| (row[at] * 40.0 - first - at as f32).abs() < 1e-4), "{row:?}");
    let (low, high) = data.bounds();
    for _ in 0..100 {
        data.draw(&mut rng(7), &mut row);
        assert!(row.iter().zip(low).zip(high).all(|((x, low), high)| low <= x && x <= high));
    }
    values[9] = -1.0;
    put(folder.path(), "x.npy", &npy("'<f4'", "False", "(6, 2, 2)", &single(&values)));
    assert!(load(&path).is_ok());
    for (value, part) in
        [(1.01, "image 3 has the value 1.01"), (-2.0, "image 3 has"), (f32::NAN, "row 3, column 2: NaN")]
    {
        values[9] = value;
        put(folder.path(), "x.npy", &npy("'<f4'", "False", "(6, 2, 2)", &single(&values)));
        assert!(wrong(&path).contains(part), "{}", wrong(&path));
    }
    put(folder.path(), "x.npy", &npy("'<i2'", "False", "(2, 2, 2)", &[0; 16]));
    assert!(wrong(&path).contains("element type <i2; images are u1"), "{}", wrong(&path));
}

#[test]
fn images_on_disk_are_those_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let stored =
        npz(&[("labels.npy", &npy("'<i8'", "False", "(4,)", &[1; 32])), ("data.npy", &bytes("(4, 3, 6, 5)", 360))]);
    let paths = [
        put(folder.path(), "a.npy", &bytes("(5, 6, 5, 3)", 450)),
        put(folder.path(), "b.npz", &stored),
        put(folder.path(), "c.npy", &bytes("(1, 3, 6, 5)", 90)),
    ];
    let [memory, disk] = [usize::MAX, 0].map(|limit| load_arrays_within(&paths, limit).unwrap().train);
    assert!(matches!(&memory, Pixels::Bytes(_)) && matches!(&disk, Pixels::Disk(_)));
    let print = |pixels: &Pixels| {
        fingerprint(&[pixels], ImageShape { height: 6, width: 5, channels: 3 }, folder.path()).unwrap()
    };
    assert_eq!(print(&memory), print(&disk));
    let [memory, disk] = [memory, disk].map(|pixels| Part::all(std::sync::Arc::new(pixels), 90));
    assert_eq!((memory.len(), disk.len()), (10, 10));
    let image = |part: &Part, index: usize| {
        part.with_row(index, |row| match row {
            Row::Bytes(levels) => Some(levels.to_vec()),
            _ => None,
        })
    };
    let expected: Vec<_> = (0..10).map(|index| image(&memory, index)).collect();
    assert!(expected.iter().all(Option::is_some) && expected[0] != expected[1]);
    std::thread::scope(|scope| {
        for start in 0..4 {
            let (disk, expected) = (&disk, &expected);
            scope.spawn(move || {
                (0..400).map(|at| (start + 3 * at) % 10).for_each(|at| assert_eq!(image(disk, at), expected[at]))
            });
        }
    });
    // A file cut after it was opened gives no image, and no panic.
    std::fs::write(&paths[2], b"").unwrap();
    assert_eq!((image(&disk, 9), image(&disk, 8)), (None, expected[8].clone()));
    let lost = load_arrays_within(&paths[..2], 0).unwrap().train;
    std::fs::write(&paths[1], b"").unwrap();
    let shape = ImageShape { height: 6, width: 5, channels: 3 };
    assert!(matches!(fingerprint(&[&lost], shape, folder.path()), Err(DataError::Read { .. })));
}

#[test]
fn arrays_that_belong_together_must_agree() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "a.npy", &bytes("(4, 2, 5)", 40));
    put(folder.path(), "b.npy", &bytes("(3, 2, 5)", 30));
    put(folder.path(), ".hidden.npy", b"");
    let data = load(folder.path()).unwrap();
    assert_eq!((data.len(), data.held_out_len()), (Some(6), Some(1)));
    put(folder.path(), "c.npy", &bytes("(3, 5, 2)", 30));
    assert_eq!(wrong(folder.path()), "c.npy: the image size is 5×2, but 2×5 in a.npy");
    put(folder.path(), "c.npy", &npy("'<f4'", "False", "(1, 2, 5)", &[0; 40]));
    assert_eq!(wrong(folder.path()), "c.npy: the type of the pixels is floating-point, but 8-bit in a.npy");
    put(folder.path(), "c.npy", &bytes("(3, 2, 5)", 29));
    assert!(wrong(folder.path()).starts_with("c.npy: truncated"));
    put(folder.path(), "c.png", b"");
    assert!(wrong(folder.path()).contains("both arrays"));
    let one = put(folder.path(), "one.npy", &bytes("(1, 2, 5)", 10));
    assert_eq!(wrong(&one), "one.npy: 1 rows, at least 2 needed");
}

#[test]
fn archives_say_which_array_holds_the_images() {
    let folder = tempfile::tempdir().unwrap();
    let (images, labels) = (bytes("(4, 2, 5)", 40), npy("'|u1'", "False", "(4,)", &[1, 2, 2, 1]));
    let path = put(folder.path(), "x.npz", &npz(&[("other.npy", &images)]));
    assert_eq!(load(&path).unwrap().dim(), 10);
    put(folder.path(), "x.npz", &npz(&[("labels.npy", &labels), ("images.npy", &images)]));
    assert_eq!(load(&path).unwrap().dim(), 10);
    let found = serde_json::to_value(describe(&path, None, None, 0.25).unwrap()).unwrap();
    assert_eq!((&found["classes"], &found["train"]), (&2.into(), &3.into()));
    put(
        folder.path(),
        "x.npz",
        &npz(&[("labels.npy", &npy("'|u1'", "False", "(3,)", &[1; 3])), ("images.npy", &images)]),
    );
    assert_eq!(wrong(&path), "labels.npy: the number of labels is 3, but 4 in images.npy");
    put(folder.path(), "x.npz", &npz(&[("a.npy", &images), ("b.npy", &images)]));
    assert_eq!(wrong(&path), "x.npz: no array called images or data; it holds a, b");
    let mut damaged = npz(&[("images.npy", &images)]);
    let at = damaged.windows(3).position(|window| window == [7, 14, 21]).unwrap();
    damaged[at] ^= 1;
    put(folder.path(), "x.npz", &damaged);
    assert_eq!(wrong(&path), "images.npy: damaged: the checksum does not match");
}

/// ImageNet's batches: rows of three planes.
#[test]
fn imagenet_batches() {
    let folder = tempfile::tempdir().unwrap();
    let labels = |count: usize| npy("'<i8'", "False", &format!("({count},)"), &vec![5; 8 * count]);
    let batch = |count: usize, dim: usize| {
        npz(&[("data.npy", &bytes(&format!("({count}, {dim})"), count * dim)), ("labels.npy", &labels(count))])
    };
    put(folder.path(), "train_data_batch_1.npz", &batch(2, 48));
    assert_eq!(wrong(folder.path()), "val_data.npz: no such file");
    put(folder.path(), "val_data.npz", &batch(1, 48));
    put(folder.path(), "train_data_batch_2.npz", &batch(3, 48));
    let data = load(folder.path()).unwrap();
    assert_eq!((shape(&data), data.len(), data.held_out_len()), ([4, 4, 3], Some(5), Some(1)));
    let expected: Vec<u8> = (0..48).map(|at| ((at % 3 * 16 + at / 3) * 7) as u8).collect();
    assert_eq!(held_out(&data, 0), expected);
    put(folder.path(), "val_data.npz", &batch(1, 27));
    assert_eq!(
        wrong(folder.path()),
        "val_data.npz/data.npy: the image size is 3×3×3, but 4×4×3 in train_data_batch_1.npz/data.npy"
    );
    put(folder.path(), "val_data.npz", &batch(1, 45));
    assert!(wrong(folder.path()).contains("val_data.npz/data.npy: shape (1, 45)"));
    put(folder.path(), "val_data.npz", &npz(&[("labels.npy", &labels(1))]));
    assert_eq!(wrong(folder.path()), "val_data.npz: no array called data; it holds labels");
    put(folder.path(), "val_data.npz", &npz(&[("data.npy", &npy("'<f4'", "False", "(1, 12)", &[0; 48]))]));
    assert!(wrong(folder.path()).contains("val_data.npz/data.npy: element type <f4"));
    put(folder.path(), "val_data.npz", &npz(&[("data.npy", &bytes("(2, 48)", 96)), ("labels.npy", &labels(1))]));
    assert!(wrong(folder.path()).contains("the number of labels is 1, but 2 in"));
    std::fs::remove_file(folder.path().join("train_data_batch_1.npz")).unwrap();
    std::fs::remove_file(folder.path().join("train_data_batch_2.npz")).unwrap();
    assert_eq!(wrong(folder.path()), "train_data_batch_1.npz: no such file");
}
