//! What an audit computes row by row, or time by time, shared by several ranks: all have all of it, to the same bits.

use std::ops::Range;

use super::measurement::AtOneTime;
use crate::Error;
use crate::collective::{Collective, agree, all_gather_bytes, part};
use crate::figure::Definition;
use crate::likelihood::Dequantised;
use crate::solve::Outcome;
use crate::stats::MeanSe;

/// The numbers of `count` rows, of which `of` gives those of some: each rank's are the same number for each row.
pub(super) fn rows(
    ranks: &dyn Collective, count: usize, of: impl FnOnce(Range<usize>) -> Result<Vec<f64>, Error>,
) -> Result<Vec<f64>, Error> {
    // So that none has none.
    if ranks.size() == 1 || count < ranks.size() {
        return of(0..count);
    }
    let mine = agree(ranks, of(part(count, ranks.rank(), ranks.size())))?;
    let all = all_gather_bytes(ranks, bytemuck::cast_slice(&mine));
    Ok(all.iter().flat_map(|of_rank| of_rank.chunks_exact(8).map(bytemuck::pod_read_unaligned)).collect())
}

/// log p of rows, of which `of` finds that of some.
pub(super) fn likelihoods(
    ranks: &dyn Collective, count: usize, of: impl FnOnce(Range<usize>) -> Result<Dequantised, Error>,
) -> Result<Dequantised, Error> {
    if ranks.size() == 1 {
        return of(0..count);
    }
    const WIDTH: usize = 8;
    #[allow(clippy::cast_precision_loss)]
    let numbers = |found: &Dequantised, row: usize| -> [f64; WIDTH] {
        let (code, t) = found.outcomes[row].code();
        let column = |values: &Option<Vec<f64>>| values.as_ref().map_or((0.0, 0.0), |values| (1.0, values[row]));
        let ((has_se, se), (has_importance, importance)) = (column(&found.se), column(&found.importance));
        let evaluations = found.evaluations[row] as f64;
        [found.mean[row], has_se, se, has_importance, importance, f64::from(code), t, evaluations]
    };
    let all = rows(ranks, count, |range| {
        let found = of(range)?;
        Ok((0..found.mean.len()).flat_map(|row| numbers(&found, row)).collect())
    })?;
    let column = |at: usize| all.chunks_exact(WIDTH).map(move |row| row[at]);
    let optional = |at: usize| column(at).all(|has| has > 0.0).then(|| column(at + 1).collect::<Vec<f64>>());
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    Ok(Dequantised {
        mean: column(0).collect(),
        se: optional(1),
        importance: optional(3),
        outcomes: column(5).zip(column(6)).map(|(code, t)| Outcome::of_code(code as u8, t)).collect(),
        evaluations: column(7).map(|count| count as u64).collect(),
    })
}

/// What is found at times, of each rank at its own, in the order of the ranks; `definitions` are those of all figures.
pub(super) fn times(
    ranks: &dyn Collective, definitions: &[&'static Definition], mine: Result<Vec<AtOneTime>, Error>,
) -> Result<Vec<Vec<AtOneTime>>, Error> {
    if ranks.size() == 1 {
        return Ok(vec![mine?]);
    }
    let mine = agree(ranks, mine)?;
    let mut numbers: Vec<f64> = Vec::new();
    for AtOneTime { definition, value, points } in &mine {
        let place = definitions.iter().position(|other| other.key == definition.key).unwrap_or(usize::MAX);
        #[allow(clippy::cast_precision_loss)]
        numbers.extend([place as f64, value.mean, value.se, points.len() as f64]);
        numbers.extend(points);
    }
    let all = all_gather_bytes(ranks, bytemuck::cast_slice(&numbers));
    Ok(all.iter().map(|of_rank| read(of_rank, definitions)).collect())
}

/// The figures of a rank, from its numbers.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn read(bytes: &[u8], definitions: &[&'static Definition]) -> Vec<AtOneTime> {
    let numbers: Vec<f64> = bytes.chunks_exact(8).map(bytemuck::pod_read_unaligned).collect();
    let (mut rest, mut found) = (&numbers[..], Vec::new());
    while let [place, mean, se, count, more @ ..] = rest {
        let (points, after) = more.split_at((*count as usize).min(more.len()));
        let definition = definitions.get(*place as usize);
        let at = |definition: &&'static Definition| AtOneTime {
            definition,
            value: MeanSe { mean: *mean, se: *se },
            points: points.to_vec(),
        };
        found.extend(definition.map(at));
        rest = after;
    }
    found
}
