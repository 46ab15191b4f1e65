//! Successive halving (Jamieson & Talwalkar 2016, arXiv 1502.07943, alg. 1), with thirds: many settings for a few steps, the best of them for more.
//!
//! Each round trains anew with a schedule of its own length: half of a long schedule tells little of its end.

/// Each round has so many times the steps of the one before, and one in so many of its settings.
const FACTOR: u64 = 3;

/// Fewer steps than these tell nothing.
const LEAST: u64 = 100;

/// Settings of the last round: the winner needs one to be told from.
const FINALISTS: usize = 2;

/// Steps of each round for so many settings, the last being `steps`, and how many settings it has.
pub(super) fn rounds(settings: usize, steps: u64) -> Vec<(u64, usize)> {
    let (mut rounds, mut count, mut divisor) = (vec![(steps, settings)], settings, 1);
    while count > FINALISTS && steps / (divisor * FACTOR) >= LEAST {
        count = count.div_ceil(FACTOR as usize).max(FINALISTS);
        divisor *= FACTOR;
        rounds.push((steps, count));
    }
    for (round, (of_round, _)) in rounds.iter_mut().rev().enumerate() {
        *of_round = steps / FACTOR.pow(u32::try_from(round).unwrap_or(u32::MAX));
    }
    rounds
}

#[cfg(test)]
mod tests {
    use super::rounds;

    #[test]
    fn each_round_has_a_third_of_the_settings_and_three_times_the_steps() {
        assert_eq!(rounds(9, 9000), [(1000, 9), (3000, 3), (9000, 2)]);
        assert_eq!(rounds(2, 9000), [(9000, 2)]);
        assert_eq!(rounds(30, 900), [(100, 30), (300, 10), (900, 4)]);
        assert_eq!(rounds(30, 90), [(90, 30)]);
    }
}
