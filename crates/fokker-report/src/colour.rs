//! A perceptually uniform colour map.

/// Viridis (Smith and van der Walt, matplotlib, CC0) at nine even places, sRGB.
const VIRIDIS: [[f64; 3]; 9] = [
    [68.0, 1.0, 84.0],
    [71.0, 44.0, 122.0],
    [59.0, 81.0, 139.0],
    [44.0, 113.0, 142.0],
    [33.0, 144.0, 141.0],
    [39.0, 173.0, 129.0],
    [92.0, 200.0, 99.0],
    [170.0, 220.0, 50.0],
    [253.0, 231.0, 37.0],
];

/// The colour at `place`, 0 darkest and 1 lightest.
pub(crate) fn viridis(place: f64) -> [u8; 3] {
    let last = VIRIDIS.len() - 1;
    let at = place.clamp(0.0, 1.0) * last as f64;
    let i = (at as usize).min(last - 1);
    let part = at - i as f64;
    std::array::from_fn(|c| (VIRIDIS[i][c] + part * (VIRIDIS[i + 1][c] - VIRIDIS[i][c])).round() as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_and_growing_luminance() {
        assert_eq!(viridis(-1.0), [68, 1, 84]);
        assert_eq!(viridis(2.0), [253, 231, 37]);
        let light = |p: f64| {
            let [r, g, b] = viridis(p).map(f64::from);
            0.2126 * r + 0.7152 * g + 0.0722 * b
        };
        assert!((0..100).all(|i| light(f64::from(i) / 100.0) < light(f64::from(i + 1) / 100.0)));
    }
}
