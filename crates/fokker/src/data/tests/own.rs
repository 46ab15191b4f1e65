//! Data that the caller hands over.

use super::{file, idx, npy, put, rng};
use crate::data::{
    Data, DataConfig, DataError, DataKind, HeldOutRows, ImageShape, ImagesOptions, RowsOptions, Scaling, ScalingConfig,
    TableConfig,
};
use crate::density::mixture::Mixture;

fn options(held_out: HeldOutRows<Vec<f64>>) -> RowsOptions {
    RowsOptions { held_out, ..RowsOptions::default() }
}

/// The same rows as a file's are the same data, whatever the type of their numbers.
#[test]
fn rows_are_those_of_a_file() {
    let rows: Vec<f32> = (0..60).map(|i| (i * 7 % 31) as f32 / 4.0).collect();
    let text: String = rows.chunks(2).map(|row| format!("{},{}\n", row[0], row[1])).collect();
    let (_folder, path) = file("x.csv", format!("a,b\n{text}").as_bytes());
    let config =
        DataConfig::File(TableConfig { held_out: 0.3, scaling: ScalingConfig::MinMax, ..TableConfig::new(path) });
    let from_file = Data::load(&config).unwrap();
    let names = Some(vec!["a".to_owned(), "b".to_owned()]);
    let how = RowsOptions { columns: names, scaling: ScalingConfig::MinMax, ..options(HeldOutRows::Part(0.3)) };
    let doubles: Vec<f64> = rows.iter().map(|&x| f64::from(x)).collect();
    for own in [Data::from_rows(&rows, 2, &how).unwrap(), Data::from_rows(&doubles, 2, &how).unwrap()] {
        assert_eq!(own.info(), from_file.info());
        assert_eq!(own.fingerprint(), from_file.fingerprint());
        assert_eq!((own.scaling(), own.bounds()), (from_file.scaling(), from_file.bounds()));
        assert_eq!((own.len(), own.held_out_len()), (from_file.len(), from_file.held_out_len()));
        let (mut a, mut b) = ([0.0; 2], [0.0; 2]);
        own.draw(&mut rng(3), &mut a);
        from_file.draw(&mut rng(3), &mut b);
        assert_eq!(a, b);
        assert!(own.is_own() && !from_file.is_own());
    }
    let mut other = rows.clone();
    other[17] += 0.25;
    assert_ne!(Data::from_rows(&other, 2, &how).unwrap().fingerprint(), from_file.fingerprint());
}

#[test]
fn held_out_rows_can_be_given() {
    let train = [1.0, 2.0, 3.0, 4.0];
    let data = Data::from_rows(&train, 1, &options(HeldOutRows::Given(vec![10.0, 20.0]))).unwrap();
    assert_eq!((data.len(), data.held_out_len()), (Some(4), Some(2)));
    // The scaling is that of the training rows alone.
    assert_eq!(data.scaling(), &Scaling::standardise(&train, 1));
    let mut row = [0.0];
    data.held_out_row(1, &mut rng(0), &mut row);
    data.scaling().invert(&mut row);
    assert!((row[0] - 20.0).abs() < 1e-5);
    // Which rows are held out is part of what the data are.
    let print = |train: &[f64], held_out: &[f64]| {
        Data::from_rows(train, 1, &options(HeldOutRows::Given(held_out.to_vec()))).unwrap().fingerprint()
    };
    assert_eq!(data.fingerprint(), print(&train, &[10.0, 20.0]));
    assert_ne!(data.fingerprint(), print(&[1.0, 2.0, 3.0], &[4.0, 10.0, 20.0]));
    let all = data.hold_out_all();
    assert_eq!((all.len(), all.held_out_len(), all.is_own()), (None, Some(6), true));
}

