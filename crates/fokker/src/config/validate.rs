//! Ranges that types cannot express: each table knows its own.

use super::Config;
use crate::Error;
use crate::memory;

pub(super) fn validate(config: &Config, origin: &str) -> Result<(), Error> {
    let wrong = |key: &str, reason: String| Error::Config { origin: origin.into(), key: key.into(), reason };
    if let Some(Err(reason)) = config.memory.as_deref().map(memory::parse) {
        return Err(wrong("memory", reason));
    }
    config.sde.validate().map_err(|error| wrong("sde", error.to_string()))?;
    config.network.validate().map_err(|(key, reason)| wrong(&key, reason))?;
    config.network.check_t_min(config.sde.t_min()).map_err(|(key, reason)| wrong(&key, reason))?;
    let output = config.network.output();
    config.score.parameterisation.check(output).map_err(|reason| wrong("score.parameterisation", reason))?;
    config.loss.check(output).map_err(|(key, reason)| wrong(&key, reason))?;
    config.train.validate().map_err(|(key, reason)| wrong(key, reason))?;
    config.loss.validate().map_err(|(key, reason)| wrong(&key, reason))?;
    config.audit.validate(config.sde.t_min()).map_err(|(key, reason)| wrong(key, reason))
}
