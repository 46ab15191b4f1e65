//! When and by what a page was made.

use std::time::{Duration, SystemTime};

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

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The lines below a page's title: time and version, the command, and others.
pub(crate) fn lines(made: &Made, others: &[String]) -> String {
    let since = made.at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    let first = format!("{} · fokker {}", date(since), env!("CARGO_PKG_VERSION"));
    let others = others.iter().map(|line| format!("<li>{}</li>", escape(line)));
    format!(
        "<ul class=\"made\"><li>{first}</li><li><code>{}</code></li>{}</ul>",
        escape(&made.command),
        others.collect::<String>()
    )
}

/// Seconds since 1970 as date and time.
fn date(since: u64) -> String {
    let (days, seconds) = (since / 86_400, since % 86_400);
    // Hinnant 2013, chrono-compatible low-level date algorithms: years begin in March, so that leap days end them.
    let day = days + 719_468;
    let (era, of_era) = (day / 146_097, day % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let year = 400 * era + year_of_era + u64::from(month >= 10);
    let name = usize::try_from((month + 2) % 12).map_or("", |month| MONTHS[month]);
    format!("{day} {name} {year}, {:02}:{:02} UTC", seconds / 3600, seconds / 60 % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for (since, expected) in [
            (0, "1 January 1970, 00:00 UTC"),
            (951_782_399, "28 February 2000, 23:59 UTC"),
            (951_782_400, "29 February 2000, 00:00 UTC"),
            (1_709_251_199, "29 February 2024, 23:59 UTC"),
            (1_735_689_600, "1 January 2025, 00:00 UTC"),
            (4_107_542_400, "1 March 2100, 00:00 UTC"),
        ] {
            assert_eq!(date(since), expected);
        }
    }
}
