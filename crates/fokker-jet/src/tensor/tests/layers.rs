//! Dense, convolution, pooling, up-sampling, softmax and normalisation.

use burn::tensor::ops::{AvgPoolOptions, ConvOptions};

use super::harness::{assert_close, check, constant, jet, tensor, values};
use crate::Function;
use crate::tensor::Jet;

const ALL: [usize; 6] = [1, 2, 3, 4, 5, 6];

#[test]
fn dense() {
    let weights = [tensor([12], 5), tensor([4], 6)];
    let op = |x: &[Jet<2>], w: &[_]| -> Jet<2> {
        let [weight, bias] = [0, 1].map(|k: usize| Clone::clone(&w[k]));
        x[0].clone().dense(burn::tensor::Tensor::<1>::reshape(weight, [3, 4]), Some(bias))
    };
    check(&[jet([2, 3], &[1, 2, 4], 1)], &weights, &[1, 2, 4], op);
    check(&[jet([2, 5, 3], &[1, 6], 1)], &weights, &[1, 6], |x, w| {
        x[0].clone().dense(w[0].clone().reshape([3, 4]), Some(w[1].clone()))
    });
    check(&[jet([2, 3], &[1, 6], 1)], &weights[..1], &[1, 6], |x, w| {
        x[0].clone().dense(w[0].clone().reshape([3, 4]), None)
    });
}

#[test]
fn convolution() {
    let x = jet([2, 4, 6, 5], &[1, 3, 4], 1);
    let weights = [tensor([6 * 4 * 9], 5), tensor([6], 6)];
    for stride in [1, 2] {
        for padding in [0, 1] {
            check(&[x.clone()], &weights, &[1, 3, 4], |x, w| {
                let options = ConvOptions::new([stride, stride], [padding, padding], [1, 1], 1);
                x[0].clone().conv2d(w[0].clone().reshape([6, 4, 3, 3]), Some(w[1].clone()), options)
            });
        }
    }
    check(&[x.clone()], &[tensor([6 * 2 * 9], 7), tensor([6], 6)], &[1, 3, 4], |x, w| {
        let options = ConvOptions::new([1, 1], [1, 1], [1, 1], 2);
        x[0].clone().conv2d(w[0].clone().reshape([6, 2, 3, 3]), Some(w[1].clone()), options)
    });
    check(&[x], &weights[..1], &[1, 3, 4], |x, w| {
        x[0].clone().conv2d(w[0].clone().reshape([6, 4, 3, 3]), None, ConvOptions::new([1, 1], [1, 1], [1, 1], 1))
    });
}

#[test]
fn pooling_and_up_sampling() {
    let x = jet([2, 3, 4, 6], &[2, 5], 1);
    check(&[x.clone()], &[], &[2, 5], |x, _| x[0].clone().avg_pool2d(AvgPoolOptions::new([2, 2])));
    check(&[x.clone()], &[], &[2, 5], |x, _| {
        let options =
            AvgPoolOptions::new([3, 3]).with_stride([2, 2]).with_padding([1, 1]).with_count_include_pad(false);
        x[0].clone().avg_pool2d(options)
    });
    check(&[x.clone()], &[], &[2, 5], |x, _| x[0].clone().upsample_nearest(3));
    // Pooling undoes up-sampling.
    let back = x.clone().upsample_nearest(2).avg_pool2d(AvgPoolOptions::new([2, 2]));
    assert_close(&values(&back.into_stacked()), &values(&x.into_stacked()), 1e-15, "pooling of up-sampling");
}

#[test]
fn softmax() {
    check(&[jet([3, 4], &[1, 2, 4], 1)], &[], &[1, 2, 4, 5], |x, _| x[0].clone().scale(3.0).softmax());
    check(&[jet([2, 3, 4], &ALL, 2)], &[], &ALL, |x, _| x[0].clone().softmax());
}

#[test]
fn softmax_of_large_numbers_is_finite() {
    let x = constant(vec![1e4, -1e4, 1e4], [1, 3]);
    let y = Jet::new(super::harness::set(), x.clone(), vec![(1, constant(vec![1.0, 0.0, 0.0], [1, 3]))]).softmax();
    assert_close(&values(&y.primal()), &[0.5, 0.0, 0.5], 1e-15, "softmax");
    assert_close(&y.part(1).map(|p| values(&p)).unwrap(), &[0.25, 0.0, -0.25], 1e-15, "softmax_u");
}

#[test]
fn normalisation() {
    let weights = [tensor([4], 5), tensor([4], 6)];
    check(&[jet([3, 4], &[1, 2, 4], 1)], &weights, &[1, 2, 4, 5], |x, w| {
        x[0].clone().layer_norm(w[0].clone(), Some(w[1].clone()), 0.1)
    });
    check(&[jet([2, 3, 4], &ALL, 2)], &weights[..1], &ALL, |x, w| x[0].clone().layer_norm(w[0].clone(), None, 0.1));
    check(&[jet([2, 4, 3, 2], &[1, 3, 2, 6], 3)], &weights, &ALL, |x, w| {
        x[0].clone().group_norm(2, w[0].clone(), Some(w[1].clone()), 0.1)
    });
    check(&[jet([3, 4], &[1], 4)], &weights[..1], &[1, 5], |x, w| x[0].clone().group_norm(2, w[0].clone(), None, 0.1));
}

/// A block as in a score network for images: normalise, activate, convolve, attend, add.
#[test]
fn a_residual_block_with_attention() {
    let x = jet([2, 4, 3, 3], &[1, 2, 3], 1).scale(0.5);
    let weights = [tensor([4], 2), tensor([4 * 4 * 9], 3), tensor([4], 4), tensor([16], 5)];
    check(&[x], &weights, &ALL, |x, w| {
        let h = x[0].clone().group_norm(2, w[0].clone().add_scalar(1.5), None, 0.1).map(Function::Silu);
        let options = ConvOptions::new([1, 1], [1, 1], [1, 1], 1);
        let h = h.conv2d(w[1].clone().mul_scalar(0.3).reshape([4, 4, 3, 3]), Some(w[2].clone()), options);
        let tokens = h.reshape([2, 4, 9]).swap_dims(1, 2);
        let keys = tokens.clone().dense(w[3].clone().reshape([4, 4]), None);
        let attention = tokens.clone().matmul(keys.swap_dims(1, 2)).scale(0.5).softmax();
        x[0].clone() + attention.matmul(tokens).swap_dims(1, 2).reshape([2, 4, 3, 3])
    });
}
