//! Products of two matrices within each row, forward and back, term by term of the product rule.

use super::matrix::{self, Onto, Place, Target, View};
use super::parts::Term;
use super::vector::Registers;
use crate::Real;

/// The matrices of a row: a of `m × k`, b of `k × n`, or `n × k` if it is transposed.
#[derive(Clone, Copy)]
pub(crate) struct Factors {
    pub rows: usize,
    pub m: usize,
    pub k: usize,
    pub n: usize,
    pub transposed: bool,
    pub factor: f64,
}

/// A matrix as it lies in memory: strides of rows and columns.
#[derive(Clone, Copy)]
struct Strided<'a, F> {
    values: &'a [F],
    rs: usize,
    cs: usize,
}

/// Memory for a packed factor and for one that is scaled.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch<F> {
    packed: Vec<F>,
    scaled: Vec<F>,
}

impl Factors {
    fn sizes(self) -> [usize; 3] {
        [self.m * self.k, self.k * self.n, self.m * self.n]
    }

    /// The strides of b as a `k × n` matrix.
    fn b_strides(self) -> (usize, usize) {
        if self.transposed { (1, self.k) } else { (self.n, 1) }
    }
}

/// Adds the term `a_p b_q` to its part of y.
pub(crate) fn forward<F: Registers>(f: Factors, t: Term, a: &[F], b: &[F], y: &mut [F], scratch: &mut Scratch<F>) {
    let [a_size, b_size, y_size] = f.sizes();
    let (rs, cs) = f.b_strides();
    for row in 0..f.rows {
        let a = &a[(t.a * f.rows + row) * a_size..][..a_size];
        let b = &b[(t.b * f.rows + row) * b_size..][..b_size];
        let y = &mut y[(t.y * f.rows + row) * y_size..][..y_size];
        let a = Strided { values: scaled(f.factor, a, &mut scratch.scaled), rs: f.k, cs: 1 };
        add_product((f.m, f.k, f.n), a, Strided { values: b, rs, cs }, y, &mut scratch.packed);
    }
}

/// `ā_p += ȳ b_qᵀ`.
pub(crate) fn reverse_a<F: Registers>(
    f: Factors, t: Term, b: &[F], y_bar: &[F], a_bar: &mut [F], scratch: &mut Scratch<F>,
) {
    let [a_size, b_size, y_size] = f.sizes();
    let (rs, cs) = f.b_strides();
    for row in 0..f.rows {
        let b = &b[(t.b * f.rows + row) * b_size..][..b_size];
        let y_bar = &y_bar[(t.y * f.rows + row) * y_size..][..y_size];
        let a_bar = &mut a_bar[(t.a * f.rows + row) * a_size..][..a_size];
        let y_bar = Strided { values: scaled(f.factor, y_bar, &mut scratch.scaled), rs: f.n, cs: 1 };
        add_product((f.m, f.n, f.k), y_bar, Strided { values: b, rs: cs, cs: rs }, a_bar, &mut scratch.packed);
    }
}

/// `b̄_q += a_pᵀ ȳ`, or its transpose `ȳᵀ a_p`.
pub(crate) fn reverse_b<F: Registers>(
    f: Factors, t: Term, a: &[F], y_bar: &[F], b_bar: &mut [F], scratch: &mut Scratch<F>,
) {
    let [a_size, b_size, y_size] = f.sizes();
    for row in 0..f.rows {
        let a = &a[(t.a * f.rows + row) * a_size..][..a_size];
        let y_bar = &y_bar[(t.y * f.rows + row) * y_size..][..y_size];
        let b_bar = &mut b_bar[(t.b * f.rows + row) * b_size..][..b_size];
        let y_bar = scaled(f.factor, y_bar, &mut scratch.scaled);
        if f.transposed {
            let left = Strided { values: y_bar, rs: 1, cs: f.n };
            add_product((f.n, f.m, f.k), left, Strided { values: a, rs: f.k, cs: 1 }, b_bar, &mut scratch.packed);
        } else {
            let left = Strided { values: a, rs: 1, cs: f.k };
            add_product((f.k, f.m, f.n), left, Strided { values: y_bar, rs: f.n, cs: 1 }, b_bar, &mut scratch.packed);
        }
    }
}

/// The numbers times the factor.
fn scaled<'a, F: Real>(factor: f64, from: &'a [F], to: &'a mut Vec<F>) -> &'a [F] {
    if factor == 1.0 {
        return from;
    }
    let factor = F::of(factor);
    to.clear();
    to.extend(from.iter().map(|&x| factor * x));
    to
}

/// `C (m × n) += A (m × k) B (k × n)`, by packing B, micro-panel by micro-panel.
fn add_product<F: Registers>(
    (m, k, n): (usize, usize, usize), a: Strided<F>, b: Strided<F>, c: &mut [F], packed: &mut Vec<F>,
) {
    let width = matrix::micro_panel_columns::<F>();
    packed.clear();
    packed.resize(k * width, F::ZERO);
    for first in (0..n).step_by(width) {
        let columns = first..n.min(first + width);
        if columns.len() < width {
            packed.fill(F::ZERO);
        }
        matrix::pack(Place { offset: 0, rs: b.rs, cs: b.cs }, &columns, b.values, packed);
        let c = Target { values: &mut *c, rs: n, line: 0 };
        matrix::packed_product(
            m,
            k,
            View::matrix(a.values, a.rs, a.cs),
            packed,
            columns.start,
            columns.end,
            c,
            Onto::Result,
        );
    }
}
