//! A linear SDE from its functions a(t) and g²(t).

use std::fmt;
use std::sync::OnceLock;

use super::chebyshev::Series;
use super::error::SdeError;
use super::linear::{Coefficients, LinearSde, T_MAX, check_t_min};

/// A function of time.
type Function = Box<dyn Fn(f64) -> f64 + Send + Sync>;

/// The interval \[0, 1\] is cut at 2^−k, so that a power of t varies by a bounded factor over a piece; the first reaches to 2^−60.
const PIECES: u32 = 60;

/// How often a piece is halved before its function counts as rough.
const MOST_HALVINGS: u32 = 24;

/// A linear SDE given by a(t) and g²(t) on (0, 1\].
///
/// The rest follows from the moment equations (Särkkä and Solin 2019, equations 5.50 and 5.51): m = exp ∫₀ᵗ a and
/// σ² = m² (σ₀² + ∫₀ᵗ g²/m² ds), dm = a m, dσ = a σ + g²/(2σ). Unless m and σ are given in closed form, the integrals are those of Chebyshev
/// series on pieces of \[0, 1\], cut until the series have converged, and so are da and dg² unless they are given: m and σ to 1e-12 of
/// themselves, da and dg² to 1e-9 for t ≥ 1e-4, on the built-in kinds (`sde/tests.rs`).
///
/// ```
/// use fokker::sde::{FunctionSde, Sde};
/// // VE with σ from 0.01 to 50, with the time and the prior that it has there.
/// let rate = 5000_f64.ln();
/// let g2 = move |t: f64| 2.0 * rate * (0.01 * (rate * t).exp()).powi(2);
/// let ve = FunctionSde::new(|_| 0.0, g2).with_initial_std(0.01).with_t_min(1e-4).with_prior_std(50.0);
/// let sde = Sde::own(ve)?;
/// assert!((sde.at(0.4).sigma / Sde::ve().at(0.4).sigma - 1.0).abs() < 1e-12);
/// # Ok::<(), fokker::sde::SdeError>(())
/// ```
pub struct FunctionSde {
    a: Function,
    g2: Function,
    /// da and dg², if they are given.
    derivatives: Option<(Function, Function)>,
    /// m and σ, if they are given.
    moments: Option<(Function, Function)>,
    /// Of the integrals, once they are asked for.
    pieces: OnceLock<Result<Vec<Piece>, SdeError>>,
    initial_std: f64,
    t_min: f64,
    prior_std: Option<f64>,
}

/// What is known of a piece of time.
struct Piece {
    start: f64,
    /// ln m and ∫ g²/m² up to its start, the latter times m² there.
    log_m: f64,
    variance: f64,
    /// ∫ a from its start.
    of_a: Series,
    /// ∫ g² (m(start)/m)² from its start.
    of_g2: Series,
    da: Series,
    dg2: Series,
}

impl Piece {
    /// The piece from `start` to `end`, and whether its functions are smooth there.
    fn new(a: &Function, g2: &Function, start: f64, end: f64, (log_m, variance): (f64, f64)) -> (Self, [bool; 2]) {
        let (drift, diffusion) = (Series::of(a, start, end), Series::of(g2, start, end));
        let of_a = drift.integral();
        let scaled = Series::of(|t| g2(t) * (-2.0 * of_a.at(t)).exp(), start, end);
        let smooth = [drift.is_resolved(), diffusion.is_resolved() && scaled.is_resolved()];
        let (da, dg2) = (drift.derivative(), diffusion.derivative());
        (Self { start, log_m, variance, of_a, of_g2: scaled.integral(), da, dg2 }, smooth)
    }

    /// ln m and m² ∫₀ᵗ g²/m² at a time in it.
    fn at(&self, t: f64) -> (f64, f64) {
        let log_ratio = self.of_a.at(t);
        (self.log_m + log_ratio, (2.0 * log_ratio).exp() * (self.variance + self.of_g2.at(t)))
    }
}

impl FunctionSde {
    /// From a(t) and g²(t), which are asked for at times in (0, 1\]; σ(0) = 0, t_min = 1e-3, the prior's standard deviation σ(T).
    ///
    /// Functions that are not smooth are an error of [`validate`](LinearSde::validate), [`SdeError::Rough`], unless everything else is given in
    /// closed form.
    #[must_use]
    pub fn new(
        a: impl Fn(f64) -> f64 + Send + Sync + 'static, g2: impl Fn(f64) -> f64 + Send + Sync + 'static,
    ) -> Self {
        Self {
            a: Box::new(a),
            g2: Box::new(g2),
            derivatives: None,
            moments: None,
            pieces: OnceLock::new(),
            initial_std: 0.0,
            t_min: 1e-3,
            prior_std: None,
        }
    }

    fn pieces(&self) -> &Result<Vec<Piece>, SdeError> {
        self.pieces.get_or_init(|| pieces(&self.a, &self.g2))
    }

