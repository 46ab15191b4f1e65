//! A run's beginning: what may be in its directory, and what is removed from there.

use std::fs;
use std::path::Path;

use super::checkpoints::step_of;
use super::directory::Run;
use super::failure::{failed_read, failed_write};
use super::lock;
use crate::config::Config;
use crate::data::Data;
use crate::manifest::{Manifest, first_entry};
use crate::memory::read_text;
use crate::{Error, Occupant};

impl Run {
    /// Makes the directory for a fresh run on some data and writes its resolved config.
    ///
    /// # Errors
    /// [`Error::Occupied`] if anything is there already; [`Error::Write`].
    pub fn create(root: &Path, config: &Config, data: &Data) -> Result<Self, Error> {
        let run = Self::at(root);
        if let Some(occupant) = run.occupant()? {
            return Err(Error::Occupied { path: root.into(), occupant });
        }
        run.begin(config, data)?;
        Ok(run)
    }

    /// As [`create`](Self::create), but what fokker wrote there before, by its manifest, is removed first. Nothing else is, and
    /// nothing at all if a file that is not fokker's stands where one of the run's would.
    ///
    /// # Errors
    /// [`Error::Occupied`]; [`Error::Write`].
    pub fn replace(root: &Path, config: &Config, data: &Data) -> Result<Self, Error> {
        let run = Self::at(root);
        let manifest = Manifest::read(root)?;
        let foreign = match &manifest {
            None => first_entry(root, &[lock::NAME])?,
            Some(manifest) => {
                let own = [run.config(), run.model(), run.best(), run.metrics()];
                let names = own.iter().filter(|path| path.exists()).map(|path| run.name(path));
                names.into_iter().find(|name| !manifest.holds(name))
            }
        };
        if let Some(name) = foreign {
            return Err(Error::Occupied { path: root.into(), occupant: Occupant::Foreign { name } });
        }
        Manifest::remove_files(root)?;
        run.begin(config, data)?;
        Ok(run)
    }

    fn begin(&self, config: &Config, data: &Data) -> Result<(), Error> {
        fs::create_dir_all(self.root()).map_err(failed_write(self.root()))?;
        let text = text(config, data)?;
        // First of all: whatever is found here from now on is known to be fokker's.
        self.record(&self.config())?;
        self.record_data(data)?;
        let checkpoints = self.checkpoints();
        fs::create_dir_all(&checkpoints).map_err(failed_write(&checkpoints))?;
        self.write_config(&text)
    }

    /// Writes another config for a run that is gone on with, below the comments of the one before and what is said of it.
    pub(in crate::jobs) fn rewrite_config(&self, config: &Config, data: &Data, said: &[String]) -> Result<(), Error> {
        let path = self.config();
        let before = read_text(&path).map_err(failed_read(&path))?;
        let comments = before.lines().take_while(|line| line.starts_with('#')).map(str::to_owned);
        let lines: Vec<String> = comments.chain(said.iter().map(|line| format!("# {line}"))).collect();
        let text = text(config, data)?;
        self.write_config(&if lines.is_empty() { text } else { format!("{}\n{text}", lines.join("\n")) })
    }

    /// What is in the directory, if there is anything.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::File`] if its manifest is damaged.
    pub fn occupant(&self) -> Result<Option<Occupant>, Error> {
        let Some(name) = first_entry(self.root(), &[lock::NAME])? else { return Ok(None) };
        if Manifest::read(self.root())?.is_none_or(|manifest| !manifest.holds("config.toml")) {
            return Ok(Some(Occupant::Foreign { name }));
        }
        Ok(Some(if self.model().exists() {
            Occupant::Finished
        } else {
            match self.list().ok().and_then(|all| all.last().and_then(|path| step_of(path))) {
                Some(step) => Occupant::Unfinished { step },
                None => Occupant::Begun,
            }
        }))
    }
}

/// The config as it is kept in the run.
fn text(config: &Config, data: &Data) -> Result<String, Error> {
    Config { data: data.saved_as(&config.data), ..config.clone() }.to_toml()
}
