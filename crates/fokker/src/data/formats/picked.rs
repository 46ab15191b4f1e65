//! Some columns of a table whose format hands out all of them.

use std::path::PathBuf;

use super::format::RowSource;
use crate::data::DataError;
use crate::data::finite::require_finite;

/// The columns of a source that are kept.
pub(in crate::data) struct Picked {
    pub(in crate::data) path: PathBuf,
    pub(in crate::data) source: Box<dyn RowSource>,
    pub(in crate::data) kept: Vec<bool>,
    /// Is NaN a value?
    pub(in crate::data) gaps: bool,
    pub(in crate::data) done: usize,
}

impl RowSource for Picked {
    fn dim(&self) -> usize {
        self.kept.iter().filter(|kept| **kept).count()
    }

    fn rows(&self) -> Option<u64> {
        self.source.rows()
    }

    fn read(&mut self, most: usize, values: &mut Vec<f64>, numbers: &mut Vec<u64>) -> Result<(), DataError> {
        let (mut all, dim) = (Vec::new(), self.kept.len());
        self.source.read(most, &mut all, numbers)?;
        for (value, kept) in all.iter_mut().zip(self.kept.iter().cycle()) {
            if *kept {
                values.push(*value);
            } else {
                // What is not read may be anything; messages number the columns as the file does.
                *value = 0.0;
            }
        }
        require_finite(&self.path, &all, dim, self.done, self.gaps, None)?;
        self.done += all.len() / dim;
        Ok(())
    }
}
