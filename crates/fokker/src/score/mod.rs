//! Scores s(x, t) ≈ ∇ₓ log q_t(x), and how their derivatives are had.
//!
//! What a score can do is told in tiers, and whatever takes a score asks for the lowest that does:
//!
//! | tier | gives | enough for |
//! | --- | --- | --- |
//! | [`Score`] | s | samplers |
//! | [`Energy`] | log q beside s, where the score is its gradient | densities in one evaluation, exact accept steps of simulations |
//! | [`Differentiable`] | s, J v, ∂ₜs, second derivatives along pairs of directions, gradients in x | residual, conservativity, likelihood, audit |
//! | [`ScoreModel`](network::ScoreModel) with parameters | gradients in the parameters, too | training |
//!
//! Everything downstream is written once against these; what stands behind them may be a network ([`network`]), a closed form
//! ([`analytic`]), or functions of the caller's own: one that gives s ([`ScoreFn`]), products with vectors ([`ProductScore`]), or values
//! alone, which have derivatives by differences then ([`Differences`]).

pub mod analytic;
mod by_differences;
mod closure;
mod config;
mod derivative_tape;
mod differences;
mod directions;
pub mod network;
mod products;
mod row_tape;
mod tier;

pub use by_differences::Differences;
pub use closure::ScoreFn;
pub use config::ScoreConfig;
pub use directions::{Direction, Directions};
pub use products::{ProductScore, Products};
pub(crate) use row_tape::{RowTape, Trainable};
pub use tier::{Differentiable, Energy, EnergyEvaluator, Evaluator, Score, ScoreTape, TapeEvaluator};
