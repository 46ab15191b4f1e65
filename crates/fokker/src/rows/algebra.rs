//! The operations.

use std::borrow::BorrowMut;
use std::ops::{Add, Mul, Neg, Sub};

/// A number for each row: the present row's on the host, those of all rows on a device.
pub(crate) trait Scalar:
    Clone + Neg<Output = Self> + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self>
{
    /// √a.
    fn sqrt(self) -> Self;
    /// |a|.
    fn abs(self) -> Self;
    /// 1 or −1; at 0 either, or 0.
    fn signum(self) -> Self;
    /// a/b where b > 0, else 0.
    fn over(self, by: Self) -> Self;
}

/// Arrays of rows and what is done with them.
///
/// An array is `rows × width`, where a width of 1 makes a column. Functions that take an `at` work on the rows that it stands for.
pub(crate) trait Rows: Copy + Send + Sync + 'static {
    /// An array that is only looked at or written to.
    type Array: ?Sized;
    /// An array.
    type Owned: BorrowMut<Self::Array> + Send + Sync;
    /// One row, or all.
    type At;
    /// A number a row, in the arrays' precision.
    type Scalar: Scalar;
    /// A number a row, in double precision if there is any.
    type Wide: Scalar;
    /// A sum over rows.
    type Sum;

    /// Calls `f` for every row of an array of this width.
    fn each(like: &Self::Array, width: usize, f: impl FnMut(&Self::At));
    /// Calls `f` for rows 0 and 1, 2 and 3, and so on; a last row without a partner is left out.
    fn each_pair(like: &Self::Array, width: usize, f: impl FnMut(&Self::At, &Self::At));

    /// `to ← from`, of all rows.
    fn copy(to: &mut Self::Array, from: &Self::Array);
    /// `y ← Σ c x`, summed in order.
    fn combine<const N: usize>(at: &Self::At, y: &mut Self::Array, terms: [(Self::Scalar, &Self::Array); N]);
    /// `y ← y + Σ c x`, the sum taken first.
    fn accumulate<const N: usize>(at: &Self::At, y: &mut Self::Array, terms: [(Self::Scalar, &Self::Array); N]);
    /// `y ← c y`.
    fn scale(at: &Self::At, y: &mut Self::Array, c: &Self::Scalar);
    /// `yᵢ ← Σⱼ Mᵢⱼ xⱼ` within each group of N rows; last rows that are no group are left as they are.
    fn mix<const N: usize>(y: &mut Self::Array, x: &Self::Array, width: usize, by: &[[f64; N]; N]);
    /// ⟨a, b⟩.
    fn dot(at: &Self::At, a: &Self::Array, b: &Self::Array) -> Self::Scalar;

    /// A number of a column.
    fn get(at: &Self::At, column: &Self::Array) -> Self::Scalar;
    /// Puts a number into a column.
    fn put(at: &Self::At, column: &mut Self::Array, value: Self::Scalar);

    /// Numbers that are known on the host: `of(row)`.
    fn wide(at: &Self::At, of: impl FnMut(usize) -> f64) -> Self::Wide;
    /// In the arrays' precision.
    fn narrow(value: Self::Wide) -> Self::Scalar;
    /// In double precision.
    fn widen(value: Self::Scalar) -> Self::Wide;
    /// Numbers that are known on the host, in the arrays' precision.
    fn number(at: &Self::At, of: impl FnMut(usize) -> f64) -> Self::Scalar {
        Self::narrow(Self::wide(at, of))
    }
    /// One number for all rows.
    fn constant(at: &Self::At, value: f64) -> Self::Scalar {
        Self::number(at, |_| value)
    }

    /// No rows' sum.
    fn none(like: &Self::Array) -> Self::Sum;
    /// Adds the rows' numbers to a sum.
    fn sum(sum: &mut Self::Sum, value: Self::Wide);
    /// A sum as a number on the host.
    fn total(sum: Self::Sum) -> f64;
}
