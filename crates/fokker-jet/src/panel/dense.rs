//! `Y = X W + b` over all rows of all parts in one matrix product, and its two reverse products.

use super::matrix::{self, Onto, Sliver, View};
use super::simd::multiversion;
use crate::Real;

/// Up to this inner or outer width a product is a few sums along rows, for which tiles do not pay.
const SKINNY: usize = 8;

/// Is a matrix `k × n` packed for its products?
pub(crate) fn packs(k: usize, n: usize) -> bool {
    k > SKINNY && n > SKINNY
}

/// A layer's matrix, `k × n`: the numbers, and the slivers of W or of Wᵀ if it is packed.
#[derive(Clone, Copy)]
pub(super) struct Weight<'a, F> {
    pub k: usize,
    pub n: usize,
    pub flat: &'a [F],
    pub slivers: &'a [Sliver<F>],
}

/// `Y (rows × n) = X (rows × k) W`, plus `bias` in the first `biased` rows.
pub(super) fn forward<F: Real>(rows: usize, biased: usize, x: &[F], w: Weight<F>, bias: &[F], y: &mut [F]) {
    let Weight { k, n, flat, slivers } = w;
    if packs(k, n) {
        let (first, rest) = y[..rows * n].split_at_mut(biased * n);
        if biased > 0 {
            matrix::product(biased, k, View { values: x, rs: k, cs: 1 }, slivers, first, n, Onto::Row(bias));
        }
        if rows > biased {
            let x = View { values: &x[biased * k..], rs: k, cs: 1 };
            matrix::product(rows - biased, k, x, slivers, rest, n, Onto::Zero);
        }
        return;
    }
    if k <= SKINNY {
        rows_times_wide(rows, k, n, x, flat, n, 1, y, false);
    } else {
        rows_times_narrow(rows, k, n, x, flat, n, 1, y, false);
    }
    for row in y[..biased * n].chunks_exact_mut(n) {
        for (y, &b) in row.iter_mut().zip(bias) {
            *y += b;
        }
    }
}

/// `X̄ (rows × k) = Ȳ (rows × n) Wᵀ`, replacing or added; the slivers are those of Wᵀ.
pub(super) fn reverse_input<F: Real>(rows: usize, y_bar: &[F], w: Weight<F>, x_bar: &mut [F], add: bool) {
    let Weight { k, n, flat, slivers } = w;
    if packs(k, n) {
        let onto = if add { Onto::Result } else { Onto::Zero };
        matrix::product(rows, n, View { values: y_bar, rs: n, cs: 1 }, slivers, x_bar, k, onto);
    } else if n <= SKINNY {
        rows_times_wide(rows, n, k, y_bar, flat, 1, n, x_bar, add);
    } else {
        rows_times_narrow(rows, n, k, y_bar, flat, 1, n, x_bar, add);
    }
}

/// `W̄ (k × n) = Xᵀ Ȳ`, replacing or added.
pub(super) fn reverse_weight<F: Real>(
    rows: usize, (k, n): (usize, usize), x: &[F], y_bar: &[F], w_bar: &mut [F], add: bool, scratch: &mut Vec<F>,
) {
    if packs(k, n) && rows > 0 {
        matrix::transposed_product(rows, k, n, x, y_bar, w_bar, add, scratch);
        return;
    }
    if !add {
        w_bar.fill(F::ZERO);
    }
    if k <= SKINNY {
        outer_wide(rows, k, n, x, y_bar, w_bar);
    } else if n <= SKINNY {
        outer_narrow(rows, k, n, x, y_bar, w_bar);
    }
}

