//! Rearrangements and sums of the axes other than the batch.

use burn::tensor::Tensor;

use super::jet::{Jet, common_set};

impl<const D: usize> Jet<D> {
    /// Reshapes every part to `dims`, whose axis 0 must be the rows.
    ///
    /// # Panics
    /// If `dims[0]` is not the rows or the sizes differ.
    ///
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use fokker_jet::{JetSet, tensor::Jet};
    /// let x = Tensor::<3>::ones([5, 2, 3], &Device::flex());
    /// let y = Jet::new(JetSet::first_order(1), x.clone(), vec![(1, x)]).reshape([5, 6]);
    /// assert_eq!(y.dims(), [5, 6]);
    /// ```
    #[must_use]
    pub fn reshape<const E: usize>(self, dims: [usize; E]) -> Jet<E> {
        assert_eq!(dims[0], self.rows(), "reshape: axis 0 is the batch and must stay as it is");
        let mut stacked = dims;
        stacked[0] *= self.live().count();
        self.linear_map(|x| x.reshape(stacked))
    }

    /// The elements `start..start + length` of an axis, of every part.
    ///
    /// # Panics
    /// If `axis` is 0 or too large, or the range is not within the axis.
    #[must_use]
    pub fn narrow(self, axis: usize, start: usize, length: usize) -> Self {
        check_axis::<D>("narrow", axis);
        self.linear_map(|x| x.narrow(axis, start, length))
    }

    /// Exchanges two axes of every part.
    ///
    /// # Panics
    /// If either axis is 0 or too large.
    #[must_use]
    pub fn swap_dims(self, first: usize, second: usize) -> Self {
        check_axis::<D>("swap_dims", first);
        check_axis::<D>("swap_dims", second);
        self.linear_map(|x| x.swap_dims(first, second))
    }

    /// Sums every part over an axis, which keeps size 1.
    ///
    /// # Panics
    /// If `axis` is 0 or too large.
    #[must_use]
    pub fn sum_dim(self, axis: usize) -> Self {
        check_axis::<D>("sum_dim", axis);
        self.linear_map(|x| x.sum_dim(axis))
    }

    /// Averages every part over an axis, which keeps size 1.
    ///
    /// # Panics
    /// If `axis` is 0 or too large.
    #[must_use]
    pub fn mean_dim(self, axis: usize) -> Self {
        check_axis::<D>("mean_dim", axis);
        self.linear_map(|x| x.mean_dim(axis))
    }

    /// Joins jets along an axis; a part is live if it is in any of them.
    ///
    /// # Panics
    /// If there is none, `axis` is 0 or too large, or the jets differ in jet set, rows or the other axes.
    ///
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use fokker_jet::{JetSet, tensor::Jet};
    /// let x = Tensor::<2>::ones([4, 2], &Device::flex());
    /// let set = std::sync::Arc::new(JetSet::first_order(1));
    /// let a = Jet::new(set.clone(), x.clone(), vec![(1, x.clone())]);
    /// let y = Jet::cat(vec![a, Jet::constant(set, x)], 1);
    /// assert_eq!(y.dims(), [4, 4]);
    /// assert_eq!(y.part(1).map(|p| p.sum().into_scalar::<f32>()), Some(8.0));
    /// ```
    #[must_use]
    pub fn cat(jets: Vec<Self>, axis: usize) -> Self {
        check_axis::<D>("cat", axis);
        assert!(!jets.is_empty(), "cat: no jets");
        let mut live = jets[0].live().clone();
        for jet in &jets {
            common_set(&jets[0], jet);
            live = live.union(jet.live());
        }
        let set = jets[0].set().clone();
        let stacked = Tensor::cat(jets.into_iter().map(|jet| jet.widened(&live).into_stacked()).collect(), axis);
        Self::from_stacked(set, live, stacked)
    }
}

fn check_axis<const D: usize>(what: &str, axis: usize) {
    assert!((1..D).contains(&axis), "{what}: axis {axis} of a jet of {D} axes (axis 0 is the batch)");
}
