//! A jet of order 0 is the plain Burn operation, bit for bit.

use burn::tensor::ops::{AvgPoolOptions, ConvOptions, InterpolateMode, InterpolateOptions};
use burn::tensor::{Tensor, activation, module};

use super::harness::{tensor, values};
use crate::Function;
use crate::tensor::Jet;

fn same<const D: usize>(jet: Jet<D>, plain: Tensor<D>) {
    assert!(jet.is_plain());
    assert_eq!(jet.dims(), plain.dims());
    let (got, want) = (values(&jet.into_stacked()), values(&plain));
    assert!(want.iter().any(|w| *w != 0.0));
    assert!(got.iter().zip(&want).all(|(g, w)| g.to_bits() == w.to_bits()), "{got:?} {want:?}");
}

#[test]
fn functions() {
    let a = tensor([5, 3], 1).add_scalar(1.5);
    let map = |function| Jet::from(a.clone()).map(function);
    same(map(Function::Silu), activation::silu(a.clone()));
    same(map(Function::Tanh), a.clone().tanh());
    same(map(Function::Sin), a.clone().sin());
    same(map(Function::Cos), a.clone().cos());
    same(map(Function::Exp), a.clone().exp());
    same(map(Function::Log), a.clone().log());
    same(map(Function::Sqrt), a.clone().sqrt());
    same(map(Function::Recip), a.clone().recip());
    same(map(Function::Power(2.0)), a.clone().powf_scalar(2.0));
    same(map(Function::Power(-1.7)), a.clone().powf_scalar(-1.7));
}

#[test]
fn arithmetic() {
    let (a, b) = (tensor([2, 3, 4], 1), tensor([2, 3, 1], 2));
    let (ja, jb) = (Jet::from(a.clone()), Jet::from(b.clone()));
    same(ja.clone() + jb.clone(), a.clone() + b.clone());
    same(ja.clone() - jb.clone(), a.clone() - b.clone());
    same(ja.clone() * jb.clone(), a.clone() * b.clone());
    same(ja.clone() / jb, a.clone() / b.clone());
    same(ja.clone().add_tensor(b.clone()), a.clone() + b.clone());
    same(ja.clone().mul_tensor(b.clone()), a.clone() * b);
    same(ja.clone().scale(0.3).shift(0.1), a.clone().mul_scalar(0.3).add_scalar(0.1));
    same(ja.clone().matmul(ja.clone().swap_dims(1, 2)), a.clone().matmul(a.clone().swap_dims(1, 2)));
    same(ja.clone().sum_dim(2), a.clone().sum_dim(2));
    same(ja.clone().mean_dim(1), a.clone().mean_dim(1));
    same(Jet::cat(vec![ja.clone(), ja.clone()], 1), Tensor::cat(vec![a.clone(), a.clone()], 1));
    same(ja.reshape([2, 12]).narrow(1, 3, 5), a.reshape([2, 12]).narrow(1, 3, 5));
}

#[test]
fn layers() {
    let x = tensor([2, 4, 4, 6], 1);
    let jet = Jet::from(x.clone());
    let (weight, bias) = (tensor([6, 2, 3, 3], 2), tensor([6], 3));
    let options = ConvOptions::new([2, 2], [1, 1], [1, 1], 2);
    same(
        jet.clone().conv2d(weight.clone(), Some(bias.clone()), options.clone()),
        module::conv2d(x.clone(), weight, Some(bias.clone()), options),
    );
    let options = AvgPoolOptions::new([2, 2]);
    same(jet.clone().avg_pool2d(options.clone()), module::avg_pool2d(x.clone(), options));
    let options = InterpolateOptions::new(InterpolateMode::Nearest).with_scale_factor([2.0, 2.0]);
    same(jet.clone().upsample_nearest(2), module::interpolate(x.clone(), options));
    let weight = tensor([6, 3], 4);
    let out = tensor([3], 5);
    same(jet.clone().dense(weight.clone(), Some(out.clone())), module::linear(x.clone(), weight, Some(out)));
    same(jet.clone().softmax(), activation::softmax(x.clone(), 3));
    let beta = tensor([6], 6);
    same(
        jet.clone().layer_norm(bias.clone(), Some(beta.clone()), 1e-5),
        module::layer_norm(x.clone(), bias, Some(beta), 1e-5),
    );
    let grouped = x.clone().reshape([2, 2, 48]);
    let centred = grouped.clone() - grouped.mean_dim(2);
    let normal = centred.clone() / centred.square().mean_dim(2).add_scalar(1e-5).sqrt();
    let gamma = tensor([4], 7);
    same(jet.group_norm(2, gamma.clone(), None, 1e-5), normal.reshape([2, 4, 4, 6]) * gamma.reshape([1, 4, 1, 1]));
}
