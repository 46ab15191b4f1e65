//! How many rows data have, in words.

use fokker::numerals::grouped;

/// Training and held-out rows; `None` is a generator's, whose rows never end.
///
/// ```
/// assert_eq!(fokker_report::rows_in_words(Some(1630), Some(70)), "1,630 training rows, 70 held-out rows");
/// assert_eq!(fokker_report::rows_in_words(None, None), "a generator: all rows, training and held-out, are drawn anew");
/// ```
#[must_use]
pub fn rows_in_words(train: Option<usize>, held_out: Option<usize>) -> String {
    let rows =
        |count: usize, what: &str| format!("{} {what} row{}", grouped(count as u64), if count == 1 { "" } else { "s" });
    match (train, held_out) {
        (Some(train), Some(held_out)) => format!("{}, {}", rows(train, "training"), rows(held_out, "held-out")),
        (Some(train), None) => format!("{}, held-out rows are drawn anew", rows(train, "training")),
        (None, Some(held_out)) => format!("{}, on none of which the model was trained", rows(held_out, "held-out")),
        (None, None) => "a generator: all rows, training and held-out, are drawn anew".into(),
    }
}
