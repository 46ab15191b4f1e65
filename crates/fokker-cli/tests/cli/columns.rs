//! What the columns of a file are called, and in which order they stand.

use crate::util::{Scratch, TINY, npy, read_npy, sets};

/// A model of three columns that are unlike.
fn prepared() -> Scratch {
    let scratch = Scratch::new();
    let row = |i: u32| format!("{},{},{}\n", 100 + i * 7 % 31, f64::from(i * 11 % 29) / 100.0, i * 5 % 23);
    scratch.put("x.csv", "length,weight,age\n".to_owned() + &(0..80).map(row).collect::<String>());
    let args = ["train", "--preset", "ring8", "--data", "x.csv", "-o", "run"];
    scratch.fokker(&[&args, &*sets(TINY)].concat()).succeeded();
    scratch
}

/// The four ways in which rows are handed to a model.
fn requests(file: &str) -> [Vec<&str>; 4] {
    [
        vec!["logp", "run", "--data", file, "-o", "y.npy"],
        vec!["eval", "run", "--data", file, "--units", "data", "--t", "0.5", "-o", "y.npz"],
        vec!["sample", "run", "--encode", file, "-o", "y.npy"],
        vec!["sample", "run", "-n", "2", "--inpaint", file, "--steps", "5", "-o", "y.npy"],
    ]
}

#[test]
fn other_names_or_another_order_are_refused() {
    let scratch = prepared();
    for (text, found, reason) in [
        ("weight,length,age\n0.1,110,2\n", "weight, length, age", "the same in another order"),
        ("length,weight,height\n110,0.1,2\n", "length, weight, height", "without age, and with height"),
        ("length,weight\n110,0.1\n", "length, weight", "without age"),
    ] {
        scratch.put("q.csv", text);
        let parts = ["q.csv: its columns are ", found, "but the model's are length, weight, age", reason];
        for args in requests("q.csv") {
            scratch.refuses(&args, &parts);
        }
    }
    // The same names in the same order.
    scratch.put("q.csv", "length,weight,age\n110,0.1,2\n");
    for args in requests("q.csv") {
        let done = scratch.fokker(&args).succeeded();
        assert!(!done.stdout.contains("note: "), "{done}");
    }
}

#[test]
fn columns_without_names_are_taken_in_the_model_s_order() {
    let scratch = prepared();
    scratch.put("named.csv", "length,weight,age\n110,0.1,2\n");
    scratch.put("bare.csv", "110,0.1,2\n");
    scratch.put("bare.npy", npy(&[1, 3], &[110.0, 0.1, 2.0]));
    for file in ["bare.csv", "bare.npy"] {
        for args in requests(file) {
            let done = scratch.fokker(&args).succeeded();
            let note = format!("note: {file}: no column names: taken as length, weight, age, in this order\n");
            assert!(done.stdout.starts_with(&note), "{done}");
        }
    }
    let log_p = |file: &str| {
        scratch.fokker(&["logp", "run", "--data", file, "-o", "y.npy"]).succeeded();
        read_npy(&scratch.read("y.npy")).1
    };
    assert_eq!(log_p("bare.npy"), log_p("named.csv"));
    scratch.put("bare.npy", npy(&[1, 2], &[110.0, 0.1]));
    scratch.refuses(&requests("bare.npy")[0], &["bare.npy: 2 columns, but the model's dimension is 3"]);
}

#[test]
fn samples_have_the_model_s_columns() {
    let scratch = prepared();
    for extension in ["csv", "parquet"] {
        let file = format!("s.{extension}");
        scratch.fokker(&["sample", "run", "-n", "5", "-o", &file]).succeeded();
        let done = scratch.fokker(&["logp", "run", "--data", &file, "-o", "y.npy"]).succeeded();
        assert!(!done.stdout.contains("note: "), "{done}");
    }
    assert!(scratch.text("s.csv").starts_with("length,weight,age\n"));
    // Latents are no rows of the data.
    scratch.fokker(&["sample", "run", "--encode", "s.csv", "-o", "z.csv"]).succeeded();
    assert!(scratch.text("z.csv").starts_with("z0,z1,z2\n"));
    scratch.fokker(&["sample", "run", "--decode", "z.csv", "-o", "b.csv"]).succeeded();
    assert!(scratch.text("b.csv").starts_with("length,weight,age\n"));
}

#[test]
fn a_column_in_other_units_is_noted() {
    let scratch = prepared();
    let said = |text: &str| {
        scratch.put("q.csv", text);
        scratch.fokker(&["logp", "run", "--data", "q.csv", "-o", "y.npy", "--tolerance", "1e-2"]).stdout
    };
    // Every weight in grams: more than ten ranges (0 to 0.28) away.
    let note = "note: q.csv: every value of column 2 (weight) is more than ten ranges away from the training rows";
    assert!(said("length,weight,age\n110,40,2\n120,30,3\n").starts_with(note));
    // An outlier among good rows is none.
    assert!(!said("length,weight,age\n110,40,2\n120,0.2,3\n").contains("ranges away"));
}
