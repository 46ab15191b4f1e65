//! `Y = X W + b` over all rows of all parts in one matrix product, and its two reverse products.

use super::matrix::{self, Factors, MicroPanel, Onto, Target, View};
use super::simd::multiversion;
use super::vector::Registers;

/// Up to this width of the result, dot products do better than tiles.
const NARROW: usize = 8;

/// Are the micro-panels of a matrix with so many columns used?
pub(crate) fn packs(columns: usize) -> bool {
    columns > NARROW
}

/// A layer's matrix, `k × n`: the numbers, and the micro-panels of W or of Wᵀ if it is packed.
#[derive(Clone, Copy)]
pub(crate) struct Weight<'a, F> {
    pub k: usize,
    pub n: usize,
    pub flat: &'a [F],
    pub micro_panels: &'a [MicroPanel<F>],
}

/// `Y (rows × n) = X (rows × k) W`, plus `bias` in the first `biased` rows.
pub(crate) fn forward<F: Registers>(rows: usize, biased: usize, x: &[F], w: Weight<F>, bias: &[F], y: &mut [F]) {
    let Weight { k, n, flat, micro_panels } = w;
    if packs(n) {
        let (first, rest) = y[..rows * n].split_at_mut(biased * n);
        if biased > 0 {
            let y = Target { values: first, rs: n, line: 0 };
            matrix::product(biased, k, View::matrix(x, k, 1), micro_panels, y, Onto::Row(bias));
        }
        if rows > biased {
            let y = Target { values: rest, rs: n, line: 0 };
            matrix::product(rows - biased, k, View::matrix(&x[biased * k..], k, 1), micro_panels, y, Onto::Zero);
        }
        return;
    }
    dot_products(rows, k, n, x, flat, n, 1, y, false);
    for row in y[..biased * n].chunks_exact_mut(n) {
        for (y, &b) in row.iter_mut().zip(bias) {
            *y += b;
        }
    }
}

/// `X̄ (rows × k) = Ȳ (rows × n) Wᵀ`, replacing or added; the micro-panels are those of Wᵀ.
pub(crate) fn reverse_input<F: Registers>(rows: usize, y_bar: &[F], w: Weight<F>, x_bar: &mut [F], add: bool) {
    let Weight { k, n, flat, micro_panels } = w;
    if !packs(k) {
        dot_products(rows, n, k, y_bar, flat, 1, n, x_bar, add);
    } else if rows > 0 {
        let onto = if add { Onto::Result } else { Onto::Zero };
        let x_bar = Target { values: x_bar, rs: k, line: 0 };
        matrix::product(rows, n, View::matrix(y_bar, n, 1), micro_panels, x_bar, onto);
    }
}

/// `W̄ (k × n) = Xᵀ Ȳ`, replacing or added.
pub(crate) fn reverse_weight<F: Registers>(
    rows: usize, (k, n): (usize, usize), x: &[F], y_bar: &[F], w_bar: &mut [F], add: bool, scratch: &mut Scratch<F>,
) {
    let factors = Factors { lines: 1, rows, k, n, x, x_rs: k, x_line: 0, y: y_bar, y_rs: n };
    if rows == 0 {
        if !add {
            w_bar.fill(F::ZERO);
        }
    } else if packs(n) {
        matrix::transposed_product(factors, w_bar, add, &mut scratch.packed);
    } else {
        narrow_weight(factors, w_bar, add, scratch);
    }
}

/// For few columns: W̄ᵀ = Ȳᵀ X, whose columns are many, and then its transpose. Of one line.
pub(crate) fn narrow_weight<F: Registers>(f: Factors<F>, w_bar: &mut [F], add: bool, scratch: &mut Scratch<F>) {
    let transposed = &mut scratch.transposed;
    transposed.resize(f.k * f.n, F::ZERO);
    let exchanged = Factors { k: f.n, n: f.k, x: f.y, x_rs: f.y_rs, y: f.x, y_rs: f.x_rs, ..f };
    matrix::transposed_product(exchanged, transposed, false, &mut scratch.packed);
    if !add {
        w_bar.fill(F::ZERO);
    }
    for (j, row) in transposed.chunks_exact(f.k).enumerate() {
        for (p, &w) in row.iter().enumerate() {
            w_bar[p * f.n + j] += w;
        }
    }
}