#[test]
fn a_truth_is_the_density_in_model_coordinates() {
    let ring = Mixture::ring(4, 1.0, 0.1).unwrap();
    let mut rows = vec![0.0; 200];
    ring.sample(&mut rng(5), &mut rows);
    let how = RowsOptions { scaling: ScalingConfig::None, truth: Some(ring), ..RowsOptions::default() };
    let data = Data::from_rows(&rows, 2, &how).unwrap();
    assert_eq!(data.truth().map(Mixture::dim), Some(2));
    assert_eq!(data.len(), Some(90));
    let refused = |how: &RowsOptions, dim| match Data::from_rows(&rows, dim, how) {
        Err(DataError::Parameter { key, .. }) => key,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&RowsOptions { scaling: ScalingConfig::Standardise, ..how.clone() }, 2), "scaling");
    assert_eq!(refused(&how, 4), "truth");
    // The twin: without a truth there is none, and an entropy is what was said.
    let known = RowsOptions { entropy: Some(1.5), ..RowsOptions::default() };
    let data = Data::from_rows(&rows, 2, &known).unwrap();
    assert!(data.truth().is_none());
    assert_eq!(
        (data.entropy(), Data::from_rows(&rows, 2, &RowsOptions::default()).unwrap().entropy()),
        (Some(1.5), None)
    );
}

#[test]
fn what_is_wrong_with_rows_is_said() {
    let said = |rows: &[f64], dim, how: &RowsOptions| Data::from_rows(rows, dim, how).unwrap_err().to_string();
    let default = RowsOptions::default();
    assert_eq!(said(&[1.0; 7], 2, &default), "rows: shape 7 values for 2 columns; a whole number of rows is needed");
    assert_eq!(said(&[1.0, 2.0, f64::NAN, 4.0], 2, &default), "rows: row 2, column 1: NaN is not a finite number");
    assert_eq!(said(&[1.0, 2.0], 2, &default), "rows: 1 rows, at least 2 needed");
    assert_eq!(said(&[], 2, &default), "rows: 0 rows, at least 2 needed");
    assert_eq!(said(&[1.0], 0, &default), "dim = 0: must be at least 1");
    assert!(said(&[1.0, 2.0], 1, &options(HeldOutRows::Part(1.0))).starts_with("held_out = 1: must lie between"));
    assert_eq!(said(&[1.0], 1, &options(HeldOutRows::Given(vec![]))), "held-out rows: 0 rows, at least 1 needed");
    assert_eq!(said(&[], 1, &options(HeldOutRows::Given(vec![1.0]))), "rows: 0 rows, at least 1 needed");
    let bad = options(HeldOutRows::Given(vec![1.0, f64::INFINITY]));
    assert_eq!(said(&[1.0], 1, &bad), "held-out rows: row 2, column 1: inf is not a finite number");
    let names = RowsOptions { columns: Some(vec!["a".into()]), ..default };
    assert_eq!(said(&[1.0; 4], 2, &names), "columns = 1 names: 2 are needed");
    assert!(matches!(Data::load(&DataConfig::Memory {}), Err(DataError::InMemory)));
    let config: DataConfig = toml::from_str("kind = \"memory\"").unwrap();
    assert_eq!(config, DataConfig::Memory {});
    assert!(toml::from_str::<DataConfig>("kind = \"memory\"\nrows = 1").is_err());
}

#[test]
fn a_model_s_scaling_can_be_given() {
    let given = Scaling::new(vec![100.0], vec![4.0]).unwrap();
    let how = RowsOptions { given_scaling: Some(given.clone()), ..RowsOptions::default() };
    assert_eq!(Data::from_rows(&[1.0, 2.0, 3.0], 1, &how).unwrap().scaling(), &given);
    let error = Data::from_rows(&[1.0, 2.0, 3.0, 4.0], 2, &how).unwrap_err();
    assert!(matches!(error, DataError::Dimension { expected: 1, actual: 2, .. }), "{error}");
}

