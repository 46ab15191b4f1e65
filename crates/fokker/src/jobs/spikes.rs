//! Warnings while a model is trained: numbers that leap.

use crate::train::Metrics;

/// A number that is so many times what it has been lately is worth a word.
const LEAP: f64 = 10.0;

/// Lines of metrics from which it is known what a number has been; the first are no measure.
const SEEN: u32 = 20;

/// Weight of each line in that.
const WEIGHT: f64 = 0.1;

/// Words of this kind that a run has, at most: who reads ten reads no more.
const MOST: u32 = 10;

/// The gradient's norm and the regularisers, as they have been lately: running means of their logarithms.
#[derive(Debug, Default)]
pub(super) struct Spikes {
    known: Vec<(&'static str, f64, u32)>,
    told: u32,
}

impl Spikes {
    /// Takes in a line; what is worth a word in it.
    pub fn see(&mut self, metrics: &Metrics) -> Vec<String> {
        let terms = metrics.terms.values().filter(|(name, _)| name.weight.is_some());
        let numbers =
            terms.map(|(name, value)| (name.label, value)).chain([("norm of the gradient", metrics.gradient_norm)]);
        let leaps: Vec<String> = numbers.filter_map(|(name, value)| self.leap(name, value, metrics.step)).collect();
        leaps
            .into_iter()
            .filter(|_| {
                self.told += 1;
                self.told <= MOST
            })
            .collect()
    }

    fn leap(&mut self, name: &'static str, value: f64, step: u64) -> Option<String> {
        let log = value.abs().ln();
        if !log.is_finite() {
            return None;
        }
        let Some((_, mean, seen)) = self.known.iter_mut().find(|(known, ..)| *known == name) else {
            self.known.push((name, log, 1));
            return None;
        };
        let usual = mean.exp();
        let times = value.abs() / usual;
        *mean += WEIGHT * (log - *mean);
        *seen += 1;
        (*seen > SEEN && times > LEAP).then(|| {
            format!("step {step}: the {name} is {value:.3e}, {times:.0} times what it has been lately ({usual:.3e})")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objective::LossTerms;

    fn line(step: u64, gradient_norm: f64, fp: f64) -> Metrics {
        let mut terms = LossTerms::default();
        terms.set("dsm", 1.0);
        terms.set("fp", fp);
        Metrics { step, terms, gradient_norm, learning_rate: 1e-3, held_out: None }
    }

    #[test]
    fn a_leap_is_told_and_what_goes_up_and_down_is_not() {
        let mut spikes = Spikes::default();
        // A fall by a factor of 100, with noise of a factor of 2.
        for step in 0..200 {
            let noise = if step % 2 == 0 { 2.0 } else { 1.0 };
            let quiet = spikes.see(&line(step, noise * (-0.023 * step as f64).exp(), noise));
            assert!(quiet.is_empty(), "{quiet:?}");
        }
        let told = spikes.see(&line(200, 1.0, 30.0));
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[1].starts_with("step 200: the norm of the gradient is 1.000e0, "), "{told:?}");
        for step in 201..300 {
            spikes.see(&line(step, 10.0_f64.powi(step as i32), 1.0));
        }
        assert_eq!(spikes.see(&line(300, 1e305, 1.0)), [] as [String; 0], "there is an end to it");
    }

    #[test]
    fn the_first_lines_are_no_measure() {
        let mut spikes = Spikes::default();
        assert!(spikes.see(&line(0, 1e-3, 1.0)).is_empty() && spikes.see(&line(1, 1e3, 1.0)).is_empty());
    }
}
