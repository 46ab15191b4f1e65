//! A config with some of its keys changed: what makes two runs differ, and nothing else.

use toml::{Table, Value};

use super::Config;
use crate::Error;
use crate::sde::{Sde, SdeError, Vp};

impl Config {
    /// The same without the dotted keys (or tables) in `removes`, as far as they are there, and then with those in `sets`, each
    /// `key=value`; `origin` names the config in errors.
    ///
    /// ```
    /// use fokker::config::Config;
    /// let config = Config::preset("ring8", &[])?;
    /// let dsm = config.changed(&["loss.fp", "loss.scalar"], &["train.steps=7"], "ring8")?;
    /// assert!(config.loss.fp.is_some() && dsm.loss.fp.is_none() && dsm.train.steps == 7);
    /// let error = config.changed(&[], &["train.stepz=7"], "ring8").unwrap_err();
    /// assert!(error.to_string().starts_with("ring8: train.stepz"));
    /// # Ok::<(), fokker::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Config`] naming the key and the reason; [`Error::Sde`] if an SDE of the caller's own, which no key describes, is to be changed.
    pub fn changed<S: AsRef<str>>(&self, removes: &[S], sets: &[S], origin: &str) -> Result<Self, Error> {
        if removes.is_empty() && sets.is_empty() {
            return Ok(self.clone());
        }
        let wrong = |error: &dyn std::fmt::Display| {
            let (key, reason) = ("(whole)".into(), error.to_string());
            Error::Config { origin: origin.into(), key, reason }
        };
        let is_own = self.sde.require_built_in().is_err();
        let of_sde = |key: &S| key.as_ref().split(['.', '=']).next() == Some("sde");
        if is_own && removes.iter().chain(sets).any(of_sde) {
            return Err(SdeError::NotBuiltIn.into());
        }
        let written = if is_own { Self { sde: stand_in(&self.sde), ..self.clone() } } else { self.clone() };
        let mut table = Table::try_from(&written).map_err(|error| wrong(&error))?;
        for key in removes {
            remove(&mut table, key.as_ref());
        }
        let text = toml::to_string(&table).map_err(|error| wrong(&error))?;
        let sets: Vec<String> = sets.iter().map(|assignment| assignment.as_ref().to_owned()).collect();
        let changed = Self::parse(&text, origin, &sets)?;
        Ok(if is_own { Self { sde: self.sde.clone(), ..changed } } else { changed })
    }
}

/// An SDE that keys describe, used from the same time on: what is asked of the other keys is the same.
fn stand_in(own: &Sde) -> Sde {
    Vp { t_min: own.t_min(), ..Vp::default() }.into()
}

/// Removes a dotted key, if it is there.
fn remove(table: &mut Table, key: &str) {
    match key.split_once('.') {
        None => {
            table.remove(key);
        }
        Some((head, rest)) => {
            if let Some(Value::Table(inner)) = table.get_mut(head) {
                remove(inner, rest);
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_sde_of_one_s_own_stays() {
        let sde = Sde::from_functions(|_| 0.0, |t| 2.0 * t).unwrap();
        let config = Config { sde: sde.clone(), ..Config::preset("ring8", &[]).unwrap() };
        let changed = config.changed(&["loss.fp"], &["seed=4"], "own").unwrap();
        assert!(changed.seed == 4 && changed.loss.fp.is_none());
        assert_eq!(changed.sde.at(0.3), sde.at(0.3));
        assert_ne!(changed.sde.at(0.3), Sde::vp().at(0.3));
        assert!(config.changed(&[], &["sde.t_min=0.1"], "own").is_err());
    }

    #[test]
    fn keys_that_are_not_there_need_no_removing() {
        let config = Config::preset("ring8", &[]).unwrap();
        assert_eq!(config.changed(&["loss.no.such"], &[], "x").unwrap(), config);
        assert_eq!(config.changed::<&str>(&[], &[], "x").unwrap(), config);
        assert_ne!(config.changed(&["loss.fp"], &[], "x").unwrap(), config);
    }
}
