//! `--sampler` and the options of its settings, made of what the library says its samplers have.

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, value_parser};
use fokker::sample::{Inpaint, Sampler, SamplerKind, Setting, Values};
use fokker::solve::Tolerance;
use toml::Value;

/// What was given of `--sampler` and its settings.
#[derive(Clone, Debug, Default)]
pub struct SamplerOptions {
    /// The sampler's name.
    pub sampler: Option<String>,
    /// The settings, in the order of their options.
    pub settings: Vec<(Setting, Given)>,
}

/// A setting as it was typed.
#[derive(Clone, Debug)]
pub enum Given {
    Count(usize),
    Real(f64),
    Name(String),
    /// A switch that was turned off.
    Off,
}

impl Given {
    /// The setting's value in TOML.
    pub fn value(&self, setting: &Setting) -> Value {
        match self {
            // Ranges are checked later: a count beyond i64 is beyond every range.
            Self::Count(count) => i64::try_from(*count).unwrap_or(i64::MAX).into(),
            Self::Real(both) if setting.values == Values::Tolerance => {
                Value::try_from(Tolerance::both(*both)).unwrap_or(Value::Float(*both))
            }
            Self::Real(real) => Value::Float(*real),
            Self::Name(name) => name.as_str().into(),
            Self::Off => false.into(),
        }
    }
}

impl SamplerOptions {
    /// The tolerance, if it was given.
    pub fn tolerance(&self) -> Option<f64> {
        self.settings.iter().find_map(|(setting, given)| match given {
            Given::Real(tolerance) if setting.values == Values::Tolerance => Some(*tolerance),
            _ => None,
        })
    }
}

/// The option of a setting, as it is typed.
pub fn option(setting: &Setting) -> String {
    let off = if setting.values == Values::Switch { "no-" } else { "" };
    format!("--{off}{}", setting.key.replace('_', "-"))
}

/// Every setting of every sampler once, those of fixed steps first.
fn settings() -> Vec<Setting> {
    let (fixed, adaptive): (Vec<&SamplerKind>, Vec<&SamplerKind>) = Sampler::kinds()
        .iter()
        .partition(|kind| Sampler::named(kind.name).is_ok_and(|sampler| sampler.steps().is_some()));
    let mut found = Vec::new();
    for setting in fixed.iter().chain(&adaptive).flat_map(|kind| kind.settings) {
        if !found.contains(setting) {
            found.push(*setting);
        }
    }
    found
}

/// A value as it is typed.
fn text(value: &Value) -> String {
    match value {
        Value::Float(real) => format!("{real:?}"),
        Value::String(name) => name.clone(),
        Value::Table(tolerance) => tolerance.get("absolute").map(text).unwrap_or_default(),
        other => other.to_string(),
    }
}

/// What a setting is if it is not given: one value, and whose is another.
fn default_of(key: &str) -> String {
    let mut groups: Vec<(Value, Vec<&str>)> = Vec::new();
    for kind in Sampler::kinds() {
        let Some(value) = Sampler::named(kind.name).ok().and_then(|sampler| sampler.setting(key)) else { continue };
        match groups.iter_mut().find(|(of, _)| *of == value) {
            Some((_, names)) => names.push(kind.name),
            None => groups.push((value, vec![kind.name])),
        }
    }
    let mut said: Vec<String> = Vec::new();
    for (value, names) in &groups {
        let of = if said.is_empty() { String::new() } else { format!(" for {}", names.join(" and ")) };
        said.push(text(value) + &of);
    }
    let inpaint = Inpaint::default().sampler;
    let usual = Sampler::named(inpaint.name()).ok().and_then(|sampler| sampler.setting(key));
    if let Some(value) = inpaint.setting(key).filter(|value| usual.as_ref() != Some(value)) {
        said.push(format!("{} with --inpaint", text(&value)));
    }
    said.join("; ")
}

fn arg(setting: &Setting) -> Arg {
    let word = setting.key.rsplit('_').next().unwrap_or_default().to_uppercase();
    let arg = Arg::new(setting.key).long(option(setting).trim_start_matches('-').to_owned()).value_name(word);
    let help = format!("{} (default: {})", setting.about, default_of(setting.key));
    match setting.values {
        Values::Count => arg.help(help).value_parser(value_parser!(usize)),
        Values::Real | Values::Tolerance => arg.help(help).value_parser(value_parser!(f64)),
        Values::Choice(names) => arg.help(help).value_parser(choice(names.iter().copied())),
        Values::Switch => arg.help(setting.about).action(ArgAction::SetTrue),
    }
}

/// One of some names, each with a line about it.
fn choice(names: impl Iterator<Item = (&'static str, &'static str)>) -> PossibleValuesParser {
    names.map(|(name, about)| PossibleValue::new(name).help(about)).collect::<Vec<_>>().into()
}

impl Args for SamplerOptions {
    fn augment_args(command: Command) -> Command {
        let (usual, inpaint) = (Sampler::default().name(), Inpaint::default().sampler.name());
        let sampler = Arg::new("sampler")
            .long("sampler")
            .value_name("SAMPLER")
            .help(format!("How (default: {usual}; {inpaint} with --inpaint)"))
            .value_parser(choice(Sampler::kinds().iter().map(|kind| (kind.name, kind.about))));
        settings().iter().fold(command.arg(sampler), |command, setting| command.arg(arg(setting)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SamplerOptions {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = |setting: &Setting| match setting.values {
            Values::Count => matches.get_one(setting.key).copied().map(Given::Count),
            Values::Real | Values::Tolerance => matches.get_one(setting.key).copied().map(Given::Real),
            Values::Choice(_) => matches.get_one(setting.key).cloned().map(Given::Name),
            Values::Switch => matches.get_flag(setting.key).then_some(Given::Off),
        };
        let settings = settings().into_iter().filter_map(|setting| Some((setting, given(&setting)?))).collect();
        Ok(Self { sampler: matches.get_one("sampler").cloned(), settings })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
