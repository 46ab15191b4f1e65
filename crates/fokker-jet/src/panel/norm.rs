//! Group normalisation of jets, forward and back.
//!
//! Within a group of n numbers a, with parts a_p, a_pq, let h = r (a − mean a), h_p = r (a_p − mean a_p), h_pq likewise,
//! r = (var a + ε)^{−½}, and ⟨·⟩ be the mean over the group. With k_p = ⟨h h_p⟩ and κ_pq = ⟨h_p h_q⟩ + ⟨h h_pq⟩ − 3 k_p k_q, the parts
//! of the normalised numbers are
//!
//! y = h, y_p = h_p − k_p h, y_pq = h_pq − k_q h_p − k_p h_q − κ_pq h,
//!
//! that is y_i = Σ_j L_ij h_j. All sums over pixels are taken channel by channel; the rest is algebra with a few numbers a group.

use super::map::Part;
use super::simd::multiversion;
use crate::Real;

/// Channels that are worked on together.
const TILE: usize = 32;

/// What a normalisation does: `pixels` of `channels`, in `groups`.
#[derive(Clone, Copy)]
pub(super) struct Norm {
    pub pixels: usize,
    pub channels: usize,
    pub groups: usize,
    pub epsilon: f64,
    /// Stored parts of the operand, and of the result.
    pub a_parts: usize,
    pub y_parts: usize,
}

impl Norm {
    /// Numbers that a row keeps from the forward pass for the others: for each group r, the mean of each part of the operand, and
    /// for each part of the result k_p or κ_pq.
    pub fn kept(self) -> usize {
        self.groups * self.kept_of_group()
    }

    fn kept_of_group(self) -> usize {
        1 + self.a_parts + self.y_parts
    }

    fn of_group(self) -> usize {
        self.channels / self.groups
    }

    /// n.
    #[allow(clippy::cast_precision_loss)]
    fn count<F: Real>(self) -> F {
        F::of((self.pixels * self.of_group()) as f64)
    }
}

/// What a row keeps, group by group.
struct Kept<'a, F> {
    norm: Norm,
    numbers: &'a mut [F],
}

impl<F: Real> Kept<'_, F> {
    fn r(&mut self, group: usize) -> &mut F {
        &mut self.numbers[group * self.norm.kept_of_group()]
    }

    fn mean(&mut self, group: usize, slot: usize) -> &mut F {
        &mut self.numbers[group * self.norm.kept_of_group() + 1 + slot]
    }

    fn k(&mut self, group: usize, slot: usize) -> &mut F {
        &mut self.numbers[group * self.norm.kept_of_group() + 1 + self.norm.a_parts + slot]
    }

    /// L_ij.
    fn coefficient(&mut self, l: Coefficient, group: usize) -> F {
        match l {
            Coefficient::Minus(slot) => -*self.k(group, slot),
            _ => F::ONE,
        }
    }

    /// The means of a part, for every channel.
    fn means(&mut self, slot: usize, to: &mut Vec<F>) {
        to.clear();
        for group in 0..self.norm.groups {
            let mean = *self.mean(group, slot);
            to.resize(to.len() + self.norm.of_group(), mean);
        }
    }
}

/// Memory for numbers a channel.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch<F> {
    /// Means of two parts.
    means: [Vec<F>; 2],
    sums: Vec<F>,
    coefficients: Vec<F>,
    /// Group by group, the cotangents over n of k_p and κ_pq (by their places in the result) and, last, that of r times −r/n.
    adjoints: Vec<F>,
    /// Part by part and group by group, the mean of γ ȳ.
    mean_cotangents: Vec<F>,
}

/// Stored places in the operand, in units of parts: of the primal, of a first-order part, of a second-order one.
fn place_in_operand(part: &Part) -> Option<usize> {
    match *part {
        Part::Primal => Some(0),
        Part::First { a, .. } => Some(a),
        Part::Second { uv, .. } => uv,
    }
}

/// Stored place in the result.
fn place_in_result(part: &Part) -> usize {
    match *part {
        Part::Primal => 0,
        Part::First { y, .. } | Part::Second { y, .. } => y,
    }
}

/// The place in the result of the first-order part that is at a place in the operand: both store the same first-order parts.
fn of_operand(parts: &[Part], a: usize) -> usize {
    let same = |part: &&Part| matches!(part, Part::First { .. }) && place_in_operand(part) == Some(a);
    parts.iter().find(same).map_or(0, place_in_result)
}

/// Writes the parts `parts[first..]` of `y = γ ŷ + β` of every row, ŷ the normalised `a`; the earlier ones have been.
#[allow(clippy::too_many_arguments)]
pub(super) fn forward<F: Real>(
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

/// A coefficient of h_j or of a cotangent, one number a group.
#[derive(Clone, Copy)]
enum Coefficient {
    One,
    /// −k_p or −κ_pq, by its place in the result.
    Minus(usize),
    /// The cotangent of k_p or κ_pq over n, by its place in the result.
    Cotangent(usize),
    /// That of r times −r/n.
    OfR,
}

/// y_i = Σ_j L_ij h_j: stored places in the operand with their coefficients.
fn terms(part: &Part, parts: &[Part]) -> Vec<(usize, Coefficient)> {
    match *part {
        Part::Primal => vec![(0, Coefficient::One)],
        Part::First { y, a } => vec![(a, Coefficient::One), (0, Coefficient::Minus(y))],
        Part::Second { y, uv, product } => {
            let mut terms: Vec<_> = uv.map(|uv| (uv, Coefficient::One)).into_iter().collect();
            if let Some((u, v)) = product {
                terms.push((u, Coefficient::Minus(of_operand(parts, v))));
                terms.push((v, Coefficient::Minus(of_operand(parts, u))));
            }
            terms.push((0, Coefficient::Minus(y)));
            terms
        }
    }
}

/// Means of a part, and r, k_p or κ_pq.
fn statistics<'a, F: Real>(
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

/// Sums over each group of what `fill` adds to numbers a channel.
fn of_groups<F: Real>(norm: Norm, sums: &mut Vec<F>, fill: impl FnOnce(&mut [F])) -> impl Iterator<Item = F> {
    sums.clear();
    sums.resize(norm.channels, F::ZERO);
    fill(sums);
    sums.chunks_exact(norm.of_group()).map(|group| group.iter().copied().sum())
}

/// The cotangents of the result: of its parts below `own` the pass's, of the others those kept.
#[derive(Clone, Copy)]
pub(super) struct Cotangents<'a, F> {
    pub own: &'a [F],
    pub kept: &'a [F],
    /// The first stored part of the result that is a kept one.
    pub first_kept: usize,
}

