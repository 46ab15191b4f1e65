//! Rows on a device: Burn tensors, all rows at once.

use std::marker::PhantomData;
use std::ops::{Add, Mul, Neg, Sub};

use burn::tensor::{Device, Element, Tensor, TensorData};
use fokker_jet::Real;

use super::{Rows, Scalar};

/// Tensors `[rows, width]` of a precision.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tensors<F>(PhantomData<F>);

/// All rows, or the first or second of each pair.
#[derive(Clone, Debug)]
pub(crate) struct At {
    device: Device,
    rows: usize,
    which: Which,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    All,
    First,
    Second,
}

/// A number a row.
#[derive(Clone, Debug)]
pub(crate) struct Column(Tensor<2>);

/// A tensor of numbers on the host.
pub(crate) fn upload<F: Real + Element, const D: usize>(
    values: Vec<F>, dims: [usize; D], device: &Device,
) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values, dims), (device, F::dtype()))
}

/// A tensor's numbers on the host.
pub(crate) fn download<F: Real + Element, const D: usize>(tensor: Tensor<D>) -> Vec<F> {
    tensor.into_data().iter::<F>().collect()
}

impl At {
    fn new(like: &Tensor<2>, which: Which) -> Self {
        Self { device: like.device(), rows: like.dims()[0], which }
    }

    /// The rows of a tensor, `rows/2` of them where half are meant.
    fn take(&self, tensor: &Tensor<2>) -> Tensor<2> {
        let [rows, width] = tensor.dims();
        let half = |first: usize| tensor.clone().reshape([rows / 2, 2 * width]).narrow(1, first, width);
        match self.which {
            Which::All => tensor.clone(),
            Which::First => half(0),
            Which::Second => half(width),
        }
    }

    /// Puts rows where they belong.
    fn store(&self, tensor: &mut Tensor<2>, values: Tensor<2>) {
        let width = values.dims()[1];
        let paired = |tensor: &Tensor<2>| tensor.clone().narrow(1, 0, width).reshape([self.rows / 2, 2 * width]);
        *tensor = match self.which {
            Which::All => values,
            Which::First => Tensor::cat(vec![values, paired(tensor).narrow(1, width, width)], 1),
            Which::Second => Tensor::cat(vec![paired(tensor).narrow(1, 0, width), values], 1),
        }
        .reshape([self.rows, width]);
    }
}

/// Σ c x.
fn sum<const N: usize>(at: &At, terms: [(Column, &Tensor<2>); N]) -> Option<Tensor<2>> {
    terms.into_iter().map(|(c, x)| c.0 * at.take(x)).reduce(|sum, term| sum + term)
}

impl<F: Real + Element> Rows for Tensors<F> {
    type Array = Tensor<2>;
    type Owned = Tensor<2>;
    type At = At;
    type Scalar = Column;
    type Wide = Column;
    type Sum = Tensor<1>;

    fn each(like: &Tensor<2>, _: usize, mut f: impl FnMut(&At)) {
        f(&At::new(like, Which::All));
    }

    fn each_pair(like: &Tensor<2>, _: usize, mut f: impl FnMut(&At, &At)) {
        f(&At::new(like, Which::First), &At::new(like, Which::Second));
    }

    fn copy(to: &mut Tensor<2>, from: &Tensor<2>) {
        *to = from.clone();
    }

    fn combine<const N: usize>(at: &At, y: &mut Tensor<2>, terms: [(Column, &Tensor<2>); N]) {
        if let Some(sum) = sum(at, terms) {
            at.store(y, sum);
        }
    }

    fn accumulate<const N: usize>(at: &At, y: &mut Tensor<2>, terms: [(Column, &Tensor<2>); N]) {
        if let Some(sum) = sum(at, terms) {
            at.store(y, at.take(y) + sum);
        }
    }

    fn scale(at: &At, y: &mut Tensor<2>, c: &Column) {
        at.store(y, at.take(y) * c.0.clone());
    }

    fn mix<const N: usize>(y: &mut Tensor<2>, x: &Tensor<2>, width: usize, by: &[[f64; N]; N]) {
        let rows = x.dims()[0] / N * N;
        let by: Vec<F> = by.iter().flatten().map(|&m| F::of(m)).collect();
        let by = upload(by, [N, N], &x.device()).reshape([1, N, N]);
        let groups = x.clone().narrow(0, 0, rows).reshape([rows / N, N, width]);
        *y = y.clone().slice_assign([0..rows, 0..width], by.matmul(groups).reshape([rows, width]));
    }

    fn dot(at: &At, a: &Tensor<2>, b: &Tensor<2>) -> Column {
        Column((at.take(a) * at.take(b)).sum_dim(1))
    }

    fn get(at: &At, column: &Tensor<2>) -> Column {
        Column(at.take(column))
    }

    fn put(at: &At, column: &mut Tensor<2>, value: Column) {
        at.store(column, value.0);
    }

    fn wide(at: &At, of: impl FnMut(usize) -> f64) -> Column {
        let (first, step) = match at.which {
            Which::All => (0, 1),
            Which::First => (0, 2),
            Which::Second => (1, 2),
        };
        let values: Vec<F> = (first..at.rows).step_by(step).map(of).map(F::of).collect();
        let rows = values.len();
        Column(upload(values, [rows, 1], &at.device))
    }

    fn narrow(value: Column) -> Column {
        value
    }

    fn widen(value: Column) -> Column {
        value
    }

    fn none(like: &Tensor<2>) -> Tensor<1> {
        upload(vec![F::ZERO], [1], &like.device())
    }

    fn sum(sum: &mut Tensor<1>, value: Column) {
        *sum = sum.clone() + value.0.sum();
    }

    fn total(sum: Tensor<1>) -> f64 {
        download::<F, 1>(sum).first().map_or(0.0, |total| total.as_f64())
    }
}

impl Neg for Column {
    type Output = Self;

    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Add for Column {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Column {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Mul for Column {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        Self(self.0 * other.0)
    }
}

impl Scalar for Column {
    fn sqrt(self) -> Self {
        Self(self.0.sqrt())
    }

    fn abs(self) -> Self {
        Self(self.0.abs())
    }

    fn signum(self) -> Self {
        Self(self.0.sign())
    }

    fn over(self, by: Self) -> Self {
        let none = by.0.clone().lower_equal_elem(0.0);
        Self((self.0 / by.0).mask_fill(none, 0.0))
    }
}
