//! Going on with a run otherwise than it was begun.

use super::run::Run;
use crate::Error;
use crate::config::Config;
use crate::train::TrainConfig;

/// What may differ when a run is gone on with: how far and how fast training goes and what is kept of it, and where its data lie.
const CHANGEABLE: [&str; 10] = [
    "train.steps",
    "train.learning_rate",
    "train.checkpoint_every",
    "train.checkpoint_minutes",
    "train.on_divergence",
    "train.rollback_rate",
    "train.rollbacks",
    "train.held_out.patience",
    "data.path",
    "memory",
];

/// The run's config with these assignments, and what is to be said of them.
///
/// # Errors
/// [`Error::Config`] for a key that may not differ, or steps that have been taken already.
pub(super) fn changed(run: &Run, before: &Config, assignments: &[String]) -> Result<(Config, Vec<String>), Error> {
    if assignments.is_empty() {
        return Ok((before.clone(), Vec::new()));
    }
    let origin = run.config().display().to_string();
    let wrong = |key: &str, reason: String| Error::Config { origin: origin.clone(), key: key.into(), reason };
    for assignment in assignments {
        let key = assignment.split('=').next().unwrap_or_default().trim();
        if !CHANGEABLE.contains(&key) && !key.starts_with("memory.") {
            let reason = format!("cannot be changed when a run is gone on with; {} can", CHANGEABLE.join(", "));
            return Err(wrong(key, reason));
        }
    }
    let config = before.changed(&[], assignments, &origin)?;
    let (train, old) = (&config.train, &before.train);
    let step = run.newest_checkpoint()?.checkpoint.step;
    if train.steps < step {
        return Err(wrong("train.steps", format!("{} are fewer than the {step} that are done", train.steps)));
    }
    let mut said = Vec::new();
    let rate = |train: &TrainConfig| train.learning_rate * train.schedule.factor(step, train.steps, train.warmup);
    if train.steps != old.steps {
        said.push(format!("at step {step} train.steps became {} in place of {}", train.steps, old.steps));
    }
    if rate(train) != rate(old) {
        let (from, to) = (rate(old), rate(train));
        said.push(format!(
            "at step {step} the learning rate goes from {from:.3e} to {to:.3e}, by the schedule over {} steps",
            train.steps
        ));
    }
    Ok((config, said))
}
