//! Whether data is what it was: fingerprints, names of columns, a scaling that is given.

use std::path::Path;

use super::data::Data;
use super::source::Source;
use crate::data::{DataConfig, DataError, DataInfo, DataKind, Scaling};

impl Data {
    /// As [`Data::load`], but with the scaling of a model in place of one that is fitted, and of a file the `columns` that the model's are
    /// called, if they are all there. A generator's coordinates are the model's.
    ///
    /// # Errors
    /// As for [`Data::load`]; [`DataError::Dimension`] if the rows are not those of the scaling; [`DataError::Kind`] for grey levels and
    /// the scaling of other data.
    ///
    /// ```
    /// use fokker::data::{TableConfig, Data, DataConfig, Scaling, write_csv};
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("x.csv");
    /// write_csv(&path, &["x"], &[1.0, 2.0, 3.0, 4.0])?;
    /// let config = DataConfig::File(TableConfig { held_out: 0.25, ..TableConfig::new(path) });
    /// let scaling = Scaling::new(vec![10.0], vec![2.0])?;
    /// assert_eq!(Data::load_for(&config, &scaling, None)?.scaling(), &scaling);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn load_for(config: &DataConfig, scaling: &Scaling, columns: Option<&[String]>) -> Result<Self, DataError> {
        Self::load_with(config, Some(scaling), columns)
    }

    /// The same data, none of it for training: [`Data::len`] is `None` and every row is a held-out one.
    ///
    /// ```
    /// # use fokker::data::{TableConfig, Data, DataConfig, write_csv};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("x.csv");
    /// write_csv(&path, &["x"], &[1.0, 2.0, 3.0, 4.0])?;
    /// let config = DataConfig::File(TableConfig { held_out: 0.25, ..TableConfig::new(path) });
    /// let data = Data::load(&config)?.hold_out_all();
    /// assert_eq!((data.len(), data.held_out_len()), (None, Some(4)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn hold_out_all(mut self) -> Self {
        let (low, high) = match &mut self.source {
            Source::Mixture(_) | Source::Toy(_) => return self,
            Source::Finite(finite) => return (*finite.of).clone(),
            Source::Rows(rows) => {
                rows.hold_out_all();
                rows.bounds()
            }
            Source::Images(images) => {
                images.hold_out_all();
                images.bounds()
            }
        };
        Self { low, high, ..self }
    }

    /// A digest of the data as they are in their files, training and held-out rows alike; `None` for a generator.
    ///
    /// Of a table: the number of rows and columns and all values, as `f64`, in order; neither the format of the file nor the names of the
    /// columns ([`Data::columns`]) count. Of images: their number, shape and pixels, channels last; of more than 2³⁰ values the number
    /// and 4,096 images, evenly spaced, so that data that stays on disk is not read through.
    ///
    /// ```
    /// # use fokker::data::{TableConfig, Data, DataConfig, write_csv, write_npy};
    /// # let folder = tempfile::tempdir()?;
    /// let print = |name: &str| {
    ///     let path = folder.path().join(name);
    ///     let config = DataConfig::File(TableConfig { held_out: 0.25, ..TableConfig::new(path) });
    ///     Data::load(&config).map(|data| data.fingerprint())
    /// };
    /// write_csv(&folder.path().join("x.csv"), &["x"], &[1.0, 2.0])?;
    /// write_npy(&folder.path().join("x.npy"), &[2, 1], &[1.0, 2.0])?;
    /// write_npy(&folder.path().join("y.npy"), &[2, 1], &[2.0, 1.0])?;
    /// assert_eq!(print("x.csv")?, print("x.npy")?);
    /// assert_ne!(print("x.csv")?, print("y.npy")?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn fingerprint(&self) -> Option<u64> {
        match &self.source {
            Source::Mixture(_) | Source::Toy(_) => None,
            Source::Finite(finite) => Some(finite.fingerprint()),
            Source::Rows(rows) => Some(rows.fingerprint),
            Source::Images(images) => Some(images.fingerprint()),
        }
    }

    /// Refuses data that is not what it was; `path` is named in the message.
    ///
    /// # Errors
    /// [`DataError::Changed`] if the [`fingerprint`](Self::fingerprint) is another, and for a generator.
    ///
    /// ```
    /// # use fokker::data::{TableConfig, Data, DataConfig, write_csv};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("x.csv");
    /// let config = DataConfig::File(TableConfig { held_out: 0.25, ..TableConfig::new(path.clone()) });
    /// write_csv(&path, &["x"], &[1.0, 2.0])?;
    /// let before = Data::load(&config)?.fingerprint().unwrap_or(0);
    /// assert!(Data::load(&config)?.require_fingerprint(before, &path).is_ok());
    /// write_csv(&path, &["x"], &[1.0, 2.5])?;
    /// assert!(Data::load(&config)?.require_fingerprint(before, &path).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn require_fingerprint(&self, expected: u64, path: &Path) -> Result<(), DataError> {
        match self.fingerprint() {
            Some(actual) if actual == expected => Ok(()),
            actual => {
                Err(DataError::Changed { path: path.to_path_buf(), expected, actual: actual.unwrap_or_default() })
            }
        }
    }

    /// What the columns of a table are called, where its file says so.
    ///
    /// ```
    /// # use fokker::data::{Data, DataConfig};
    /// assert_eq!(Data::load(&DataConfig::default())?.columns(), None);
    /// # Ok::<(), fokker::data::DataError>(())
    /// ```
    #[must_use]
    pub fn columns(&self) -> Option<&[String]> {
        match &self.source {
            Source::Rows(rows) => rows.names.as_deref(),
            _ => None,
        }
    }

    /// What is worth a word about the data: rows that were left out, columns that a density makes little of.
    ///
    /// ```
    /// # use fokker::data::{Data, DataConfig, TableConfig};
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("x.csv");
    /// std::fs::write(&path, "site,mass\n7,0.1\n7,0.7\n7,0.4\n")?;
    /// let data = Data::load(&DataConfig::File(TableConfig::new(path)))?;
    /// assert!(data.notes()[0].contains("column 1 (site) has the same value in every row"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn notes(&self) -> &[String] {
        match &self.source {
            Source::Rows(rows) => &rows.notes,
            _ => &[],
        }
    }

    /// What a model file says of the data.
    ///
    /// ```
    /// # use fokker::data::{Data, DataConfig, DataKind};
    /// assert_eq!(Data::load(&DataConfig::default())?.info().kind, DataKind::Generator);
    /// # Ok::<(), fokker::data::DataError>(())
    /// ```
    #[must_use]
    pub fn info(&self) -> DataInfo {
        let doubles = |values: &[f32]| values.iter().map(|&x| f64::from(x)).collect::<Vec<_>>();
        let (kind, low, high) = match &self.source {
            // Whose coordinates are the model's.
            Source::Mixture(_) | Source::Toy(_) | Source::Finite(_) => {
                (DataKind::Generator, doubles(&self.low), doubles(&self.high))
            }
            Source::Rows(rows) => (DataKind::Table, rows.range.0.clone(), rows.range.1.clone()),
            Source::Images(images) => {
                let [low, high] = images.range();
                (DataKind::Images, vec![low], vec![high])
            }
        };
        let columns = self.columns().map(<[String]>::to_vec);
        let steps = match &self.source {
            Source::Rows(rows) => rows.steps.clone(),
            _ => None,
        };
        DataInfo { kind, columns, low, high, steps, fingerprint: self.fingerprint() }
    }
}
