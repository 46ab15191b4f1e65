//! Data that a config names.

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::data::Data;
use super::source::Source;
use crate::data::bounds::extend_box;
use crate::data::images::{Images, Preparation};
use crate::data::table_rows::{Fit, Rows};
use crate::data::toy::{Toy, count, number};
use crate::data::{DataConfig, DataError, Scaling};
use crate::density::mixture::Mixture;

/// Draws from which a generator's box is found, the numbers that they may have, and their seed.
const BOX_DRAWS: usize = 10_000;
const BOX_NUMBERS: usize = 1 << 28;
const BOX_SEED: u64 = 0x00da_7a00;

impl Data {
    /// Sets up the generator or reads the files that `config` names.
    ///
    /// # Errors
    /// [`DataError`]: a parameter out of range, or a file that is missing, damaged, not numeric or not finite.
    ///
    /// ```
    /// use fokker::data::{Data, DataConfig};
    /// let error = Data::load(&DataConfig::Moons { noise: -1.0 }).unwrap_err();
    /// assert_eq!(error.to_string(), "noise = -1: must be between 0 and 1000000");
    /// ```
    pub fn load(config: &DataConfig) -> Result<Self, DataError> {
        Self::load_with(config, None, None)
    }

    /// Loads data, whose scaling may be given, and what its columns are called.
    pub(super) fn load_with(
        config: &DataConfig, given: Option<&Scaling>, columns: Option<&[String]>,
    ) -> Result<Self, DataError> {
        match *config {
            DataConfig::Ring { modes, radius, std } => {
                count("modes", modes, 10_000)?;
                number("radius", radius, 0.0, 1e6)?;
                number("std", std, 1e-6, 1e6)?;
                Self::mixture("ring", Mixture::ring(modes, radius, std))
            }
            DataConfig::Normal { dim } => {
                count("dim", dim, 1_000_000)?;
                Self::mixture("normal", Mixture::isotropic(&[1.0], &[vec![0.0; dim]], 1.0))
            }
            DataConfig::Mixture { dim, components, seed } => {
                count("dim", dim, 1024)?;
                count("components", components, 10_000_000 / (dim * dim))?;
                Self::mixture("mixture", Mixture::random(dim, components, seed))
            }
            DataConfig::Checkerboard { cells, half_width } => {
                Ok(Self::generator(Source::Toy(Toy::checkerboard(cells, half_width)?), 2))
            }
            DataConfig::Spirals { arms, turns, noise } => {
                Ok(Self::generator(Source::Toy(Toy::spirals(arms, turns, noise)?), 2))
            }
            DataConfig::Moons { noise } => Ok(Self::generator(Source::Toy(Toy::moons(noise)?), 2)),
            DataConfig::Finite { rows, seed, ref of } => Self::finite(rows, seed, of),
            DataConfig::File(ref config) => {
                let fit = given.map_or(Fit::To(config.scaling), Fit::Given);
                let (rows, scaling) = Rows::load(config, fit, columns)?;
                let (low, high) = rows.bounds();
                Ok(Self { source: Source::Rows(rows), scaling, low, high, own: None, potential: None })
            }
            DataConfig::Images { ref path, flip, size, held_out } => {
                let (images, scaling) = Images::load(path, size, Preparation { flip, held_out, given })?;
                let (low, high) = images.bounds();
                Ok(Self { source: Source::Images(images), scaling, low, high, own: None, potential: None })
            }
            DataConfig::Potential(ref config) => Self::simulated(config, given),
            DataConfig::Memory {} => Err(DataError::InMemory),
        }
    }

    fn mixture<E: ToString>(kind: &'static str, mixture: Result<Mixture, E>) -> Result<Self, DataError> {
        let mixture = mixture.map_err(|error| DataError::parameter("kind", kind, error.to_string()))?;
        let dim = mixture.dim();
        Ok(Self::generator(Source::Mixture(Box::new(mixture)), dim))
    }

    /// A generator, whose model coordinates are its own and whose box is that of some draws.
    fn generator(source: Source, dim: usize) -> Self {
        let scaling = Scaling::identity(dim);
        let (low, high) = (vec![f32::INFINITY; dim], vec![f32::NEG_INFINITY; dim]);
        let mut data = Self { source, scaling, low, high, own: None, potential: None };
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(BOX_SEED);
        let mut row = vec![0.0; dim];
        for _ in 0..(BOX_NUMBERS / dim).clamp(1, BOX_DRAWS) {
            data.draw(&mut rng, &mut row);
            extend_box(&mut data.low, &mut data.high, &row);
        }
        data
    }
}
