//! What can be asked of any sampler. Nothing here knows which kinds there are.

use toml::{Table, Value};

use super::method::FixedSteps;
use super::methods::Sampler;
use super::request::wrong;
use crate::Error;

impl Sampler {
    /// The sampler of a name, with its default settings.
    ///
    /// # Errors
    /// [`Error::Config`] if there is none of that name.
    ///
    /// ```
    /// use fokker::sample::{Heun, Sampler};
    /// assert_eq!(Sampler::named("heun")?, Heun::default().into());
    /// assert!(Sampler::named("euler").is_err());
    /// # Ok::<(), fokker::Error>(())
    /// ```
    pub fn named(name: &str) -> Result<Self, Error> {
        read(Table::from_iter([("kind".to_owned(), Value::from(name))]), "kind")
    }

    /// The same with another setting, by its key and value in TOML.
    ///
    /// # Errors
    /// [`Error::Config`] if it has no such setting, or the value is of another type. Ranges are checked by [`Sampler::validate`].
    ///
    /// ```
    /// use fokker::sample::{Heun, Sampler};
    /// let sampler = Sampler::named("heun")?.with("steps", 20.into())?;
    /// assert_eq!(sampler, Heun { steps: 20, ..Heun::default() }.into());
    /// assert!(sampler.with("snr", 0.1.into()).is_err());
    /// # Ok::<(), fokker::Error>(())
    /// ```
    pub fn with(&self, key: &str, value: Value) -> Result<Self, Error> {
        let mut table = self.table();
        table.insert(key.into(), value);
        read(table, key)
    }

    /// The value of a setting in TOML, if it has such a setting.
    ///
    /// ```
    /// use fokker::sample::Sampler;
    /// assert_eq!(Sampler::named("predictor-corrector")?.setting("snr"), Some(0.16.into()));
    /// assert_eq!(Sampler::default().setting("snr"), None);
    /// # Ok::<(), fokker::Error>(())
    /// ```
    #[must_use]
    pub fn setting(&self, key: &str) -> Option<Value> {
        self.table().remove(key)
    }

    fn table(&self) -> Table {
        // Plain structs of numbers and names can be written; were one not, it would have no settings to show.
        Table::try_from(self).unwrap_or_default()
    }

    /// Checks that it can be run.
    ///
    /// # Errors
    /// [`Error::Config`], naming the first key at fault: a tolerance that is not positive, no steps or more than
    /// 10⁷, more than 10⁴ corrector steps after each or 10⁹ in all, an snr outside (0, 1).
    ///
    /// ```
    /// use fokker::sample::{EulerMaruyama, Sampler};
    /// assert!(Sampler::default().validate().is_ok());
    /// assert!(Sampler::from(EulerMaruyama { steps: 0, ..EulerMaruyama::default() }).validate().is_err());
    /// ```
    pub fn validate(&self) -> Result<(), Error> {
        self.plan().map(drop)
    }

    /// How many fixed steps it takes; `None` if they are adaptive, or it cannot be run.
    ///
    /// ```
    /// use fokker::sample::Sampler;
    /// assert_eq!((Sampler::named("heun")?.steps(), Sampler::default().steps()), (Some(50), None));
    /// # Ok::<(), fokker::Error>(())
    /// ```
    #[must_use]
    pub fn steps(&self) -> Option<usize> {
        self.fixed().map(|fixed| fixed.steps)
    }

    /// Does each of its steps draw noise, and depend on none before it? What [`inpaint`](super::inpaint()) needs.
    ///
    /// ```
    /// use fokker::sample::Sampler;
    /// assert!(Sampler::named("reverse-diffusion")?.is_markov() && !Sampler::named("heun")?.is_markov());
    /// # Ok::<(), fokker::Error>(())
    /// ```
    #[must_use]
    pub fn is_markov(&self) -> bool {
        self.fixed().is_some_and(|fixed| fixed.is_markov)
    }

    fn fixed(&self) -> Option<FixedSteps> {
        self.plan().ok()?.steps()
    }
}

fn read(table: Table, key: &str) -> Result<Sampler, Error> {
    Value::Table(table).try_into().map_err(|error: toml::de::Error| wrong(key, error.message()))
}
