//! A run's `metrics.jsonl`.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};

use super::directory::Run;
use super::failure::{failed_read, failed_write};
use crate::Error;
use crate::data::write_atomically;
use crate::train::Metrics;

impl Run {
    /// Adds a line to `metrics.jsonl`.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn append_metrics(&self, metrics: &Metrics) -> Result<(), Error> {
        let path = self.metrics();
        let mut line = serde_json::to_string(metrics)
            .map_err(|error| Error::File { path: path.clone(), reason: error.to_string() })?;
        line.push('\n');
        if !path.exists() {
            self.record(&path)?;
        }
        let mut file = OpenOptions::new().create(true).append(true).open(&path).map_err(failed_write(&path))?;
        file.write_all(line.as_bytes()).map_err(failed_write(&path))
    }

    /// The lines of `metrics.jsonl`; a last line that a killed process left unfinished is passed over.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn read_metrics(&self) -> Result<Vec<Metrics>, Error> {
        Ok(self.metrics_lines()?.into_iter().map(|(metrics, _)| metrics).collect())
    }

    /// Drops the lines after `step`, so that a resumed run writes each once.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Write`].
    pub fn truncate_metrics(&self, step: u64) -> Result<(), Error> {
        let path = self.metrics();
        let lines = self.metrics_lines()?;
        let kept: String = lines.iter().filter(|(m, _)| m.step <= step).map(|(_, line)| format!("{line}\n")).collect();
        self.record(&path)?;
        write_atomically(&path, |out| out.write_all(kept.as_bytes())).map_err(failed_write(&path))
    }

    fn metrics_lines(&self) -> Result<Vec<(Metrics, String)>, Error> {
        let path = self.metrics();
        if !path.exists() {
            return Ok(Vec::new());
        }
        let file = File::open(&path).map_err(failed_read(&path))?;
        let mut all = Vec::new();
        for line in BufReader::new(file).lines() {
            let line = line.map_err(failed_read(&path))?;
            match serde_json::from_str(&line) {
                Ok(metrics) => all.push((metrics, line)),
                Err(_) => break,
            }
        }
        Ok(all)
    }
}
