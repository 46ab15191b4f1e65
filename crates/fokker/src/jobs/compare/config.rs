//! The config of an arm.

use crate::Error;
use crate::config::Config;
use crate::study::Arm;

/// Keys in which arms may not differ: models are compared at the same points.
const SHARED: [&str; 4] = ["seed", "data", "sde", "audit"];

/// The config that an arm trains by; `origin` names the config in errors.
pub(super) fn config(base: &Config, arm: &Arm, origin: &str) -> Result<Config, Error> {
    let config = base.changed(&arm.removes, &arm.sets, origin)?;
    if let Some(key) =
        base.difference(&config).filter(|key| SHARED.iter().any(|shared| key.split('.').next() == Some(shared)))
    {
        let reason = format!("arm {} must have the same value as all others", arm.key);
        return Err(Error::Config { origin: origin.into(), key, reason });
    }
    Ok(config)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::PRESETS;
    use crate::objective::LossConfig;

    #[test]
    fn the_arm_without_the_term_is_the_config_without_it() {
        let [dsm, fp] = &Arm::dsm_and_fp()[..] else { panic!("two arms") };
        for preset in PRESETS {
            let base = Config::preset(preset.name, &[]).unwrap();
            let without = LossConfig { fp: None, scalar: None, ..base.loss.clone() };
            assert_eq!(config(&base, dsm, "x").unwrap(), Config { loss: without, ..base.clone() }, "{}", preset.name);
            assert_eq!(config(&base, fp, "x").unwrap(), base, "{}", preset.name);
        }
    }

    #[test]
    fn arms_set_keys_and_share_their_points() {
        let base = Config::preset("ring8", &[]).unwrap();
        let arm = Arm::new("wide", "wide").without("score.no_such_key").set("network.width=7").set("train.steps=3");
        let found = config(&base, &arm, "ring8").unwrap();
        assert_eq!(found.train.steps, 3);
        let key =
            |assignment: &str| config(&base, &Arm::new("a", "A").set(assignment), "ring8").unwrap_err().to_string();
        assert_eq!(key("audit.points=7"), "ring8: audit.points: arm a must have the same value as all others");
        assert_eq!(key("seed=8"), "ring8: seed: arm a must have the same value as all others");
        assert!(key("train.stepz=8").starts_with("ring8: train.stepz"));
    }
}
