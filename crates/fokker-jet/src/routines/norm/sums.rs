//! Sums over pixels and linear combinations, channel by channel.

use crate::routines::simd::multiversion;

/// Channels that are worked on together.
const TILE: usize = 32;

multiversion! {
    /// Adds the sum of each column.
    pub(super) fn column_sums<F: Real>(channels: usize, a: &[F], sums: &mut [F]) {
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
    pub(super) fn centred_products<F: Real>(channels: usize, a: &[F], b: &[F], m: &[F], l: &[F], sums: &mut [F]) {
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
    pub(super) fn combine<F: Real>(channels: usize, sources: &[&[F]], coefficients: &[F], y: &mut [F], add: bool) {
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
