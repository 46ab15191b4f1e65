//! What `sweep` prints: every setting of every round, from the best to the worst, and what to take.

use fokker::study::{SweepFigures, SweepPoint, SweepRound};
use fokker_report::{mean_se, recommendation};

use crate::numbers::grouped;
use crate::print::out;

/// The rounds, and the recommendation.
pub fn print(found: &SweepFigures) {
    out!("{}", found.config);
    for round in &found.rounds {
        print_round(found, round);
    }
    out!("{}", recommendation(found));
}

fn print_round(found: &SweepFigures, round: &SweepRound) {
    if let Some(steps) = round.steps {
        out!("{} settings, {} steps", round.points.len(), grouped(steps));
    }
    let width = round.points.iter().map(|point| point.arm.name.chars().count()).max().unwrap_or(0);
    let unit = if found.by.unit.is_empty() { String::new() } else { format!(" ({})", found.by.unit) };
    out!("{:<width$}  {:>20}  {:>20}  {:>8}", "", format!("{}{unit}", found.by.key), "less the best's", "training");
    let best = round.best(found.by);
    for place in round.ranked(found.by) {
        let point = &round.points[place];
        out!(
            "{:<width$}  {:>20}  {:>20}  {:>8}",
            point.arm.name,
            point.value(found.by).map_or_else(|| "failed".into(), |value| mean_se(value.mean, value.se)),
            best.map_or_else(String::new, |best| less(found, point, best)),
            point.seconds().map_or_else(|| "-".into(), |seconds| format!("{seconds:.1} s")),
        );
    }
    out!("");
}

fn less(found: &SweepFigures, point: &SweepPoint, best: &SweepPoint) -> String {
    if point.arm.key == best.arm.key {
        return "best".into();
    }
    point.less(best, found.by).map_or_else(|| "-".into(), |less| mean_se(less.mean, less.se))
}
