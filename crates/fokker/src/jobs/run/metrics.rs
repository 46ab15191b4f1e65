//! A run's `metrics.jsonl`.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;

use super::directory::Run;
use super::failure::{failed_read, failed_write};
use crate::Error;
use crate::data::write_atomically;
use crate::seal::{seal_line, unsealed_line};
use crate::train::Metrics;

impl Run {
    /// Adds a line to `metrics.jsonl`.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn append_metrics(&self, metrics: &Metrics) -> Result<(), Error> {
        let path = self.metrics();
        let line = serde_json::to_string(metrics)
            .map_err(|error| Error::File { path: path.clone(), reason: error.to_string() })?;
        let line = format!("{}\n", seal_line(&line));
        if !path.exists() {
            self.record(&path)?;
        }
        let mut file = OpenOptions::new().create(true).append(true).open(&path).map_err(failed_write(&path))?;
        file.write_all(line.as_bytes()).map_err(failed_write(&path))
    }

    /// The lines of `metrics.jsonl`; a last line that a killed process left unfinished is passed over.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::File`], naming the line, if one is damaged.
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
        let mut reader = BufReader::new(File::open(&path).map_err(failed_read(&path))?);
        let (mut all, mut line) = (Vec::new(), Vec::new());
        loop {
            line.clear();
            let length = reader.by_ref().take(LONGEST).read_until(b'\n', &mut line).map_err(failed_read(&path))?;
            // What has no end yet is being written, or was when its process was killed.
            if line.pop_if(|last| *last == b'\n').is_none() {
                if length as u64 == LONGEST {
                    return Err(damaged(&path, all.len() + 1));
                }
                return Ok(all);
            }
            let text = std::str::from_utf8(&line).ok();
            let metrics = text.and_then(unsealed_line).and_then(|line| serde_json::from_str(&line).ok());
            match (metrics, text) {
                (Some(metrics), Some(text)) => all.push((metrics, text.to_owned())),
                _ => return Err(damaged(&path, all.len() + 1)),
            }
        }
    }
}

/// No line has so many bytes.
const LONGEST: u64 = 1 << 16;

fn damaged(path: &Path, line: usize) -> Error {
    Error::File { path: path.into(), reason: format!("line {line} is damaged: delete it to go on without it") }
}
