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
    fn fill(&mut self, function: Function, a: &[F], order: usize) {
        let [d0, d1, d2, d3] = &mut self.d;
        let n = a.len();
        // One loop per function: the match is outside, so that each loop becomes vector code.
        macro_rules! fill {
            ($function:expr) => {
                match order {
                    0 => {
                        for i in 0..n {
                            d0[i] = $function.derivatives(a[i])[0];
                        }
                    }
                    1 => {
                        for i in 0..n {
                            let d = $function.derivatives(a[i]);
                            (d0[i], d1[i]) = (d[0], d[1]);
                        }
                    }
                    2 => {
                        for i in 0..n {
                            let d = $function.derivatives(a[i]);
                            (d0[i], d1[i], d2[i]) = (d[0], d[1], d[2]);
                        }
                    }
                    _ => {
                        for i in 0..n {
                            let d = $function.derivatives(a[i]);
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
            tile.fill(function, &a[at..at + n], order);
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
                                    y[i] = d2[i] * u[i] * v[i] + d1[i] * uv[i];
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

multiversion! {
    /// Cotangents of `a` from those of `y`: with `ȳ_p` the cotangent of part `p`,
    /// `ā = f′ȳ + Σ_u f″a_u ȳ_u + Σ_uv (f‴a_u a_v + f″a_uv) ȳ_uv`, `ā_u = f′ȳ_u + Σ_v f″a_v ȳ_uv`, `ā_uv = f′ȳ_uv`.
    ///
    /// `a_bar` is overwritten, or added to if `add`; `slots` is the number of its parts.
    pub(super) fn reverse<F: Real>(
        function: Function, parts: &[Part], a: &[F], y_bar: &[F], a_bar: &mut [F], slots: usize, m: usize, add: bool
    ) {
        let order = parts.iter().map(|p| match p {
            Part::Primal => 1,
            Part::First { .. } | Part::Second { product: None, .. } => 2,
            Part::Second { .. } => 3,
        }).max().unwrap_or(1);
        let mut tile = Tile { d: [[F::ZERO; TILE]; 4] };
        let mut at = 0;
        while at < m {
            let n = TILE.min(m - at);
            tile.fill(function, &a[at..at + n], order);
            let [_, d1, d2, d3] = &tile.d;
            if !add {
                for slot in 0..slots {
                    a_bar[slot * m + at..][..n].fill(F::ZERO);
                }
            }
            let of = |slot: usize| &a[slot * m + at..][..n];
            let mut primal = [F::ZERO; TILE];
            for part in parts {
                match *part {
                    Part::Primal => {
                        let yb = &y_bar[at..at + n];
                        for i in 0..n {
                            primal[i] += d1[i] * yb[i];
                        }
                    }
                    Part::First { y, a: from } => {
                        let (yb, a) = (&y_bar[y * m + at..][..n], of(from));
                        let ab = &mut a_bar[from * m + at..][..n];
                        for i in 0..n {
                            ab[i] += d1[i] * yb[i];
                            primal[i] += d2[i] * a[i] * yb[i];
                        }
                    }
                    Part::Second { y, uv, product } => {
                        let yb = &y_bar[y * m + at..][..n];
                        if let Some(uv) = uv {
                            let a = of(uv);
                            let ab = &mut a_bar[uv * m + at..][..n];
                            for i in 0..n {
                                ab[i] += d1[i] * yb[i];
                                primal[i] += d2[i] * a[i] * yb[i];
                            }
                        }
                        if let Some((u, v)) = product {
                            let (au, av) = (of(u), of(v));
                            let ub = &mut a_bar[u * m + at..][..n];
                            for i in 0..n {
                                let t = d2[i] * yb[i];
                                ub[i] += t * av[i];
                                primal[i] += d3[i] * au[i] * av[i] * yb[i];
                            }
                            let vb = &mut a_bar[v * m + at..][..n];
                            for i in 0..n {
                                vb[i] += d2[i] * yb[i] * au[i];
                            }
                        }
                    }
                }
            }
            let ab = &mut a_bar[at..at + n];
            for i in 0..n {
                ab[i] += primal[i];
            }
            at += n;
        }
    }
}
