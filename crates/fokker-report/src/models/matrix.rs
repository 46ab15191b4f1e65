//! Three columns or more: a pair plot of each model's samples over the data.

use super::rows::{self, Rows};
use crate::page::{Illustration, Page};
use crate::pairs::{Set, pairs};

/// The plots; `of` is the number of columns where not all are drawn.
pub(super) fn matrix(page: Page, rows: &Rows, of: Option<usize>) -> Page {
    let Some((data, samples)) = rows.sets.split_first() else { return page };
    let plot = |over: &rows::Set| {
        let sets = [data, over].map(|set| Set { name: &set.name, rows: &set.rows, style: set.style });
        let about = format!("{} over {}, by pairs of columns", over.name, data.name);
        let which = of.map_or_else(String::new, |of| {
            let count = rows.columns.len();
            format!(" The first {count} of {of} columns: fokker report RUN --columns A,B,… draws others.")
        });
        let caption = format!(
            "On the diagonal the histograms of both; elsewhere what has fewer rows is drawn above what has more.{which}"
        );
        Illustration::scrolling(&pairs(&rows.columns, &sets, &about), &about, caption)
    };
    samples.iter().fold(page, |page, set| page.wide(plot(set)))
}
