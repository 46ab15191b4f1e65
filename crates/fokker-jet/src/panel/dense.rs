//! `Y = X W + b` over all rows of all parts in one matrix product, and its two reverse products.

use super::simd::multiversion;
use crate::Real;

/// Below this inner or outer width, hand kernels beat packing for a general product.
const SKINNY: usize = 8;

/// Whether a product's result replaces what is there or is added to it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Write {
    Replace,
    Add,
}

/// `Y (rows × n) = X (rows × k) W (k × n)`.
pub(super) fn forward<F: Real>(rows: usize, k: usize, n: usize, x: &[F], w: &[F], y: &mut [F]) {
    if k <= SKINNY {
        rows_times_wide(rows, k, n, x, w, n, 1, y, false);
    } else if n <= SKINNY {
        rows_times_narrow(rows, k, n, x, w, y);
    } else {
        product(rows, k, n, (x, k, 1), (w, n, 1), (y, n), Write::Replace);
    }
}

/// `X̄ (rows × k) = Ȳ (rows × n) Wᵀ`.
pub(super) fn reverse_input<F: Real>(
    rows: usize, k: usize, n: usize, y_bar: &[F], w: &[F], x_bar: &mut [F], write: Write,
) {
    if n <= SKINNY {
        rows_times_wide(rows, n, k, y_bar, w, 1, n, x_bar, write == Write::Add);
    } else {
        product(rows, n, k, (y_bar, n, 1), (w, 1, n), (x_bar, k), write);
    }
}

/// `W̄ (k × n) += Xᵀ Ȳ`.
pub(super) fn reverse_weight<F: Real>(rows: usize, k: usize, n: usize, x: &[F], y_bar: &[F], w_bar: &mut [F]) {
    if k <= SKINNY {
        outer_wide(rows, k, n, x, y_bar, w_bar);
    } else if n <= SKINNY {
        outer_narrow(rows, k, n, x, y_bar, w_bar);
    } else {
        product(k, rows, n, (x, 1, k), (y_bar, n, 1), (w_bar, n), Write::Add);
    }
}

/// `b̄ += Σ_rows Ȳ`.
pub(super) fn reverse_bias<F: Real>(rows: usize, n: usize, y_bar: &[F], b_bar: &mut [F]) {
    for row in y_bar[..rows * n].chunks_exact(n) {
        for (b, &y) in b_bar.iter_mut().zip(row) {
            *b += y;
        }
    }
}

/// General product; matrices as (values, row stride, column stride), the result row-major.
fn product<F: Real>(
    m: usize, k: usize, n: usize, (a, a_rs, a_cs): (&[F], usize, usize), (b, b_rs, b_cs): (&[F], usize, usize),
    (c, c_rs): (&mut [F], usize), write: Write,
) {
    if m == 0 || n == 0 || k == 0 {
        return;
    }
    assert!((m - 1) * a_rs + (k - 1) * a_cs < a.len());
    assert!((k - 1) * b_rs + (n - 1) * b_cs < b.len());
    assert!((m - 1) * c_rs + n <= c.len());
    #[allow(clippy::cast_possible_wrap)]
    let s = |stride: usize| stride as isize;
    // SAFETY: the three assertions bound every element that the product touches; `c` is borrowed mutably, so nothing aliases it.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            c.as_mut_ptr(),
            1,
            s(c_rs),
            write == Write::Add,
            a.as_ptr(),
            s(a_cs),
            s(a_rs),
            b.as_ptr(),
            s(b_cs),
            s(b_rs),
            F::ONE,
            F::ONE,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
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
    /// `Y (rows × n) = X (rows × k) W (k × n)`, n small: each element is a long dot product.
    pub(super) fn rows_times_narrow<F: Real>(rows: usize, k: usize, n: usize, x: &[F], w: &[F], y: &mut [F]) {
        const LANES: usize = 16;
        const DEPTH: usize = 512;
        let mut packed = [[F::ZERO; DEPTH]; SKINNY];
        let mut from = 0;
        while from < k {
            let depth = DEPTH.min(k - from);
            let padded = depth.div_ceil(LANES) * LANES;
            for (j, column) in packed[..n].iter_mut().enumerate() {
                for p in 0..depth {
                    column[p] = w[(from + p) * n + j];
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
                    *to = if from == 0 { sum } else { *to + sum };
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

    fn numbers(n: usize, seed: u64) -> Vec<f64> {
        let mut state = seed;
        (0..n)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                f64::from((state >> 40) as u32) / f64::from(1_u32 << 24) - 0.5
            })
            .collect()
    }

    #[test]
    fn all_three_products_agree_with_the_definition() {
        for (rows, k, n) in [(5, 3, 70), (7, 70, 2), (4, 9, 9), (1, 1, 1), (3, 600, 8), (6, 8, 130), (33, 40, 50)] {
            let (x, w, yb) = (numbers(rows * k, 1), numbers(k * n, 2), numbers(rows * n, 3));
            let mut y = vec![9.0; rows * n];
            forward(rows, k, n, &x, &w, &mut y);
            let (mut xb, mut wb) = (numbers(rows * k, 4), numbers(k * n, 5));
            let (xb0, wb0) = (xb.clone(), wb.clone());
            reverse_input(rows, k, n, &yb, &w, &mut xb, Write::Add);
            reverse_weight(rows, k, n, &x, &yb, &mut wb);
            for r in 0..rows {
                for j in 0..n {
                    let want: f64 = (0..k).map(|p| x[r * k + p] * w[p * n + j]).sum();
                    assert!((y[r * n + j] - want).abs() < 1e-12, "forward {rows} {k} {n}");
                }
                for p in 0..k {
                    let want: f64 = xb0[r * k + p] + (0..n).map(|j| yb[r * n + j] * w[p * n + j]).sum::<f64>();
                    assert!((xb[r * k + p] - want).abs() < 1e-12, "input {rows} {k} {n}");
                }
            }
            for p in 0..k {
                for j in 0..n {
                    let want: f64 = wb0[p * n + j] + (0..rows).map(|r| x[r * k + p] * yb[r * n + j]).sum::<f64>();
                    assert!((wb[p * n + j] - want).abs() < 1e-12, "weight {rows} {k} {n}");
                }
            }
        }
    }
}
