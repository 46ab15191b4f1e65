//! The samplers. A new one is a file here and its line in the list below, which makes it a variant of [`Sampler`], of its TOML, and of the
//! program's `--sampler`.

mod dpm_solver;
mod euler_maruyama;
mod heun;
mod predictor_corrector;
mod probability_flow;
mod reverse_diffusion;

use std::fmt;

use serde::{Deserialize, Serialize};

use super::method::{Method, Plan, Setting};
use crate::Error;

pub use dpm_solver::DpmSolverPp;
pub use euler_maruyama::EulerMaruyama;
pub use heun::Heun;
#[cfg(test)]
pub(super) use predictor_corrector::Langevin;
pub use predictor_corrector::{Predictor, PredictorCorrector};
pub use probability_flow::ProbabilityFlow;
pub use reverse_diffusion::ReverseDiffusion;

/// Makes [`Sampler`] of the kinds and their names in TOML.
macro_rules! samplers {
    ($($name:literal => $kind:ident),+ $(,)?) => {
        /// How samples are drawn. In TOML a table with `kind`; every other key may be left out.
        ///
        /// The fixed-step samplers take `steps` steps along a [`TimeGrid`](super::TimeGrid), and with `denoise` end with E\[x₀ | x\] =
        /// (x + σ² s)/m at t_min (Tweedie's formula; Efron 2011, JASA 106(496)), one more evaluation, which takes off the noise that is
        /// left there. The default is the [`ProbabilityFlow`].
        ///
        /// ```
        /// use fokker::sample::{EulerMaruyama, ProbabilityFlow, Sampler};
        /// let sampler: Sampler = toml::from_str("kind = \"euler-maruyama\"\nsteps = 200")?;
        /// assert_eq!(sampler, EulerMaruyama { steps: 200, ..EulerMaruyama::default() }.into());
        /// assert!(toml::from_str::<Sampler>("kind = \"probability-flow\"\nsteps = 200").is_err());
        /// assert_eq!(Sampler::default(), ProbabilityFlow::default().into());
        /// # Ok::<(), toml::de::Error>(())
        /// ```
        #[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "kind")]
        pub enum Sampler {
            $(#[doc = concat!("`", $name, "`: see [`", stringify!($kind), "`].")] #[serde(rename = $name)] $kind($kind)),+
        }

        $(impl From<$kind> for Sampler {
            fn from(settings: $kind) -> Self {
                Self::$kind(settings)
            }
        })+

        impl fmt::Debug for Sampler {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$kind(settings) => settings.fmt(f)),+
                }
            }
        }

        impl Sampler {
            /// The kinds that there are.
            ///
            /// ```
            /// use fokker::sample::Sampler;
            /// assert!(Sampler::kinds().iter().any(|kind| kind.name == "heun"));
            /// ```
            #[must_use]
            pub fn kinds() -> &'static [SamplerKind] {
                const KINDS: &[SamplerKind] = &[$(SamplerKind {
                    name: $name,
                    about: <$kind as Method>::ABOUT,
                    settings: <$kind as Method>::SETTINGS,
                }),+];
                KINDS
            }

            /// Its kind's name.
            ///
            /// ```
            /// assert_eq!(fokker::sample::Sampler::default().name(), "probability-flow");
            /// ```
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$kind(_) => $name),+
                }
            }

            /// What its settings come to.
            pub(super) fn plan(&self) -> Result<Plan, Error> {
                match self {
                    $(Self::$kind(settings) => settings.plan()),+
                }
            }
        }
    };
}

samplers! {
    "probability-flow" => ProbabilityFlow,
    "euler-maruyama" => EulerMaruyama,
    "reverse-diffusion" => ReverseDiffusion,
    "predictor-corrector" => PredictorCorrector,
    "heun" => Heun,
    "dpm-solver-pp" => DpmSolverPp,
}

/// A kind of sampler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SamplerKind {
    /// Its name, the `kind` of its table in TOML.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
    /// The settings that a program may offer as options.
    pub settings: &'static [Setting],
}

impl Default for Sampler {
    fn default() -> Self {
        ProbabilityFlow::default().into()
    }
}
