//! Texts that people write.

use std::cell::OnceCell;

use fokker::config::Config;
use fokker::jet::{ParamSpec, Shape};
use fokker::net::NetworkConfig;
use fokker::score::network::{Parameterisation, ScoreModel};
use fokker::sde::Sde;
use fokker::weights::NameMap;

use super::place::check;

/// A config, or a preset's name, and after a zero byte each the assignments of `--set`.
pub fn config(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut parts = text.split('\0');
    let text = parts.next().unwrap_or_default();
    let overrides: Vec<String> = parts.map(str::to_owned).collect();
    if let Some(name) = text.strip_prefix("preset ") {
        check(Config::preset(name, &overrides));
        return;
    }
    if let Some(config) = check(Config::parse(text, "x.toml", &overrides)) {
        // What a run keeps of it is read again when the run is gone on with.
        let kept = config.to_toml().expect("a config is written");
        let again = Config::parse(&kept, "kept.toml", &[]).expect("what is written is read");
        assert!(config.difference(&again).is_none(), "{config:?}\n{again:?}");
    }
}

thread_local! {
    static SPECS: OnceCell<Vec<ParamSpec>> = const { OnceCell::new() };
}

/// A map of names, for a network of two layers.
pub fn names(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Some(map) = check(NameMap::parse(text, "map.toml")) else { return };
    SPECS.with(|specs| {
        let specs = specs.get_or_init(|| model().0.graph().parameters().to_vec());
        if let Some(theirs) = check(map.of(specs)) {
            assert_eq!(theirs.len(), specs.len());
        }
    });
}

/// A small model.
pub fn model() -> (ScoreModel, NetworkConfig) {
    let network: NetworkConfig = toml::from_str("kind = \"mlp\"\ndepth = 2\nwidth = 4").expect("a network");
    (ScoreModel::new(Shape::vector(2), &Sde::vp(), &network, Parameterisation::Noise), network)
}
