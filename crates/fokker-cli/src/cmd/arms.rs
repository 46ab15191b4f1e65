//! `--arm NAME KEY=VALUE ...`: the ways to train that are compared.

use anyhow::Result;
use clap::{Arg, ArgAction, ArgMatches, Command, Error, FromArgMatches};
use fokker::study::Arm;

use crate::fail::request;

/// The words after each `--arm`.
#[derive(Debug, Default)]
pub struct Arms(Vec<Vec<String>>);

impl Arms {
    /// The arms, by default `others`.
    pub fn or(&self, others: Vec<Arm>) -> Result<Vec<Arm>> {
        if self.0.is_empty() {
            return Ok(others);
        }
        self.0.iter().map(|words| arm(words)).collect()
    }
}

fn arm(words: &[String]) -> Result<Arm> {
    let Some((name, changes)) = words.split_first() else { return Err(request("--arm: a name is needed")) };
    let number = |text: &str| {
        let wrong = |_| request(format!("--arm {name}: steps-times={text}: must be a number"));
        text.parse::<f64>().map_err(wrong)
    };
    changes.iter().try_fold(Arm::new(&key(name), name), |arm, change| match change.split_once('=') {
        Some(("without", key)) => Ok(arm.without(key)),
        Some(("steps-times", factor)) => Ok(arm.steps_times(number(factor)?)),
        Some(("as-long-as", name)) => Ok(arm.as_long_as(&key(name))),
        Some(_) => Ok(arm.set(change)),
        None => Err(request(format!(
            "--arm {name}: {change:?} is no KEY=VALUE (a config file goes before the first --arm)"
        ))),
    })
}

/// A name as the name of a folder: "DSM, long" is `dsm-long`.
fn key(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let dashed: String = name.chars().map(plain).collect();
    dashed.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

impl FromArgMatches for Arms {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut arms = Self::default();
        arms.update_from_arg_matches(matches)?;
        Ok(arms)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        let occurrences = matches.get_occurrences::<String>("arm").into_iter().flatten();
        self.0 = occurrences.map(|words| words.cloned().collect()).collect();
        Ok(())
    }
}

impl clap::Args for Arms {
    fn augment_args(command: Command) -> Command {
        command.arg(
            Arg::new("arm")
                .long("arm")
                .value_names(["NAME", "KEY=VALUE"])
                .num_args(1..)
                .action(ArgAction::Append)
                .help("Compare these, the first being the reference: a name, and what it changes in the config")
                .long_help(
                    "Compare these in place of the config's, the first being the reference: a name, and what it changes in the \
                     config. without=KEY leaves a key or a table out, as-long-as=NAME gives an arm the time of training of an \
                     earlier one, steps-times=0.5 half of the steps, for example --arm DSM without=loss.fp --arm FP \
                     loss.fp.weight=3e-5 as-long-as=DSM",
                ),
        )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Asked {
        #[command(flatten)]
        arms: Arms,
    }

    fn asked(words: &str) -> Result<Vec<Arm>> {
        Asked::try_parse_from(std::iter::once("x").chain(words.split('|'))).unwrap().arms.or(Arm::dsm_and_fp())
    }

    #[test]
    fn arms_are_names_and_changes() {
        let found = asked(
            "--arm|DSM|without=loss.fp|--arm|FP|loss.fp.weight=1e-3|--arm|DSM, FP's time|without=loss.fp|as-long-as=FP",
        );
        let want = [
            Arm::new("dsm", "DSM").without("loss.fp"),
            Arm::new("fp", "FP").set("loss.fp.weight=1e-3"),
            Arm::new("dsm-fp-s-time", "DSM, FP's time").without("loss.fp").as_long_as("fp"),
        ];
        assert_eq!(found.unwrap(), want);
        let error = asked("--arm|DSM|my.toml").unwrap_err().to_string();
        assert!(error.contains("\"my.toml\" is no KEY=VALUE"), "{error}");
    }

    #[test]
    fn without_any_there_are_the_usual_ones() {
        assert_eq!(Asked::try_parse_from(["x"]).unwrap().arms.or(Arm::dsm_and_fp()).unwrap(), Arm::dsm_and_fp());
    }
}
