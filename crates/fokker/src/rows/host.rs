//! Rows in host memory, one at a time.

use std::marker::PhantomData;

use fokker_jet::Real;

use super::{Rows, Scalar};

/// Slices, row by row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Host<F>(PhantomData<F>);

/// A row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    number: usize,
    width: usize,
}

impl Row {
    fn of<F>(self, array: &[F]) -> &[F] {
        &array[self.number * self.width..][..self.width]
    }

    fn of_mut<F>(self, array: &mut [F]) -> &mut [F] {
        &mut array[self.number * self.width..][..self.width]
    }
}

/// ⟨a, b⟩, summed in order.
pub(crate) fn dot<F: Real>(a: &[F], b: &[F]) -> F {
    a.iter().zip(b).map(|(&a, &b)| a * b).sum()
}

/// Calls `f(y, Σ c x)` for each number of a row.
#[inline]
fn sums<F: Real, const N: usize>(row: Row, y: &mut [F], terms: [(F, &[F]); N], f: impl Fn(&mut F, F)) {
    let terms = terms.map(|(c, x)| (c, row.of(x)));
    let Some(((c, x), others)) = terms.split_first() else { return };
    for (i, (y, &x)) in row.of_mut(y).iter_mut().zip(*x).enumerate() {
        f(y, others.iter().fold(*c * x, |sum, &(c, x)| sum + c * x[i]));
    }
}

impl<F: Real> Rows for Host<F> {
    type Array = [F];
    type Owned = Vec<F>;
    type At = Row;
    type Scalar = F;
    type Wide = f64;
    type Sum = f64;

    fn each(like: &[F], width: usize, mut f: impl FnMut(&Row)) {
        (0..like.len() / width).for_each(|number| f(&Row { number, width }));
    }

    fn each_pair(like: &[F], width: usize, mut f: impl FnMut(&Row, &Row)) {
        for pair in 0..like.len() / width / 2 {
            f(&Row { number: 2 * pair, width }, &Row { number: 2 * pair + 1, width });
        }
    }

    fn copy(to: &mut [F], from: &[F]) {
        to.copy_from_slice(from);
    }

    fn combine<const N: usize>(at: &Row, y: &mut [F], terms: [(F, &[F]); N]) {
        sums(*at, y, terms, |y, sum| *y = sum);
    }

    fn accumulate<const N: usize>(at: &Row, y: &mut [F], terms: [(F, &[F]); N]) {
        sums(*at, y, terms, |y, sum| *y += sum);
    }

    fn scale(at: &Row, y: &mut [F], c: &F) {
        at.of_mut(y).iter_mut().for_each(|y| *y *= *c);
    }

    fn mix<const N: usize>(y: &mut [F], x: &[F], width: usize, by: &[[f64; N]; N]) {
        let size = N * width;
        for (y, x) in y.chunks_exact_mut(size).zip(x.chunks_exact(size)) {
            for (y, by) in y.chunks_exact_mut(width).zip(by) {
                for (i, y) in y.iter_mut().enumerate() {
                    *y = by.iter().enumerate().map(|(j, &m)| F::of(m) * x[j * width + i]).sum();
                }
            }
        }
    }

    fn dot(at: &Row, a: &[F], b: &[F]) -> F {
        dot(at.of(a), at.of(b))
    }

    fn get(at: &Row, column: &[F]) -> F {
        column[at.number]
    }

    fn put(at: &Row, column: &mut [F], value: F) {
        column[at.number] = value;
    }

    fn wide(at: &Row, mut of: impl FnMut(usize) -> f64) -> f64 {
        of(at.number)
    }

    fn narrow(value: f64) -> F {
        F::of(value)
    }

    fn widen(value: F) -> f64 {
        value.as_f64()
    }

    fn none(_: &[F]) -> f64 {
        0.0
    }

    fn sum(sum: &mut f64, value: f64) {
        *sum += value;
    }

    fn total(sum: f64) -> f64 {
        sum
    }
}

impl<F: Real> Scalar for F {
    fn sqrt(self) -> Self {
        Real::sqrt(self)
    }

    fn abs(self) -> Self {
        F::of(self.as_f64().abs())
    }

    fn signum(self) -> Self {
        F::of(self.as_f64().signum())
    }

    fn over(self, by: Self) -> Self {
        if by > F::ZERO { self / by } else { F::ZERO }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_worked_on_one_by_one() {
        let (a, b) = ([1.0_f64, 2.0, 3.0, 4.0, 5.0, 6.0], [0.5, -1.0, 2.0, 0.0, 1.0, -2.0]);
        let (mut y, mut z, mut dots, mut sum) = ([1.0; 6], [7.0; 6], [0.0; 3], 0.0);
        Host::each(&a, 2, |at| {
            let row = Host::<f64>::number(at, |row| [1.0, 10.0, 100.0][row]);
            Host::accumulate(at, &mut y, [(row, &a[..]), (-1.0, &b[..])]);
            Host::combine(at, &mut z, [(2.0, &a[..])]);
            Host::scale(at, &mut z, &row);
            Host::<f64>::put(at, &mut dots, Host::dot(at, &a, &b));
            Host::<f64>::sum(&mut sum, Host::widen(Host::<f64>::get(at, &dots)));
        });
        assert_eq!(y, [1.5, 4.0, 29.0, 41.0, 500.0, 603.0]);
        assert_eq!(z, [2.0, 4.0, 60.0, 80.0, 1000.0, 1200.0]);
        assert_eq!((dots, Host::<f64>::total(sum)), ([-1.5, 6.0, -7.0], -2.5));
    }

    #[test]
    fn pairs_leave_out_a_single_row() {
        let mut seen = Vec::new();
        let column = [1.0_f32, 2.0, 3.0, 4.0, 5.0];
        Host::each_pair(&column, 1, |a, b| seen.push((Host::<f32>::get(a, &column), Host::<f32>::get(b, &column))));
        assert_eq!(seen, [(1.0, 2.0), (3.0, 4.0)]);
    }

    #[test]
    fn a_quotient_by_nothing_is_nothing() {
        assert_eq!([2.0, 0.0, -1.0, f64::NAN].map(|by| Scalar::over(1.0, by)), [0.5, 0.0, 0.0, 0.0]);
        assert_eq!([Scalar::signum(-0.5_f32), Scalar::signum(2.0), Scalar::abs(-2.0)], [-1.0, 1.0, 2.0]);
    }
}
