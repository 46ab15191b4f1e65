use super::rng;
use crate::data::{Data, DataConfig, DataKind, PotentialConfig, Sampling, ScalingConfig};
use crate::density::potential::PotentialName;
use crate::memory;
use crate::stats::MeanSe;

fn load(text: &str) -> Result<Data, String> {
    let config: DataConfig = toml::from_str(&format!("kind = \"potential\"\n{text}")).unwrap();
    Data::load(&config).map_err(|error| error.to_string())
}

/// The training and the held-out rows in the potential's units.
fn rows(data: &Data) -> [Vec<f64>; 2] {
    let (mut row, mut rng) = (vec![0.0_f32; data.dim()], rng(0));
    let mut all = [Vec::new(), Vec::new()];
    for i in 0..data.len().unwrap() {
        data.train_row_exact(i, &mut row);
        all[0].extend(row.iter().map(|&x| f64::from(x)));
    }
    for i in 0..data.held_out_len().unwrap() {
        data.held_out_row(i, &mut rng, &mut row);
        all[1].extend(row.iter().map(|&x| f64::from(x)));
    }
    all.iter_mut().for_each(|rows| data.scaling().invert_f64(rows));
    all
}

#[test]
fn every_key_has_a_default_and_survives_a_round_trip() {
    let parse = |text: &str| toml::from_str::<DataConfig>(text).unwrap();
    let config = parse("kind = \"potential\"");
    assert_eq!(config, DataConfig::Potential(PotentialConfig::default()));
    let full = "kind = \"potential\"\npotential = \"double-well\"\ndim = 3\nkt = 0.5\nsampling = \"trajectory\"\nframes = 10\nevery = 2\n\
                dt = 1e-3\nmass = 2.0\nfriction = 0.5\nseed = 9\nheld_out = 0.3\nscaling = \"none\"";
    for config in [config, parse(full)] {
        assert_eq!(parse(&toml::to_string(&config).unwrap()), config);
    }
    for wrong in
        ["stray = 1", "potential = \"mueller\"", "sampling = \"md\"", "frames = 1.5", "kt = \"hot\"", "dim = -1"]
    {
        assert!(toml::from_str::<DataConfig>(&format!("kind = \"potential\"\n{wrong}")).is_err(), "{wrong}");
    }
}

/// Each key changes the rows.
#[test]
fn every_key_changes_the_data() {
    let base = "potential = \"double-well\"\nframes = 20\nheld_out = 0.5\n";
    let print = |text: &str| load(text).unwrap().fingerprint().unwrap();
    let same = [print(base), print(base)];
    assert_eq!(same[0], same[1]);
    let mut seen = std::collections::HashSet::from([same[0]]);
    for change in [
        "dim = 3",
        "kt = 0.5",
        "sampling = \"exact\"",
        "every = 49",
        "dt = 4e-3",
        "mass = 2.0",
        "friction = 2.0",
        "seed = 1",
    ] {
        assert!(seen.insert(print(&format!("{base}{change}"))), "{change}");
    }
    assert!(seen.insert(print("potential = \"gaussian-mixture\"\nframes = 20\nheld_out = 0.5")));
    assert!(seen.insert(print("potential = \"double-well\"\nframes = 21\nheld_out = 0.5")));
    assert!(seen.insert(print("potential = \"double-well\"\nframes = 20\nheld_out = 0.6")));
    assert_ne!(load(base).unwrap().scaling(), load(&format!("{base}scaling = \"none\"")).unwrap().scaling());
}

#[test]
fn wrong_values_are_refused_by_key() {
    for (text, key) in [
        ("kt = 0.0", "kt"),
        ("kt = -23.0", "kt"),
        ("kt = nan", "kt"),
        ("dim = 3", "dim"),
        ("potential = \"double-well\"\ndim = 0", "dim"),
        ("frames = 0", "frames"),
        ("frames = 1", "frames"),
        ("frames = 9000000000\nevery = 1000", "frames"),
        ("every = 0", "every"),
        ("dt = 0.0", "dt"),
        ("dt = -1e-3", "dt"),
        ("dt = inf", "dt"),
        ("dt = 1.0", "dt"),
        ("mass = 0.0", "mass"),
        ("friction = -1.0", "friction"),
        ("held_out = 1.0", "held_out"),
        ("held_out = 0.0", "held_out"),
        ("sampling = \"exact\"\ndt = 1e-3", "dt"),
        ("sampling = \"exact\"\nevery = 5", "every"),
    ] {
        let message = load(text).unwrap_err();
        assert!(message.starts_with(&format!("{key} = ")), "{text}: {message}");
    }
    assert!(load("dt = 1.0").unwrap_err().contains("must be shorter: the trajectory is lost"));
    let message = load("frames = 9223372036854775807\nsampling = \"exact\"").unwrap_err();
    assert!(message.starts_with("data.frames: would take about"), "{message}");
    assert!(memory::held() < memory::budget());
}

