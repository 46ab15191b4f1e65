//! Sums, differences and scaling of jets.

use std::ops::{Add, Neg, Sub};

use burn::tensor::Tensor;

use super::jet::{Jet, common_set};

/// `y_p = a_p + b_p` for every part, with broadcasting of axes other than the batch.
///
/// # Panics
/// If the operands differ in jet set or rows, or their shapes do not broadcast.
impl<const D: usize> Add for Jet<D> {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let (a, b) = aligned(self, other);
        let b = b.into_stacked();
        a.linear_map(|a| a + b)
    }
}

/// `y_p = a_p − b_p` for every part, with broadcasting of axes other than the batch.
///
/// # Panics
/// If the operands differ in jet set or rows, or their shapes do not broadcast.
impl<const D: usize> Sub for Jet<D> {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        let (a, b) = aligned(self, other);
        let b = b.into_stacked();
        a.linear_map(|a| a - b)
    }
}

/// `y_p = −a_p` for every part.
impl<const D: usize> Neg for Jet<D> {
    type Output = Self;

    fn neg(self) -> Self {
        self.linear_map(Tensor::neg)
    }
}

impl<const D: usize> Jet<D> {
    /// `y_p = c a_p` for every part.
    #[must_use]
    pub fn scale(self, factor: f64) -> Self {
        self.linear_map(|a| a.mul_scalar(factor))
    }

    /// `y = a + c`: changes the primal only.
    #[must_use]
    pub fn shift(self, term: f64) -> Self {
        self.map_primal(|a| a.add_scalar(term))
    }

    /// `y = a + w` for a plain tensor that broadcasts (axis 0 may be 1): changes the primal only, save for broadcasting.
    ///
    /// # Panics
    /// If the shapes do not broadcast, or the rows differ.
    ///
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use fokker_jet::{JetSet, tensor::Jet};
    /// let x = Tensor::<2>::from_data([[1.0], [2.0]], &Device::flex());
    /// let w = Tensor::<2>::from_data([[10.0, 20.0]], &Device::flex());
    /// let y = Jet::new(JetSet::first_order(1), x.clone(), vec![(1, x)]).add_tensor(w);
    /// assert_eq!(y.primal().into_data().iter::<f32>().collect::<Vec<_>>(), [11.0, 21.0, 12.0, 22.0]);
    /// assert_eq!(y.part(1).map(|p| p.into_data().iter::<f32>().collect()), Some(vec![1.0, 1.0, 2.0, 2.0]));
    /// ```
    #[must_use]
    pub fn add_tensor(self, term: Tensor<D>) -> Self {
        let dims = broadcast(self.dims(), term.dims());
        self.expanded(dims).map_primal(|a| a + term)
    }

    /// Repeats the axes other than the batch up to `dims`.
    fn expanded(self, dims: [usize; D]) -> Self {
        if self.dims() == dims {
            return self;
        }
        let stored = self.live().count();
        let mut stacked = dims;
        stacked[0] *= stored;
        self.linear_map(|a| a.expand(stacked))
    }
}

/// Both operands in their common shape and with the same parts stored.
fn aligned<const D: usize>(a: Jet<D>, b: Jet<D>) -> (Jet<D>, Jet<D>) {
    common_set(&a, &b);
    if a.is_plain() && b.is_plain() {
        return (a, b);
    }
    let dims = broadcast(a.dims(), b.dims());
    let live = a.live().union(b.live());
    (a.expanded(dims).widened(&live), b.expanded(dims).widened(&live))
}

/// The common shape, axis by axis: equal sizes, or the other one where a size is 1.
fn broadcast<const D: usize>(a: [usize; D], b: [usize; D]) -> [usize; D] {
    std::array::from_fn(|axis| match (a[axis], b[axis]) {
        (1, size) => size,
        (size, other) => {
            assert!(other == size || (other == 1), "shapes {a:?} and {b:?} do not broadcast");
            size
        }
    })
}
