//! Requests by chance, the same for the same number.

use std::fs;

use super::extremes::{LONG, OPTIONS, SIZED, SIZES, extreme};
use super::keys::{self, Key};
use crate::util::{Chance, Scratch, TINY, idx, npy, sets};

/// What is asked of the program.
pub struct Request<'a> {
    pub scratch: &'a Scratch,
    /// A name that no other request has; all that it writes begins with it.
    pub name: String,
    pub args: Vec<String>,
    /// What the files are that it was given.
    pub about: String,
}

impl Request<'_> {
    /// Removes what it has written.
    pub fn clear(&self) {
        for entry in fs::read_dir(self.scratch.path("")).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap().to_string_lossy().starts_with(&self.name) {
                let _ = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            }
        }
    }
}

/// Data files, good ones.
const FILES: &[&str] = &["x.csv", "x.npy", "x.npz", "x.parquet", "header.csv", "three.csv", "m", "gaps.csv"];

/// A U-Net that trains in no time.
const UNET: &[&str] = &["network.width=4", "network.attention=[]", "network.multipliers=[1,1]", "train.batch=4"];

/// What makes a run small, whatever its network.
fn tiny() -> Vec<&'static str> {
    TINY.iter().copied().filter(|assignment| !assignment.starts_with("network.")).collect()
}

/// Options with their values.
type Given = &'static [(&'static str, &'static str)];

/// A command that works on a trained model or measures speed, and the options that are given unless chance takes others.
struct Command {
    args: &'static [&'static str],
    base: Given,
    /// From its help.
    options: Vec<Opt>,
}

struct Opt {
    name: String,
    /// Does it take a value, and of which?
    value: bool,
    choices: Vec<String>,
}

const COMMANDS: &[(&[&str], Given)] = &[
    (&["sample", "run"], &[("-n", "3"), ("--output", "OUT.npz"), ("--sampler", "heun"), ("--steps", "3")]),
    (&["sample", "run"], &[("--encode", "x.csv"), ("--output", "OUT.npy")]),
    (&["sample", "images"], &[("-n", "2"), ("--output", "OUT.png"), ("--tolerance", "0.1")]),
    (
        &["simulate", "run"],
        &[("-n", "3"), ("--steps", "4"), ("--save-every", "2"), ("--dt", "1e-4"), ("--output", "OUT.npz")],
    ),
    (&["logp", "run"], &[("--data", "x.csv"), ("--output", "OUT.csv"), ("--tolerance", "0.1")]),
    (&["logp", "images"], &[("--data", "flat.npy"), ("--output", "OUT.npz"), ("--tolerance", "0.5")]),
    (&["eval", "run"], &[("--data", "x.npy"), ("--t", "0.5"), ("--output", "OUT.npz")]),
    (&["eval", "images"], &[("--data", "flat.npy"), ("--t", "0.5"), ("--output", "OUT.npz")]),
    (&["export", "run"], &[("--output", "OUT.safetensors")]),
    (&["data", "describe", "FILE"], &[]),
    (&["bench", "step"], &[("--width", "8"), ("--depth", "1"), ("--batch", "8"), ("--steps", "1"), ("--only", "dsm")]),
    (&["bench", "residual"], &[("--width", "8"), ("--depth", "1"), ("--rows", "8"), ("--repeats", "1")]),
    (&["bench", "logp"], &[("--points", "4"), ("--tolerance", "0.1")]),
];

/// Where requests come from.
pub struct Requests {
    scratch: Scratch,
    keys: Vec<Key>,
    commands: Vec<Command>,
}

impl Requests {
    /// Trains the models and writes the files that requests are about.
    pub fn new() -> Self {
        let scratch = Scratch::new();
        scratch.put("x.csv", "0.1,0.2\n-1,1.5\n0.3,-0.4\n");
        scratch.put("header.csv", "a,\"b\"\n1,2\n3,\"4\"\n5,6\n");
        scratch.put("three.csv", "1,2,3\n4,5,6\n");
        scratch.put("gaps.csv", "nan,1\n");
        scratch.put("x.npy", npy(&[3, 2], &[0.1, 0.2, -1.0, 1.5, 0.3, -0.4]));
        scratch.put("flat.npy", npy(&[2, 64], &(0..128).map(f64::from).collect::<Vec<_>>()));
        scratch.put("m/train-images-idx3-ubyte", idx(12, 8, 8));
        scratch.put("m/t10k-images-idx3-ubyte", idx(4, 8, 8));
        scratch.train("run", "ring8", &["train.steps=2"]);
        let args = ["train", "--preset", "mnist-unet-tiny", "-o", "images", "--data", "m"];
        scratch.fokker(&[&args[..], &*sets(&tiny()), &*sets(UNET), &["--set", "train.steps=1"]].concat()).succeeded();
        for name in ["x.npz", "x.parquet"] {
            scratch.fokker(&["sample", "run", "-n", "3", "-o", name]).succeeded();
        }
        let commands = COMMANDS.iter().map(|(args, base)| Command { args, base, options: options(&scratch, args) });
        Self { commands: commands.collect(), scratch, keys: keys::all() }
    }