#[test]
fn rows_are_scaled_alike_in_all_directions() {
    let data = load("frames = 5000").unwrap();
    let scaling = data.scaling();
    assert_eq!(scaling.scale[0], scaling.scale[1]);
    assert_eq!((data.len(), data.held_out_len(), data.info().kind), (Some(5000), Some(500), DataKind::Table));
    let [train, _] = rows(&data);
    let std = |axis: usize| {
        let values: Vec<f64> = train.chunks_exact(2).map(|x| x[axis]).collect();
        let mean = values.iter().sum::<f64>() / 5000.0;
        assert!((mean - scaling.shift[axis]).abs() < 1e-5);
        (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 5000.0).sqrt()
    };
    assert!((0.5 * (std(0) + std(1)) - scaling.scale[0]).abs() < 1e-5);
    let given = crate::data::Scaling::new(vec![1.0, 2.0], vec![3.0, 4.0]).unwrap();
    let config = DataConfig::Potential(PotentialConfig { frames: 10, ..PotentialConfig::default() });
    assert_eq!(Data::load_for(&config, &given, None).unwrap().scaling(), &given);
}

/// A trajectory never leaves a well behind a barrier of 25 kT; held-out rows know both.
#[test]
fn held_out_rows_are_exact_even_of_a_trajectory() {
    let data = load("potential = \"gaussian-mixture\"\nframes = 4000\nheld_out = 0.5").unwrap();
    let density = data.potential().unwrap();
    let [train, held_out] = rows(&data);
    let right = density.masses()[1];
    assert_eq!(right.0.share(&train, 2), 1.0);
    assert!((right.0.share(&held_out, 2) - right.1).abs() < 4.5 * (0.8_f64 * 0.2 / 2000.0).sqrt());
    let nll = |rows: &[f64]| MeanSe::of(&rows.chunks_exact(2).map(|x| -density.log_density(x)).collect::<Vec<_>>());
    let entropy = data.entropy().unwrap();
    let found = nll(&held_out);
    assert!((found.mean - entropy).abs() < 4.5 * found.se, "{found:?} {entropy}");
    assert!((nll(&train).mean - entropy).abs() > 4.5 * found.se);
}

/// Training and held-out rows of exact draws share nothing and have one law.
#[test]
fn exact_rows_have_the_entropy_of_the_density() {
    for potential in ["mueller-brown", "double-well"] {
        let data =
            load(&format!("potential = \"{potential}\"\nsampling = \"exact\"\nframes = 5000\nheld_out = 0.5")).unwrap();
        let density = data.potential().unwrap();
        let [train, held_out] = rows(&data);
        assert!(train.chunks_exact(2).take(100).all(|x| held_out.chunks_exact(2).all(|y| x != y)));
        for rows in [train, held_out] {
            let found = MeanSe::of(&rows.chunks_exact(2).map(|x| -density.log_density(x)).collect::<Vec<_>>());
            assert!((found.mean - density.entropy()).abs() < 4.5 * found.se);
        }
    }
}

/// A mixture's density is known at every time, in the coordinates of the model.
#[test]
fn a_mixture_s_truth_is_that_of_its_potential() {
    let data = load("potential = \"gaussian-mixture\"\nframes = 500\nsampling = \"exact\"").unwrap();
    let (truth, density, scaling) = (data.truth().unwrap(), data.potential().unwrap(), data.scaling());
    assert!(scaling.scale[0] > 2.0);
    // The variance-preserving SDE changes nothing at its very beginning.
    let coefficients = crate::sde::Sde::vp().at(0.0);
    for x in [[4.0, 5.5], [-5.0, -6.0], [0.3, 0.4]] {
        let mut y = x;
        scaling.apply_f64(&mut y);
        let found = truth.diffused(&coefficients).log_density(&y) + scaling.log_det();
        assert!((found - density.log_density(&x)).abs() < 1e-6, "{x:?}: {found}");
    }
    for other in ["potential = \"gaussian-mixture\"\nkt = 2.0\nframes = 50", "frames = 50"] {
        assert!(load(other).unwrap().truth().is_none() && load(other).unwrap().potential().is_some());
    }
    assert!(Data::load(&DataConfig::default()).unwrap().potential().is_none());
}

#[test]
fn the_usual_config_is_the_experiment_of_scoremd() {
    let config = PotentialConfig::default();
    assert_eq!((config.potential, config.sampling), (PotentialName::MuellerBrown, Sampling::Trajectory));
    assert_eq!((config.frames, config.scaling), (100_000, ScalingConfig::Isotropic));
    let data = Data::load(&DataConfig::Potential(config)).unwrap();
    let [train, held_out] = rows(&data);
    let density = data.potential().unwrap();
    assert_eq!((train.len(), held_out.len()), (200_000, 20_000));
    let (right, mass) = density.masses()[1];
    assert!((right.share(&train, 2) - mass).abs() < 0.03 && (right.share(&held_out, 2) - mass).abs() < 0.02);
}

/// One line that names the config, the key and the reason.
#[test]
fn wrong_names_are_refused_with_their_key() {
    let refused = |assignment: &str| {
        let overrides = ["data.kind=\"potential\"", assignment].map(String::from);
        crate::config::Config::preset("ring8", &overrides).unwrap_err().to_string()
    };
    for (assignment, parts) in [
        ("data.potential=\"mueler-brown\"", ["data.potential", "mueler-brown", "`mueller-brown`"]),
        ("data.sampling=\"md\"", ["data.sampling", "md", "`trajectory`"]),
        ("data.frame=10", ["data.frame", "unknown field", "`frames`"]),
        ("data.kt=\"hot\"", ["data.kt", "hot", "string"]),
    ] {
        let message = refused(assignment);
        assert!(message.starts_with("preset ring8: ") && !message.contains('\n'), "{message}");
        assert!(parts.iter().all(|part| message.contains(part)), "{assignment}: {message}");
    }
}