#[test]
fn images_are_those_of_files() {
    let folder = tempfile::tempdir().unwrap();
    let (train, test) = (idx(5, 3, 4), idx(2, 3, 4));
    put(folder.path(), "train-images-idx3-ubyte", &train);
    put(folder.path(), "t10k-images-idx3-ubyte", &test);
    let config = DataConfig::Images { path: folder.path().into(), flip: true, size: None, held_out: 0.3 };
    let from_files = Data::load(&config).unwrap();
    let shape = ImageShape { height: 3, width: 4, channels: 1 };
    let held_out = HeldOutRows::Given(test[16..].into());
    let how = ImagesOptions { held_out, flip: true, ..ImagesOptions::default() };
    let own = Data::from_images(&train[16..], shape, &how).unwrap();
    assert_eq!((own.info(), own.bounds()), (from_files.info(), from_files.bounds()));
    assert_eq!((own.image_shape(), own.levels(), own.info().kind), (Some(shape), Some(256), DataKind::Images));
    let (mut a, mut b) = ([0.0; 12], [0.0; 12]);
    for seed in 0..9 {
        own.draw(&mut rng(seed), &mut a);
        from_files.draw(&mut rng(seed), &mut b);
        assert_eq!(a, b);
        own.draw_held_out(&mut rng(seed), &mut a);
        from_files.draw_held_out(&mut rng(seed), &mut b);
        assert_eq!(a, b);
    }
}

#[test]
fn continuous_images_have_any_range() {
    let shape = ImageShape { height: 2, width: 1, channels: 1 };
    let values: Vec<f32> = (0..20).map(|i| i as f32 - 4.0).collect();
    let test = [36.0_f32, -24.0];
    let how = ImagesOptions { held_out: HeldOutRows::Given(test[..].into()), ..ImagesOptions::default() };
    let data = Data::from_images(&values[..], shape, &how).unwrap();
    assert_eq!((data.levels(), data.info().range(0)), (None, (-4.0, 15.0)));
    let mut row = [0.0; 2];
    data.held_out_row(0, &mut rng(0), &mut row);
    data.scaling().invert(&mut row);
    assert!((row[0] - 36.0).abs() < 1e-4 && (row[1] + 24.0).abs() < 1e-4, "{row:?}");
    // An array of the same values in a file is the same data.
    let (_folder, path) = file(
        "x.npy",
        &npy("'<f4'", "False", "(10, 2, 2)", &{
            let values: Vec<f32> = (0..40).map(|i| i as f32 / 40.0).collect();
            values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>()
        }),
    );
    let from_file =
        Data::load(&DataConfig::Images { path, flip: false, size: None, held_out: 0.1 }).unwrap().fingerprint();
    let values: Vec<f32> = (0..40).map(|i| i as f32 / 40.0).collect();
    let square = ImageShape { width: 2, ..shape };
    let own = Data::from_images(&values[..], square, &ImagesOptions::default()).unwrap();
    assert_eq!(own.fingerprint(), from_file);
}

#[test]
fn what_is_wrong_with_images_is_said() {
    let shape = ImageShape { height: 2, width: 2, channels: 1 };
    let default = ImagesOptions::default();
    let said = |pixels: &[u8], how: &ImagesOptions<'_>| Data::from_images(pixels, shape, how).unwrap_err().to_string();
    assert_eq!(said(&[0; 7], &default), "images: shape 7 values for images of 2×2; a whole number of images is needed");
    assert_eq!(said(&[0; 4], &default), "images: 1 rows, at least 2 needed");
    assert_eq!(said(&[], &default), "images: 0 rows, at least 1 needed");
    let floats = [0.0_f32; 4];
    let mixed = ImagesOptions { held_out: HeldOutRows::Given(floats[..].into()), ..default.clone() };
    assert_eq!(said(&[0; 8], &mixed), "held-out images: the type of the pixels is floating-point, but 8-bit in images");
    let nan = Data::from_images(&[0.0_f32, 0.0, 0.0, 0.0, f32::NAN, 0.0, 0.0, 0.0][..], shape, &default).unwrap_err();
    assert_eq!(nan.to_string(), "images: row 2, column 1: NaN is not a finite number");
    let none = Data::from_images(&[0_u8; 4][..], ImageShape { height: 0, ..shape }, &default).unwrap_err();
    assert_eq!(none.to_string(), "images: shape 0×2; at least one pixel an image is needed");
}
