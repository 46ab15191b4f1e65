//! `fokker presets`

use crate::util::{Scratch, TINY, sets};

const NAMES: &[&str] = &["ring8", "checkerboard", "spirals", "moons", "mixture5d", "mnist"];

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
    for name in NAMES.iter().filter(|name| **name != "mnist") {
        let file = format!("{name}.toml");
        scratch.put(&file, scratch.fokker(&["presets", name]).succeeded().stdout);
        scratch.train("preset", name, &["train.steps=2"]);
        let few = ["train.steps=2"];
        scratch.fokker(&[&["train", &file, "-o", "file"], &*sets(TINY), &*sets(&few)].concat()).succeeded();
        assert_eq!(scratch.text("preset/config.toml"), scratch.text("file/config.toml"), "{name}");
    }
}

#[test]
fn the_preset_of_images_parses_too() {
    let scratch = Scratch::new();
    scratch.put("m.toml", scratch.fokker(&["presets", "mnist"]).succeeded().stdout);
    scratch.refuses(&["train", "m.toml", "-o", "run"], &["mnist", "no such file"]);
}
