//! `--columns A,B,...`

use anyhow::Result;
use fokker::audit::DataPictures;
use fokker::data::column_place;

use crate::cmd::shown::Shown;
use crate::fail::request;

/// Columns that a page has room for.
const MOST: usize = 8;

/// The places of the columns, the same in the data of all runs.
pub fn chosen(words: &[String], shown: &[Shown]) -> Result<Vec<usize>> {
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let wrong = |reason: String| request(format!("--columns {}: {reason}", words.join(",")));
    let data: Vec<&DataPictures> = shown.iter().filter_map(|run| run.data.as_ref()).collect();
    if words.len() > MOST {
        return Err(wrong(format!("at most {MOST} are drawn")));
    }
    let places = |data: &&DataPictures| -> Result<Vec<usize>> {
        if data.image.is_some() {
            return Err(wrong("the data are images".into()));
        }
        words
            .iter()
            .map(|word| {
                let place = column_place(word, data.columns.as_deref(), data.dim);
                place.map_err(|reason| wrong(format!("no column {word:?}: {reason}")))
            })
            .collect()
    };
    let all: Vec<Vec<usize>> = data.iter().map(places).collect::<Result<_>>()?;
    let Some(first) = all.first() else { return Err(wrong("the data are not at hand".into())) };
    if all.iter().any(|places| places != first) {
        return Err(wrong("they are not at the same places in the data of all runs".into()));
    }
    let twice = first.iter().enumerate().find(|(i, place)| first[..*i].contains(place));
    match twice {
        Some((i, _)) => Err(wrong(format!("{} is there twice", words[i]))),
        None => Ok(first.clone()),
    }
}
