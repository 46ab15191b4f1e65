//! Which sampler the options ask for, and whether they make sense together.

use anyhow::Result;
use fokker::Error;
use fokker::sample::{Inpaint, Resample, Sampler, Setting, Values};

use super::args::Sample;
use super::options::{Given, option};
use crate::fail::request;

/// The sampler's name, given or not.
fn name(args: &Sample) -> &str {
    let default = if args.inpaint.is_some() { Inpaint::default().sampler } else { Sampler::default() };
    args.options.sampler.as_deref().unwrap_or(default.name())
}

/// Refuses values out of range and options that have no meaning beside the others.
pub(super) fn check(args: &Sample) -> Result<()> {
    let is_zero = |(setting, given): &&(Setting, Given)| setting.key == "steps" && matches!(given, Given::Count(0));
    let steps = args.options.settings.iter().find(is_zero).map(|_| 0);
    for (option, value) in [("-n", args.n), ("--steps", steps), ("--resample", args.resample)] {
        if value == Some(0) {
            return Err(request(format!("{option}: must be at least 1")));
        }
    }
    if let Some(tolerance) = args.options.tolerance().filter(|t| !(*t > 0.0 && t.is_finite())) {
        return Err(request(format!("--tolerance {tolerance}: must be positive")));
    }
    let bare = Sampler::named(name(args))?;
    let (is_map, of_sampler) = (args.n.is_none(), format!("--sampler {}", bare.name()));
    let map = if args.encode.is_some() { "--encode" } else { "--decode" };
    // An option that is there, whether it may be, and what forbids it.
    let mut rules: Vec<(String, bool, &str)> = Vec::new();
    let mut rule = |option: &str, given: bool, allowed: bool, other| {
        if given {
            rules.push((option.to_owned(), allowed, other));
        }
    };
    rule("--sampler", args.options.sampler.is_some(), !is_map, map);
    rule("--trajectory", args.trajectory.is_some(), !is_map, map);
    rule("--inpaint", args.inpaint.is_some(), !is_map, map);
    rule("--trajectory", args.trajectory.is_some(), args.inpaint.is_none(), "--inpaint");
    for (setting, _) in &args.options.settings {
        let (allowed, other) = match is_map {
            true => (setting.values == Values::Tolerance, map),
            false => (bare.setting(setting.key).is_some(), of_sampler.as_str()),
        };
        rule(&option(setting), true, allowed, other);
    }
    rule("--resample", args.resample.is_some(), args.inpaint.is_some(), "a sample without --inpaint");
    if let Some((option, _, other)) = rules.iter().find(|(_, allowed, _)| !allowed) {
        return Err(request(format!("{option}: has no meaning with {other}")));
    }
    if args.inpaint.is_some() && !bare.is_markov() {
        return Err(request(format!("{of_sampler}: --inpaint needs a sampler with noise in every step")));
    }
    let sampler = sampler(args)?;
    let repeats = args.resample.filter(|_| args.inpaint.is_some()).unwrap_or(1);
    let whole = Inpaint { sampler, resample: Resample { repeats, ..Resample::default() } };
    if let Err(Error::Config { key, reason, .. }) = whole.validate() {
        return Err(request(format!("--{}: {reason}", key.replace('_', "-"))));
    }
    match (args.trajectory, sampler.steps()) {
        (Some(0 | 1), _) => Err(request("--trajectory: must be at least 2: the first and the last state")),
        (Some(keep), Some(steps)) if keep > steps + 1 => {
            Err(request(format!("--trajectory {keep}: at most {}, one more than --steps", steps + 1)))
        }
        (Some(keep), None) if keep > 10_000 => Err(request(format!("--trajectory {keep}: at most 10000"))),
        _ => Ok(()),
    }
}

/// The sampler that the options describe.
pub(super) fn sampler(args: &Sample) -> Result<Sampler> {
    let mut sampler = Sampler::named(name(args))?;
    if let (Some(_), Some(steps)) = (&args.inpaint, Inpaint::default().sampler.setting("steps")) {
        sampler = sampler.with("steps", steps)?;
    }
    for (setting, given) in &args.options.settings {
        sampler = sampler.with(setting.key, given.value(setting))?;
    }
    Ok(sampler)
}
