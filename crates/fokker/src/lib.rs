//! Score-based diffusion models whose scores obey the Fokker–Planck equation.
//!
//! A score-based model learns s(x, t) ≈ ∇ₓ log q_t(x), the scores of data that are diffused by a forward SDE dx = a(t) x dt +
//! g(t) dw. The densities q_t are tied together by the Fokker–Planck equation, and so are their scores, by the **score FPE**
//! (Lai et al. 2023, arXiv 2210.04296)
//!
//! > ∂ₜs = ∇ₓ φ\[s\],  φ\[s\] = ½g² div s + ½g²‖s‖² − a x·s − a D.
//!
//! Scores learned by denoising score matching break it. This crate trains with the residual ε = ∂ₜs − ∇ₓφ in the objective,
//! audits any model for it, and computes log-likelihoods and samples; every derivative is exact, by jets ([`fokker_jet`]).
//!
//! ```
//! use std::sync::Arc;
//! use fokker::{Workers, audit::{Points, audit}, config::Config, data::Data, train::{Silent, Trainer}};
//! # fn main() -> Result<(), fokker::Error> {
//! // A preset, made small enough for a doc test.
//! let small = ["train.steps=50", "network.width=16", "audit.points=50", "audit.nll_points=50", "audit.gap_samples=50"].map(String::from);
//! let config = Config::preset("ring8", &small)?;
//! let data = Arc::new(Data::load(&config.data)?);
//!
//! let mut trainer = Trainer::new(&config, &data)?;
//! trainer.run(&mut Silent)?;
//! let score = trainer.score();
//!
//! let found = audit(&score, &Points::of(&data), &config.audit, config.seed, &Workers::new(2, 64)?, &|_| {})?.figures;
//! for r in found.profile("residual") {
//!     println!("r({}) = {:.3} ± {:.3}", r.t, r.mean, r.se);
//! }
//! if let Some(nll) = found.mean("nll") {
//!     println!("negative log-likelihood {:.3} ± {:.3} nats", nll.mean, nll.se);
//! }
//! # Ok(()) }
//! ```
//!
//! The same from a config to a run directory, a table and a page are [`jobs`]. `crates/fokker/examples/` has rows, networks, SDEs and scores of
//! one's own.
//!
//! Where things are, in the order in which they build on each other:
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`rng`], [`stats`], [`memory`] | named random streams; means with standard errors; the memory budget |
//! | [`collective`] | processes that compute together, over MPI |
//! | [`figure`] | what a figure is: shown, averaged and compared by one definition |
//! | [`sde`] | forward SDEs, built in or one's own: a, g², m, σ and their t-derivatives |
//! | [`solve`] | per-row adaptive ODE solver, fixed steps with noise |
//! | [`density`] | densities that are known: Gaussian mixtures at every time, potentials by quadrature |
//! | [`net`] | architectures, time features |
//! | [`score`] | what a score can do; [`score::analytic`] exact ones; [`score::network`] networks |
//! | [`residual`], [`conservativity`] | ε and the asymmetry of the Jacobian, at given points |
//! | [`data`] | generators, tables, images, scaling, files |
//! | [`objective`] | the objective J_DSM + α R_vec + β R_scalar and its gradient |
//! | [`train`], [`model_file`], [`weights`], [`manifest`] | the loop, Adam, checkpoints, run directories and what fokker wrote in them; weights of other programs |
//! | [`input`] | a user's rows for a model: names, kinds and units |
//! | [`flow`], [`likelihood`], [`sample`] | the probability-flow ODE and the reverse SDE; log p along the one; samplers |
//! | [`distance`] | W₂, sliced W₂, energy distance, MMD and permutation tests between sets of points; distances of histograms |
//! | [`simulate`] | Langevin dynamics with the force kT ∇ log q of a model |
//! | [`audit`](mod@audit), [`evaluate`](mod@evaluate) | everything measured on a score |
//! | [`study`] | ways to train, compared over seeds |
//! | [`config`] | TOML in, one resolved [`Config`](config::Config) out |
//! | [`jobs`] | what the program does, as calls: train, go on, compare, log-likelihoods of a file, export |
//!
//! Units: x in model coordinates, t dimensionless in \[t_min, 1\], densities and likelihoods in nats.

#![forbid(unsafe_code)]

pub mod audit;
mod caught;
pub mod collective;
pub mod config;
pub mod conservativity;
pub mod data;
pub mod density;
pub mod distance;
pub mod divergence;
mod error;
pub mod evaluate;
pub mod figure;
pub mod flow;
pub mod input;
pub mod jobs;
pub mod likelihood;
pub mod manifest;
pub mod memory;
pub mod model_file;
pub mod net;
pub mod numerals;
pub mod objective;
pub mod residual;
pub mod rng;
mod rows;
pub mod sample;
pub mod score;
pub mod sde;
mod seal;
pub mod simulate;
pub mod solve;
pub mod stats;
pub mod study;
mod tensor_file;
#[cfg(test)]
mod testing;
pub mod train;
pub mod weights;

pub use caught::panic_is_caught;
pub use error::{Error, Occupant};
pub use fokker_jet as jet;
pub use fokker_jet::cpu::Workers;

/// The README's code, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
