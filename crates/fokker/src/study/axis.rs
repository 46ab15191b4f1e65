//! Keys and the values that a sweep gives them.

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Arm;

/// A key of the config and the values that it is given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Axis {
    /// The dotted key.
    pub key: String,
    /// The values, as in a config.
    pub values: Vec<String>,
}

impl Axis {
    /// Reads `key=a,b,c`. Commas inside brackets, braces and quotes are part of a value.
    ///
    /// ```
    /// use fokker::study::Axis;
    /// let axis = Axis::parse("network.time={ kind = \"log-sigma\", frequencies = 4 },{ kind = \"low-frequency\" }")?;
    /// assert_eq!((axis.key.as_str(), axis.values.len()), ("network.time", 2));
    /// assert!(Axis::parse("train.steps").is_err() && Axis::parse("train.steps=1,,2").is_err());
    /// # Ok::<(), String>(())
    /// ```
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (key, list) = text.split_once('=').ok_or_else(|| format!("{text:?} is not of the form key=a,b,c"))?;
        let (mut values, mut value, mut depth, mut quote) = (Vec::new(), String::new(), 0_usize, None);
        for c in list.chars() {
            match c {
                ',' if depth == 0 && quote.is_none() => {
                    values.push(std::mem::take(&mut value));
                    continue;
                }
                '"' | '\'' if quote.is_none() => quote = Some(c),
                _ if quote == Some(c) => quote = None,
                '[' | '{' if quote.is_none() => depth += 1,
                ']' | '}' if quote.is_none() => depth = depth.saturating_sub(1),
                _ => {}
            }
            value.push(c);
        }
        values.push(value);
        let values: Vec<String> = values.iter().map(|value| value.trim().to_owned()).collect();
        match values.iter().position(String::is_empty) {
            Some(_) => Err(format!("{key}: a value is empty")),
            None => Ok(Self { key: key.trim().to_owned(), values }),
        }
    }
}

/// Every combination of the axes' values, the last axis changing fastest; each named by what it sets. Without axes there is one, which sets nothing.
///
/// ```
/// use fokker::study::{Axis, grid};
/// let axes = [Axis::parse("loss.fp.weight=1e-4,1e-3")?, Axis::parse("train.batch=256,512")?];
/// let arms = grid(&axes);
/// assert_eq!((arms.len(), arms[1].name.as_str()), (4, "loss.fp.weight=1e-4, train.batch=512"));
/// assert_eq!(arms[1].key, "weight-1e-4_batch-512");
/// # Ok::<(), String>(())
/// ```
#[must_use]
pub fn grid(axes: &[Axis]) -> Vec<Arm> {
    let mut points: Vec<Vec<(&str, &str)>> = vec![Vec::new()];
    for axis in axes {
        let mut longer = Vec::with_capacity(points.len() * axis.values.len());
        for point in &points {
            longer.extend(axis.values.iter().map(|value| [&point[..], &[(&*axis.key, &**value)]].concat()));
        }
        points = longer;
    }
    points.iter().map(|point| arm(point)).collect()
}

/// The arm that sets some keys.
fn arm(point: &[(&str, &str)]) -> Arm {
    let name: Vec<String> = point.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let part = |(key, value): &(&str, &str)| format!("{}-{value}", key.rsplit('.').next().unwrap_or(key));
    let folder = folder(&point.iter().map(part).collect::<Vec<_>>().join("_"));
    let arm = Arm::new(&folder, &if name.is_empty() { "as it is".into() } else { name.join(", ") });
    name.iter().fold(arm, |arm, assignment| arm.set(assignment))
}

/// The most that a folder's name has of what it is called by.
const LONGEST: usize = 80;

/// A text as the name of a folder: letters, digits, `-` and `_`; long ones are cut, and end in a digest.
fn folder(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    let name: String = text.chars().map(plain).collect();
    if name.is_empty() {
        return "as-it-is".into();
    }
    if name.len() <= LONGEST {
        return name;
    }
    let digest: String = Sha256::digest(text).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{digest}", &name[..LONGEST - 9])
}
