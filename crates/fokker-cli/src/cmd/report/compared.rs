//! Which runs were measured at the same points, and how they differ.

use fokker::data::{DataConfig, DataInfo, Scaling};
use fokker::figure::Difference;
use fokker::sde::Sde;
use fokker::study::{Arm, Comparison, SeedFigures, Verdict};

use crate::cmd::shown::Shown;

/// What the points of an audit hang on beside its seed and settings.
pub struct Place {
    pub data: DataConfig,
    pub sde: Sde,
    pub scaling: Scaling,
    pub of: Option<DataInfo>,
}

/// How runs differ from the first.
pub struct Compared {
    /// Of each run but the first; none if no run can be compared.
    pub differences: Vec<Difference>,
    pub verdicts: Vec<Verdict>,
    /// Why runs are not compared.
    pub notes: Vec<String>,
}

/// Compares all runs with the first that can be.
pub fn compared(shown: &[Shown], places: &[Place]) -> Compared {
    let mut found = Compared { differences: Vec::new(), verdicts: Vec::new(), notes: Vec::new() };
    let (Some((first, others)), Some((place, other_places))) = (shown.split_first(), places.split_first()) else {
        return found;
    };
    let mut same = vec![first];
    for (run, other) in others.iter().zip(other_places) {
        match apart((first, place), (run, other)) {
            None => {
                same.push(run);
                found.differences.push(Difference::between(&run.audit.figures, &first.audit.figures));
            }
            Some(why) => {
                found.notes.push(format!("{} is not compared with {}, point by point: {why}.", run.name, first.name));
                found.differences.push(Difference::default());
            }
        }
    }
    if same.len() < 2 {
        found.differences.clear();
        return found;
    }
    let arms: Vec<Arm> = same.iter().map(|run| Arm::new(&run.name, &run.name)).collect();
    let seed = SeedFigures::new(first.audit.seed, same.iter().map(|run| run.audit.clone()).collect());
    found.verdicts = Comparison::new("", &arms, vec![seed]).map(|found| found.verdicts()).unwrap_or_default();
    found
}

/// Why two runs cannot be compared point by point; `None` if they can.
fn apart((first, place): (&Shown, &Place), (run, other): (&Shown, &Place)) -> Option<String> {
    let print = |place: &Place| place.of.as_ref().and_then(|of| of.fingerprint);
    let same_data = match (print(place), print(other)) {
        (None, None) => place.data == other.data,
        (a, b) => a == b,
    };
    let points = |run: &Shown| -> Vec<(&str, Vec<usize>)> {
        let figures = run.audit.figures.iter().filter(|figure| !figure.points.is_empty());
        figures.map(|figure| (figure.definition.key, figure.points.iter().map(Vec::len).collect())).collect()
    };
    let counts = points(first);
    let as_many = |(key, count): &(&str, Vec<usize>)| counts.iter().all(|(other, own)| other != key || own == count);
    if !same_data || place.scaling != other.scaling {
        Some("it is of other data".into())
    } else if place.sde != other.sde {
        Some("it has another SDE".into())
    } else if first.audit.seed != run.audit.seed {
        Some(format!("the seeds of the audits are {} and {}", first.audit.seed, run.audit.seed))
    } else if first.audit.settings != run.audit.settings || !points(run).iter().all(as_many) {
        Some("the audits have other settings".into())
    } else {
        None
    }
}
