//! Exact derivatives of a model's score at the points of a file.

use std::path::Path;

use super::error::JobError;
use super::observer::Observer;
use super::open::{open_model, require_format, require_place};
use super::rows;
use crate::data::{DataError, NamedArray, write_npz};
use crate::evaluate::{Quantity, evaluate};
use crate::input::{ModelRows, Values};
use crate::model_file::ModelInfo;
use crate::score::network::NetworkScore;
use crate::sde::T_MAX;

/// Units of points and of derivatives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Units {
    /// The model's coordinates: the data's, shifted and scaled.
    #[default]
    Model,
    /// Those of the training data; derivatives are those of the density in these units.
    Data,
}

/// What [`eval`] computes, and where.
///
/// ```
/// use fokker::jobs::{EvalOptions, Units};
/// let options = EvalOptions { units: Units::Data, ..EvalOptions::at(0.1) };
/// assert_eq!(options.what.len(), 4);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct EvalOptions {
    /// The time.
    pub t: f64,
    /// What to compute; each is an array of the file, in the order of [`Quantity`].
    pub what: Vec<Quantity>,
    /// The units of the points and of the derivatives.
    pub units: Units,
    /// Whether points are taken however far they are from where the model was trained.
    pub unchecked: bool,
    /// Threads; 0: all.
    pub threads: usize,
}

impl EvalOptions {
    /// All but the Jacobian, at time `t`, in model coordinates.
    #[must_use]
    pub fn at(t: f64) -> Self {
        let what = vec![Quantity::Score, Quantity::Dt, Quantity::Divergence, Quantity::Residual];
        Self { t, what, units: Units::default(), unchecked: false, threads: 0 }
    }
}

/// The quantities in their order in the file, and their names there.
const ALL: [(Quantity, &str); 5] = [
    (Quantity::Score, "score"),
    (Quantity::Dt, "dt"),
    (Quantity::Divergence, "div"),
    (Quantity::Residual, "residual"),
    (Quantity::Jacobian, "jacobian"),
];

/// Writes derivatives of a model's score (a run directory, or its `model.safetensors`) at the points of `data` to an `.npz` file, computed
/// in double precision; returns the number of points.
///
/// # Errors
/// [`JobError::Option`], [`JobError::Output`], [`JobError::Place`], [`JobError::NoModel`]; [`JobError::Levels`] and
/// [`JobError::FarOff`] if the points are not the model's; [`JobError::NotFinite`]; as [`evaluate`].
pub fn eval(
    model: &Path, data: &Path, output: &Path, options: &EvalOptions, observer: &dyn Observer,
) -> Result<usize, JobError> {
    if !(options.t > 0.0 && options.t <= T_MAX) {
        return Err(JobError::option(format!("t {}", options.t), format!("must be in (0, {T_MAX}]")));
    }
    require_format(output, "npz")?;
    require_place(output)?;
    let (info, score) = open_model(model)?;
    let score: NetworkScore<f64> = NetworkScore::new(score.model().clone(), score.parameters());
    let points = points(data, &info, options, observer)?;
    let workers = score.model().workers(options.threads, 64)?;
    let (n, d) = (points.len() / info.dim, info.dim);
    let units = (options.units == Units::Data).then_some(&info.scaling);
    let found = evaluate(&score, &points, options.t, units, &options.what, &workers)?;
    let (vector, scalar, matrix) = ([n, d], [n], [n, d, d]);
    let arrays: Vec<NamedArray<'_>> = ALL
        .iter()
        .filter(|(what, _)| options.what.contains(what))
        .map(|&(what, name)| match what {
            Quantity::Score => (name, &vector[..], &found.score[..]),
            Quantity::Dt => (name, &vector[..], &found.dt[..]),
            Quantity::Divergence => (name, &scalar[..], &found.divergence[..]),
            Quantity::Residual => (name, &vector[..], &found.residual[..]),
            Quantity::Jacobian => (name, &matrix[..], &found.jacobian[..]),
        })
        .collect();
    for (name, _, values) in &arrays {
        if let Some(at) = values.iter().position(|v| !v.is_finite()) {
            let row = at / (values.len() / n).max(1) + 1;
            return Err(JobError::NotFinite { what: (*name).into(), row, path: data.into() });
        }
    }
    write_npz(output, &arrays)?;
    Ok(n)
}

/// The points, in the units that the options say.
fn points(path: &Path, info: &ModelInfo, options: &EvalOptions, observer: &dyn Observer) -> Result<Vec<f64>, JobError> {
    let in_model = options.units == Units::Model;
    let values = match (in_model, options.unchecked) {
        (true, _) => Values::Model,
        (false, false) => Values::Continuous,
        (false, true) => Values::Unchecked,
    };
    let points = ModelRows::open(path, info, values)?;
    if in_model && points.is_levels() {
        return Err(JobError::Levels { path: path.into() });
    }
    let near = |points: &ModelRows<'_>, piece: &[f64]| {
        if options.unchecked {
            return Ok(());
        }
        points.require_near(piece, options.t).map_err(|error| match error {
            source @ DataError::FarOff { .. } => JobError::FarOff { in_model, source },
            other => other.into(),
        })
    };
    rows::all(points, path, &near, observer)
}