/// Memory for packed factors, transposed gradients and images with zeros around them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch<F> {
    pub packed: Vec<F>,
    transposed: Vec<F>,
    /// An image with zeros around it.
    pub padded: Vec<F>,
    /// Cotangents as far apart as the pixels of such an image, or a kernel of few channels.
    pub spread: Vec<F>,
}

multiversion! {
    /// `b̄ = Σ_rows Ȳ`, replacing or added.
    pub(crate) fn reverse_bias<F: Real>(rows: usize, n: usize, y_bar: &[F], b_bar: &mut [F], add: bool) {
        if !add {
            b_bar.fill(F::ZERO);
        }
        for row in y_bar[..rows * n].chunks_exact(n) {
            for (b, &y) in b_bar.iter_mut().zip(row) {
                *b += y;
            }
        }
    }
}

multiversion! {
    /// `Y (rows × n) = X (rows × k) W`, n small: each element is a long dot product.
    pub(crate) fn dot_products<F: Real>(
        rows: usize, k: usize, n: usize, x: &[F], w: &[F], w_rs: usize, w_cs: usize, y: &mut [F], add: bool
    ) {
        const LANES: usize = 16;
        const DEPTH: usize = 512;
        let mut packed = [[F::ZERO; DEPTH]; NARROW];
        let mut from = 0;
        while from < k {
            let depth = DEPTH.min(k - from);
            let padded = depth.div_ceil(LANES) * LANES;
            for (j, column) in packed[..n].iter_mut().enumerate() {
                for p in 0..depth {
                    column[p] = w[(from + p) * w_rs + j * w_cs];
                }
                column[depth..padded].fill(F::ZERO);
            }
            for r in 0..rows {
                let row = &x[r * k + from..][..depth];
                let whole = depth / LANES * LANES;
                for (j, column) in packed[..n].iter().enumerate() {
                    let mut lanes = [F::ZERO; LANES];
                    for (xs, ws) in row[..whole].chunks_exact(LANES).zip(column.chunks_exact(LANES)) {
                        for l in 0..LANES {
                            lanes[l] = xs[l].multiply_add::<FMA>(ws[l], lanes[l]);
                        }
                    }
                    let mut sum = F::ZERO;
                    for (x, w) in row[whole..].iter().zip(&column[whole..depth]) {
                        sum += *x * *w;
                    }
                    for lane in lanes {
                        sum += lane;
                    }
                    let to = &mut y[r * n + j];
                    *to = if from == 0 && !add { sum } else { *to + sum };
                }
            }
            from += depth;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routines::matrix::Place;
    use crate::routines::testing::{numbers, on_every_instruction_set, packed};

    fn close<F: Registers>(got: F, want: f64, tolerance: f64, what: &str) {
        assert!((got.as_f64() - want).abs() <= tolerance, "{what}: {got} for {want}");
    }

    fn check<F: Registers>(rows: usize, k: usize, n: usize, tolerance: f64) {
        let what = format!("{rows} {k} {n}");
        let (x, w, y_bar) = (numbers::<F>(rows * k, 1), numbers::<F>(k * n, 2), numbers::<F>(rows * n, 3));
        let (bias, biased) = (numbers::<F>(n, 6), rows / 2);
        let micro_panels = packed(&[Place { offset: 0, rs: n, cs: 1 }], k, n, &w);
        let transposed = packed(&[Place { offset: 0, rs: 1, cs: n }], n, k, &w);
        let weight = Weight { k, n, flat: &w, micro_panels: &micro_panels };
        let mut y = vec![F::of(9.0); rows * n];
        forward(rows, biased, &x, weight, &bias, &mut y);
        for add in [false, true] {
            let (mut x_bar, mut w_bar, mut b_bar) =
                (numbers::<F>(rows * k, 4), numbers::<F>(k * n, 5), numbers::<F>(n, 7));
            let start = |v: &[F], i: usize| if add { v[i].as_f64() } else { 0.0 };
            let (x0, w0, b0) = (x_bar.clone(), w_bar.clone(), b_bar.clone());
            reverse_input(rows, &y_bar, Weight { micro_panels: &transposed, ..weight }, &mut x_bar, add);
            reverse_weight(rows, (k, n), &x, &y_bar, &mut w_bar, add, &mut Scratch::default());
            reverse_bias(rows, n, &y_bar, &mut b_bar, add);
            let sum = |len: usize, term: &dyn Fn(usize) -> (F, F)| -> f64 {
                (0..len).map(term).map(|(a, b)| a.as_f64() * b.as_f64()).sum()
            };
            for j in 0..n {
                for r in 0..rows {
                    let b = if r < biased { bias[j].as_f64() } else { 0.0 };
                    close(y[r * n + j], b + sum(k, &|p| (x[r * k + p], w[p * n + j])), tolerance, &what);
                }
                let want = start(&b0, j) + sum(rows, &|r| (y_bar[r * n + j], F::ONE));
                close(b_bar[j], want, tolerance, &what);
                for p in 0..k {
                    let want = start(&w0, p * n + j) + sum(rows, &|r| (x[r * k + p], y_bar[r * n + j]));
                    close(w_bar[p * n + j], want, tolerance, &what);
                }
            }
            for (i, &x_bar) in x_bar.iter().enumerate() {
                let (r, p) = (i / k, i % k);
                let want = start(&x0, i) + sum(n, &|j| (y_bar[r * n + j], w[p * n + j]));
                close(x_bar, want, tolerance, &what);
            }
        }
    }

    /// Rows around the heights of tiles, widths around those of micro-panels, depths around that of a block.
    const SHAPES: [(usize, usize, usize); 13] = [
        (5, 3, 70),
        (7, 70, 2),
        (4, 9, 9),
        (1, 1, 1),
        (3, 600, 8),
        (6, 8, 130),
        (33, 40, 50),
        (12, 32, 64),
        (13, 31, 33),
        (23, 64, 16),
        (195, 65, 32),
        (400, 12, 33),
        (9, 10, 600),
    ];

    /// Those that are worth the time.
    fn shapes() -> impl Iterator<Item = (usize, usize, usize)> {
        SHAPES.into_iter().filter(|(rows, k, n)| !cfg!(miri) || rows * k * n < 10_000)
    }

    #[test]
    fn all_products_agree_with_the_definition_on_every_instruction_set() {
        on_every_instruction_set(|| {
            for (rows, k, n) in shapes() {
                check::<f64>(rows, k, n, 1e-13);
                check::<f32>(rows, k, n, 3e-5);
            }
        });
    }

    #[test]
    fn a_row_of_the_product_does_not_depend_on_the_others() {
        for (_, k, n) in shapes() {
            let (x, w) = (numbers::<f32>(40 * k, 1), numbers::<f32>(k * n, 2));
            let micro_panels = packed(&[Place { offset: 0, rs: n, cs: 1 }], k, n, &w);
            let weight = Weight { k, n, flat: &w, micro_panels: &micro_panels };
            let (bias, mut all, mut alone) = (numbers(n, 3), vec![0.0; 40 * n], vec![0.0; n]);
            forward(40, 40, &x, weight, &bias, &mut all);
            for r in 0..40 {
                forward(1, 1, &x[r * k..(r + 1) * k], weight, &bias, &mut alone);
                assert!(all[r * n..(r + 1) * n] == alone[..], "row {r} of {k} × {n}");
            }
        }
    }
}
