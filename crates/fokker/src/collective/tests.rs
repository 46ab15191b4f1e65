#![allow(clippy::unwrap_used, clippy::cast_precision_loss)]

use proptest::prelude::*;

use super::*;
use crate::Error;

#[test]
fn bytes_of_any_length_arrive_in_order() {
    for size in 1..=4 {
        let all = in_threads(size, |ranks| all_gather_bytes(&**ranks, &vec![ranks.rank() as u8; 3 * ranks.rank()]));
        let expected: Vec<Vec<u8>> = (0..size).map(|rank| vec![rank as u8; 3 * rank]).collect();
        assert_eq!(all, vec![expected; size]);
        let none = in_threads(size, |ranks| all_gather_bytes(&**ranks, &[]));
        assert_eq!(none, vec![vec![Vec::<u8>::new(); size]; size]);
        let root = size - 1;
        let sent = in_threads(size, |ranks| broadcast_bytes(&**ranks, root, vec![7; 2 + ranks.rank()]));
        assert_eq!(sent, vec![vec![7; 2 + root]; size]);
    }
}

#[test]
fn sums_are_over_ranks_in_either_precision() {
    let sums = in_threads(3, |ranks| {
        let (mut single, mut double) = ([1.5_f32, ranks.rank() as f32], [1e300_f64]);
        all_reduce(&**ranks, &mut single);
        all_reduce(&**ranks, &mut double);
        ranks.barrier();
        (single, double, super::any(&**ranks, ranks.rank() == 2), super::any(&**ranks, false))
    });
    assert_eq!(sums, [([4.5, 3.0], [3e300], true, false); 3]);
}

#[test]
fn an_error_is_everybodys_and_its_own_ranks_words() {
    let ends = in_threads(3, |ranks| {
        let failed = |rank: usize| ranks.rank() == rank;
        let first = first(&**ranks, || if failed(0) { Err(Error::Output("no".into())) } else { Ok(5) });
        let one = if failed(1) { Err(Error::Solver { failed: 1, rows: 1, first: "x".into() }) } else { Ok(()) };
        let two = if failed(2) { Err(Error::Output("never".into())) } else { one };
        (first.map_err(|e| e.to_string()), agree(&**ranks, two).map_err(|e| (e.to_string(), e.blame())))
    });
    assert_eq!(ends[0], (Err("no".into()), Err(("rank 1: 1 of 1 rows failed: x".into(), Blame::Run))));
    assert_eq!(ends[1], (Err("rank 0: no".into()), Err(("1 of 1 rows failed: x".into(), Blame::Run))));
    assert_eq!(ends[2], (Err("rank 0: no".into()), Err(("never".into(), Blame::Request))));
    let well = in_threads(2, |ranks| {
        (first(&**ranks, || Ok::<_, Error>(5)).unwrap(), require_same(&**ranks, &[("x", "y")]).is_ok())
    });
    assert_eq!(well, [(Some(5), true), (None, true)]);
}

#[test]
fn parts_are_in_a_row_and_differ_by_one() {
    for (count, size) in [(8, 3), (2, 5), (0, 2), (9, 9), (100, 7)] {
        let parts: Vec<_> = (0..size).map(|rank| part(count, rank, size)).collect();
        assert_eq!(parts.iter().cloned().flatten().collect::<Vec<_>>(), (0..count).collect::<Vec<_>>());
        let lengths = parts.iter().map(ExactSizeIterator::len);
        assert!(lengths.clone().max().unwrap() - lengths.min().unwrap() <= 1);
    }
}

/// The sum of some shards on `size` ranks, and on each rank's way the plain one of an all-reduce.
fn sums(shards: &[Vec<f32>], size: usize, fresh: bool) -> (Vec<u32>, Vec<u32>) {
    let of_ranks = in_threads(size, |ranks| {
        let mine: Vec<&[f32]> = shards.iter().skip(ranks.rank()).step_by(size).map(Vec::as_slice).collect();
        let mut sum = vec![0.75_f32; shards[0].len()];
        let mut scratch = Scratch::default();
        sum_in_order(&**ranks, shards.len(), &mine, &mut sum, fresh, &mut scratch);
        let mut plain = vec![0.0_f32; shards[0].len()];
        mine.iter().for_each(|shard| plain.iter_mut().zip(*shard).for_each(|(sum, x)| *sum += x));
        ranks.all_reduce(&mut plain);
        (sum, plain)
    });
    let bits = |sum: &[f32]| sum.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    assert!(of_ranks.iter().all(|(sum, _)| bits(sum) == bits(&of_ranks[0].0)), "all ranks have the same");
    (bits(&of_ranks[0].0), bits(&of_ranks[0].1))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn sums_in_order_are_those_of_one_process(
        shards in (1_usize..20).prop_flat_map(|len| prop::collection::vec(prop::collection::vec(-1e3_f32..1e3, len), 1..9)),
        size in 1_usize..7, fresh: bool,
    ) {
        let mut expected = if fresh { shards[0].clone() } else { vec![0.75; shards[0].len()] };
        for shard in shards.iter().skip(usize::from(fresh)) {
            expected.iter_mut().zip(shard).for_each(|(sum, x)| *sum += x);
        }
        let expected: Vec<u32> = expected.iter().map(|x| x.to_bits()).collect();
        prop_assert_eq!(sums(&shards, size, fresh).0, expected);
    }
}

#[test]
fn an_ordinary_sum_depends_on_the_number_of_ranks() {
    // What order is for.
    let shards: Vec<Vec<f32>> = (0..8).map(|i| (0..50).map(|j| ((i * 50 + j) as f32).sin() * 1e3).collect()).collect();
    assert_ne!(sums(&shards, 1, true).1, sums(&shards, 3, true).1);
    assert_eq!(sums(&shards, 1, true).0, sums(&shards, 3, true).0);
}