    /// Request number `case`.
    pub fn request(&self, case: usize) -> Request<'_> {
        let mut chance = Chance(case as u64);
        let name = format!("case{case}-");
        let (args, about) = match chance.below(10) {
            0..4 => self.training(&mut chance, &name),
            4 => self.comparison(&mut chance, &name),
            5 => self.audit(&mut chance),
            6 => self.damaged_config(&mut chance, &name),
            _ => self.command(&mut chance, &name),
        };
        Request { scratch: &self.scratch, name, args, about }
    }

    /// A key with a value, as one assigns it: one of those that begin so, mostly one that a preset has.
    fn assignment(&self, chance: &mut Chance, of: &str, preset: &str) -> String {
        let own = if chance.one_in(4) { None } else { Some(keys::of_preset(preset)) };
        let has = |path: &str| own.as_ref().is_none_or(|own| own.iter().any(|(known, _)| known == path));
        let all = self.keys.iter();
        let keys: Vec<&Key> = all.filter(|key| key.path.starts_with(of) && has(&key.path)).collect();
        let Key { path, values } = chance.of(&keys);
        let value = match chance.below(5) {
            0 | 1 if !values.is_empty() => chance.of(values).clone(),
            2 if SIZED.contains(&&**path) => (*chance.of(SIZES)).to_owned(),
            _ => extreme(chance),
        };
        if LONG.contains(&&**path) && value.parse::<f64>().is_ok_and(|value| value > 3.0) {
            return format!("{path}=1");
        }
        let nested = if chance.one_in(40) { ".a".repeat(1 + chance.below(30_000)) } else { String::new() };
        format!("{path}{nested}={value}")
    }

    /// The head of a request for training: a preset with its data, small, with some keys changed.
    fn small(&self, chance: &mut Chance) -> Vec<String> {
        let preset = *chance.of(&["ring8", "ring8", "moons", "mixture5d", "checkerboard", "mnist", "mnist-unet-tiny"]);
        let mut set: Vec<String> = TINY.iter().map(ToString::to_string).collect();
        set.extend(["train.steps=2", "audit.points=10", "audit.nll_points=6", "audit.samples=9"].map(String::from));
        set.extend(["audit.gap_samples=12", "audit.times=[1e-3, 1.0]"].map(String::from));
        if preset == "mnist-unet-tiny" {
            set.retain(|assignment| !assignment.starts_with("network."));
            set.extend(UNET.iter().map(ToString::to_string));
        }
        if preset.starts_with("mnist") {
            set.push("data.path=m".into());
        }
        let mut args = vec!["--preset".to_owned(), preset.to_owned()];
        if chance.one_in(6) {
            args.extend(["--data".to_owned(), (*chance.of(FILES)).to_owned()]);
        }
        if chance.one_in(8) {
            args.extend(["--memory".to_owned(), (*chance.of(&["1 GiB", "64 MiB", "1", "0", "x"])).to_owned()]);
        }
        set.extend((0..1 + chance.below(3)).map(|_| self.assignment(chance, "", preset)));
        args.extend(set.into_iter().flat_map(|assignment| ["--set".to_owned(), assignment]));
        args
    }

    fn training(&self, chance: &mut Chance, name: &str) -> (Vec<String>, String) {
        let mut args = vec!["train".to_owned()];
        args.extend(self.small(chance));
        args.extend(["-o".to_owned(), format!("{name}run")]);
        if chance.one_in(10) {
            args.extend(["--init".to_owned(), (*chance.of(&["run", "images", "x.npy", "m"])).to_owned()]);
        }
        (args, String::new())
    }

    fn comparison(&self, chance: &mut Chance, name: &str) -> (Vec<String>, String) {
        let mut args = vec!["compare".to_owned()];
        args.extend(self.small(chance));
        args.extend(["-o".to_owned(), format!("{name}out")]);
        (args, String::new())
    }

    /// The audit of a copy of a run whose config was changed.
    fn audit(&self, chance: &mut Chance) -> (Vec<String>, String) {
        let run = *chance.of(&["run", "run", "images"]);
        let mut args = vec!["audit".to_owned(), run.to_owned()];
        for _ in 0..1 + chance.below(3) {
            args.extend(["--set".to_owned(), self.assignment(chance, "audit.", "ring8")]);
        }
        (args, String::new())
    }

    /// A config file with some bytes changed.
    fn damaged_config(&self, chance: &mut Chance, name: &str) -> (Vec<String>, String) {
        let mut text = self.scratch.read("run/config.toml");
        for _ in 0..1 + chance.below(4) {
            let at = chance.below(text.len());
            match chance.below(5) {
                0 => text[at] = chance.bits().to_le_bytes()[0],
                1 => drop(text.drain(at..(at + 1 + chance.below(40)).min(text.len()))),
                2 => {
                    let piece = text[at..(at + 60).min(text.len())].to_vec();
                    let to = chance.below(text.len());
                    drop(text.splice(to..to, piece));
                }
                3 => drop(text.splice(at..at, extreme(chance).into_bytes())),
                _ => {
                    text.extend(format!("\n{}\n", self.assignment(chance, "", "ring8").replacen('=', " = ", 1)).bytes())
                }
            }
        }
        let config = format!("{name}config.toml");
        self.scratch.put(&config, &text);
        let args = ["train", &config, "-o", &format!("{name}run"), "--set", "train.steps=1"];
        (args.map(String::from).to_vec(), format!("{}\n", String::from_utf8_lossy(&text)))
    }

    fn command(&self, chance: &mut Chance, name: &str) -> (Vec<String>, String) {
        let command = chance.of(&self.commands);
        let mut options: Vec<(String, Option<String>)> =
            command.base.iter().map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned()))).collect();
        for _ in 0..chance.below(4) {
            let option = chance.of(&command.options);
            let value = option.value.then(|| match chance.below(6) {
                0..3 if !option.choices.is_empty() => chance.of(&option.choices).clone(),
                0 => (*chance.of(FILES)).to_owned(),
                1 | 2 => (*chance.of(SIZES)).to_owned(),
                _ => (*chance.of(OPTIONS)).to_owned(),
            });
            options.retain(|(name, _)| *name != option.name);
            options.push((option.name.clone(), value));
        }
        let file = |chance: &mut Chance| {
            if chance.one_in(3) { self.damaged_file(chance, name) } else { (*chance.of(FILES)).to_owned() }
        };
        let mut args: Vec<String> = command.args.iter().map(ToString::to_string).collect();
        if let Some(last) = args.last_mut().filter(|last| *last == "FILE") {
            *last = file(chance);
        }
        for (option, value) in options {
            let value = match (&*option, value) {
                ("--data" | "--encode", Some(_)) if chance.one_in(3) => Some(file(chance)),
                (_, value) => value.map(|value| value.replace("OUT", &format!("{name}out"))),
            };
            // What is written goes where it can be found again.
            let value = match (&*option, value) {
                ("--output" | "--json", Some(value)) if !value.starts_with(name) => Some(format!("{name}{value}")),
                (_, value) => value,
            };
            args.push(option);
            args.extend(value);
        }
        (args, String::new())
    }

    /// A copy of a file with some bytes changed.
    fn damaged_file(&self, chance: &mut Chance, name: &str) -> String {
        let from = *chance.of(&["x.csv", "x.npy", "x.npz", "x.parquet", "header.csv"]);
        let mut bytes = self.scratch.read(from);
        for _ in 0..1 + chance.below(3) {
            let at = chance.below(bytes.len());
            match chance.below(3) {
                0 => bytes[at] = chance.bits().to_le_bytes()[0],
                1 => bytes[at] ^= 1 << chance.below(8),
                _ => bytes.truncate(at.max(1)),
            }
        }
        let to = format!("{name}{from}");
        self.scratch.put(&to, bytes);
        to
    }
}

