//! The reverse of a normalisation.

use super::numbers::{Kept, Norm, Scratch};
use super::sums::{centred_products, column_sums, combine};
use super::terms::{Coefficient, of_operand, place_in_operand, place_in_result, terms};
use crate::routines::parts::{Cotangents, Part};
use crate::routines::vector::Registers;

/// Where the gradients of γ and β are added.
pub(crate) struct Affine<'a, F> {
    pub gamma: &'a mut [F],
    pub beta: &'a mut [F],
}

/// What an operand's cotangent is made of: the cotangents of parts of the result (by number), and the h of parts of the operand
/// (by stored place).
struct Adjoint {
    slot: usize,
    y: Vec<(usize, Coefficient)>,
    h: Vec<(usize, Coefficient)>,
}

/// The adjoint of y_i = Σ_j L_ij h_j for the parts of the operand that come before `wanted`: L transposed, and what goes through
/// k_p, κ_pq and r.
fn adjoints(parts: &[Part], wanted: usize) -> Vec<Adjoint> {
    let adjoint = |part: &Part| {
        let slot = place_in_operand(part).filter(|&slot| slot < wanted)?;
        let of_part = |(i, part): (usize, &Part)| terms(part, parts).into_iter().map(move |(j, l)| (i, j, l));
        let entries = parts.iter().enumerate().flat_map(of_part);
        let y = entries.filter(|&(_, j, _)| j == slot).map(|(i, _, l)| (i, l)).collect();
        let mut h = Vec::new();
        if slot == 0 {
            h.push((0, Coefficient::OfR));
        }
        for other in parts {
            let to = Coefficient::Cotangent(place_in_result(other));
            match *other {
                Part::Primal => {}
                Part::First { a, .. } if slot == 0 => h.push((a, to)),
                Part::First { a, .. } if slot == a => h.push((0, to)),
                Part::First { .. } => {}
                Part::Second { uv, product, .. } => {
                    if slot == 0 {
                        h.extend(uv.map(|uv| (uv, to)));
                    } else if uv == Some(slot) {
                        h.push((0, to));
                    }
                    let (u, v) = product.unwrap_or((0, 0));
                    h.extend((u == slot && u > 0).then_some((v, to)));
                    h.extend((v == slot && v > 0).then_some((u, to)));
                }
            }
        }
        Some(Adjoint { slot, y, h })
    };
    parts.iter().filter_map(adjoint).collect()
}

/// Pulls the cotangents of all `parts` back: to γ and β, if they are wanted, and to the parts of `a` that come before `wanted`
/// (stored places), replacing or added.
#[allow(clippy::too_many_arguments)]
pub(crate) fn reverse<F: Registers>(
    norm: Norm, parts: &[Part], a: &[F], gamma: &[F], kept: &mut [F], y_bar: Cotangents<F>,
    mut affine: Option<Affine<F>>, mut a_bar: Option<(&mut [F], bool)>, wanted: usize, scratch: &mut Scratch<F>,
) {
    let n = norm.pixels * norm.channels;
    let rows = a.len() / (n * norm.a_parts);
    let adjoints = adjoints(parts, wanted);
    for row in 0..rows {
        let of = |slot: usize| &a[(slot * rows + row) * n..][..n];
        let y_of = |slot: usize| {
            let (from, slot) = y_bar.of(slot);
            &from[(slot * rows + row) * n..][..n]
        };
        let mut kept = Kept { norm, numbers: &mut kept[row * norm.kept()..][..norm.kept()] };
        pull_to_groups(norm, parts, &of, &y_of, gamma, &mut kept, affine.as_mut(), scratch);
        let Some((a_bar, add)) = &mut a_bar else { continue };
        let Scratch { coefficients, adjoints: of_groups, mean_cotangents, .. } = scratch;
        for adjoint in &adjoints {
            coefficients.clear();
            coefficients.resize((1 + adjoint.y.len() + adjoint.h.len()) * norm.channels, F::ZERO);
            for c in 0..norm.channels {
                let group = c / norm.of_group();
                let r = *kept.r(group);
                let mut constant = F::ZERO;
                let mut rows = coefficients.chunks_exact_mut(norm.channels).skip(1);
                for (&(part, l), row) in adjoint.y.iter().zip(&mut rows) {
                    let p = r * kept.coefficient(l, group);
                    row[c] = p * gamma[c];
                    constant -= p * mean_cotangents[part * norm.groups + group];
                }
                for (&(slot, factor), row) in adjoint.h.iter().zip(&mut rows) {
                    let place = if let Coefficient::Cotangent(place) = factor { place } else { norm.y_parts };
                    let q = r * r * of_groups[group * (norm.y_parts + 1) + place];
                    row[c] = q;
                    constant -= q * *kept.mean(group, slot);
                }
                coefficients[c] = constant;
            }
            let of_y = adjoint.y.iter().map(|&(part, _)| y_of(place_in_result(&parts[part])));
            let sources: Vec<&[F]> = of_y.chain(adjoint.h.iter().map(|&(slot, _)| of(slot))).collect();
            combine(norm.channels, &sources, coefficients, &mut a_bar[(adjoint.slot * rows + row) * n..][..n], *add);
        }
    }
}

