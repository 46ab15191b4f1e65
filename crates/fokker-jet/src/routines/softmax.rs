//! Softmax of jets, forward and back.
//!
//! With y = softmax(a), ⟨·⟩ the mean under y, d_p = a_p − ⟨a_p⟩ and d_pq = a_pq − ⟨a_pq⟩: y_p = y d_p and
//! y_pq = y (d_p d_q + d_pq − ⟨d_p d_q⟩).

use super::parts::{Cotangents, Part};
use crate::Real;

/// Memory for one softmax.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch<F> {
    /// d of every part of the operand, by its place.
    d: Vec<Vec<F>>,
    /// Cotangents of y and of every d.
    y_bar: Vec<F>,
    d_bar: Vec<Vec<F>>,
}

impl<F: Real> Scratch<F> {
    fn fit(&mut self, parts: usize, width: usize) {
        self.y_bar.resize(width, F::ZERO);
        for list in [&mut self.d, &mut self.d_bar] {
            list.resize_with(parts.max(list.len()), Vec::new);
            list.iter_mut().for_each(|d| d.resize(width, F::ZERO));
        }
    }

    /// The d of the operand's part at a place.
    fn centre(&mut self, slot: usize, a: &[F], y: &[F]) {
        let mean: F = a.iter().zip(y).map(|(&a, &y)| a * y).sum();
        self.d[slot].iter_mut().zip(a).for_each(|(d, &a)| *d = a - mean);
    }
}

/// Where a row of numbers of a part is.
#[derive(Clone, Copy)]
struct Place {
    /// Numbers of a part.
    part: usize,
    width: usize,
    row: usize,
}

impl Place {
    fn of<F>(self, values: &[F], slot: usize) -> &[F] {
        &values[slot * self.part + self.row * self.width..][..self.width]
    }

    fn of_mut<F>(self, values: &mut [F], slot: usize) -> &mut [F] {
        &mut values[slot * self.part + self.row * self.width..][..self.width]
    }
}

/// Writes the parts `parts[first..]`; the earlier ones are there. `part` is the size of a part, of which each `width` numbers are
/// normalised.
pub(crate) fn forward<F: Real>(
    parts: &[Part], first: usize, (part, width): (usize, usize), a: &[F], y: &mut [F], scratch: &mut Scratch<F>,
) {
    scratch.fit(a.len() / part.max(1), width);
    for row in 0..part / width {
        let at = Place { part, width, row };
        for which in &parts[first..] {
            match *which {
                Part::Primal => {
                    let (a, y) = (at.of(a, 0), at.of_mut(y, 0));
                    let largest = a.iter().copied().fold(a[0], |m, a| if a > m { a } else { m });
                    y.iter_mut().zip(a).for_each(|(y, &a)| *y = (a - largest).exp());
                    let total: F = y.iter().copied().sum();
                    y.iter_mut().for_each(|y| *y = *y / total);
                }
                Part::First { y: to, a: from } => {
                    scratch.centre(from, at.of(a, from), at.of(y, 0));
                    product(&scratch.d[from], at, to, y);
                }
                Part::Second { y: to, uv, product: pair } => {
                    let Scratch { y_bar: sum, .. } = scratch;
                    sum.fill(F::ZERO);
                    if let Some((u, v)) = pair {
                        for slot in [u, v] {
                            scratch.centre(slot, at.of(a, slot), at.of(y, 0));
                        }
                        let Scratch { y_bar: sum, d, .. } = scratch;
                        for ((sum, &du), &dv) in sum.iter_mut().zip(&d[u]).zip(&d[v]) {
                            *sum = du * dv;
                        }
                    }
                    let Scratch { y_bar: sum, .. } = scratch;
                    if let Some(uv) = uv {
                        sum.iter_mut().zip(at.of(a, uv)).for_each(|(sum, &a)| *sum += a);
                    }
                    let mean: F = sum.iter().zip(at.of(y, 0)).map(|(&s, &y)| s * y).sum();
                    sum.iter_mut().for_each(|sum| *sum -= mean);
                    product(sum, at, to, y);
                }
            }
        }
    }
}

