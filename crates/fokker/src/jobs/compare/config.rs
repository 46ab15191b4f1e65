//! The config of an arm.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::Error;
use crate::config::Config;
use crate::data::Data;
use crate::study::Arm;
use crate::train::{TrainConfig, Trainer};

/// Keys in which arms may not differ: models are compared at the same points.
const SHARED: [&str; 4] = ["seed", "data", "sde", "audit"];

/// The config that an arm trains by; `origin` names the config in errors.
pub(in crate::jobs) fn config(base: &Config, arm: &Arm, origin: &str) -> Result<Config, Error> {
    let base = &Config { arm: Vec::new(), ..base.clone() };
    let mut config = base.changed(&arm.removes, &arm.sets, origin)?;
    if let Some(factor) = arm.steps_times {
        config.train.steps = part_of(config.train.steps, factor).ok_or_else(|| Error::Config {
            origin: origin.into(),
            key: "arm.steps_times".into(),
            reason: format!("of {} must be positive and finite", arm.key),
        })?;
    }
    if let Some(key) =
        base.difference(&config).filter(|key| SHARED.iter().any(|shared| key.split('.').next() == Some(shared)))
    {
        let reason = format!("arm {} must have the same value as all others", arm.key);
        return Err(Error::Config { origin: origin.into(), key, reason });
    }
    Ok(config)
}

/// A part of some steps, one at least of any.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn part_of(steps: u64, factor: f64) -> Option<u64> {
    (factor > 0.0 && factor.is_finite()).then(|| ((steps as f64 * factor).round() as u64).max(steps.min(1)))
}

/// The steps that an arm of `config` can take in `seconds`, by the configs, seconds and steps of earlier ones; `None` if none of those differs
/// from it in its steps alone.
#[allow(clippy::cast_precision_loss)]
pub(super) fn steps_within(seconds: f64, config: &Config, earlier: &[(Config, f64)]) -> Option<u64> {
    let like = |other: &&(Config, f64)| {
        let train = TrainConfig { steps: config.train.steps, ..other.0.train.clone() };
        Config { train, ..other.0.clone() } == *config
    };
    let (other, took) = earlier.iter().find(like)?;
    Some(rounded(seconds / took * other.train.steps as f64))
}

/// The same by a trial, for arms that are like no earlier one: steps of `config` from its start, with every term in them from the first, for
/// [`TRIAL`] at least.
///
/// # Errors
/// As training.
#[allow(clippy::cast_precision_loss)]
pub(super) fn steps_tried(seconds: f64, config: &Config, data: &Arc<Data>) -> Result<u64, Error> {
    let mut config = config.clone();
    if let Some(fp) = &mut config.loss.fp {
        (fp.begin, fp.warmup) = (0, 0);
    }
    let mut trainer = Trainer::new(&config, data)?;
    // The first steps are slower.
    for _ in 0..WHOLE {
        trainer.step()?;
    }
    let (start, mut steps) = (Instant::now(), 0_u64);
    while start.elapsed() < TRIAL || !steps.is_multiple_of(WHOLE) {
        trainer.step()?;
        steps += 1;
    }
    Ok(rounded(seconds / start.elapsed().as_secs_f64() * steps as f64))
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn rounded(steps: f64) -> u64 {
    ((steps / ROUNDED).round() * ROUNDED).max(ROUNDED) as u64
}

/// How long steps are tried.
const TRIAL: Duration = Duration::from_secs(2);

/// A trial has whole groups of so many steps, terms being in every k-th of them.
const WHOLE: u64 = 16;

/// Steps are rounded to so many.
const ROUNDED: f64 = 100.0;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::PRESETS;

    #[test]
    fn the_arm_without_the_term_is_the_config_without_it() {
        let [dsm, fp] = &Arm::dsm_and_fp()[..] else { panic!("two arms") };
        for preset in PRESETS {
            let base = Config::preset(preset.name, &[]).unwrap();
            let base = Config { arm: Vec::new(), ..base };
            let without = base.loss.plain();
            assert_eq!(config(&base, dsm, "x").unwrap(), Config { loss: without, ..base.clone() }, "{}", preset.name);
            assert_eq!(config(&base, fp, "x").unwrap(), base, "{}", preset.name);
        }
    }

    #[test]
    fn an_arm_may_be_given_the_time_of_another() {
        let base = Config::preset("ring8", &["train.steps=12000".into()]).unwrap();
        let [dsm, fp] = [0, 1].map(|i| config(&base, &Arm::dsm_and_fp()[i], "x").unwrap());
        let earlier = [(dsm.clone(), 10.0), (fp.clone(), 17.0)];
        assert_eq!(steps_within(17.0, &dsm, &earlier), Some(20_400));
        assert_eq!(steps_within(17.0, &fp, &earlier[..1]), None);
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
