//! Elementwise functions on all parts at once, forward and back, tile by tile so that `f′, f″, f‴` never leave the first cache.

use super::simd::multiversion;
use crate::{Function, Real};

/// Elements per tile.
const TILE: usize = 128;

/// A part of the result and the stored places (in units of parts) of what it is made of.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    /// `y = f(a)`.
    Primal,
    /// `y_u = f′ a_u`.
    First { y: usize, a: usize },
    /// `y_uv = f″ a_u a_v + f′ a_uv`, either term possibly absent.
    Second { y: usize, uv: Option<usize>, product: Option<(usize, usize)> },
}

/// `f, f′, f″, f‴` over one tile.
struct Tile<F> {
    d: [[F; TILE]; 4],
}

impl<F: Real> Tile<F> {
    #[inline(always)]
    fn fill<const FMA: bool>(&mut self, function: Function, a: &[F], order: usize) {
        let [d0, d1, d2, d3] = &mut self.d;
        let n = a.len();
        // One loop per function: the match is outside, so that each loop becomes vector code.
        macro_rules! fill {
            ($function:expr) => {
                match order {
                    0 => {
                        for i in 0..n {
                            d0[i] = $function.derivatives_with::<F, FMA>(a[i])[0];
                        }
                    }
                    1 => {
                        for i in 0..n {
                            let d = $function.derivatives_with::<F, FMA>(a[i]);
                            (d0[i], d1[i]) = (d[0], d[1]);
                        }
                    }
                    2 => {
                        for i in 0..n {
                            let d = $function.derivatives_with::<F, FMA>(a[i]);
                            (d0[i], d1[i], d2[i]) = (d[0], d[1], d[2]);
                        }
                    }
                    _ => {
                        for i in 0..n {
                            let d = $function.derivatives_with::<F, FMA>(a[i]);
                            (d0[i], d1[i], d2[i], d3[i]) = (d[0], d[1], d[2], d[3]);
                        }
                    }
                }
            };
        }
        match function {
            Function::Silu => fill!(Function::Silu),
            Function::Tanh => fill!(Function::Tanh),
            other => fill!(other),
        }
    }
}

multiversion! {
    /// Writes the listed parts of `y = f(a)`; `a` and `y` hold parts of `m` elements each, the primal first.
    pub(super) fn forward<F: Real>(function: Function, parts: &[Part], a: &[F], y: &mut [F], m: usize) {
        let order = parts.iter().map(|p| match p {
            Part::Primal => 0,
            Part::First { .. } | Part::Second { product: None, .. } => 1,
            Part::Second { .. } => 2,
        }).max().unwrap_or(0);
        let mut tile = Tile { d: [[F::ZERO; TILE]; 4] };
        let mut at = 0;
        while at < m {
            let n = TILE.min(m - at);
            tile.fill::<FMA>(function, &a[at..at + n], order);
            let [d0, d1, d2, _] = &tile.d;
            let of = |slot: usize| &a[slot * m + at..][..n];
            for part in parts {
                match *part {
                    Part::Primal => y[at..at + n].copy_from_slice(&d0[..n]),
                    Part::First { y: to, a: from } => {
                        let (y, a) = (&mut y[to * m + at..][..n], of(from));
                        for i in 0..n {
                            y[i] = d1[i] * a[i];
                        }
                    }
                    Part::Second { y: to, uv, product } => {
                        let y = &mut y[to * m + at..][..n];
                        match (uv, product) {
                            (Some(uv), Some((u, v))) => {
                                let (uv, u, v) = (of(uv), of(u), of(v));
                                for i in 0..n {
                                    y[i] = d1[i].multiply_add::<FMA>(uv[i], d2[i] * u[i] * v[i]);
                                }
                            }
                            (Some(uv), None) => {
                                let uv = of(uv);
                                for i in 0..n {
                                    y[i] = d1[i] * uv[i];
                                }
                            }
                            (None, Some((u, v))) => {
                                let (u, v) = (of(u), of(v));
                                for i in 0..n {
                                    y[i] = d2[i] * u[i] * v[i];
                                }
                            }
                            (None, None) => y.fill(F::ZERO),
                        }
                    }
                }
            }
            at += n;
        }
    }
}

/// The cotangents of the parts of `y`.
#[derive(Clone, Copy)]
pub(super) struct Cotangents<'a, F> {
    /// Those pulled back; `None` if they are where the operand's are to be.
    pub own: Option<&'a [F]>,
    /// Those kept for the tangent.
    pub kept: &'a [F],
    /// Stored places from which on they are the kept ones: in `y`, and in `a`, where nobody asks for them.
    pub first_kept: (usize, usize),
}

