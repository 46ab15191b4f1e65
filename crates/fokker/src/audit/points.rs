//! What a score is audited on: held-out rows, and what is known of the data that they come from.

use std::borrow::Cow;
use std::fmt;

use fokker_jet::Real;

use crate::data::{Data, Scaling};
use crate::density::mixture::Mixture;
use crate::density::potential::KnownDensity;
use crate::rng::Stream;

/// Gives row `index` in model coordinates; what is random in it is drawn from the stream.
type Read<'a> = Box<dyn Fn(usize, &mut Stream, &mut [f64]) + Sync + 'a>;

/// Gives training row `index` in model coordinates, without noise.
type ReadExact<'a> = Box<dyn Fn(usize, &mut [f32]) + Sync + 'a>;

/// The points that a score is audited on, and what is known of their law. The values are model coordinates.
///
/// Of [`Data`] it is all that an audit needs ([`Points::of`]); own rows do as well ([`Points::from_rows`]).
///
/// ```
/// use fokker::audit::Points;
/// use fokker::density::mixture::Mixture;
/// let rows = [0.1, -0.3, 0.7, 0.2, -1.1, 0.4];
/// let truth = Mixture::isotropic(&[1.0], &[vec![0.0; 2]], 1.0)?;
/// let points = Points::from_rows(&rows, 2).with_truth(&truth);
/// assert_eq!((points.dim(), points.len()), (2, Some(3)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Points<'a> {
    dim: usize,
    /// Number of held-out rows; `None`: as many as are wanted.
    rows: Option<usize>,
    read: Read<'a>,
    /// The rows that the model was trained on.
    training: Option<Training<'a>>,
    columns: Option<&'a [String]>,
    scaling: Cow<'a, Scaling>,
    levels: Option<u32>,
    truth: Option<&'a Mixture>,
    entropy: Option<f64>,
    potential: Option<OfPotential<'a>>,
}

/// The rows that a model was trained on, which it may have memorised.
pub(super) struct Training<'a> {
    /// How many.
    pub rows: usize,
    exact: ReadExact<'a>,
    drawn: Read<'a>,
}

impl Training<'_> {
    /// A row in model coordinates, without noise.
    pub fn exact(&self, index: usize, row: &mut [f32]) {
        (self.exact)(index, row);
    }

    /// A row as it is trained on: dequantised, where that is done.
    pub fn drawn(&self, index: usize, rng: &mut Stream, row: &mut [f64]) {
        (self.drawn)(index, rng, row);
    }
}

/// The potential that rows come from, and its training rows.
pub(super) struct OfPotential<'a> {
    /// The density at t = 0, in the units of the data.
    pub density: &'a KnownDensity,
    /// How many training rows there are.
    pub rows: usize,
    read: ReadExact<'a>,
}

impl OfPotential<'_> {
    /// A training row in model coordinates.
    pub fn row(&self, index: usize, row: &mut [f32]) {
        (self.read)(index, row);
    }
}

impl fmt::Debug for Points<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let training = self.training.as_ref().map(|training| training.rows);
        f.debug_struct("Points")
            .field("dim", &self.dim)
            .field("rows", &self.rows)
            .field("training", &training)
            .field("scaling", &self.scaling)
            .field("levels", &self.levels)
            .field("truth", &self.truth)
            .field("entropy", &self.entropy)
            .finish_non_exhaustive()
    }
}