/// The options of a command, as its help lists them.
fn options(scratch: &Scratch, args: &[&str]) -> Vec<Opt> {
    let help = scratch.fokker(&[args, &["--help"]].concat()).succeeded().stdout;
    let mut found: Vec<Opt> = Vec::new();
    for line in help.lines().map(str::trim) {
        if let Some((_, list)) = line.split_once("[possible values: ") {
            let choices = list.trim_end_matches(']').split(", ").map(str::to_owned);
            found.last_mut().unwrap().choices.extend(choices);
        } else if let Some((name, _)) = line.strip_prefix("- ").and_then(|line| line.split_once(':')) {
            found.last_mut().unwrap().choices.push(name.to_owned());
        } else if line.starts_with('-') {
            let mut name =
                line.split_whitespace().map(|word| word.trim_end_matches(',')).filter(|word| word.starts_with('-'));
            let (name, value) = (name.next_back().unwrap().to_owned(), line.contains('<'));
            found.push(Opt { name, value, choices: Vec::new() });
        }
    }
    // What says more than errors is not among them.
    let left_out = ["--help", "--version", "--memory", "--verbose", "--progress"];
    found.retain(|option| !left_out.contains(&&*option.name));
    assert!(found.len() > 1 || args[0] == "export", "{help}");
    found
}