multiversion! {
    /// `b̄ = Σ_rows Ȳ`, replacing or added.
    pub(super) fn reverse_bias<F: Real>(rows: usize, n: usize, y_bar: &[F], b_bar: &mut [F], add: bool) {
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
    /// `Y (rows × n) = X (rows × k) W`, k small: each row of Y is a short sum of rows of W.
    pub(super) fn rows_times_wide<F: Real>(
        rows: usize, k: usize, n: usize, x: &[F], w: &[F], w_rs: usize, w_cs: usize, y: &mut [F], add: bool
    ) {
        // Rows of W contiguous, whatever its strides (a few kilobytes at most).
        let mut packed = [[F::ZERO; 64]; SKINNY];
        let mut from = 0;
        while from < n {
            let width = 64.min(n - from);
            for (p, row) in packed[..k].iter_mut().enumerate() {
                for (j, to) in row[..width].iter_mut().enumerate() {
                    *to = w[p * w_rs + (from + j) * w_cs];
                }
            }
            for r in 0..rows {
                let to = &mut y[r * n + from..][..width];
                let mut sum = [F::ZERO; 64];
                if add {
                    sum[..width].copy_from_slice(to);
                }
                for (p, row) in packed[..k].iter().enumerate() {
                    let xp = x[r * k + p];
                    for j in 0..64 {
                        sum[j] = xp.multiply_add::<FMA>(row[j], sum[j]);
                    }
                }
                to.copy_from_slice(&sum[..width]);
            }
            from += width;
        }
    }
}

multiversion! {
    /// `Y (rows × n) = X (rows × k) W`, n small: each element is a long dot product.
    pub(super) fn rows_times_narrow<F: Real>(
        rows: usize, k: usize, n: usize, x: &[F], w: &[F], w_rs: usize, w_cs: usize, y: &mut [F], add: bool
    ) {
        const LANES: usize = 16;
        const DEPTH: usize = 512;
        let mut packed = [[F::ZERO; DEPTH]; SKINNY];
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

multiversion! {
    /// `W̄ (k × n) += Xᵀ Ȳ`, k small.
    pub(super) fn outer_wide<F: Real>(rows: usize, k: usize, n: usize, x: &[F], y_bar: &[F], w_bar: &mut [F]) {
        for r in 0..rows {
            let yb = &y_bar[r * n..][..n];
            for p in 0..k {
                let xp = x[r * k + p];
                let to = &mut w_bar[p * n..][..n];
                for j in 0..n {
                    to[j] = xp.multiply_add::<FMA>(yb[j], to[j]);
                }
            }
        }
    }
}

multiversion! {
    /// `W̄ (k × n) += Xᵀ Ȳ`, n small: summed transposed, in blocks of k.
    pub(super) fn outer_narrow<F: Real>(rows: usize, k: usize, n: usize, x: &[F], y_bar: &[F], w_bar: &mut [F]) {
        const DEPTH: usize = 128;
        let mut from = 0;
        while from < k {
            let depth = DEPTH.min(k - from);
            let mut sums = [[F::ZERO; DEPTH]; SKINNY];
            for r in 0..rows {
                let row = &x[r * k + from..][..depth];
                for (j, sum) in sums[..n].iter_mut().enumerate() {
                    let yb = y_bar[r * n + j];
                    for (s, x) in sum[..depth].iter_mut().zip(row) {
                        *s = yb.multiply_add::<FMA>(*x, *s);
                    }
                }
            }
            for p in 0..depth {
                for j in 0..n {
                    w_bar[(from + p) * n + j] += sums[j][p];
                }
            }
            from += depth;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panel::matrix::Place;

    fn numbers<F: Real>(n: usize, seed: u64) -> Vec<F> {
        let mut state = seed;
        (0..n)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                F::of(f64::from((state >> 40) as u32) / f64::from(1_u32 << 24) - 0.5)
            })
            .collect()
    }

    fn packed<F: Real>(place: Place, depth: usize, columns: usize, w: &[F]) -> Vec<Sliver<F>> {
        let mut slivers: Vec<_> = Sliver::of(place, depth, columns).collect();
        slivers.iter_mut().for_each(|sliver| sliver.pack(w));
        slivers
    }

    fn close<F: Real>(got: F, want: f64, tolerance: f64, what: &str) {
        assert!((got.as_f64() - want).abs() <= tolerance, "{what}: {got} for {want}");
    }

    fn check<F: Real>(rows: usize, k: usize, n: usize, tolerance: f64) {
        let what = format!("{rows} {k} {n}");
        let (x, w, y_bar) = (numbers::<F>(rows * k, 1), numbers::<F>(k * n, 2), numbers::<F>(rows * n, 3));
        let (bias, biased) = (numbers::<F>(n, 6), rows / 2);
        let slivers = packed(Place { offset: 0, rs: n, cs: 1 }, k, n, &w);
        let transposed = packed(Place { offset: 0, rs: 1, cs: n }, n, k, &w);
        let weight = Weight { k, n, flat: &w, slivers: &slivers };
        let mut y = vec![F::of(9.0); rows * n];
        forward(rows, biased, &x, weight, &bias, &mut y);
        for add in [false, true] {
            let (mut x_bar, mut w_bar, mut b_bar) =
                (numbers::<F>(rows * k, 4), numbers::<F>(k * n, 5), numbers::<F>(n, 7));
            let start = |v: &[F], i: usize| if add { v[i].as_f64() } else { 0.0 };
            let (x0, w0, b0) = (x_bar.clone(), w_bar.clone(), b_bar.clone());
            reverse_input(rows, &y_bar, Weight { slivers: &transposed, ..weight }, &mut x_bar, add);
            reverse_weight(rows, (k, n), &x, &y_bar, &mut w_bar, add, &mut Vec::new());
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
            for i in 0..rows * k {
                let (r, p) = (i / k, i % k);
                let want = start(&x0, i) + sum(n, &|j| (y_bar[r * n + j], w[p * n + j]));
                close(x_bar[i], want, tolerance, &what);
            }
        }
    }

    /// Rows around the heights of tiles, widths around those of slivers, depths around that of a block.
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

    #[test]
    fn all_products_agree_with_the_definition_on_every_instruction_set() {
        #[cfg(target_arch = "x86_64")]
        use crate::panel::simd::{HIGHEST, Level};
        #[cfg(target_arch = "x86_64")]
        let levels = [Level::Baseline, Level::V3, Level::V4];
        #[cfg(not(target_arch = "x86_64"))]
        let levels = [()];
        for level in levels {
            #[cfg(target_arch = "x86_64")]
            HIGHEST.set(level);
            #[cfg(not(target_arch = "x86_64"))]
            let () = level;
            for (rows, k, n) in SHAPES {
                check::<f64>(rows, k, n, 1e-12);
                check::<f32>(rows, k, n, 2e-4);
            }
        }
    }

    #[test]
    fn a_row_of_the_product_does_not_depend_on_the_others() {
        for (_, k, n) in SHAPES {
            let (x, w) = (numbers::<f32>(40 * k, 1), numbers::<f32>(k * n, 2));
            let slivers = packed(Place { offset: 0, rs: n, cs: 1 }, k, n, &w);
            let weight = Weight { k, n, flat: &w, slivers: &slivers };
            let (bias, mut all, mut alone) = (numbers(n, 3), vec![0.0; 40 * n], vec![0.0; n]);
            forward(40, 40, &x, weight, &bias, &mut all);
            for r in 0..40 {
                forward(1, 1, &x[r * k..(r + 1) * k], weight, &bias, &mut alone);
                assert!(all[r * n..(r + 1) * n] == alone[..], "row {r} of {k} × {n}");
            }
        }
    }
}
