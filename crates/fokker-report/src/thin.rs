//! Points made fit to draw: those without a place left out, in order of x, and not too many.

use crate::axis::{Axis, Scale};
use crate::series::Point;

/// The points that have a place on both scales, by increasing x. A standard error that makes no sense counts as 0.
pub(crate) fn drawable(points: &[Point], x_scale: Scale, y_scale: Scale) -> Vec<Point> {
    let mut kept: Vec<Point> = points
        .iter()
        .filter(|p| x_scale.accepts(p.x) && y_scale.accepts(p.y))
        .map(|&p| Point { se: if p.se > 0.0 && Scale::Linear.accepts(p.se) { p.se } else { 0.0 }, ..p })
        .collect();
    kept.sort_by(|a, b| a.x.total_cmp(&b.x));
    kept
}

/// At most `bins` points: those of one stretch of the axis replaced by their mean, its error from theirs.
pub(crate) fn thin(points: Vec<Point>, axis: &Axis, bins: u32) -> Vec<Point> {
    if points.len() <= bins as usize {
        return points;
    }
    let bin = |p: &Point| axis.place(p.x).map(|at| (at * f64::from(bins)).min(f64::from(bins) - 1.0).floor());
    points.chunk_by(|a, b| bin(a) == bin(b)).map(mean).collect()
}

fn mean(points: &[Point]) -> Point {
    let n = points.len().max(1) as f64;
    let sum = |f: fn(&Point) -> f64| points.iter().map(f).sum::<f64>();
    Point { x: sum(|p| p.x) / n, y: sum(|p| p.y) / n, se: sum(|p| p.se * p.se).sqrt() / n }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(n: u32) -> Vec<Point> {
        (1..=n).map(|i| Point { x: f64::from(i), y: 2.0 * f64::from(i), se: 1.0 }).collect()
    }

    #[test]
    fn leaves_out_what_has_no_place() {
        let bad = [f64::NAN, f64::INFINITY, 0.0, -1.0];
        let points: Vec<Point> = bad.iter().map(|&y| Point { x: 1.0, y, se: 0.1 }).collect();
        assert!(drawable(&points, Scale::Log, Scale::Log).is_empty());
        assert_eq!(drawable(&points, Scale::Linear, Scale::Linear).len(), 2);
        let odd = [f64::NAN, -1.0, f64::INFINITY].map(|se| Point { x: 1.0, y: 1.0, se });
        let drawn = drawable(&odd, Scale::Log, Scale::Log);
        assert!(drawn.len() == 3 && drawn.iter().all(|p| p.se == 0.0));
    }

    #[test]
    fn thins_to_bins_and_keeps_the_mean() {
        let points = line(12_000);
        for scale in [Scale::Linear, Scale::Log] {
            let axis = Axis::fit(scale, points.iter().map(|p| p.x), 0.0).into_iter().next();
            let thinned = axis.map(|axis| thin(points.clone(), &axis, 400)).unwrap_or_default();
            assert!((200..=400).contains(&thinned.len()), "{}", thinned.len());
            assert!(thinned.windows(2).all(|w| w[0].x < w[1].x));
            assert!(thinned.iter().all(|p| (p.y - 2.0 * p.x).abs() < 1e-6 && p.se <= 1.0));
        }
    }

    #[test]
    fn short_series_are_left_alone() {
        let axis = Axis::fit(Scale::Linear, [1.0, 9.0], 0.0);
        assert_eq!(axis.map(|axis| thin(line(9), &axis, 400)), Some(line(9)));
    }
}
