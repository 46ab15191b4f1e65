//! The audit of a run's model, gone on with where it was cut short.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use fokker_jet::cpu::Workers;

use super::error::JobError;
use super::observer::{Observer, Unit, Work};
use crate::Error;
use crate::audit::{Audit, AuditConfig, AuditPart, Points, Watcher, audit_from, parts};
use crate::collective::{Collective, any, first, is_first, require_same};
use crate::data::{Data, Fingerprint};
use crate::score::network::NetworkScore;

/// What is to be measured.
#[derive(Clone, Copy, Debug)]
pub struct Measure<'a> {
    /// What the observer is told that is measured.
    pub name: &'a str,
    /// The run directory, which has the model, and in which what is found so far is kept.
    pub run: &'a Path,
    /// Its model.
    pub score: &'a NetworkScore<f32>,
    /// The steps of training behind it.
    pub steps: u64,
    /// The data that it is measured on, in its coordinates.
    pub data: &'a Data,
    /// What is measured, and how finely.
    pub settings: &'a AuditConfig,
    /// The seed of the audit's draws.
    pub seed: u64,
    /// Who computes.
    pub workers: &'a Workers,
}

/// Audits the model of a run. What a call that was cut short has found is gone on with by the same call, to the same figures. The caller
/// [writes](Audit::write) them. Several [ranks](Observer::ranks) share rows and times, and all have all figures.
///
/// # Errors
/// As [`audit`](crate::audit::audit()); [`JobError::Stopped`].
pub fn measure(job: &Measure<'_>, observer: &dyn Observer) -> Result<Audit, JobError> {
    let Measure { name, run, score, steps, data, settings, seed, workers } = *job;
    let print = data.fingerprint().map_or_else(|| "a generator".into(), Fingerprint::text);
    let data_is = format!("{print}, {:?} rows, {:?} held out", data.len(), data.held_out_len());
    let of = AuditPart::identity(&weights_print(score), &data_is, settings, seed);
    let ranks = &**observer.ranks();
    require_same(ranks, &[("model, data or settings of the audit", &of)])?;
    let before = before(run, &of, ranks);
    observer.begin(&Work::counted(name, Unit::Parts, parts(settings) as u64, before.done() as u64));
    let keeper = Keeper { name, run, of: &of, observer, kept: Mutex::new(Instant::now()) };
    let found = audit_from(score, &Points::of(data), settings, seed, workers, before, &keeper);
    observer.end();
    match found {
        Ok(found) => {
            if is_first(ranks) {
                AuditPart::remove(run);
            }
            Ok(Audit { steps: Some(steps), ..found })
        }
        Err(Error::Stopped) => {
            let how = format!("what the audit has found is kept in {}: the same command goes on", run.display());
            Err(JobError::Stopped { how: Some(how) })
        }
        Err(error) => Err(error.into()),
    }
}

/// What has been found before, as long as all ranks see the same of it.
fn before(run: &Path, of: &str, ranks: &dyn Collective) -> AuditPart {
    let mine = AuditPart::read(run, of);
    let mut done = vec![0_u64; ranks.size()];
    ranks.all_gather(bytemuck::bytes_of(&(mine.done() as u64)), bytemuck::cast_slice_mut(&mut done));
    if done.iter().all(|other| *other == done[0]) { mine } else { AuditPart::default() }
}

/// What a model is told from others by.
fn weights_print(score: &NetworkScore<f32>) -> String {
    let mut print = Fingerprint::default();
    score.parameters().iter().for_each(|&weight| print.numbers(&[weight.into()]));
    Fingerprint::text(print.digest())
}

/// Keeps what is found, from time to time and when the audit is to stop.
struct Keeper<'a> {
    name: &'a str,
    run: &'a Path,
    of: &'a str,
    observer: &'a dyn Observer,
    kept: Mutex<Instant>,
}

/// Measurements that took less are as well made again.
const EVERY: Duration = Duration::from_secs(5);

impl Watcher for Keeper<'_> {
    fn doing(&self, what: &str) {
        self.observer.doing(&format!("{}: {what}", self.name));
    }

    fn part(&self, done: usize, _: usize) {
        self.observer.done(done as u64);
    }

    fn within(&self, done: usize, of: usize) {
        self.observer.within(done as u64, of as u64);
    }

    fn found(&self, part: &AuditPart) -> Result<(), Error> {
        let ranks = self.ranks();
        let stops = any(ranks, self.observer.stops());
        let keep = || {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            if stops || kept.elapsed() >= EVERY {
                part.write(self.run, self.of)?;
                *kept = Instant::now();
            }
            Ok::<_, Error>(())
        };
        first(ranks, keep)?;
        if stops { Err(Error::Stopped) } else { Ok(()) }
    }

    fn ranks(&self) -> &dyn Collective {
        &**self.observer.ranks()
    }
}