impl<F: Real> Cotangents<'_, F> {
    /// A tile of one part's.
    #[inline(always)]
    fn read(&self, place: usize, at: usize, n: usize, m: usize, a_bar: &[F], to: &mut [F; TILE]) {
        let from = match self.own {
            _ if place >= self.first_kept.0 => &self.kept[(place - self.first_kept.0) * m..],
            Some(own) => &own[place * m..],
            None => &a_bar[place * m..],
        };
        if n == TILE {
            // Of known length: no call.
            to.copy_from_slice(&from[at..at + TILE]);
        } else {
            to[..n].copy_from_slice(&from[at..at + n]);
        }
    }
}

multiversion! {
    /// Cotangents of `a` from those of `y`: with `ȳ_p` the cotangent of part `p`,
    /// `ā = f′ȳ + Σ_u f″a_u ȳ_u + Σ_uv (f‴a_u a_v + f″a_uv) ȳ_uv`, `ā_u = f′ȳ_u + Σ_v f″a_v ȳ_uv`, `ā_uv = f′ȳ_uv`.
    ///
    /// `a_bar` is overwritten, or added to if `add`; parts hold `m` elements each.
    pub(super) fn reverse<F: Real>(
        function: Function, parts: &[Part], a: &[F], y_bar: Cotangents<F>, a_bar: &mut [F], m: usize, add: bool
    ) {
        let order = parts.iter().map(|p| match p {
            Part::Primal => 1,
            Part::First { .. } | Part::Second { product: None, .. } => 2,
            Part::Second { .. } => 3,
        }).max().unwrap_or(1);
        let wanted = |place: usize| place < y_bar.first_kept.1;
        let mut tile = Tile { d: [[F::ZERO; TILE]; 4] };
        let mut yb = [F::ZERO; TILE];
        let mut primal = [F::ZERO; TILE];
        let mut at = 0;
        while at < m {
            let n = TILE.min(m - at);
            tile.fill::<FMA>(function, &a[at..at + n], order);
            let [_, d1, d2, d3] = &tile.d;
            let of = |place: usize| &a[place * m + at..][..n];
            // A part's own term comes first, terms of pairs are added to it: parts are listed in that order.
            for part in parts {
                match *part {
                    Part::Primal => {
                        y_bar.read(0, at, n, m, a_bar, &mut yb);
                        for i in 0..n {
                            primal[i] = d1[i] * yb[i];
                        }
                    }
                    Part::First { y, a: from } => {
                        y_bar.read(y, at, n, m, a_bar, &mut yb);
                        own_term(of(from), d2, &yb, &mut primal, n);
                        if wanted(from) {
                            put(d1, &yb, &mut a_bar[from * m + at..][..n], add);
                        }
                    }
                    Part::Second { y, uv, product } => {
                        y_bar.read(y, at, n, m, a_bar, &mut yb);
                        if let Some(uv) = uv {
                            own_term(of(uv), d2, &yb, &mut primal, n);
                            if wanted(uv) {
                                put(d1, &yb, &mut a_bar[uv * m + at..][..n], add);
                            }
                        }
                        if let Some((u, v)) = product {
                            let (au, av) = (of(u), of(v));
                            for i in 0..n {
                                primal[i] = (d3[i] * yb[i]).multiply_add::<FMA>(au[i] * av[i], primal[i]);
                            }
                            for (place, other) in [(u, av), (v, au)] {
                                if wanted(place) {
                                    let to = &mut a_bar[place * m + at..][..n];
                                    for i in 0..n {
                                        to[i] = (d2[i] * yb[i]).multiply_add::<FMA>(other[i], to[i]);
                                    }
                                }
                            }
                        }
                    }
                }
            }
            let to = &mut a_bar[at..at + n];
            if add {
                for i in 0..n {
                    to[i] += primal[i];
                }
            } else {
                to.copy_from_slice(&primal[..n]);
            }
            at += n;
        }
    }
}

/// `ā += f″ a_p ȳ_p`.
#[inline(always)]
fn own_term<F: Real>(a: &[F], d2: &[F; TILE], yb: &[F; TILE], primal: &mut [F; TILE], n: usize) {
    for i in 0..n {
        primal[i] += d2[i] * a[i] * yb[i];
    }
}

/// `ā_p = f′ ȳ_p`, replacing or added.
#[inline(always)]
fn put<F: Real>(d1: &[F; TILE], yb: &[F; TILE], to: &mut [F], add: bool) {
    if add {
        for (i, to) in to.iter_mut().enumerate() {
            *to += d1[i] * yb[i];
        }
    } else {
        for (i, to) in to.iter_mut().enumerate() {
            *to = d1[i] * yb[i];
        }
    }
}
