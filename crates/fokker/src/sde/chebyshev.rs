//! Functions on an interval as Chebyshev series: their values, integrals and derivatives, to rounding where they are smooth.
//!
//! Trefethen 2019, *Approximation Theory and Approximation Practice*, chapters 3, 19 and 21.

use std::f64::consts::PI;

/// Terms of a series.
const TERMS: usize = 24;

/// The last terms of a series that has converged are this small, relative to its largest.
const SMALL: f64 = 1e-12;

/// Σ c_k T_k(u) with u from −1 to 1 over the interval \[`start`, `start + 2 half`\].
#[derive(Clone, Debug)]
pub(super) struct Series {
    start: f64,
    half: f64,
    terms: Vec<f64>,
}

impl Series {
    /// That of a function, through its values at the Chebyshev points of an interval, none of which is an end.
    pub fn of(f: impl Fn(f64) -> f64, start: f64, end: f64) -> Self {
        let half = 0.5 * (end - start);
        let n = TERMS as f64;
        let angle = |j: usize| PI * (j as f64 + 0.5) / n;
        let values: Vec<f64> = (0..TERMS).map(|j| f(start + half * (1.0 + angle(j).cos()))).collect();
        let term = |k: usize| {
            let sum: f64 = values.iter().enumerate().map(|(j, value)| value * (k as f64 * angle(j)).cos()).sum();
            sum * if k == 0 { 1.0 } else { 2.0 } / n
        };
        Self { start, half, terms: (0..TERMS).map(term).collect() }
    }

    /// Has it converged?
    pub fn is_resolved(&self) -> bool {
        let size = |terms: &[f64]| terms.iter().fold(0.0, |most: f64, term| most.max(term.abs()));
        let (all, last) = (size(&self.terms), size(&self.terms[TERMS - 3..]));
        self.terms.iter().all(|term| term.is_finite()) && last <= SMALL * all
    }

    /// Its value at t.
    pub fn at(&self, t: f64) -> f64 {
        // Clenshaw's recurrence.
        let u = (t - self.start) / self.half - 1.0;
        let (mut b1, mut b2) = (0.0, 0.0);
        for term in self.terms[1..].iter().rev() {
            (b1, b2) = (2.0 * u * b1 - b2 + term, b1);
        }
        u * b1 - b2 + self.terms[0]
    }

    /// Its integral from the interval's start.
    pub fn integral(&self) -> Self {
        let of = |k: usize| self.terms.get(k).copied().unwrap_or(0.0);
        let mut terms = vec![0.0; self.terms.len() + 1];
        for (k, term) in terms.iter_mut().enumerate().skip(1) {
            let below = if k == 1 { 2.0 * of(0) } else { of(k - 1) };
            *term = self.half * (below - of(k + 1)) / (2.0 * k as f64);
        }
        // T_k(−1) = (−1)^k.
        terms[0] = terms.iter().enumerate().skip(1).map(|(k, term)| if k % 2 == 0 { -term } else { *term }).sum();
        Self { terms, ..*self }
    }

    /// Its derivative.
    pub fn derivative(&self) -> Self {
        let n = self.terms.len();
        let mut terms = vec![0.0; n + 1];
        for k in (1..n).rev() {
            terms[k - 1] = terms[k + 1] + 2.0 * k as f64 * self.terms[k] / self.half;
        }
        terms[0] *= 0.5;
        terms.truncate(n - 1);
        Self { terms, ..*self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_integrals_and_derivatives_of_a_smooth_function() {
        let series = Series::of(f64::exp, 0.3, 1.1);
        assert!(series.is_resolved());
        let (integral, derivative) = (series.integral(), series.derivative());
        for t in [0.3, 0.5, 0.99, 1.1] {
            assert!((series.at(t) / t.exp() - 1.0).abs() < 1e-14);
            assert!((integral.at(t) - (t.exp() - 0.3_f64.exp())).abs() < 1e-14);
            assert!((derivative.at(t) / t.exp() - 1.0).abs() < 1e-11);
        }
        let flat = Series::of(|_| 0.0, 0.0, 1.0);
        assert!(flat.is_resolved() && flat.integral().at(0.7) == 0.0);
    }

    #[test]
    fn a_kink_and_a_pole_are_noticed() {
        assert!(!Series::of(|t| (t - 0.4).abs(), 0.0, 1.0).is_resolved());
        assert!(!Series::of(|t| 1.0 / (t - 0.45), 0.5, 1.0).is_resolved());
        assert!(!Series::of(|_| f64::NAN, 0.5, 1.0).is_resolved());
    }
}
