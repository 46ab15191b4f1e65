//! Jets through neural networks: exact mixed derivatives by forward mode, gradients by one ordinary reverse pass.
//!
//! A **jet** is a truncated multivariate Taylor expansion. Beside its primal value a quantity `y` carries first-order parts
//! `y_u` along named directions and mixed second-order parts `y_uv` along chosen pairs of them ([`JetSet`]). Pushing jets
//! through a network gives `J v`, `uᵀ∇(∇·)`-like terms and time derivatives exactly, with no nested reverse mode.
//! The rules are those of Taylor-mode automatic differentiation (Griewank & Walther, *Evaluating Derivatives*, 2008, ch. 13).
//!
//! A network is written once, as a [`Graph`], and run by either of two executors that share the contract [`Tape`]:
//!
//! - [`cpu`]: host memory, `f32` or `f64`; the default on the CPU. A worker walks the whole network forward and back over a
//!   small chunk of rows, or an image, that stays in its cache.
//! - [`tensor`]: Burn tensors on any of Burn's devices, with Burn's reverse mode; the reference.
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
//! let mut chunk = Workspace::<f64>::new(&plan, 1);
//! chunk.begin(1);
//! chunk.input(0, 0)[0] = 0.3;
//! chunk.input(0, 1)[0] = 1.0;
//! let none = Parameters::new(&graph, Vec::new());
//! chunk.forward(&none, 0..set.parts());
//! assert!((chunk.output(2)[0] + 0.3_f64.sin()).abs() < 1e-15);
//!
//! // Reverse: d(y_vv)/dx = -cos(x).
//! chunk.seed(2)[0] = 1.0;
//! chunk.reverse(&none, set.parts(), Wrt::Input(0));
//! assert!((chunk.input_gradient()[0] + 0.3_f64.cos()).abs() < 1e-15);
//! # Ok(()) }
//! ```

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
