//! Whoever is told what a job does.

use std::path::Path;
use std::sync::Arc;

use crate::collective::{Collective, is_first, single};
use crate::train::{Metrics, Silent};

/// What is counted of a piece of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unit {
    /// Steps of training.
    Steps,
    /// Models that are trained and audited.
    Models,
    /// Rows of data or samples.
    Rows,
    /// Time steps of a simulation.
    TimeSteps,
    /// Bytes of a file.
    Bytes,
    /// Parts of an audit: its times, and then its other measurements.
    Parts,
    /// Nothing: [`Observer::doing`] says what it has come to.
    Nothing,
}

/// A piece of work that is begun.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Work<'a> {
    /// What it is called: the command, or the model that is trained.
    pub name: &'a str,
    /// What is counted.
    pub unit: Unit,
    /// How many there are; 0 where nothing is counted.
    pub total: u64,
    /// How many of them are done already.
    pub done: u64,
}

impl<'a> Work<'a> {
    /// Work whose parts are counted.
    #[must_use]
    pub fn counted(name: &'a str, unit: Unit, total: u64, done: u64) -> Self {
        Self { name, unit, total, done }
    }

    /// Work whose end is not known before.
    #[must_use]
    pub fn uncounted(name: &'a str) -> Self {
        Self { name, unit: Unit::Nothing, total: 0, done: 0 }
    }
}

/// Whom a job deals with: who is told what it does (a progress bar, a log, a test), who may stop it, and who does it with it. Whatever an observer does
/// not care for it leaves out.
///
/// Calls come in the order [`begin`](Self::begin), any of the others, [`end`](Self::end); a job has one or more such pieces of work,
/// one after the other. [`done`](Self::done) and [`within`](Self::within) may be called from any thread.
///
/// ```
/// use std::sync::Mutex;
/// use fokker::jobs::Observer;
///
/// /// Keeps the notes.
/// #[derive(Default)]
/// struct Notes(Mutex<Vec<String>>);
///
/// impl Observer for Notes {
///     fn note(&self, text: &str) {
///         self.0.lock().expect("no other holder panics").push(text.to_owned());
///     }
/// }
/// let notes = Notes::default();
/// notes.note("the columns have no names");
/// notes.done(3);
/// assert_eq!(notes.0.into_inner().expect("not poisoned").len(), 1);
/// ```
pub trait Observer: Sync {
    /// A piece of work begins.
    fn begin(&self, work: &Work<'_>) {
        let _ = work;
    }

    /// So many units are done, of all that there are.
    fn done(&self, done: u64) {
        let _ = done;
    }

    /// So many rows are done of the part that is being done, of all that it has; only long parts say so.
    fn within(&self, done: u64, of: u64) {
        let _ = (done, of);
    }

    /// What is being done now, in a few words.
    fn doing(&self, what: &str) {
        let _ = what;
    }

    /// A stretch of training steps is over.
    fn metrics(&self, metrics: &Metrics) {
        let _ = metrics;
    }

    /// A checkpoint is on disk.
    fn checkpoint(&self, path: &Path) {
        let _ = path;
    }

    /// The piece of work is over, or has failed.
    fn end(&self) {}

    /// Something worth a word to the user, which keeps nothing from going on.
    fn note(&self, text: &str) {
        let _ = text;
    }

    /// Is the job to stop? It does so as soon as what is done can be kept, with [`JobError::Stopped`](super::JobError::Stopped). May be asked from any thread.
    fn stops(&self) -> bool {
        false
    }

    /// The processes that do the job together, each with an observer of its own; rank 0 writes the files. What a job can do on several is spread
    /// over them: shards of a training batch, rows, models of a comparison or a sweep, measurements of an audit.
    fn ranks(&self) -> &Arc<dyn Collective> {
        single()
    }

    /// A run that is kept in `folder` is used: its training goes on from `step`, or has been finished (`None`).
    fn kept(&self, name: &str, step: Option<u64>, folder: &Path) {
        let _ = (name, step, folder);
    }
}

impl Observer for Silent {}

/// Hands on what is worth a word.
pub(super) fn notes(observer: &dyn Observer, notes: impl IntoIterator<Item = String>) {
    notes.into_iter().for_each(|text| observer.note(&text));
}

/// An observer of several ranks, of a job that each does by itself; the first tells.
pub(super) struct Alone<'a>(pub &'a dyn Observer);

impl Alone<'_> {
    /// Is this the rank that writes?
    pub(super) fn is_first(&self) -> bool {
        is_first(&**self.0.ranks())
    }

    /// Whom to tell.
    fn told(&self) -> &dyn Observer {
        if self.is_first() { self.0 } else { &Silent }
    }
}

impl Observer for Alone<'_> {
    fn begin(&self, work: &Work<'_>) {
        self.told().begin(work);
    }

    fn done(&self, done: u64) {
        self.told().done(done);
    }

    fn within(&self, done: u64, of: u64) {
        self.told().within(done, of);
    }

    fn doing(&self, what: &str) {
        self.told().doing(what);
    }

    fn metrics(&self, metrics: &Metrics) {
        self.told().metrics(metrics);
    }

    fn checkpoint(&self, path: &Path) {
        self.told().checkpoint(path);
    }

    fn end(&self) {
        self.told().end();
    }

    fn note(&self, text: &str) {
        self.told().note(text);
    }

    fn stops(&self) -> bool {
        self.0.stops()
    }

    fn kept(&self, name: &str, step: Option<u64>, folder: &Path) {
        self.told().kept(name, step, folder);
    }
}

/// Shows nothing, and stops when another does.
pub(super) struct Quiet<'a>(pub &'a dyn Observer);

impl Observer for Quiet<'_> {
    fn stops(&self) -> bool {
        self.0.stops()
    }
}
