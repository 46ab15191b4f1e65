//! Jets through neural networks: exact mixed derivatives by forward mode, gradients by one ordinary reverse pass.
//!
//! A **jet** is a truncated multivariate Taylor expansion. Beside its primal value a quantity `y` carries first-order parts
//! `y_u` along named directions and mixed second-order parts `y_uv` along chosen pairs of them ([`JetSet`]). Pushing jets
//! through a network gives `J v`, `uᵀ∇(∇·)`-like terms and time derivatives exactly, with no nested reverse mode.
//! The rules are those of Taylor-mode automatic differentiation (Griewank & Walther, *Evaluating Derivatives*, 2008, ch. 13).
//!
//! A network is written once, as a [`Graph`], and run by executors that share the contract [`Tape`]:
//!
//! - [`cpu`]: host memory, `f32` or `f64`; the default on the CPU. A worker takes a small chunk of rows, or an image, forward and
//!   back through the whole network, in its own cache.
//! - `tensor` (with the feature `burn`): Burn tensors on any of Burn's devices, with Burn's reverse mode; the reference.
//!
//! The crate knows nothing of diffusion; it is of use to anyone with a partial differential equation in the loss.
//!
//! ```
//! use fokker_jet::{Function, Graph, JetSet, Live, Tape, Wrt, cpu::{Parameters, Plan, Workspace}};
//! # fn main() -> Result<(), fokker_jet::JetError> {
//! // y = sin(x) for one number x; along one direction twice: y_vv = -sin(x) v².
//! let mut graph = Graph::new();
//! let x = graph.input(1);
//! let y = graph.map(x, Function::Sin);
//! graph.set_output(y);
//!
//! let set = JetSet::first_order(1).with_pair(0, 0)?;
//! let plan = Plan::new(&graph, &set, &[Live::parts(&set, &[0, 1])])?;
//! let mut tape = Workspace::<f64>::new(&plan, 1);
//! tape.begin(1);
//! tape.input(0, 0)[0] = 0.3;
//! tape.input(0, 1)[0] = 1.0;
//! let none = Parameters::new(&graph, Vec::new());
//! tape.forward(&none, 0..set.parts());
//! assert!((tape.output(2)[0] + 0.3_f64.sin()).abs() < 1e-15);
//!
//! // Reverse: d(y_vv)/dx = -cos(x).
//! tape.seed(2)[0] = 1.0;
//! tape.reverse(&none, set.parts(), Wrt::Input(0));
//! assert!((tape.input_gradient()[0] + 0.3_f64.cos()).abs() < 1e-15);
//! # Ok(()) }
//! ```
//!
//! # How the crate is built
//!
//! Each line uses those above it alone.
//!
//! | module | what it holds |
//! | --- | --- |
//! | `error`, `function`, `real`, `set`, `shape`, `parameter`, `id` | elementwise functions, precisions, jet sets, shapes, names |
//! | `routines` | CPU routines on slices: matrix products, convolution, normalisation, in every instruction set |
//! | `pass` | what an operation sees of a chunk on the CPU: where it is compiled, forward, reverse |
//! | `tensor::Jet` | jets of Burn tensors |
//! | `operation`, `graph`, `ops` | what an operation is; the network; the operations, one file each |
//! | `tape` | the contract of the executors |
//! | `cpu`, `tensor` | the executors, which know no operation by name |
//!
//! # A new operation
//!
//! It is one file in `src/ops/` and its line in `src/ops/mod.rs`. The file holds
//!
//! 1. a struct that names its operands and parameters, and the method of [`Graph`] that adds it, which checks the operands' shapes,
//!    fixes the result's and says how the parameters are drawn;
//! 2. its `Operation`: operands, parameters, the rule for live parts, `compile`, which makes it a `Program` from the operands' shapes
//!    and live parts (with the lists of the chain rule or the product rule where it needs them), and, under the feature `burn`,
//!    `evaluate`, its form on jets of tensors;
//! 3. its `Passes`: `forward` writes the parts of the result that are asked for; `reverse` writes the cotangents of the operands that are
//!    wanted and adds to the gradients of the parameters. Loops that ought to become vector code stand in `multiversion!`; a long
//!    routine may have a file of its own.
//!
//! Then a line in `tests/executors/differences.rs` checks its parts against differences, on both executors, and a network in
//! `tests/executors/images.rs` or `tests/executors/vectors.rs` its reverse pass, one executor against the other.

mod error;
mod function;
mod id;
mod parameter;
mod real;
mod set;
mod shape;

mod pass;
mod routines;

mod graph;
mod operation;
mod ops;

mod tape;

pub mod cpu;
#[cfg(feature = "burn")]
pub mod tensor;

#[cfg(test)]
mod testing;

pub use error::JetError;
pub use function::Function;
pub use graph::{Graph, Node};
pub use id::{NodeId, ParamId};
pub use ops::Resampling;
pub use parameter::{Init, ParamSpec};
pub use real::Real;
pub use set::{JetSet, Live};
pub use shape::Shape;
pub use tape::{Tape, Wrt};
