//! The built-in configs.

/// A built-in config.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// Its name.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
    /// The whole config.
    pub toml: &'static str,
}

macro_rules! preset {
    ($name:literal, $about:literal) => {
        Preset { name: $name, about: $about, toml: include_str!(concat!("../../presets/", $name, ".toml")) }
    };
}

/// All of them.
pub const PRESETS: &[Preset] = &[
    preset!("ring8", "8 Gaussians on a ring in the plane; the truth is known (the default of compare)"),
    preset!("checkerboard", "uniform on the dark squares of a 4x4 board; the entropy is known"),
    preset!("spirals", "two spirals in the plane"),
    preset!("moons", "two half-moons in the plane"),
    preset!("mixture5d", "6 Gaussians with full covariances in 5 dimensions; the truth is known"),
    preset!("ring8-energy", "the ring by an energy model: a log-density in one evaluation"),
    preset!("moons-energy", "the half-moons by an energy model"),
    preset!(
        "mueller-brown",
        "a trajectory in the Müller-Brown potential, by an energy model; the truth is known by quadrature"
    ),
    preset!("double-well", "a trajectory in a double well, by an energy model; the truth is known by quadrature"),
    preset!("table", "rows of your own, from a file; what `--data FILE` alone takes"),
    preset!("images", "images of your own, a lean U-Net; what `--data FOLDER` alone takes"),
    preset!("mnist", "28x28 handwritten digits, an MLP; give the folder of IDX files with --data"),
    preset!("mnist-unet-tiny", "28x28 handwritten digits, a lean U-Net; give the folder of IDX files with --data"),
    preset!("mnist-unet", "28x28 handwritten digits, a U-Net like DDPM++, for many cores"),
    preset!(
        "cifar10-ddpmpp",
        "CIFAR-10, DDPM++ as published, for many cores or fine-tuning; give its folder with --data"
    ),
];

/// Their names, for messages.
pub(super) fn names() -> String {
    PRESETS.iter().map(|preset| preset.name).collect::<Vec<_>>().join(", ")
}
