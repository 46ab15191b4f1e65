//! `fokker eval`

use std::path::PathBuf;

use anyhow::Result;
use fokker::data::{DataError, NamedArray, write_npz};
use fokker::evaluate::{Quantity, evaluate};
use fokker::input::{ModelRows, Values};
use fokker::model_file::ModelInfo;
use fokker::score::network::NetworkScore;
use fokker::sde::T_MAX;

use super::{out, require_folder, rows, source};
use crate::fail::request;

/// What `eval` can compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum What {
    /// s, rows x D
    Score,
    /// The time derivative of s, rows x D
    Dt,
    /// div s, rows
    Div,
    /// The residual of the score FPE, rows x D
    Residual,
    /// J, rows x D x D; entry i, j is the derivative of component i along coordinate j
    Jacobian,
}

/// Units of points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Units {
    /// The model's coordinates: the data's, shifted and scaled
    Model,
    /// Those of the training data; derivatives are those of the density in these units
    Data,
}

/// `fokker eval`
#[derive(Debug, clap::Args)]
pub struct Eval {
    /// The run directory, or its model.safetensors
    pub run: PathBuf,
    /// Points, rows x D (.npy, .npz, .csv, .parquet); for a model of images also images, as for train
    #[arg(long, value_name = "FILE")]
    pub data: PathBuf,
    /// The units of the points and of the derivatives
    #[arg(long, value_enum, default_value = "model")]
    pub units: Units,
    /// Take points however far they are from where the model was trained
    #[arg(long)]
    pub unchecked: bool,
    /// The time
    #[arg(long, value_name = "T", allow_negative_numbers = true)]
    pub t: f64,
    /// What to compute
    #[arg(long, value_enum, value_delimiter = ',', default_value = "score,dt,div,residual")]
    pub what: Vec<What>,
    /// The file to write (.npz), one array for each quantity
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Threads; 0: all
    #[arg(long, default_value_t = 0)]
    pub threads: usize,
}

/// Writes exact derivatives of the score, computed in f64, as an `.npz` file.
pub fn run(args: &Eval) -> Result<()> {
    if !(args.t > 0.0 && args.t <= T_MAX) {
        return Err(request(format!("--t {}: must be in (0, {T_MAX}]", args.t)));
    }
    if args.output.extension().is_none_or(|e| !e.eq_ignore_ascii_case("npz")) {
        return Err(request(format!("-o {}: the file to write ends in .npz", args.output.display())));
    }
    require_folder(&args.output)?;
    let (info, score) = source::model(&args.run)?;
    let score: NetworkScore<f64> = NetworkScore::new(score.model().clone(), score.parameters());
    let points = points(args, &info)?;
    let workers = score.model().workers(args.threads, 64)?;
    let mut what = args.what.clone();
    what.sort_unstable();
    what.dedup();
    let (n, d) = (points.len() / info.dim, info.dim);
    let units = (args.units == Units::Data).then_some(&info.scaling);
    let quantities: Vec<Quantity> = what.iter().map(|&what| what.into()).collect();
    let found = evaluate(&score, &points, args.t, units, &quantities, &workers)?;
    let (vector, scalar, matrix) = ([n, d], [n], [n, d, d]);
    let arrays: Vec<NamedArray<'_>> = what
        .iter()
        .map(|what| match what {
            What::Score => ("score", &vector[..], &found.score[..]),
            What::Dt => ("dt", &vector[..], &found.dt[..]),
            What::Div => ("div", &scalar[..], &found.divergence[..]),
            What::Residual => ("residual", &vector[..], &found.residual[..]),
            What::Jacobian => ("jacobian", &matrix[..], &found.jacobian[..]),
        })
        .collect();
    for (name, _, values) in &arrays {
        if let Some(at) = values.iter().position(|v| !v.is_finite()) {
            let row = at / (values.len() / n).max(1);
            anyhow::bail!("{name} is not finite at row {} of {}; nothing was written", row + 1, args.data.display());
        }
    }
    write_npz(&args.output, &arrays)?;
    let units = if units.is_some() { "the units of the data" } else { "model coordinates" };
    out!("{}: {n} rows at t = {}, points and derivatives in {units}", args.output.display(), args.t);
    Ok(())
}

/// The points, in the units that the arguments say.
fn points(args: &Eval, info: &ModelInfo) -> Result<Vec<f64>> {
    let (path, in_model) = (&args.data, args.units == Units::Model);
    let values = match (in_model, args.unchecked) {
        (true, _) => Values::Model,
        (false, false) => Values::Continuous,
        (false, true) => Values::Unchecked,
    };
    let points = ModelRows::open(path, info, values)?;
    if in_model && points.is_levels() {
        return Err(request(format!("{}: grey levels are in the units of the data: say --units data", path.display())));
    }
    rows::all(points, path, &|points, piece| {
        if args.unchecked {
            return Ok(());
        }
        points.require_near(piece, args.t).map_err(|error| match error {
            DataError::FarOff { .. } if in_model => request(format!(
                "{error}: points are in model coordinates; --units data takes those of the data, --unchecked any"
            )),
            DataError::FarOff { .. } => request(format!("{error}; --unchecked takes any")),
            other => other.into(),
        })
    })
}

impl From<What> for Quantity {
    fn from(what: What) -> Self {
        match what {
            What::Score => Self::Score,
            What::Dt => Self::Dt,
            What::Div => Self::Divergence,
            What::Residual => Self::Residual,
            What::Jacobian => Self::Jacobian,
        }
    }
}
