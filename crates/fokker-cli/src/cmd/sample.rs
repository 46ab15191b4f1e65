//! `fokker sample`

use anyhow::Result;
use fokker::data::{png_grid, write_atomically, write_csv, write_npy, write_npz};
use fokker::sample::{Sampler, sample};
use fokker::solve::Tolerance;
use fokker_jet::panel::Workers;

use super::{out, require_converged, require_folder, source};
use crate::args::{Sample, SamplerName};
use crate::fail::request;
use crate::progress;

/// Values in a file of samples, at most.
const MOST_VALUES: usize = 1 << 31;

/// Writes samples in the units of the training data, or a picture of them.
pub fn run(args: &Sample) -> Result<()> {
    let extension = args.output.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    if !["csv", "npy", "npz", "png"].contains(&extension.as_str()) {
        return Err(request(format!(
            "-o {}: the file to write ends in .csv, .npy, .npz or .png",
            args.output.display()
        )));
    }
    if args.n == 0 || args.steps == 0 {
        return Err(request("-n and --steps: must be at least 1"));
    }
    if !(args.tolerance > 0.0 && args.tolerance.is_finite()) {
        return Err(request(format!("--tolerance {}: must be positive", args.tolerance)));
    }
    require_folder(&args.output)?;
    let (info, score) = source::model(&args.run)?;
    if args.n.saturating_mul(info.dim) > MOST_VALUES {
        return Err(request(format!("-n {}: at most {} at a time", args.n, MOST_VALUES / info.dim)));
    }
    let image = match (extension.as_str(), info.image) {
        ("png", None) => return Err(request(format!("-o {}: the model's data is not images", args.output.display()))),
        (_, shape) => shape,
    };
    let sampler = match args.sampler {
        SamplerName::ProbabilityFlow => {
            Sampler::ProbabilityFlow { tolerance: Tolerance::both(args.tolerance), step_limit: 10_000 }
        }
        SamplerName::EulerMaruyama => Sampler::EulerMaruyama { steps: args.steps, denoise: true },
    };
    let workers = Workers::new(args.threads, 64)?;
    let bar = progress::rows(args.n, "sample");
    let mut samples = sample(&score, args.n, &sampler, args.seed, &workers, &|rows| bar.set_position(rows as u64))?;
    bar.finish_and_clear();
    let shape = [args.n, info.dim];
    if let ("png", Some(image)) = (extension.as_str(), image) {
        #[allow(clippy::cast_possible_truncation)]
        let values: Vec<f32> = samples.x.iter().map(|&v| v as f32).collect();
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let columns = (args.n as f64).sqrt().ceil() as usize;
        let bytes = png_grid(&values, image, columns)?;
        write_atomically(&args.output, |file| file.write_all(&bytes))
            .map_err(|source| fokker::Error::Io { path: args.output.clone(), source })?;
    } else {
        info.scaling.invert_f64(&mut samples.x);
        match extension.as_str() {
            "npy" => write_npy(&args.output, &shape, &samples.x)?,
            "npz" => write_npz(&args.output, &[("samples", &shape, &samples.x)])?,
            _ => {
                let names: Vec<String> = (0..info.dim).map(|i| format!("x{i}")).collect();
                let header: Vec<&str> = names.iter().map(String::as_str).collect();
                write_csv(&args.output, &header, &samples.x)?;
            }
        }
    }
    out!("{}: {} samples", args.output.display(), args.n);
    require_converged(&samples.outcomes)?;
    Ok(())
}
