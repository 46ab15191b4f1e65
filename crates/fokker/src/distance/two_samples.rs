//! Two sets of points in one space.

use rand::seq::index;

use crate::Error;
use crate::rng::Stream;

/// Two sets of points, pooled: the `n` rows of a, then the `m` rows of b, row-major `(n + m) × D`.
///
/// ```
/// use fokker::distance::TwoSamples;
/// let samples = TwoSamples::new(&[0.0, 1.0, 2.0], &[5.0, 6.0], 1)?;
/// assert_eq!((samples.n(), samples.m()), (3, 2));
/// assert_eq!(samples.row(3), [5.0]);
/// # Ok::<(), fokker::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TwoSamples {
    dim: usize,
    n: usize,
    rows: Vec<f64>,
}

pub(super) fn request(key: &str, reason: &str) -> Error {
    Error::Config { origin: "distance".into(), key: key.into(), reason: reason.into() }
}

impl TwoSamples {
    /// Pools `a` (`n × dim`) and `b` (`m × dim`).
    ///
    /// # Errors
    /// [`Error::Config`] unless both are two whole rows or more of finite numbers.
    pub fn new(a: &[f64], b: &[f64], dim: usize) -> Result<Self, Error> {
        if dim == 0 {
            return Err(request("dim", "must be at least 1"));
        }
        for (key, set) in [("a", a), ("b", b)] {
            if !set.len().is_multiple_of(dim) {
                return Err(request(key, &format!("{} numbers are not whole rows of dimension {dim}", set.len())));
            }
            if set.len() < 2 * dim {
                return Err(request(key, "must have at least 2 rows"));
            }
            if let Some(i) = set.iter().position(|x| !x.is_finite()) {
                return Err(request(key, &format!("row {} has a number that is not finite", i / dim)));
            }
        }
        Ok(Self { dim, n: a.len() / dim, rows: [a, b].concat() })
    }

    /// Dimension D.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Rows of a.
    #[must_use]
    pub fn n(&self) -> usize {
        self.n
    }

    /// Rows of b.
    #[must_use]
    pub fn m(&self) -> usize {
        self.len() - self.n
    }

    /// Rows of both, n + m.
    #[must_use]
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.rows.len() / self.dim
    }

    /// A row of the pool.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn row(&self, i: usize) -> &[f64] {
        &self.rows[i * self.dim..(i + 1) * self.dim]
    }

    /// At most `rows` rows of each set, drawn without replacement; a set that has no more is kept as it is.
    ///
    /// ```
    /// use fokker::{distance::TwoSamples, rng::Streams};
    /// let samples = TwoSamples::new(&[0.0, 1.0, 2.0], &[5.0, 6.0], 1)?;
    /// let some = samples.at_most(2, &mut Streams::new(0).named("rows"));
    /// assert_eq!((some.n(), some.row(2), some.row(3)), (2, &[5.0][..], &[6.0][..]));
    /// # Ok::<(), fokker::Error>(())
    /// ```
    #[must_use]
    pub fn at_most(&self, rows: usize, stream: &mut Stream) -> Self {
        let mut kept = Vec::new();
        for (first, len) in [(0, self.n), (self.n, self.m())] {
            let mut chosen: Vec<usize> =
                if len > rows { index::sample(stream, len, rows).into_vec() } else { (0..len).collect() };
            chosen.sort_unstable();
            chosen.iter().for_each(|i| kept.extend_from_slice(self.row(first + i)));
        }
        Self { dim: self.dim, n: self.n.min(rows), rows: kept }
    }

    /// ‖xᵢ − xⱼ‖² of two rows of the pool.
    pub(super) fn squared_distance(&self, i: usize, j: usize) -> f64 {
        self.row(i).iter().zip(self.row(j)).map(|(x, y)| (x - y).powi(2)).sum()
    }
}
