//! When and by what a page was made.

use std::time::SystemTime;

use chrono::{DateTime, Utc};

use crate::text::escape;

/// When a page was made, and the command that made it.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use fokker_report::{Made, Page};
/// let made = Made { at: SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_855_317), command: "fokker audit run".into() };
/// let html = Page::new("Run").made(&made, &["600 training rows".into()]).render();
/// assert!(html.contains("28 November 2026, 08:41 UTC") && html.contains("fokker audit run"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// The time.
    pub at: SystemTime,
    /// The command, as one would type it.
    pub command: String,
}

/// The lines below a page's title: time and version, the command, and others.
pub(crate) fn lines(made: &Made, others: &[String]) -> String {
    let at = DateTime::<Utc>::from(made.at).format("%-d %B %Y, %H:%M UTC");
    let first = format!("{at} · fokker {}", env!("CARGO_PKG_VERSION"));
    let others = others.iter().map(|line| format!("<li>{}</li>", escape(line)));
    format!(
        "<ul class=\"made\"><li>{first}</li><li><code>{}</code></li>{}</ul>",
        escape(&made.command),
        others.collect::<String>()
    )
}
