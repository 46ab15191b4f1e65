use super::rng;
use crate::data::{Data, DataConfig, ScalingConfig, TableConfig};

fn parse(text: &str) -> Result<DataConfig, toml::de::Error> {
    toml::from_str(text)
}

const MINIMAL: [&str; 7] = [
    "kind = \"ring\"",
    "kind = \"mixture\"",
    "kind = \"checkerboard\"",
    "kind = \"spirals\"",
    "kind = \"moons\"",
    "kind = \"file\"\npath = \"x.npy\"",
    "kind = \"images\"\npath = \"mnist\"",
];

#[test]
fn every_key_but_a_path_has_a_default() {
    let configs = MINIMAL.map(|text| parse(text).unwrap());
    let path = "x.npy";
    assert_eq!(configs[0], DataConfig::Ring { modes: 8, radius: 1.5, std: 0.15 });
    assert_eq!(configs[0], DataConfig::default());
    assert_eq!(configs[1], DataConfig::Mixture { dim: 5, components: 6, seed: 0 });
    assert_eq!(configs[2], DataConfig::Checkerboard { cells: 4, half_width: 2.0 });
    assert_eq!(configs[3], DataConfig::Spirals { arms: 2, turns: 1.5, noise: 0.1 });
    assert_eq!(configs[4], DataConfig::Moons { noise: 0.1 });
    assert_eq!(
        configs[5],
        DataConfig::File(TableConfig { held_out: 0.1, scaling: ScalingConfig::Standardise, ..TableConfig::new(path) })
    );
    assert_eq!(configs[6], DataConfig::Images { path: "mnist".into(), flip: false, size: None, held_out: 0.1 });
    let sized = parse("kind = \"images\"\npath = \"x\"\nflip = true\nsize = 32\nheld_out = 0.2").unwrap();
    for config in configs.into_iter().chain([sized]) {
        assert_eq!(parse(&toml::to_string(&config).unwrap()).unwrap(), config, "round trip");
    }
}

#[test]
fn unknown_keys_and_wrong_types_are_refused() {
    for text in MINIMAL {
        assert!(parse(&format!("{text}\nstray = 1")).is_err(), "{text}");
    }
    for text in [
        "",
        "modes = 8",
        "kind = \"rings\"",
        "kind = 1",
        "kind = \"file\"",
        "kind = \"images\"",
        "kind = \"ring\"\nmodes = 8.5",
        "kind = \"ring\"\nmodes = -1",
        "kind = \"ring\"\nradius = \"1\"",
        "kind = \"ring\"\nnoise = 0.1",
        "kind = \"moons\"\nnoise = true",
        "kind = \"file\"\npath = 3",
        "kind = \"file\"\npath = \"x.npy\"\nscaling = \"standard\"",
        "kind = \"file\"\npath = \"x.npy\"\nscaling = { kind = \"none\" }",
        "kind = \"file\"\npath = \"x.npy\"\narray = 1",
        "kind = \"images\"\npath = \"x\"\nflip = 1",
        "kind = \"images\"\npath = \"x\"\nsize = -1",
        "kind = \"images\"\npath = \"x\"\nsize = 1.5",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
    assert_eq!(parse("kind = \"ring\"\nradius = 2").unwrap(), DataConfig::Ring { modes: 8, radius: 2.0, std: 0.15 });
}

#[test]
fn parameters_out_of_range_are_refused_by_name() {
    for (text, key) in [
        ("kind = \"ring\"\nmodes = 0", "modes"),
        ("kind = \"ring\"\nstd = 0.0", "std"),
        ("kind = \"ring\"\nradius = nan", "radius"),
        ("kind = \"mixture\"\ndim = 0", "dim"),
        ("kind = \"mixture\"\ncomponents = 0", "components"),
        ("kind = \"mixture\"\ndim = 1024\ncomponents = 1000000", "components"),
        ("kind = \"checkerboard\"\ncells = 0", "cells"),
        ("kind = \"checkerboard\"\nhalf_width = inf", "half_width"),
        ("kind = \"spirals\"\narms = 0", "arms"),
        ("kind = \"spirals\"\nturns = -1", "turns"),
        ("kind = \"spirals\"\nnoise = nan", "noise"),
        ("kind = \"moons\"\nnoise = -0.1", "noise"),
        ("kind = \"file\"\npath = \"x.npy\"\nheld_out = 0", "held_out"),
        ("kind = \"file\"\npath = \"x.npy\"\nheld_out = 1", "held_out"),
        ("kind = \"file\"\npath = \"x.npy\"\nheld_out = nan", "held_out"),
        ("kind = \"images\"\npath = \"x\"\nheld_out = 1", "held_out"),
        ("kind = \"images\"\npath = \"x\"\nsize = 0", "size"),
        ("kind = \"images\"\npath = \"x\"\nsize = 4097", "size"),
    ] {
        let message = Data::load(&parse(text).unwrap()).unwrap_err().to_string();
        assert!(message.starts_with(&format!("{key} = ")), "{text}: {message}");
    }
}

#[test]
fn generators_draw_within_their_box_and_repeat() {
    for text in &MINIMAL[..5] {
        let data = Data::load(&parse(text).unwrap()).unwrap();
        let (low, high) = data.bounds();
        let (mut first, mut second) = (vec![0.0; data.dim()], vec![0.0; data.dim()]);
        data.draw(&mut rng(5), &mut first);
        data.draw(&mut rng(5), &mut second);
        assert_eq!(first, second);
        assert_eq!((data.len(), data.held_out_len(), data.levels()), (None, None, None));
        assert_eq!(data.truth().is_some(), text.contains("ring") || text.contains("mixture"));
        let mut rng = rng(6);
        let mut inside = 0;
        for _ in 0..1000 {
            data.draw_held_out(&mut rng, &mut first);
            let within = first.iter().zip(low).zip(high).all(|((x, low), high)| low <= x && x <= high);
            inside += usize::from(within);
        }
        assert!(inside >= 990, "{text}: {inside}");
    }
}

#[test]
fn mixtures_of_many_dimensions_are_drawn() {
    let data = Data::load(&parse("kind = \"mixture\"\ndim = 70\ncomponents = 2").unwrap()).unwrap();
    let mut row = [f32::NAN; 70];
    data.draw(&mut rng(0), &mut row);
    assert!(row.iter().all(|x| x.is_finite()));
}

#[test]
fn data_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Data>();
    shared::<crate::data::DataError>();
}
