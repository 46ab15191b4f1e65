//! Ranges that types cannot express.

use fokker_jet::cpu::MOST_THREADS;

use super::Config;
use crate::Error;
use crate::divergence::Divergence;
use crate::memory;
use crate::objective::{FpConfig, LossConfig, Norm};

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
    loss(&config.loss, &check)?;
    config.audit.validate(config.sde.t_min()).map_err(|(key, reason)| Error::Config {
        origin: origin.into(),
        key: key.into(),
        reason,
    })
}

fn positive(value: f64) -> bool {
    value > 0.0 && value.is_finite()
}

fn loss(loss: &LossConfig, check: &impl Fn(bool, &str, &str) -> Result<(), Error>) -> Result<(), Error> {
    let probes = |divergence: Divergence| match divergence {
        Divergence::Exact {} => true,
        Divergence::Hutchinson { probes, .. } => (1..=10_000).contains(&probes),
    };
    let fraction = |f: f64| f > 0.0 && f <= 1.0;
    if let Some(fp) = &loss.fp {
        let FpConfig { weight, norm, divergence, unbiased, every, batch_fraction, .. } = *fp;
        check(weight >= 0.0 && weight.is_finite(), "loss.fp.weight", "must be at least 0 and finite")?;
        check(every > 0, "loss.fp.every", "must be at least 1")?;
        check(fraction(batch_fraction), "loss.fp.batch_fraction", "must be in (0, 1]")?;
        check(probes(divergence), "loss.fp.divergence.probes", "must be between 1 and 10000")?;
        check(
            !unbiased || norm == Norm::Second,
            "loss.fp.unbiased",
            "needs norm = 2: only a square is a product of two independent residuals",
        )?;
        check(
            !unbiased || !matches!(divergence, Divergence::Exact {}),
            "loss.fp.unbiased",
            "has no use with an exact divergence",
        )?;
    }
    if let Some(scalar) = &loss.scalar {
        check(
            scalar.weight >= 0.0 && scalar.weight.is_finite(),
            "loss.scalar.weight",
            "must be at least 0 and finite",
        )?;
        check(fraction(scalar.batch_fraction), "loss.scalar.batch_fraction", "must be in (0, 1]")?;
        check(probes(scalar.divergence), "loss.scalar.divergence.probes", "must be between 1 and 10000")?;
    }
    Ok(())
}
