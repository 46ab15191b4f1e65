//! Elementwise functions on all parts at once, forward and back, tile by tile so that `f′, f″, f‴` never leave the first cache.

use super::parts::Part;
use super::simd::multiversion;
use crate::{Function, Real};

/// Elements per tile.
const TILE: usize = 128;

/// `f, f′, f″, f‴` over one tile.
struct Tile<F> {
    d: [[F; TILE]; 4],
}

/// Runs `$body` with `$f` a constant for the common functions: the match is outside, so that loops inside become vector code.
macro_rules! for_function {
    ($function:expr, $f:ident => $body:expr) => {
        match $function {
            Function::Silu => {
                let $f = Function::Silu;
                $body
            }
            Function::Tanh => {
                let $f = Function::Tanh;
                $body
            }
            $f => $body,
        }
    };
}

impl<F: Real> Tile<F> {
    /// Derivatives from the lowest to the highest order that is wanted.
    #[inline(always)]
    fn fill<const FMA: bool>(&mut self, function: Function, a: &[F], transcendental: &[F], orders: (usize, usize)) {
        let n = a.len();
        let transcendental = &transcendental[..n];
        let [d0, d1, d2, d3] = &mut self.d;
        let (d0, d1, d2, d3) = (&mut d0[..n], &mut d1[..n], &mut d2[..n], &mut d3[..n]);
        for_function!(function, f => match orders {
            (_, 0) => {
                for i in 0..n {
                    d0[i] = f.derivatives_from::<F, FMA>(a[i], transcendental[i])[0];
                }
            }
            (0, 1) => {
                for i in 0..n {
                    [d0[i], d1[i], ..] = f.derivatives_from::<F, FMA>(a[i], transcendental[i]);
                }
            }
            (_, 1) => {
                for i in 0..n {
                    [_, d1[i], ..] = f.derivatives_from::<F, FMA>(a[i], transcendental[i]);
                }
            }
            (0, 2) => {
                for i in 0..n {
                    [d0[i], d1[i], d2[i], _] = f.derivatives_from::<F, FMA>(a[i], transcendental[i]);
                }
            }
            (_, 2) => {
                for i in 0..n {
                    [_, d1[i], d2[i], _] = f.derivatives_from::<F, FMA>(a[i], transcendental[i]);
                }
            }
            _ => {
                for i in 0..n {
                    [_, d1[i], d2[i], d3[i]] = f.derivatives_from::<F, FMA>(a[i], transcendental[i]);
                }
            }
        });
    }
}

/// The function's transcendental part over a tile.
#[inline(always)]
fn fill_transcendental<F: Real, const FMA: bool>(function: Function, a: &[F], transcendental: &mut [F]) {
    let n = a.len();
    let transcendental = &mut transcendental[..n];
    for_function!(function, f => {
        for i in 0..n {
            transcendental[i] = f.transcendental::<F, FMA>(a[i]);
        }
    });
}

