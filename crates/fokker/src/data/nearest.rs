//! What somebody may have meant.

/// The known name most like what was typed; none if none is much like it.
///
/// ```
/// use fokker::data::nearest;
/// assert_eq!(nearest("widht", ["width", "depth"]), Some("width"));
/// assert_eq!(nearest("colour", ["width", "depth"]), None);
/// ```
#[must_use]
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const ALIKE: f64 = 0.75;
    let likeness = |name: &str| strsim::jaro_winkler(&typed.to_lowercase(), &name.to_lowercase());
    let scored = known.into_iter().map(|name| (likeness(name), name));
    scored.filter(|(likeness, _)| *likeness > ALIKE).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name)
}
