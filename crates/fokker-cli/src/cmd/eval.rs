//! `fokker eval`

use anyhow::Result;
use fokker::Error;
use fokker::data::{NamedArray, read_table, write_npz};
use fokker::evaluate::evaluate;
use fokker::score::network::NetworkScore;
use fokker::sde::T_MAX;

use super::{out, require_folder, source};
use crate::args::{Eval, What};
use crate::fail::request;

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
    let table = read_table(&args.data, None)?;
    table.require_dim(&args.data, info.dim).map_err(Error::from)?;
    let workers = score.model().workers(args.threads, 64)?;
    let mut what = args.what.clone();
    what.sort_unstable();
    what.dedup();
    let jacobian = what.contains(&What::Jacobian);
    let found = evaluate(&score, &table.values, args.t, jacobian, &workers)?;
    let (n, d) = (table.rows, info.dim);
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
    out!("{}: {} rows at t = {}", args.output.display(), n, args.t);
    Ok(())
}
