//! The parts of a normalisation.

use super::numbers::{Kept, Norm, Scratch};
use super::sums::{centred_products, column_sums, combine};
use super::terms::{of_operand, place_in_operand, place_in_result, terms};
use crate::routines::parts::Part;
use crate::routines::vector::Registers;

/// Writes the parts `parts[first..]` of `y = γ ŷ + β` of every row, ŷ the normalised `a`; the earlier ones are there.
#[allow(clippy::too_many_arguments)]
pub(crate) fn forward<F: Registers>(
    norm: Norm, parts: &[Part], first: usize, a: &[F], gamma: &[F], beta: &[F], kept: &mut [F], y: &mut [F],
    scratch: &mut Scratch<F>,
) {
    let n = norm.pixels * norm.channels;
    let rows = a.len() / (n * norm.a_parts);
    for row in 0..rows {
        let of = |slot: usize| &a[(slot * rows + row) * n..][..n];
        let numbers = &mut kept[row * norm.kept()..][..norm.kept()];
        let mut kept = Kept { norm, numbers };
        for part in &parts[first..] {
            statistics(norm, part, parts, &of, &mut kept, scratch);
        }
        for part in &parts[first..] {
            let terms = terms(part, parts);
            let Scratch { coefficients, .. } = scratch;
            coefficients.clear();
            coefficients.resize((terms.len() + 1) * norm.channels, F::ZERO);
            for c in 0..norm.channels {
                let group = c / norm.of_group();
                let scale = gamma[c] * *kept.r(group);
                let mut constant = if matches!(part, Part::Primal) { beta[c] } else { F::ZERO };
                for (i, &(slot, l)) in terms.iter().enumerate() {
                    let l = scale * kept.coefficient(l, group);
                    coefficients[(1 + i) * norm.channels + c] = l;
                    constant -= l * *kept.mean(group, slot);
                }
                coefficients[c] = constant;
            }
            let sources: Vec<&[F]> = terms.iter().map(|&(slot, _)| of(slot)).collect();
            let to = &mut y[(place_in_result(part) * rows + row) * n..][..n];
            combine(norm.channels, &sources, coefficients, to, false);
        }
    }
}

/// Means of a part, and r, k_p or κ_pq.
fn statistics<'a, F: Registers>(
    norm: Norm, part: &Part, parts: &[Part], of: &impl Fn(usize) -> &'a [F], kept: &mut Kept<F>,
    scratch: &mut Scratch<F>,
) {
    let n = norm.count::<F>();
    if let Some(slot) = place_in_operand(part) {
        let sums = of_groups(norm, &mut scratch.sums, |sums| column_sums(norm.channels, of(slot), sums));
        for (group, sum) in sums.enumerate() {
            *kept.mean(group, slot) = sum / n;
        }
    }
    // ⟨h_i h_j⟩ r⁻².
    let mut products = |i: usize, j: usize, kept: &mut Kept<F>| -> Vec<F> {
        let Scratch { means: [mi, mj], sums, .. } = &mut *scratch;
        kept.means(i, mi);
        kept.means(j, mj);
        of_groups(norm, sums, |sums| centred_products(norm.channels, of(i), of(j), mi, mj, sums))
            .map(|s| s / n)
            .collect()
    };
    match *part {
        Part::Primal => {
            for (group, variance) in products(0, 0, kept).into_iter().enumerate() {
                *kept.r(group) = F::ONE / (variance + F::of(norm.epsilon)).sqrt();
            }
        }
        Part::First { y, a } => {
            for (group, product) in products(0, a, kept).into_iter().enumerate() {
                let r = *kept.r(group);
                *kept.k(group, y) = r * r * product;
            }
        }
        Part::Second { y, uv, product } => {
            let direct = uv.map(|uv| products(0, uv, kept));
            let crossed = product.map(|(u, v)| products(u, v, kept));
            for group in 0..norm.groups {
                let r = *kept.r(group);
                let mut kappa = F::ZERO;
                if let Some(direct) = &direct {
                    kappa += r * r * direct[group];
                }
                if let (Some(crossed), Some((u, v))) = (&crossed, product) {
                    let (ku, kv) = (*kept.k(group, of_operand(parts, u)), *kept.k(group, of_operand(parts, v)));
                    kappa += r * r * crossed[group] - F::of(3.0) * ku * kv;
                }
                *kept.k(group, y) = kappa;
            }
        }
    }
}

/// Sums over each group of what `fill` adds to one number per channel.
fn of_groups<F: Registers>(norm: Norm, sums: &mut Vec<F>, fill: impl FnOnce(&mut [F])) -> impl Iterator<Item = F> {
    sums.clear();
    sums.resize(norm.channels, F::ZERO);
    fill(sums);
    sums.chunks_exact(norm.of_group()).map(|group| group.iter().copied().sum())
}
