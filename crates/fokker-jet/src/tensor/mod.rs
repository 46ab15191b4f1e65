//! Jets of Burn tensors and the tensor executor.
//!
//! [`Jet`] carries a tensor together with its derivative parts through the operations that networks are made of; on a plain jet
//! each is the one Burn operation. All operations are differentiable by Burn's reverse mode, so one ordinary reverse pass over
//! jets differentiates mixed second derivatives exactly. [`evaluate`] runs a [`Graph`](crate::Graph) over jets;
//! [`TensorTape`] wraps that in the crate's contract [`Tape`](crate::Tape), with host arrays at the boundary.
//!
//! | part | linear map | `f(a)` | `a b` | `a / b` |
//! | --- | --- | --- | --- | --- |
//! | `y` | `A a + c` | `f` | `a b` | `a / b` |
//! | `y_u` | `A a_u` | `f′ a_u` | `a_u b + a b_u` | `(a_u − y b_u)/b` |
//! | `y_uv` | `A a_uv` | `f″ a_u a_v + f′ a_uv` | `a_uv b + a_u b_v + a_v b_u + a b_uv` | `(a_uv − y_u b_v − y_v b_u − y b_uv)/b` |
//!
//! (Griewank & Walther, *Evaluating Derivatives*, 2008, ch. 13.) Everything else is made of these.
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use fokker_jet::{Function, JetSet, tensor::Jet};
//! # fn main() -> Result<(), fokker_jet::JetError> {
//! // y = tanh(x w): the gradient with respect to w of the mixed derivative y_uv, by one reverse pass.
//! let device = Device::flex().autodiff();
//! let column = |values: [f64; 2]| Tensor::<2>::from_data([values], (&device, burn::tensor::DType::F64));
//! let set = JetSet::first_order(2).with_pair(0, 1)?;
//! let w = column([0.5, -1.0]).transpose().require_grad();
//! let x = Jet::new(set, column([0.2, 0.1]), vec![(1, column([1.0, 0.0])), (2, column([0.0, 1.0]))]);
//! let y = x.dense(w.clone(), None).map(Function::Tanh);
//!
//! // y_uv = tanh″(a) w₁ w₂ with a = 0 here, so ∂y_uv/∂w = tanh‴(0) w₁ w₂ x = −2 · (−0.5) · (0.2, 0.1).
//! let gradients = y.part(3).map(|y_uv| y_uv.sum().backward());
//! let gradient = gradients.and_then(|g| w.grad(&g)).map(|g| g.into_data().iter::<f64>().collect::<Vec<_>>());
//! assert!(gradient.is_some_and(|g| (g[0] - 0.2).abs() < 1e-12 && (g[1] - 0.1).abs() < 1e-12));
//! # Ok(()) }
//! ```
//!
//! # Panics
//!
//! Shapes that do not fit, axes out of range and operands of different jet sets are programming errors and panic, as in Burn.

mod evaluate;
pub(crate) mod image;
mod jet;
mod linear;
mod map;
mod norm;
pub(crate) mod operands;
mod parameters;
mod product;
mod shape;
mod sum;
mod tape;
#[cfg(test)]
mod tests;

pub use burn::tensor::Device;
pub use evaluate::evaluate;
pub use jet::Jet;
pub use parameters::Parameters;
pub use tape::TensorTape;
