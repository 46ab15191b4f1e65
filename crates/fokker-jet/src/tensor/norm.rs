//! Softmax and normalisation, made of sums, products and quotients of jets.

use burn::tensor::{Tensor, activation, module};

use super::jet::Jet;
use crate::Function;

impl<const D: usize> Jet<D> {
    /// `y_i = exp(a_i) / Σ_j exp(a_j)` over the last axis.
    ///
    /// The largest `a_j` is subtracted first, as a constant: the result does not depend on it. A plain jet takes Burn's fused
    /// softmax, whose last digits may differ from the primal of a jet with more parts.
    ///
    /// # Panics
    /// If `D < 2`.
    ///
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use fokker_jet::{JetSet, tensor::Jet};
    /// let x = Tensor::<2>::from_data([[0.0, 0.0]], &Device::flex());
    /// let v = Tensor::<2>::from_data([[1.0, 0.0]], &Device::flex());
    /// let y = Jet::new(JetSet::first_order(1), x, vec![(1, v)]).softmax();
    /// assert_eq!(y.part(1).map(|p| p.into_data().iter::<f32>().collect()), Some(vec![0.25, -0.25]));
    /// ```
    #[must_use]
    pub fn softmax(self) -> Self {
        assert!(D >= 2, "softmax: axis 0 is the batch, so a jet of {D} axes has nothing to normalise");
        if self.is_plain() {
            return self.linear_map(|a| activation::softmax(a, D - 1));
        }
        let largest = self.primal().detach().max_dim(D - 1);
        let exponential = self.add_tensor(largest.neg()).map(Function::Exp);
        let total = exponential.clone().sum_dim(D - 1);
        exponential / total
    }

    /// Layer normalisation (Ba, Kiros & Hinton 2016, arXiv 1607.06450) over the last axis:
    /// `y = γ (a − mean a) / √(var a + ε) + β`, with the biased variance.
    ///
    /// `γ` and `β` have the size of the last axis. A plain jet takes Burn's fused operation.
    ///
    /// # Panics
    /// If `D < 2` or the sizes do not fit.
    #[must_use]
    pub fn layer_norm(self, gamma: Tensor<1>, beta: Option<Tensor<1>>, epsilon: f64) -> Self {
        assert!(D >= 2, "layer_norm: axis 0 is the batch, so a jet of {D} axes has nothing to normalise");
        if self.is_plain() {
            return self.linear_map(|a| module::layer_norm(a, gamma, beta, epsilon));
        }
        self.standardised(epsilon).affine(gamma.unsqueeze(), beta.map(Tensor::unsqueeze))
    }

    /// Group normalisation (Wu & He 2018, arXiv 1803.08494): as [`layer_norm`](Self::layer_norm), over all elements of a group of
    /// channels; `γ` and `β` have one element per channel.
    ///
    /// Shape `[rows, channels, …]`.
    ///
    /// # Panics
    /// If `D < 2`, the groups do not divide the channels, or the sizes of `γ` and `β` are not the channels.
    ///
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use fokker_jet::tensor::Jet;
    /// let device = Device::flex();
    /// let x = Tensor::<3>::from_data([[[1.0, 3.0], [10.0, 30.0]]], &device);
    /// let y = Jet::from(x).group_norm(2, Tensor::ones([2], &device), None, 0.0).primal();
    /// assert_eq!(y.into_data().iter::<f32>().collect::<Vec<_>>(), [-1.0, 1.0, -1.0, 1.0]);
    /// ```
    #[must_use]
    pub fn group_norm(self, groups: usize, gamma: Tensor<1>, beta: Option<Tensor<1>>, epsilon: f64) -> Self {
        assert!(D >= 2, "group_norm: axis 1 are the channels, which a jet of {D} axes lacks");
        let dims = self.dims();
        assert!(groups > 0 && dims[1].is_multiple_of(groups), "group_norm: {groups} groups of {} channels", dims[1]);
        let size = dims[1..].iter().product::<usize>() / groups;
        let normal = self.reshape([dims[0], groups, size]).standardised(epsilon).reshape(dims);
        let mut per_channel = [1; D];
        per_channel[1] = dims[1];
        normal.affine(gamma.reshape(per_channel), beta.map(|beta| beta.reshape(per_channel)))
    }

    /// `(a − mean a) / √(var a + ε)` over the last axis.
    fn standardised(self, epsilon: f64) -> Self {
        let mean = self.clone().mean_dim(D - 1);
        let centred = self - mean;
        let variance = (centred.clone() * centred.clone()).mean_dim(D - 1);
        centred / variance.shift(epsilon).map(Function::Sqrt)
    }

    fn affine(self, gamma: Tensor<D>, beta: Option<Tensor<D>>) -> Self {
        let y = self.mul_tensor(gamma);
        match beta {
            Some(beta) => y.add_tensor(beta),
            None => y,
        }
    }
}
