//! `fokker eval`

use std::path::PathBuf;

use anyhow::Result;
use fokker::evaluate::Quantity;
use fokker::jobs::{self, EvalOptions};

use crate::cmd::tables::help;
use crate::fail::option;
use crate::global;
use crate::numbers::grouped;
use crate::print::say;
use crate::progress::Progress;

/// What `eval` can compute.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
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
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
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
    /// Points, rows x D
    #[arg(long, value_name = "FILE", help = help("Points, rows x D ({}); for a model of images also images, as for train"))]
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
}

/// Writes exact derivatives of the score, computed in f64, as an `.npz` file.
pub fn run(args: &Eval) -> Result<()> {
    let (units, words) = match args.units {
        Units::Model => (jobs::Units::Model, "model coordinates"),
        Units::Data => (jobs::Units::Data, "the units of the data"),
    };
    let what = args.what.iter().map(|&what| what.into()).collect();
    let options = EvalOptions { t: args.t, what, units, unchecked: args.unchecked, threads: global::threads() };
    let rows = jobs::eval(&args.run, &args.data, &args.output, &options, &Progress::default()).map_err(option)?;
    say!("{}: {} rows at t = {}, points and derivatives in {words}", args.output.display(), grouped(rows), args.t);
    Ok(())
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