/// `y_p = y d`.
fn product<F: Real>(d: &[F], at: Place, to: usize, y: &mut [F]) {
    let (primal, rest) = y.split_at_mut(at.part);
    let to = Place { part: at.part, ..at }.of_mut(rest, to - 1);
    for ((to, &d), &y) in to.iter_mut().zip(d).zip(at.of(primal, 0)) {
        *to = y * d;
    }
}

/// Pulls the cotangents of all `parts` back to those of the operand that come before `wanted` (stored places), replacing or added.
#[allow(clippy::too_many_arguments)]
pub(crate) fn reverse<F: Real>(
    parts: &[Part], (part, width): (usize, usize), a: &[F], y: &[F], cotangents: Cotangents<F>, a_bar: &mut [F],
    add: bool, wanted: usize, scratch: &mut Scratch<F>,
) {
    scratch.fit(a.len() / part.max(1), width);
    for row in 0..part / width {
        let at = Place { part, width, row };
        let y = at.of(y, 0);
        let y_bar_of = |slot: usize| {
            let (from, slot) = cotangents.of(slot);
            at.of(from, slot)
        };
        for which in parts {
            if let Part::First { a: slot, .. } | Part::Second { uv: Some(slot), .. } = *which {
                scratch.centre(slot, at.of(a, slot), y);
            }
        }
        let Scratch { d, y_bar, d_bar } = scratch;
        d_bar.iter_mut().for_each(|d| d.fill(F::ZERO));
        y_bar.copy_from_slice(y_bar_of(0));
        for which in parts {
            match *which {
                Part::Primal => {}
                Part::First { y: from, a: slot } => {
                    for (i, &seed) in y_bar_of(from).iter().enumerate() {
                        y_bar[i] += seed * d[slot][i];
                        d_bar[slot][i] += seed * y[i];
                    }
                }
                Part::Second { y: from, uv, product } => {
                    let seed = y_bar_of(from);
                    let total: F = seed.iter().zip(y).map(|(&s, &y)| s * y).sum();
                    let mean: F = match product {
                        Some((u, v)) => d[u].iter().zip(&d[v]).zip(y).map(|((&du, &dv), &y)| du * dv * y).sum(),
                        None => F::ZERO,
                    };
                    for i in 0..width {
                        // The cotangent of d_p d_q, which occurs in its mean, too.
                        let of_product = y[i] * (seed[i] - total);
                        if let Some((u, v)) = product {
                            y_bar[i] += (seed[i] - total) * d[u][i] * d[v][i] - seed[i] * mean;
                            let (du, dv) = (d[u][i], d[v][i]);
                            d_bar[u][i] += of_product * dv;
                            d_bar[v][i] += of_product * du;
                        }
                        if let Some(uv) = uv {
                            y_bar[i] += seed[i] * d[uv][i];
                            d_bar[uv][i] += seed[i] * y[i];
                        }
                    }
                }
            }
        }
        // d_p = a_p − ⟨a_p⟩, the mean under y.
        for which in parts {
            let (Part::First { a: slot, .. } | Part::Second { uv: Some(slot), .. }) = *which else { continue };
            let total: F = d_bar[slot].iter().copied().sum();
            let of_a = at.of(a, slot);
            for i in 0..width {
                y_bar[i] -= total * of_a[i];
                d_bar[slot][i] -= total * y[i];
            }
            if slot < wanted {
                write(&d_bar[slot], at.of_mut(a_bar, slot), add);
            }
        }
        let mean: F = y_bar.iter().zip(y).map(|(&b, &y)| b * y).sum();
        y_bar.iter_mut().zip(y).for_each(|(b, &y)| *b = y * (*b - mean));
        write(y_bar, at.of_mut(a_bar, 0), add);
    }
}

fn write<F: Real>(from: &[F], to: &mut [F], add: bool) {
    for (to, &from) in to.iter_mut().zip(from) {
        *to = if add { *to + from } else { from };
    }
}