impl<'a> Points<'a> {
    /// The held-out rows of data, and the training rows, among which copies are looked for.
    #[must_use]
    pub fn of(data: &'a Data) -> Self {
        let dim = data.dim();
        let read: Read<'a> = Box::new(move |index, rng, row| {
            let mut single = vec![0.0_f32; dim];
            data.held_out_row(index, rng, &mut single);
            row.iter_mut().zip(single).for_each(|(to, x)| *to = f64::from(x));
        });
        let training = data.len().map(|rows| Training {
            rows,
            exact: Box::new(|index, row| data.train_row_exact(index, row)),
            drawn: Box::new(move |index, rng, row| {
                let mut single = vec![0.0_f32; dim];
                data.train_row(index, rng, &mut single);
                row.iter_mut().zip(single).for_each(|(to, x)| *to = f64::from(x));
            }),
        });
        Self {
            dim,
            rows: data.held_out_len(),
            read,
            training,
            columns: data.columns(),
            scaling: Cow::Borrowed(data.scaling()),
            levels: data.levels(),
            truth: data.truth(),
            entropy: data.entropy(),
            potential: data.potential().zip(data.len()).map(|(density, rows)| OfPotential {
                density,
                rows,
                read: Box::new(|index, row| data.train_row_exact(index, row)),
            }),
        }
    }

    /// Own rows of `dim` values, in model coordinates, which are the data's unless [`Points::with_scaling`] says otherwise. What is left
    /// over at the end is no row.
    #[must_use]
    pub fn from_rows(rows: &'a [f64], dim: usize) -> Self {
        let read: Read<'a> = Box::new(move |index, _, row| row.copy_from_slice(&rows[index * dim..][..dim]));
        Self {
            dim,
            rows: Some(rows.len().checked_div(dim).unwrap_or(0)),
            read,
            training: None,
            columns: None,
            scaling: Cow::Owned(Scaling::identity(dim)),
            levels: None,
            truth: None,
            entropy: None,
            potential: None,
        }
    }

    /// The same with the density of the data before it was diffused.
    #[must_use]
    pub fn with_truth(self, truth: &'a Mixture) -> Self {
        Self { truth: Some(truth), ..self }
    }

    /// The same with the rows that the model was trained on, in model coordinates, among which copies are looked for.
    #[must_use]
    pub fn with_training(self, rows: &'a [f64]) -> Self {
        let dim = self.dim;
        let exact: ReadExact<'a> = Box::new(move |index, row| {
            let exact = &rows[index * dim..][..dim];
            row.iter_mut().zip(exact).for_each(|(to, &x)| *to = f32::of(x));
        });
        let drawn: Read<'a> = Box::new(move |index, _, row| row.copy_from_slice(&rows[index * dim..][..dim]));
        let count = rows.len().checked_div(dim).unwrap_or(0);
        Self { training: (count > 0).then_some(Training { rows: count, exact, drawn }), ..self }
    }

    /// The same with the map from the data's coordinates to the model's: likelihoods are in the units of the data.
    #[must_use]
    pub fn with_scaling(self, scaling: &'a Scaling) -> Self {
        Self { scaling: Cow::Borrowed(scaling), ..self }
    }

    /// D.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Number of held-out rows; `None`: as many as are wanted.
    #[must_use]
    pub fn len(&self) -> Option<usize> {
        self.rows
    }

    /// Is there no row?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows == Some(0)
    }

    /// Held-out row `index`; of a generator a fresh draw.
    pub(super) fn row(&self, index: usize, rng: &mut Stream, row: &mut [f64]) {
        (self.read)(index, rng, row);
    }

    /// The rows that the model was trained on, if they are known and no more are drawn without end.
    pub(super) fn training(&self) -> Option<&Training<'a>> {
        self.training.as_ref()
    }

    /// What the columns are called, if they have names.
    pub(super) fn columns(&self) -> Option<&'a [String]> {
        self.columns
    }

    pub(super) fn scaling(&self) -> &Scaling {
        &self.scaling
    }

    /// How many values a dimension can take, if they are grey levels.
    pub(super) fn levels(&self) -> Option<u32> {
        self.levels
    }

    /// The density of the data in closed form, where it is known.
    pub(super) fn truth(&self) -> Option<&'a Mixture> {
        self.truth
    }

    /// The potential that the rows come from, if they do.
    pub(super) fn potential(&self) -> Option<&OfPotential<'a>> {
        self.potential.as_ref()
    }

    /// The entropy of the data, where that alone is known; nats.
    pub(super) fn entropy(&self) -> Option<f64> {
        self.entropy
    }
}
