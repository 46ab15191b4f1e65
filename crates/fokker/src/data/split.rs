//! Which rows are held out.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::DataError;

/// Chooses the held-out rows of a file: the same ones in every run.
const SPLIT_SEED: u64 = 0x005b_1175;

/// Refuses a part that is none or all.
pub(super) fn check_held_out(held_out: f64) -> Result<(), DataError> {
    if held_out > 0.0 && held_out < 1.0 {
        return Ok(());
    }
    Err(DataError::parameter("held_out", held_out, "must lie between 0 and 1, both excluded"))
}

/// Marks the held-out rows: the part asked for, at least one, leaving at least one of `rows`, which are 2 or more.
pub(super) fn split(rows: usize, held_out: f64) -> Vec<bool> {
    let count = ((rows as f64 * held_out).round() as usize).clamp(1, rows - 1);
    let mut marks = vec![false; rows];
    marks[..count].fill(true);
    marks.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(SPLIT_SEED));
    marks
}
