//! `fokker bench`

use crate::util::{Scratch, number};

#[test]
fn times_are_positive_and_as_printed() {
    let scratch = Scratch::new();
    let args = ["bench", "step", "--dim", "3", "--width", "16", "--depth", "2", "--batch", "16", "--steps", "5"];
    let done = scratch.fokker(&[&args[..], &["--threads", "1", "--json", "b.json"]].concat()).succeeded();
    let found = scratch.json("b.json");
    for name in ["dsm", "fp_vector", "fp_sliced"] {
        let time = number(&found, name);
        assert!(time > 0.0);
        assert!(done.stdout.contains(&format!("{time:.3} ms")), "{done}");
    }
    assert_eq!(number(&found, "dim"), 3.0);
    assert_eq!(number(&found, "threads"), 1.0);
}
