//! Simple densities in the model's place: what it must be better than to be of use.

use fokker_jet::Real;
use rand::seq::index;

use crate::Error;
use crate::audit::context::Context;
use crate::audit::measurement::{Measure, Measurement};
use crate::density::fitted::{Gaussians, Kernels};
use crate::figure::{Better, Definition, Figure, Shown, Value};
use crate::rng::Streams;
use crate::stats::{MeanSe, paired};

/// Training rows that the densities are fitted to, at most, and dimensions.
const ROWS: usize = 4000;
const KERNELS: usize = 2000;
const DIMENSIONS: usize = 32;

/// Numbers of components that are tried; the one that rows not fitted to are likeliest under is taken.
const COMPONENTS: [usize; 5] = [2, 4, 8, 16, 32];

/// The definitions of a density's −log p of the held-out rows, and of the model's less it, row by row; nats.
macro_rules! baseline {
    ($key:literal, $label:literal) => {
        [
            &Definition::mean(concat!("baselines.", $key, ".nll"))
                .named(concat!("… of ", $label), "nats")
                .optional()
                .shown(Shown::Page),
            &Definition::mean(concat!("baselines.", $key, ".less"))
                .named(concat!("the model\u{2019}s less that of ", $label), "nats")
                .short(concat!("NLL less that of ", $label))
                .better(Better::Lower)
                .optional()
                .shown(Shown::Everywhere),
        ]
    };
}

type Baseline = [&'static Definition; 2];

/// The Gaussian of the rows' mean and covariance.
static GAUSSIAN: Baseline = baseline!("gaussian", "a Gaussian");

/// A mixture of Gaussians.
static MIXTURE: Baseline = baseline!("mixture", "a mixture of Gaussians");

/// A Gaussian at each row.
static KERNEL: Baseline = baseline!("kernels", "a kernel density estimate");

/// Absent of data whose density is known, of grey levels, beyond 32 dimensions, and where the training rows are not known.
pub(super) fn measurement<F: Real>() -> Measurement<F> {
    Measurement {
        figures: [GAUSSIAN, MIXTURE, KERNEL].concat(),
        measure: Measure::Once { what: Some("simple densities"), measure },
    }
}

fn measure<F: Real>(context: &Context<'_, F>) -> Result<Vec<Figure>, Error> {
    let (points, dim) = (context.points, context.dim());
    let known = points.truth().is_some() || points.levels().is_some();
    let Some(training) = points.training().filter(|_| !known && dim <= DIMENSIONS) else { return Ok(Vec::new()) };
    let mut rng = Streams::new(context.seed).named("audit-baselines");
    let (mut rows, mut row) = (Vec::new(), vec![0.0; dim]);
    for index in index::sample(&mut rng, training.rows, training.rows.min(ROWS)) {
        training.drawn(index, &mut rng, &mut row);
        rows.extend_from_slice(&row);
    }
    let (held_out, log_det) = (context.held_out()?, points.scaling().log_det());
    let nll: Vec<f64> = held_out.log_p.mean.iter().map(|log_p| -log_p - log_det).collect();
    let mut found = Vec::new();
    let mut add = |[of, less]: Baseline, log_density: &dyn Fn(&[f64]) -> f64| {
        let baseline: Vec<f64> = held_out.x.chunks_exact(dim).map(|x| -log_density(x) - log_det).collect();
        found.push(Figure::new(of, Value::Mean(MeanSe::of_finite(&baseline))));
        found.push(Figure::new(less, Value::Mean(paired(&nll, &baseline))));
    };
    if let Some(gaussian) = Gaussians::fit(&rows, dim, 1, context.seed) {
        add(GAUSSIAN, &|x| gaussian.log_density(x));
    }
    if let Some(mixture) = mixture(&rows, dim, context.seed) {
        add(MIXTURE, &|x| mixture.log_density(x));
    }
    if let Some(kernels) = Kernels::fit(&rows[..rows.len().min(KERNELS * dim)], dim) {
        add(KERNEL, &|x| kernels.log_density(x));
    }
    Ok(found)
}

/// The mixture whose number of components a fifth of the rows choose, fitted to all.
fn mixture(rows: &[f64], dim: usize, seed: u64) -> Option<Gaussians> {
    let (fit, choose) = rows.split_at(rows.len() / dim * 4 / 5 * dim);
    let score = |components: &usize| {
        let fitted = Gaussians::fit(fit, dim, *components, seed)?;
        Some((choose.chunks_exact(dim).map(|x| fitted.log_density(x)).sum::<f64>(), *components))
    };
    let best = COMPONENTS.iter().filter_map(score).max_by(|a, b| a.0.total_cmp(&b.0))?;
    Gaussians::fit(rows, dim, best.1, seed)
}
