//! Linear layers: one call over all stacked parts, the bias on the primal only.

use burn::tensor::ops::{AvgPoolOptions, ConvOptions};
use burn::tensor::{Tensor, module};

use super::jet::Jet;

impl<const D: usize> Jet<D> {
    /// `y = x W + b` over the last axis: `y_p = x_p W` for every part but the primal.
    ///
    /// Shapes: `x` `[rows, …, in]`, `W` `[in, out]`, `b` `[out]`; the result is `[rows, …, out]`.
    ///
    /// # Panics
    /// If `D < 2` or the shapes do not fit.
    ///
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use fokker_jet::{JetSet, tensor::Jet};
    /// let device = Device::flex();
    /// let x = Tensor::<2>::from_data([[1.0, 2.0]], &device);
    /// let v = Tensor::<2>::from_data([[1.0, 0.0]], &device);
    /// let weight = Tensor::<2>::from_data([[3.0], [4.0]], &device);
    /// let bias = Tensor::<1>::from_data([5.0], &device);
    /// let y = Jet::new(JetSet::first_order(1), x, vec![(1, v)]).dense(weight, Some(bias));
    /// assert_eq!(y.primal().into_scalar::<f32>(), 16.0);
    /// assert_eq!(y.part(1).map(|p| p.into_scalar::<f32>()), Some(3.0));
    /// ```
    #[must_use]
    pub fn dense(self, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Self {
        assert!(D >= 2, "dense: axis 0 is the batch, so a jet of {D} axes has no features");
        if self.is_plain() {
            return self.linear_map(|x| module::linear(x, weight, bias));
        }
        let y = self.linear_map(|x| module::linear(x, weight, None));
        match bias {
            Some(bias) => y.map_primal(|y| y + bias.unsqueeze()),
            None => y,
        }
    }
}

impl Jet<4> {
    /// Two-dimensional convolution (cross-correlation) `y = W ⋆ x + b`: `y_p = W ⋆ x_p` for every part but the primal.
    ///
    /// Shapes: `x` `[rows, in, height, width]`, `W` `[out, in / groups, kernel, kernel]`, `b` `[out]`. Stride, padding, dilation
    /// and groups as in Burn's [`ConvOptions`].
    ///
    /// # Panics
    /// If the shapes do not fit.
    ///
    /// ```
    /// use burn::tensor::{Device, Tensor, ops::ConvOptions};
    /// use fokker_jet::{JetSet, tensor::Jet};
    /// let device = Device::flex();
    /// let x = Tensor::<4>::ones([1, 1, 4, 4], &device);
    /// let weight = Tensor::<4>::ones([2, 1, 3, 3], &device);
    /// let x = Jet::new(JetSet::first_order(1), x.clone(), vec![(1, x)]);
    /// let y = x.conv2d(weight, Some(Tensor::ones([2], &device)), ConvOptions::new([1, 1], [0, 0], [1, 1], 1));
    /// assert_eq!(y.dims(), [1, 2, 2, 2]);
    /// assert_eq!(y.primal().max().into_scalar::<f32>(), 10.0);
    /// assert_eq!(y.part(1).map(|p| p.max().into_scalar::<f32>()), Some(9.0));
    /// ```
    #[must_use]
    pub fn conv2d(self, weight: Tensor<4>, bias: Option<Tensor<1>>, options: ConvOptions<2>) -> Self {
        if self.is_plain() {
            return self.linear_map(|x| module::conv2d(x, weight, bias, options));
        }
        let y = self.linear_map(|x| module::conv2d(x, weight, None, options));
        match bias {
            Some(bias) => {
                let channels = bias.dims()[0];
                y.map_primal(|y| y + bias.reshape([1, channels, 1, 1]))
            }
            None => y,
        }
    }

    /// Average pooling of every part; kernel, stride and padding as in Burn's [`AvgPoolOptions`].
    ///
    /// Shapes: `[rows, channels, height, width]` to `[rows, channels, height′, width′]`.
    #[must_use]
    pub fn avg_pool2d(self, options: AvgPoolOptions<2>) -> Self {
        self.linear_map(|x| module::avg_pool2d(x, options))
    }

    /// Nearest-neighbour up-sampling by an integer factor: each pixel of every part becomes `factor × factor` equal ones.
    ///
    /// Shapes: `[rows, channels, height, width]` to `[rows, channels, factor · height, factor · width]`.
    ///
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use fokker_jet::tensor::Jet;
    /// let x = Tensor::<4>::from_data([[[[1.0, 2.0]]]], &Device::flex());
    /// let y = Jet::from(x).upsample_nearest(2).primal();
    /// assert_eq!(y.into_data().iter::<f32>().collect::<Vec<_>>(), [1.0, 1.0, 2.0, 2.0, 1.0, 1.0, 2.0, 2.0]);
    /// ```
    #[must_use]
    pub fn upsample_nearest(self, factor: usize) -> Self {
        self.linear_map(|x| {
            let [n, c, h, w] = x.dims();
            let pixels: Tensor<6> = x.reshape([n, c, h, 1, w, 1]);
            pixels.expand([n, c, h, factor, w, factor]).reshape([n, c, h * factor, w * factor])
        })
    }
}
