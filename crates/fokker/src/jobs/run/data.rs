//! The data that a run was begun with, told from any other.

use std::path::Path;

use super::directory::Run;
use crate::Error;
use crate::config::Config;
use crate::data::{Data, DataConfig, Fingerprint, require_columns};
use crate::manifest::Manifest;

impl Run {
    /// Notes in the manifest what the data are as training begins, so that a changed file is told when the run is resumed.
    pub(super) fn record_data(&self, data: &Data) -> Result<(), Error> {
        Manifest::update(self.root(), |manifest| {
            manifest.data_fingerprint = data.fingerprint().map(Fingerprint::text);
            manifest.data_columns = data.columns().map(<[String]>::to_vec);
        })
    }

    /// The fingerprint of the data that training began with; `None` for a generator, or if the run does not say.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::File`] if the manifest is damaged.
    pub fn data_fingerprint(&self) -> Result<Option<u64>, Error> {
        let Some(text) = self.manifest()?.data_fingerprint else {
            return Ok(None);
        };
        let reason = || "manifest.json: data_fingerprint: not 16 hexadecimal digits".into();
        Fingerprint::parse(&text).map(Some).ok_or_else(|| Error::File { path: self.root().into(), reason: reason() })
    }

    /// Refuses data other than what training began with. The result is a note, if columns that had names have none any more.
    ///
    /// # Errors
    /// [`DataError::Columns`](crate::data::DataError::Columns) and [`DataError::Changed`](crate::data::DataError::Changed), naming the
    /// file; as for [`data_fingerprint`](Self::data_fingerprint).
    pub fn require_data(&self, config: &Config, data: &Data) -> Result<Option<String>, Error> {
        let path = match &config.data {
            DataConfig::File(_) | DataConfig::Images { .. } => config.data.path().unwrap_or_else(|| self.root()),
            DataConfig::Potential(_) => Path::new("the potential's rows"),
            DataConfig::Memory {} => Path::new("data in memory"),
            _ => return Ok(None),
        };
        let note = require_columns(path, data.columns(), self.manifest()?.data_columns.as_deref())?;
        if let Some(expected) = self.data_fingerprint()? {
            data.require_fingerprint(expected, path)?;
        }
        Ok(note)
    }
}