multiversion! {
    /// Writes the listed parts of `y = f(a)`; `a` and `y` hold parts of `m` elements each, the primal first. The function's
    /// transcendental part is written with the primal, and read without it.
    pub(crate) fn forward<F: Real>(
        function: Function, parts: &[Part], a: &[F], transcendental: &mut [F], y: &mut [F], m: usize
    ) {
        let fresh = matches!(parts.first(), Some(Part::Primal));
        let order = parts.iter().map(|p| match p {
            Part::Primal => 0,
            Part::First { .. } | Part::Second { product: None, .. } => 1,
            Part::Second { .. } => 2,
        }).max().unwrap_or(0);
        let mut tile = Tile { d: [[F::ZERO; TILE]; 4] };
        let mut at = 0;
        while at < m {
            let n = TILE.min(m - at);
            if fresh {
                fill_transcendental::<F, FMA>(function, &a[at..at + n], &mut transcendental[at..at + n]);
            }
            tile.fill::<FMA>(function, &a[at..at + n], &transcendental[at..at + n], (usize::from(!fresh), order));
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
pub(crate) struct Cotangents<'a, F> {
    /// Those pulled back; `None` if they are where the operand's are to be.
    pub own: Option<&'a [F]>,
    /// Those kept for the tangent.
    pub kept: &'a [F],
    /// Stored places from which on they are the kept ones: in `y`, and in `a`, whose are not wanted.
    pub first_kept: (usize, usize),
}

impl<'a, F> Cotangents<'a, F> {
    /// A tile of one part's; `None` if it is where the operand's is to be.
    #[inline(always)]
    fn tile(&self, place: usize, at: usize, n: usize, m: usize) -> Option<&'a [F]> {
        let kept = place.checked_sub(self.first_kept.0).map(|place| &self.kept[place * m + at..][..n]);
        kept.or_else(|| self.own.map(|own| &own[place * m + at..][..n]))
    }
}

multiversion! {
    /// Cotangents of `a` from those of `y`: with `ȳ_p` the cotangent of part `p`,
    /// `ā = f′ȳ + Σ_u f″a_u ȳ_u + Σ_uv (f‴a_u a_v + f″a_uv) ȳ_uv`, `ā_u = f′ȳ_u + Σ_v f″a_v ȳ_uv`, `ā_uv = f′ȳ_uv`.
    ///
    /// `transcendental` is what [`forward`] wrote. `a_bar` is overwritten, or added to if `add`; parts hold `m` elements each.
    pub(crate) fn reverse<F: Real>(
        function: Function, parts: &[Part], a: &[F], transcendental: &[F], y_bar: Cotangents<F>, a_bar: &mut [F], m: usize, add: bool
    ) {
        let order = parts.iter().map(|p| match p {
            Part::Primal => 1,
            Part::First { .. } | Part::Second { product: None, .. } => 2,
            Part::Second { .. } => 3,
        }).max().unwrap_or(1);
        let mut tile = Tile { d: [[F::ZERO; TILE]; 4] };
        let mut primal = [F::ZERO; TILE];
        let mut at = 0;
        while at < m {
            let n = TILE.min(m - at);
            tile.fill::<FMA>(function, &a[at..at + n], &transcendental[at..at + n], (1, order));
            let [_, d1, d2, d3] = &tile.d;
            let of = |place: usize| &a[place * m + at..][..n];
            // A part's own term comes first, terms of pairs are added to it: parts are listed in that order.
            for part in parts {
                match *part {
                    Part::Primal => {
                        let y = y_bar.tile(0, at, n, m).unwrap_or(&a_bar[at..at + n]);
                        for i in 0..n {
                            primal[i] = d1[i] * y[i];
                        }
                    }
                    Part::First { y, a: from } => {
                        let to = (from < y_bar.first_kept.1).then(|| &mut a_bar[from * m + at..][..n]);
                        own_term::<F, FMA>(of(from), d1, d2, y_bar.tile(y, at, n, m), to, &mut primal, add);
                    }
                    Part::Second { y, uv, product } => {
                        let here;
                        let yb = match y_bar.tile(y, at, n, m) {
                            Some(yb) => yb,
                            None => {
                                here = copied(&a_bar[y * m + at..][..n]);
                                &here[..n]
                            }
                        };
                        if let Some(uv) = uv {
                            let to = (uv < y_bar.first_kept.1).then(|| &mut a_bar[uv * m + at..][..n]);
                            own_term::<F, FMA>(of(uv), d1, d2, Some(yb), to, &mut primal, add);
                        }
                        if let Some((u, v)) = product {
                            let (au, av) = (of(u), of(v));
                            for i in 0..n {
                                primal[i] = (d3[i] * yb[i]).multiply_add::<FMA>(au[i] * av[i], primal[i]);
                            }
                            for (place, other) in [(u, av), (v, au)] {
                                if place < y_bar.first_kept.1 {
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

/// A copy of a tile's numbers.
#[inline(always)]
fn copied<F: Real>(from: &[F]) -> [F; TILE] {
    let mut tile = [F::ZERO; TILE];
    for (to, &from) in tile.iter_mut().zip(from) {
        *to = from;
    }
    tile
}

/// `ā_p = f′ ȳ_p` (replacing or added, if it is wanted at all) and `ā += f″ a_p ȳ_p`; without `y`, ȳ_p is where ā_p is to be.
#[inline(always)]
fn own_term<F: Real, const FMA: bool>(
    a: &[F], d1: &[F; TILE], d2: &[F; TILE], y: Option<&[F]>, to: Option<&mut [F]>, primal: &mut [F; TILE], add: bool,
) {
    let n = a.len();
    let (d1, d2, primal) = (&d1[..n], &d2[..n], &mut primal[..n]);
    match (y, to) {
        (Some(y), Some(to)) if add => {
            let (y, to) = (&y[..n], &mut to[..n]);
            for i in 0..n {
                primal[i] = (d2[i] * a[i]).multiply_add::<FMA>(y[i], primal[i]);
                to[i] = d1[i].multiply_add::<FMA>(y[i], to[i]);
            }
        }
        (Some(y), Some(to)) => {
            let (y, to) = (&y[..n], &mut to[..n]);
            for i in 0..n {
                primal[i] = (d2[i] * a[i]).multiply_add::<FMA>(y[i], primal[i]);
                to[i] = d1[i] * y[i];
            }
        }
        (None, Some(to)) => {
            let to = &mut to[..n];
            for i in 0..n {
                let y = to[i];
                primal[i] = (d2[i] * a[i]).multiply_add::<FMA>(y, primal[i]);
                to[i] = d1[i] * y;
            }
        }
        (Some(y), None) => {
            let y = &y[..n];
            for i in 0..n {
                primal[i] = (d2[i] * a[i]).multiply_add::<FMA>(y[i], primal[i]);
            }
        }
        (None, None) => {}
    }
}