/// Where the gradients of γ and β are added.
pub(super) struct Affine<'a, F> {
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

/// The adjoint of y_i = Σ_j L_ij h_j for the parts of the operand that come before `wanted`: L transposed, and what comes by way of
/// the k_p, κ_pq and r.
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
pub(super) fn reverse<F: Real>(
    norm: Norm, parts: &[Part], a: &[F], gamma: &[F], kept: &mut [F], y_bar: Cotangents<F>,
    mut affine: Option<Affine<F>>, mut a_bar: Option<(&mut [F], bool)>, wanted: usize, scratch: &mut Scratch<F>,
) {
    let n = norm.pixels * norm.channels;
    let rows = a.len() / (n * norm.a_parts);
    let adjoints = adjoints(parts, wanted);
    for row in 0..rows {
        let of = |slot: usize| &a[(slot * rows + row) * n..][..n];
        let y_of = |slot: usize| {
            let (from, slot) =
                if slot < y_bar.first_kept { (y_bar.own, slot) } else { (y_bar.kept, slot - y_bar.first_kept) };
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
fn pull_to_groups<'a, F: Real>(
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

multiversion! {
    /// Adds the sum of each column.
    fn column_sums<F: Real>(channels: usize, a: &[F], sums: &mut [F]) {
        let mut first = 0;
        while first < channels {
            let width = TILE.min(channels - first);
            let mut tile = [F::ZERO; TILE];
            if width == TILE {
                for a in a[first..].chunks(channels) {
                    for (sum, &a) in tile.iter_mut().zip(&a[..TILE]) {
                        *sum += a;
                    }
                }
            } else {
                for a in a[first..].chunks(channels) {
                    for (sum, &a) in tile.iter_mut().zip(&a[..width]) {
                        *sum += a;
                    }
                }
            }
            sums[first..first + width].iter_mut().zip(tile).for_each(|(sum, tile)| *sum += tile);
            first += width;
        }
    }
}

multiversion! {
    /// Adds the sum of (a − m)(b − l) over each column.
    fn centred_products<F: Real>(channels: usize, a: &[F], b: &[F], m: &[F], l: &[F], sums: &mut [F]) {
        let mut first = 0;
        while first < channels {
            let width = TILE.min(channels - first);
            let mut tile = [F::ZERO; TILE];
            let (m, l) = (&m[first..first + width], &l[first..first + width]);
            let rows = a[first..].chunks(channels).zip(b[first..].chunks(channels));
            if width == TILE {
                let (m, l) = (&m[..TILE], &l[..TILE]);
                for (a, b) in rows {
                    let (a, b) = (&a[..TILE], &b[..TILE]);
                    for i in 0..TILE {
                        tile[i] = (a[i] - m[i]).multiply_add::<FMA>(b[i] - l[i], tile[i]);
                    }
                }
            } else {
                for (a, b) in rows {
                    for i in 0..width {
                        tile[i] = (a[i] - m[i]).multiply_add::<FMA>(b[i] - l[i], tile[i]);
                    }
                }
            }
            sums[first..first + width].iter_mut().zip(tile).for_each(|(sum, tile)| *sum += tile);
            first += width;
        }
    }
}

multiversion! {
    /// `y = c₀ + Σ_j c_j x_j`, the coefficients channel by channel (c₀ first), replacing or added.
    fn combine<F: Real>(channels: usize, sources: &[&[F]], coefficients: &[F], y: &mut [F], add: bool) {
        let mut first = 0;
        while first < channels {
            let width = TILE.min(channels - first);
            for (pixel, y) in y.chunks_exact_mut(channels).enumerate() {
                let y = &mut y[first..first + width];
                let at = pixel * channels + first;
                if width == TILE {
                    let mut tile = [F::ZERO; TILE];
                    tile.copy_from_slice(&coefficients[first..first + TILE]);
                    for (source, c) in sources.iter().zip(coefficients.chunks_exact(channels).skip(1)) {
                        let (x, c) = (&source[at..at + TILE], &c[first..first + TILE]);
                        for i in 0..TILE {
                            tile[i] = c[i].multiply_add::<FMA>(x[i], tile[i]);
                        }
                    }
                    for i in 0..TILE {
                        y[i] = if add { y[i] + tile[i] } else { tile[i] };
                    }
                } else {
                    for i in 0..width {
                        let mut sum = coefficients[first + i];
                        for (source, c) in sources.iter().zip(coefficients.chunks_exact(channels).skip(1)) {
                            sum = c[first + i].multiply_add::<FMA>(source[at + i], sum);
                        }
                        y[i] = if add { y[i] + sum } else { sum };
                    }
                }
            }
            first += width;
        }
    }
}
