//! The two-sample Kolmogorov–Smirnov test.

/// What a Kolmogorov–Smirnov test found.
///
/// ```
/// let test = fokker::distance::KolmogorovSmirnov { distance: 0.3, p_value: 0.04 };
/// assert!(test.p_value < 0.05);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KolmogorovSmirnov {
    /// The greatest difference of the two sets' distribution functions.
    pub distance: f64,
    /// The probability of so great a one between two sets of one continuous law, for many numbers.
    pub p_value: f64,
}

/// Compares two sorted sets of numbers: D = supₓ |F₁(x) − F₂(x)|, and its p-value Q((√n + 0.12 + 0.11/√n) D) with
/// Q(λ) = 2 Σₖ (−1)ᵏ⁻¹ e^(−2k²λ²) and n = n₁n₂/(n₁ + n₂) (Stephens 1970, J. R. Stat. Soc. B 32, 115–122). Of laws that are not
/// continuous the p-value is too large.
///
/// ```
/// use fokker::distance::kolmogorov_smirnov;
/// let [a, b] = [0.0, 0.5].map(|shift| (0..100).map(|i| f64::from(i) / 100.0 + shift).collect::<Vec<_>>());
/// let test = kolmogorov_smirnov(&a, &b);
/// assert!((test.distance - 0.5).abs() < 0.02 && test.p_value < 1e-10);
/// assert_eq!(kolmogorov_smirnov(&a, &a).p_value, 1.0);
/// ```
#[must_use]
pub fn kolmogorov_smirnov(a: &[f64], b: &[f64]) -> KolmogorovSmirnov {
    let (n, m) = (a.len() as f64, b.len() as f64);
    let (mut i, mut j, mut distance) = (0, 0, 0.0_f64);
    while i < a.len() && j < b.len() {
        let next = a[i].min(b[j]);
        while i < a.len() && a[i] <= next {
            i += 1;
        }
        while j < b.len() && b[j] <= next {
            j += 1;
        }
        // A number that is none would never be passed.
        if next.is_nan() || a.get(i).is_some_and(|x| x.is_nan()) || b.get(j).is_some_and(|x| x.is_nan()) {
            return KolmogorovSmirnov { distance: f64::NAN, p_value: f64::NAN };
        }
        distance = distance.max((i as f64 / n - j as f64 / m).abs());
    }
    let root = (n * m / (n + m)).sqrt();
    KolmogorovSmirnov { distance, p_value: tail((root + 0.12 + 0.11 / root) * distance) }
}

/// Q(λ).
fn tail(lambda: f64) -> f64 {
    // Below this the sum is 1 to fifteen digits, and converges too slowly.
    if lambda < 0.2 {
        return 1.0;
    }
    let term = |k: i32| {
        let k = f64::from(k);
        let sign = if k % 2.0 == 1.0 { 1.0 } else { -1.0 };
        sign * (-2.0 * k * k * lambda * lambda).exp()
    };
    (2.0 * (1..=100).map(term).sum::<f64>()).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;
    use crate::rng::Streams;

    #[test]
    fn tabulated_values() {
        // Q at the usual critical values of Kolmogorov's distribution.
        for (lambda, p) in [(1.223_85, 0.1), (1.358_1, 0.05), (1.627_62, 0.01), (1.949_47, 0.001)] {
            assert!((tail(lambda) - p).abs() < 1e-4 * p.max(0.01), "{lambda}: {}", tail(lambda));
        }
    }

    #[test]
    fn p_values_are_uniform_under_one_law_and_small_under_two() {
        let mut rng = Streams::new(1).named("test");
        let mut set = |n: usize, shift: f64| -> Vec<f64> {
            let mut set: Vec<f64> = (0..n).map(|_| rng.random::<f64>() + shift).collect();
            set.sort_by(f64::total_cmp);
            set
        };
        let (mut below, mut found) = (0, 0);
        for _ in 0..1000 {
            below += usize::from(kolmogorov_smirnov(&set(300, 0.0), &set(200, 0.0)).p_value < 0.1);
            found += usize::from(kolmogorov_smirnov(&set(300, 0.0), &set(200, 0.2)).p_value < 0.1);
        }
        // 100 ± 9.5 by chance.
        assert!((60..140).contains(&below), "{below}");
        assert!(found > 950, "{found}");
        assert!(kolmogorov_smirnov(&[0.0, f64::NAN], &[0.0]).p_value.is_nan());
    }
}
