//! Which sampler the options ask for, and whether they make sense together.

use anyhow::Result;
use fokker::Error;
use fokker::sample::{Grid, Predictor, Sampler};
use fokker::solve::{Limits, Tolerance};

use super::args::{GridName, Sample, SamplerName};
use crate::fail::request;

/// The adaptive ODE's, unless it is given.
pub(super) const TOLERANCE: f64 = 1e-5;

impl SamplerName {
    fn is_adaptive(self) -> bool {
        self == Self::ProbabilityFlow
    }

    /// As it is typed.
    fn text(self) -> &'static str {
        match self {
            Self::ProbabilityFlow => "probability-flow",
            Self::EulerMaruyama => "euler-maruyama",
            Self::ReverseDiffusion => "reverse-diffusion",
            Self::PredictorCorrector => "predictor-corrector",
            Self::Heun => "heun",
            Self::DpmSolverPp => "dpm-solver-pp",
        }
    }
}

/// The sampler's name, given or not.
fn name(args: &Sample) -> SamplerName {
    let default = if args.inpaint.is_some() { SamplerName::ReverseDiffusion } else { SamplerName::ProbabilityFlow };
    args.sampler.unwrap_or(default)
}

/// Refuses values out of range and options that have no meaning beside the others.
pub(super) fn check(args: &Sample) -> Result<()> {
    for (option, value) in [("-n", args.n), ("--steps", args.steps), ("--resample", args.resample)] {
        if value == Some(0) {
            return Err(request(format!("{option}: must be at least 1")));
        }
    }
    if args.tolerance.is_some_and(|t| !(t > 0.0 && t.is_finite())) {
        return Err(request(format!("--tolerance {}: must be positive", args.tolerance.unwrap_or(f64::NAN))));
    }
    if args.snr.is_some_and(|snr| !(snr > 0.0 && snr < 1.0)) {
        return Err(request("--snr: must lie between 0 and 1, both excluded"));
    }
    let name = name(args);
    let is_map = args.n.is_none();
    let (fixed, corrected) = (!name.is_adaptive(), name == SamplerName::PredictorCorrector);
    let sampler = format!("--sampler {}", name.text());
    let map = if args.encode.is_some() { "--encode" } else { "--decode" };
    // An option that is there, whether it may be, and what forbids it.
    let rules: [(&str, bool, bool, &str); 14] = [
        ("--sampler", args.sampler.is_some(), !is_map, map),
        ("--trajectory", args.trajectory.is_some(), !is_map, map),
        ("--inpaint", args.inpaint.is_some(), !is_map, map),
        ("--steps", args.steps.is_some(), !is_map, map),
        ("--grid", args.grid.is_some(), !is_map, map),
        ("--no-denoise", args.no_denoise, !is_map, map),
        ("--trajectory", args.trajectory.is_some(), args.inpaint.is_none(), "--inpaint"),
        ("--steps", args.steps.is_some(), fixed, &sampler),
        ("--grid", args.grid.is_some(), fixed, &sampler),
        ("--no-denoise", args.no_denoise, fixed, &sampler),
        ("--tolerance", args.tolerance.is_some(), !fixed || is_map, &sampler),
        ("--corrector-steps", args.corrector_steps.is_some(), corrected, &sampler),
        ("--snr", args.snr.is_some(), corrected, &sampler),
        ("--resample", args.resample.is_some(), args.inpaint.is_some(), "a sample without --inpaint"),
    ];
    if let Some((option, _, _, other)) = rules.iter().find(|(_, given, allowed, _)| *given && !allowed) {
        return Err(request(format!("{option}: has no meaning with {other}")));
    }
    if args.inpaint.is_some()
        && matches!(name, SamplerName::ProbabilityFlow | SamplerName::Heun | SamplerName::DpmSolverPp)
    {
        return Err(request(format!("{sampler}: --inpaint needs a sampler with noise in every step")));
    }
    if let Err(Error::Config { key, reason, .. }) = self::sampler(args).validate() {
        return Err(request(format!("--{key}: {reason}")));
    }
    match (args.trajectory, fixed) {
        (Some(0 | 1), _) => Err(request("--trajectory: must be at least 2: the first and the last state")),
        (Some(keep), true) if keep > steps(args).saturating_add(1) => {
            Err(request(format!("--trajectory {keep}: at most {}, one more than --steps", steps(args) + 1)))
        }
        (Some(keep), false) if keep > 10_000 => Err(request(format!("--trajectory {keep}: at most 10000"))),
        _ => Ok(()),
    }
}

/// Fixed steps, given or not.
fn steps(args: &Sample) -> usize {
    args.steps.unwrap_or(match (name(args), &args.inpaint) {
        (_, Some(_)) => 200,
        (SamplerName::Heun | SamplerName::DpmSolverPp, None) => 50,
        _ => 500,
    })
}

/// The sampler that the options describe.
pub(super) fn sampler(args: &Sample) -> Sampler {
    let (steps, denoise) = (steps(args), !args.no_denoise);
    let grid = match args.grid {
        None | Some(GridName::LogSnr) => Grid::LogSnr,
        Some(GridName::Uniform) => Grid::Uniform,
        Some(GridName::Karras) => Grid::Karras,
    };
    match name(args) {
        SamplerName::ProbabilityFlow => Sampler::ProbabilityFlow {
            tolerance: Tolerance::both(args.tolerance.unwrap_or(TOLERANCE)),
            step_limit: Limits::default().steps,
        },
        SamplerName::EulerMaruyama => Sampler::EulerMaruyama { steps, grid, denoise },
        SamplerName::ReverseDiffusion => Sampler::ReverseDiffusion { steps, grid, denoise },
        SamplerName::PredictorCorrector => Sampler::PredictorCorrector {
            predictor: Predictor::default(),
            steps,
            grid,
            corrector_steps: args.corrector_steps.unwrap_or(1),
            snr: args.snr.unwrap_or(0.16),
            denoise,
        },
        SamplerName::Heun => Sampler::Heun { steps, grid, denoise },
        SamplerName::DpmSolverPp => Sampler::DpmSolverPp { steps, grid, lower_order_final: true, denoise },
    }
}
