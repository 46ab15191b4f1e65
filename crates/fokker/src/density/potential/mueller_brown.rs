//! The Müller–Brown potential: U(x, y) = Σ A exp(a (x − X)² + b (x − X)(y − Y) + c (y − Y)²).

/// A, a, b, c, X, Y of each term (Müller & Brown 1979, Theor. Chim. Acta 53, 75).
const TERMS: [[f64; 6]; 4] = [
    [-200.0, -1.0, 0.0, -10.0, 1.0, 0.0],
    [-100.0, -1.0, 0.0, -10.0, 0.0, 0.5],
    [-170.0, -6.5, 11.0, -6.5, -0.5, 1.5],
    [15.0, 0.7, 0.6, 0.7, -1.0, 1.0],
];

/// U.
pub(super) fn energy(x: f64, y: f64) -> f64 {
    TERMS.iter().map(|term| parts(term, x, y)[0]).sum()
}

/// −∇U.
pub(super) fn force(x: f64, y: f64) -> [f64; 2] {
    TERMS.iter().map(|term| parts(term, x, y)).fold([0.0; 2], |[fx, fy], [_, x, y]| [fx + x, fy + y])
}

/// One term of U and of the two forces.
fn parts(&[amplitude, a, b, c, x0, y0]: &[f64; 6], x: f64, y: f64) -> [f64; 3] {
    let (x, y) = (x - x0, y - y0);
    let u = amplitude * (a * x * x + b * x * y + c * y * y).exp();
    [u, -u * (2.0 * a * x + b * y), -u * (b * x + 2.0 * c * y)]
}