/// The gradients of γ and β of one row, and the cotangents of its groups' numbers.
#[allow(clippy::too_many_arguments)]
fn pull_to_groups<'a, F: Registers>(
    norm: Norm, parts: &[Part], of: &impl Fn(usize) -> &'a [F], y_of: &impl Fn(usize) -> &'a [F], gamma: &[F],
    kept: &mut Kept<F>, mut affine: Option<&mut Affine<F>>, scratch: &mut Scratch<F>,
) {
    let n = norm.count::<F>();
    let (groups, of_group, stride) = (norm.groups, norm.of_group(), norm.y_parts + 1);
    let Scratch { means: [zeros, means], sums, adjoints, mean_cotangents, .. } = scratch;
    adjoints.clear();
    adjoints.resize(groups * stride, F::ZERO);
    mean_cotangents.clear();
    mean_cotangents.resize(groups * parts.len(), F::ZERO);
    zeros.clear();
    zeros.resize(norm.channels, F::ZERO);
    for (i, part) in parts.iter().enumerate() {
        let y_bar = y_of(place_in_result(part));
        sums.clear();
        sums.resize(norm.channels, F::ZERO);
        column_sums(norm.channels, y_bar, sums);
        for (c, &sum) in sums.iter().enumerate() {
            mean_cotangents[i * groups + c / of_group] += gamma[c] * sum / n;
        }
        if let (Some(affine), Part::Primal) = (&mut affine, part) {
            affine.beta.iter_mut().zip(&*sums).for_each(|(beta, &sum)| *beta += sum);
        }
        for (slot, l) in terms(part, parts) {
            kept.means(slot, means);
            sums.fill(F::ZERO);
            centred_products(norm.channels, y_bar, of(slot), zeros, means, sums);
            for (c, &sum) in sums.iter().enumerate() {
                let group = c / of_group;
                let r = *kept.r(group);
                let (g, l_ij) = (r * sum, kept.coefficient(l, group));
                if let Some(affine) = &mut affine {
                    affine.gamma[c] += l_ij * g;
                }
                let of_group = &mut adjoints[group * stride..][..stride];
                of_group[norm.y_parts] += l_ij * gamma[c] * g;
                if let Coefficient::Minus(k) = l {
                    of_group[k] -= gamma[c] * g;
                }
            }
        }
    }
    // What depends on k_p and κ_pq in turn: κ_pq on k_p k_q, all of them on r.
    let two = F::of(2.0);
    for (group, adjoints) in adjoints.chunks_exact_mut(stride).enumerate() {
        for part in parts {
            if let Part::Second { y, product: Some((u, v)), .. } = *part {
                let (u, v) = (of_operand(parts, u), of_operand(parts, v));
                let (ku, kv) = (*kept.k(group, u), *kept.k(group, v));
                let three = F::of(3.0) * adjoints[y];
                adjoints[u] -= three * kv;
                adjoints[v] -= three * ku;
                adjoints[norm.y_parts] += two * three * ku * kv;
            }
        }
        for part in parts.iter().filter(|part| !matches!(part, Part::Primal)) {
            let y = place_in_result(part);
            adjoints[norm.y_parts] += two * adjoints[y] * *kept.k(group, y);
        }
        adjoints[norm.y_parts] = -adjoints[norm.y_parts];
        adjoints.iter_mut().for_each(|a| *a = *a / n);
    }
}
