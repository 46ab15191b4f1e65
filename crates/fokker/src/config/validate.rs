//! Ranges that types cannot express.

use fokker_jet::cpu::MOST_THREADS;

use super::Config;
use crate::Error;
use crate::memory;

pub(super) fn validate(config: &Config, origin: &str) -> Result<(), Error> {
    let check = |good: bool, key: &str, reason: &str| {
        if good { Ok(()) } else { Err(Error::Config { origin: origin.into(), key: key.into(), reason: reason.into() }) }
    };
    if let Some(Err(reason)) = config.memory.as_deref().map(memory::parse) {
        check(false, "memory", &reason)?;
    }
    config.sde.validate().map_err(|error| Error::Config {
        origin: origin.into(),
        key: "sde".into(),
        reason: error.to_string(),
    })?;
    config.network.validate().map_err(|(key, reason)| Error::Config { origin: origin.into(), key, reason })?;
    let train = &config.train;
    check((1..=1 << 24).contains(&train.batch), "train.batch", "must be between 1 and 2^24")?;
    check((1..=65_536).contains(&train.chunk_rows), "train.chunk_rows", "must be between 1 and 65536")?;
    check(train.threads <= MOST_THREADS, "train.threads", &format!("must be at most {MOST_THREADS}"))?;
    check(positive(train.learning_rate), "train.learning_rate", "must be positive and finite")?;
    check((0.0..1.0).contains(&train.ema_decay), "train.ema_decay", "must be in [0, 1)")?;
    check((0.0..1.0).contains(&train.adam.beta1), "train.adam.beta1", "must be in [0, 1)")?;
    check((0.0..1.0).contains(&train.adam.beta2), "train.adam.beta2", "must be in [0, 1)")?;
    check(positive(train.adam.epsilon), "train.adam.epsilon", "must be positive and finite")?;
    check(train.adam.clip >= 0.0, "train.adam.clip", "must be at least 0")?;
    check(train.log_every > 0, "train.log_every", "must be at least 1")?;
    config.loss.validate().map_err(|(key, reason)| Error::Config { origin: origin.into(), key, reason })?;
    config.audit.validate(config.sde.t_min()).map_err(|(key, reason)| Error::Config {
        origin: origin.into(),
        key: key.into(),
        reason,
    })
}

fn positive(value: f64) -> bool {
    value > 0.0 && value.is_finite()
}
