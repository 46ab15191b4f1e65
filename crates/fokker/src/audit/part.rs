//! `audit.part.json` and `audit.part.npz`: what an audit has found so far, for one that is cut short.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::files::{read_points, write_points};
use super::{AuditConfig, definitions};
use crate::Error;
use crate::data::write_atomically;
use crate::figure::Figures;
use crate::manifest::Manifest;
use crate::memory;
use crate::seal::{seal, unsealed};

/// The files' names.
const FIGURES: &str = "audit.part.json";
const POINTS: &str = "audit.part.npz";

/// What an audit has found so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AuditPart {
    /// Times whose figures are found.
    pub(super) times: usize,
    /// Measurements that are not of times and are made.
    pub(super) once: usize,
    pub(super) figures: Figures,
}

/// What the file says.
#[derive(Serialize, Deserialize)]
struct Head {
    /// What the figures are of.
    of: String,
    times: usize,
    once: usize,
    figures: serde_json::Value,
}

impl AuditPart {
    /// Parts of the audit that are done.
    pub(crate) fn done(&self) -> usize {
        self.times + self.once
    }

    /// Whatever the figures depend on, as one text: a model and data by their digests, the settings, the seed.
    #[must_use]
    pub fn identity(model: &str, data: &str, settings: &AuditConfig, seed: u64) -> String {
        format!("fokker {}, model {model}, {data}, seed {seed}, {settings:?}", env!("CARGO_PKG_VERSION"))
    }

    /// Writes it into a folder, noting both files in the manifest.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn write(&self, folder: &Path, of: &str) -> Result<(), Error> {
        Manifest::update(folder, |manifest| [FIGURES, POINTS].iter().for_each(|name| manifest.record(name)))?;
        let path = folder.join(FIGURES);
        let json = |error: serde_json::Error| Error::File { path: path.clone(), reason: error.to_string() };
        // In the order of all figures, in which those of a group stand together.
        let all: Figures = definitions().into_iter().filter_map(|of| self.figures.get(of.key).cloned()).collect();
        let figures = serde_json::to_value(&all).map_err(json)?;
        let head = Head { of: of.into(), times: self.times, once: self.once, figures };
        let text = serde_json::to_string(&head).map_err(json)?;
        write_points(&self.figures, &folder.join(POINTS))?;
        let text = seal(&text, digest(folder).unwrap_or_default());
        write_atomically(&path, |out| out.write_all(text.as_bytes())).map_err(|source| Error::Write { path, source })
    }

    /// What [`write`](Self::write) wrote of the same; nothing if there is none, or it is not whole: then it is measured anew.
    #[must_use]
    pub fn read(folder: &Path, of: &str) -> Self {
        Self::read_whole(folder, of).unwrap_or_default()
    }

    fn read_whole(folder: &Path, of: &str) -> Option<Self> {
        let text = String::from_utf8(memory::read(&folder.join(FIGURES)).ok()?).ok()?;
        let points = digest(folder)?;
        let head: Head = serde_json::from_str(&unsealed(&text, || points)?).ok()?;
        let mut figures = Figures::read(&head.figures, definitions()).ok()?;
        read_points(&mut figures, &folder.join(POINTS)).ok()?;
        figures.retain(|figure| figure.value.is_some());
        (head.of == of).then_some(Self { times: head.times, once: head.once, figures })
    }

    /// Removes the files: the audit is done.
    pub fn remove(folder: &Path) {
        // A file too many is no failure.
        for path in [FIGURES, POINTS].map(|name| -> PathBuf { folder.join(name) }) {
            let _ = fs::remove_file(path);
        }
    }
}

fn digest(folder: &Path) -> Option<Sha256> {
    memory::read(&folder.join(POINTS)).ok().map(Sha256::new_with_prefix)
}