    /// The piece that holds a time; none if the functions are not smooth.
    fn piece(&self, t: f64) -> Option<&Piece> {
        let pieces = self.pieces().as_ref().ok()?;
        pieces.get(pieces.partition_point(|piece| piece.start < t).saturating_sub(1))
    }

    /// σ(0), in the data's unit: the law at t = 0 is that of data with this noise.
    #[must_use]
    pub fn with_initial_std(mut self, std: f64) -> Self {
        self.initial_std = std;
        self
    }

    /// The least time at which the score is trained and used.
    #[must_use]
    pub fn with_t_min(mut self, t_min: f64) -> Self {
        self.t_min = t_min;
        self
    }

    /// The standard deviation of the prior at T.
    #[must_use]
    pub fn with_prior_std(mut self, std: f64) -> Self {
        self.prior_std = Some(std);
        self
    }

    /// m(t) and σ(t) in closed form.
    ///
    /// ```
    /// use fokker::sde::{FunctionSde, Sde};
    /// let straight = FunctionSde::new(|_| 0.0, |t| 2.0 * t).with_moments(|_| 1.0, |t| t);
    /// assert_eq!(Sde::own(straight)?.at(0.3).sigma, 0.3);
    /// # Ok::<(), fokker::sde::SdeError>(())
    /// ```
    #[must_use]
    pub fn with_moments(
        mut self, m: impl Fn(f64) -> f64 + Send + Sync + 'static, sigma: impl Fn(f64) -> f64 + Send + Sync + 'static,
    ) -> Self {
        self.moments = Some((Box::new(m), Box::new(sigma)));
        self
    }

    /// da/dt and dg²/dt in closed form.
    #[must_use]
    pub fn with_derivatives(
        mut self, da: impl Fn(f64) -> f64 + Send + Sync + 'static, dg2: impl Fn(f64) -> f64 + Send + Sync + 'static,
    ) -> Self {
        self.derivatives = Some((Box::new(da), Box::new(dg2)));
        self
    }
}

/// The pieces of (0, 1\].
fn pieces(a: &Function, g2: &Function) -> Result<Vec<Piece>, SdeError> {
    let mut found: Vec<Piece> = Vec::new();
    for k in 0..=PIECES {
        let end = T_MAX * 0.5_f64.powi((PIECES - k).cast_signed());
        let mut start = if k == 0 { 0.0 } else { 0.5 * end };
        let mut known = found.last().map_or((0.0, 0.0), |piece| piece.at(start));
        let mut length = end - start;
        while start < end {
            // A whole number of lengths leads to the end, so that it is met exactly.
            let to = start + length;
            let (piece, smooth) = Piece::new(a, g2, start, to, known);
            // The first piece is too near 0 to matter.
            if k == 0 || smooth == [true; 2] {
                known = piece.at(to);
                found.push(piece);
                start = to;
            } else if length < (end - 0.5 * end) * 0.5_f64.powi(MOST_HALVINGS.cast_signed()) {
                return Err(SdeError::Rough { name: if smooth[0] { "g2" } else { "a" }, t: start });
            } else {
                length *= 0.5;
            }
        }
    }
    Ok(found)
}

impl LinearSde for FunctionSde {
    /// Not a number where the functions are not smooth.
    fn coefficients(&self, t: f64) -> Coefficients {
        let (a, g2) = ((self.a)(t), (self.g2)(t));
        let (m, sigma) = match &self.moments {
            Some((m, sigma)) => (m(t), sigma(t)),
            None => {
                let (log_m, variance) = self.piece(t).map_or((f64::NAN, f64::NAN), |piece| piece.at(t));
                let m = log_m.exp();
                (m, (variance + (m * self.initial_std).powi(2)).sqrt())
            }
        };
        let (da, dg2) = match &self.derivatives {
            Some((da, dg2)) => (da(t), dg2(t)),
            None => self.piece(t).map_or((f64::NAN, f64::NAN), |piece| (piece.da.at(t), piece.dg2.at(t))),
        };
        Coefficients { t, a, g2, m, sigma, da, dg2, dm: a * m, dsigma: a * sigma + g2 / (2.0 * sigma) }
    }

    fn t_min(&self) -> f64 {
        self.t_min
    }

    fn prior_std(&self) -> f64 {
        self.prior_std.unwrap_or_else(|| self.coefficients(T_MAX).sigma)
    }

    fn validate(&self) -> Result<(), SdeError> {
        if let (true, Err(error)) = (self.moments.is_none() || self.derivatives.is_none(), self.pieces()) {
            return Err(error.clone());
        }
        let (key, value) = ("initial_std", self.initial_std);
        if !(value >= 0.0 && value.is_finite()) {
            return Err(SdeError::OutOfRange { key, value, reason: "must be finite and not negative" });
        }
        check_t_min(self)
    }
}

impl fmt::Debug for FunctionSde {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FunctionSde").field("t_min", &self.t_min).finish_non_exhaustive()
    }
}
