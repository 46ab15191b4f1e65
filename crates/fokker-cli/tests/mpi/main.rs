//! The program under `mpirun`: real processes, real files, real kills. Needs the feature `mpi` and Open MPI's `mpirun`.
#![allow(clippy::unwrap_used, dead_code, unused_imports)]

#[path = "../cli/util/mod.rs"]
mod util;

mod launch;
mod outputs;
mod training;
mod wrong_launch;
