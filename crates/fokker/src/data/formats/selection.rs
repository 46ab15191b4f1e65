//! Which columns of a table are read.

use std::path::Path;

use crate::data::DataError;
use crate::data::column_name::place_in;

/// Columns that are asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::data) enum Selection<'a> {
    /// Whatever there is.
    #[default]
    All,
    /// All but these, by name or by number from 1.
    Without(&'a [String]),
    /// These, by name, if the file's columns have names and these are all among them; else whatever there is.
    Only(&'a [String]),
}

impl Selection<'_> {
    /// Whether each of a file's `dim` columns is read.
    pub(in crate::data) fn of(self, path: &Path, names: Option<&[String]>, dim: usize) -> Result<Vec<bool>, DataError> {
        let mut kept = vec![true; dim];
        match (self, names) {
            (Self::Without(dropped), _) => {
                for column in dropped {
                    kept[place_in(path, column, names, dim)?] = false;
                }
                if !kept.contains(&true) {
                    let needed = "at least one column that is not dropped";
                    return Err(DataError::Shape { path: path.into(), found: format!("of {dim} columns"), needed });
                }
            }
            (Self::Only(wanted), Some(names)) if wanted.iter().all(|name| names.contains(name)) => {
                kept.iter_mut().zip(names).for_each(|(kept, name)| *kept = wanted.contains(name));
            }
            _ => {}
        }
        Ok(kept)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn columns_by_name_and_by_number() {
        let names = ["id", "length", "2"].map(String::from);
        let of = |selection: Selection<'_>| selection.of(Path::new("x"), Some(&names), 3);
        let without = |dropped: &[&str]| {
            let dropped: Vec<String> = dropped.iter().map(|&name| name.to_owned()).collect();
            of(Selection::Without(&dropped)).map_err(|error| error.to_string())
        };
        assert_eq!(without(&["id"]).unwrap(), [false, true, true]);
        assert_eq!(without(&["1", "length"]).unwrap(), [false, false, true]);
        assert_eq!(without(&["2"]).unwrap(), [true, true, false], "a name comes before a number");
        assert!(without(&["lenght"]).unwrap_err().contains("is `length` meant?"));
        assert!(without(&["width of it all"]).unwrap_err().contains("there are id, length, 2"));
        assert!(without(&["id", "length", "2"]).unwrap_err().contains("at least one column"));
        let only = |wanted: &[&str]| {
            let wanted: Vec<String> = wanted.iter().map(|&name| name.to_owned()).collect();
            of(Selection::Only(&wanted)).unwrap()
        };
        assert_eq!(only(&["2", "length"]), [false, true, true]);
        assert_eq!(only(&["2", "width"]), [true, true, true], "what is not all there is told by its names");
        let unnamed = Selection::Without(&names[..1]).of(Path::new("x"), None, 3).unwrap_err().to_string();
        assert!(unnamed.contains("numbers from 1"), "{unnamed}");
    }
}
