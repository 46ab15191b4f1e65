//! `fokker presets`

use crate::util::{Scratch, TINY, sets};

const NAMES: &[&str] = &[
    "ring8",
    "checkerboard",
    "spirals",
    "moons",
    "mixture5d",
    "ring8-energy",
    "moons-energy",
    "mueller-brown",
    "double-well",
    "table",
    "images",
    "mnist",
    "mnist-unet-tiny",
    "mnist-unet",
    "cifar10-ddpmpp",
];
const OF_IMAGES: &[&str] = &["images", "mnist", "mnist-unet-tiny", "mnist-unet", "cifar10-ddpmpp"];

#[test]
fn all_are_listed() {
    let listed = Scratch::new().fokker(&["presets"]).succeeded().stdout;
    let names: Vec<&str> = listed.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    assert_eq!(names, NAMES);
    assert!(listed.lines().all(|line| line.split_whitespace().count() > 2), "{listed}");
}

#[test]
fn what_is_printed_is_the_preset() {
    let scratch = Scratch::new();
    scratch.put("table.csv", "1,2\n2,3\n4,4\n3,1\n");
    for name in NAMES.iter().filter(|name| !OF_IMAGES.contains(name)) {
        let file = format!("{name}.toml");
        scratch.put(&file, scratch.fokker(&["presets", name]).succeeded().stdout);
        let [preset, own] = ["preset", "file"].map(|kind| format!("{kind}-{name}"));
        let few = ["train.steps=2"];
        let args = ["train", "--preset", name, "-o", &preset];
        scratch.fokker(&[&args, &*sets(TINY), &*sets(&few)].concat()).succeeded();
        scratch.fokker(&[&["train", &file, "-o", &own], &*sets(TINY), &*sets(&few)].concat()).succeeded();
        let [preset, own] = [preset, own].map(|run| scratch.text(&format!("{run}/config.toml")));
        assert_eq!(preset, own, "{name}");
    }
}

#[test]
fn the_presets_of_images_parse_too() {
    for name in OF_IMAGES {
        let scratch = Scratch::new();
        scratch.put("m.toml", scratch.fokker(&["presets", name]).succeeded().stdout);
        scratch.refuses(&["train", "m.toml", "-o", "run"], &["no such"]);
    }
}
