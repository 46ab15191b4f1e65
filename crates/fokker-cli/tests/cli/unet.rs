//! U-Nets and the data that they are asked to take.

use crate::util::{Scratch, idx, sets};

#[test]
fn data_that_is_no_images() {
    let scratch = Scratch::new();
    scratch.put("x.csv", "1,2\n3,4\n5,6\n");
    let parts = ["preset mnist-unet-tiny", "network.kind", "vectors of 2 numbers"];
    scratch.refuses(&["train", "--preset", "mnist-unet-tiny", "--data", "x.csv", "-o", "run"], &parts);
    scratch.refuses(&["compare", "--preset", "mnist-unet-tiny", "--data", "x.csv", "-o", "run"], &parts);
}

#[test]
fn images_that_cannot_be_halved() {
    let scratch = Scratch::new();
    scratch.put("m/train-images-idx3-ubyte", idx(40, 6, 6));
    scratch.put("m/t10k-images-idx3-ubyte", idx(10, 6, 6));
    let args = ["train", "--preset", "mnist-unet-tiny", "--data", "m", "-o", "run"];
    scratch.refuses(&args, &["preset mnist-unet-tiny", "network.multipliers", "6 x 6 pixels cannot be halved"]);
    let heights = [&args[..], &*sets(&["network.multipliers=[1,1]", "network.attention=[4]"])].concat();
    scratch.refuses(&heights, &["network.attention", "no level is 4 pixels high; the heights are 6, 3"]);
}

#[test]
fn keys_that_are_wrong() {
    let scratch = Scratch::new();
    for (set, key) in [
        ("network.width=0", "network.width"),
        ("network.multipliers=[]", "network.multipliers"),
        ("network.dropout=1.5", "network.dropout"),
        ("network.skip=true", "network.skip"),
        ("network.skips=\"some\"", "network.skips"),
        ("network.time.features=7", "network.time.features"),
        ("network.time={kind=\"positional\",features=7}", "network.time.features"),
    ] {
        let args = ["train", "--preset", "mnist-unet-tiny", "-o", "run"];
        scratch.refuses(&[&args, &*sets(&[set])].concat(), &[key]);
    }
}
