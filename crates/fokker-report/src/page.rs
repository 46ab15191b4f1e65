//! The page that holds everything.

use std::fmt::Write as _;

use fokker::audit::Answer;

use crate::answer;
use crate::made::{self, Made};
use crate::table::Table;
use crate::text::escape;

const STYLE: &str = include_str!("style.css");
/// Even markup given by a caller cannot make a browser fetch or run anything.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/// What tells fokker's pages from others; the version follows.
const GENERATOR: &str = "<meta name=\"generator\" content=\"fokker ";
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Whether an HTML file is a page of fokker's.
///
/// ```
/// use fokker_report::{Page, is_page};
/// assert!(is_page(&Page::new("Run").render()) && !is_page("<!doctype html><title>Run</title>"));
/// ```
#[must_use]
pub fn is_page(html: &str) -> bool {
    html.split("<title>").next().is_some_and(|head| head.contains(GENERATOR))
}

/// A long text with its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listing<'a> {
    /// What it is.
    pub name: &'a str,
    /// The text.
    pub text: &'a str,
}

/// A picture with its caption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Illustration {
    html: String,
    caption: String,
}

impl Illustration {
    /// One of inline SVG, as [`LineChart::svg`](crate::LineChart::svg) makes it. The SVG is trusted; the
    /// caption is text.
    #[must_use]
    pub fn svg(svg: impl Into<String>, caption: impl Into<String>) -> Self {
        Self { html: svg.into(), caption: caption.into() }
    }

    /// One of a picture in a `data:` URI, as [`heatmap`](crate::heatmap) makes it; `alt` says what it
    /// shows to those who cannot see it. Any other kind of URI is not loaded: `alt` stands in its place.
    ///
    /// ```
    /// use fokker_report::{Illustration, Page, png_uri};
    /// let page = Page::new("Run").illustration(Illustration::image(png_uri(&[]), "samples", "Samples of DSM.")).render();
    /// assert!(page.contains("alt=\"samples\""));
    /// ```
    #[must_use]
    pub fn image(uri: impl AsRef<str>, alt: impl AsRef<str>, caption: impl Into<String>) -> Self {
        let (uri, alt) = (escape(uri.as_ref()), escape(alt.as_ref()));
        let html = if uri.starts_with("data:image/") {
            format!("<img src=\"{uri}\" alt=\"{alt}\">")
        } else {
            format!("<p class=\"note\">{alt}</p>")
        };
        Self { html, caption: caption.into() }
    }

    /// One of inline SVG that scrolls where the screen is narrower than it can be read; `about` says what it shows.
    pub(crate) fn scrolling(svg: &str, about: &str, caption: impl Into<String>) -> Self {
        let about = escape(about);
        let html = format!("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{about}\">{svg}</div>");
        Self { html, caption: caption.into() }
    }

    fn html(&self) -> String {
        let mut out = format!("<figure>{}", self.html);
        if !self.caption.is_empty() {
            let _ = write!(out, "<figcaption>{}</figcaption>", escape(&self.caption));
        }
        out.push_str("</figure>\n");
        out
    }
}

/// One finding for the top of a page: what was measured, its value in large type, and a remark.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fact {
    /// What was measured.
    pub label: String,
    /// The value.
    pub value: String,
    /// A remark in small type; may be empty.
    pub note: String,
    /// Whether it is beyond doubt, and shown bold.
    pub sure: bool,
}

/// A self-contained HTML page, built from top to bottom.
///
/// Every text is escaped; only [`Page::section`] and [`Page::html`] take markup.
///
/// ```
/// use fokker_report::Page;
/// let html = Page::new("a < b").lead("What this is.").section("Results", "<p>All is well.</p>").render();
/// assert!(html.contains("<h1>a &lt; b</h1>"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    title: String,
    body: String,
    in_section: bool,
}

impl Page {
    /// An empty page.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), body: String::new(), in_section: false }
    }

    /// Adds an opening paragraph of text in larger type.
    #[must_use]
    pub fn lead(self, text: &str) -> Self {
        self.html(&format!("<p class=\"lead\">{}</p>", escape(text)))
    }

    /// Adds findings side by side.
    ///
    /// ```
    /// use fokker_report::{Fact, Page};
    /// let (label, value, note) = ("Mean residual".into(), "12× smaller".into(), "FP over DSM".into());
    /// let fact = Fact { label, value, note, sure: true };
    /// assert!(Page::new("Run").facts(&[fact]).render().contains("12× smaller"));
    /// ```
    #[must_use]
    pub fn facts(self, facts: &[Fact]) -> Self {
        let mut out = String::from("<dl class=\"facts\">");
        for Fact { label, value, note, sure } in facts {
            let [label, value, note] = [label, value, note].map(|text| escape(text));
            let value = if *sure { format!("<strong>{value}</strong>") } else { value };
            let _ = write!(out, "<div><dt>{label}</dt><dd>{value}</dd>");
            if !note.is_empty() {
                let _ = write!(out, "<dd class=\"note\">{note}</dd>");
            }
            out.push_str("</div>");
        }
        out.push_str("</dl>");
        self.html(&out)
    }

    /// Adds when and by what the page was made, and other lines of that kind.
    #[must_use]
    pub fn made(self, made: &Made, others: &[String]) -> Self {
        self.html(&made::lines(made, others))
    }

    /// Adds the answers of an audit, and what they rest on.
    ///
    /// ```
    /// use fokker::audit::{Answer, Judgement};
    /// let answer = Answer { question: "Fit?", judgement: Judgement::Good, word: "yes".into(), evidence: "p = 0.41".into() };
    /// assert!(fokker_report::Page::new("Run").answers(&[answer]).render().contains("p = 0.41"));
    /// ```
    #[must_use]
    pub fn answers(self, answers: &[Answer]) -> Self {
        self.html(&answer::list(answers))
    }

    /// Adds the answers of several models' audits beside each other, each with its model's name.
    ///
    /// ```
    /// use fokker::audit::{Answer, Judgement};
    /// let answer = Answer { question: "Fit?", judgement: Judgement::Good, word: "yes".into(), evidence: "p = 0.41".into() };
    /// let page = fokker_report::Page::new("Runs").answers_beside(&[("a", &[answer.clone()]), ("b", &[answer])]);
    /// assert_eq!(page.render().matches("✓").count(), 2);
    /// ```
    #[must_use]
    pub fn answers_beside(self, models: &[(&str, &[Answer])]) -> Self {
        self.html(&answer::table(models))
    }

    /// Adds a long text as it is, a config, say: folded on a screen, open on paper.
    ///
    /// ```
    /// use fokker_report::{Listing, Page};
    /// let listing = Listing { name: "Resolved config", text: "seed = 0" };
    /// assert_eq!(Page::new("Run").listing(&listing).render().matches("seed = 0").count(), 2);
    /// ```
    #[must_use]
    pub fn listing(self, listing: &Listing<'_>) -> Self {
        let [name, text] = [listing.name, listing.text].map(escape);
        // Browsers print what is folded as they show it: paper has a text of its own.
        self.html(&format!(
            "<details><summary>{name}</summary><pre>{text}</pre></details><div class=\"paper\"><p>{name}</p><pre>{text}</pre></div>"
        ))
    }

    /// Starts a section: its heading, then trusted markup, which may be empty. What follows belongs to it.
    #[must_use]
    pub fn section(mut self, heading: &str, html: &str) -> Self {
        self.close_section();
        self.in_section = true;
        let _ = writeln!(self.body, "<section>\n<h2>{}</h2>", escape(heading));
        self.html(html)
    }

    /// Adds a paragraph of text.
    #[must_use]
    pub fn text(self, text: &str) -> Self {
        self.html(&format!("<p>{}</p>", escape(text)))
    }

    /// Adds trusted markup as it is.
    #[must_use]
    pub fn html(mut self, html: &str) -> Self {
        self.body.push_str(html);
        self.body.push('\n');
        self
    }

    /// Adds a table.
    #[must_use]
    pub fn table(self, table: Table) -> Self {
        self.html(&table.html())
    }

    /// Adds one illustration, as large as those of a row.
    #[must_use]
    pub fn illustration(self, illustration: Illustration) -> Self {
        self.row([illustration])
    }

    /// Adds illustrations side by side, as many as the screen is wide enough for; all rows of a page have columns of one width.
    #[must_use]
    pub fn row(self, illustrations: impl IntoIterator<Item = Illustration>) -> Self {
        self.grid("row", illustrations)
    }

    /// Adds sheets of many small pictures, which are larger than other illustrations.
    pub(crate) fn sheets(self, illustrations: impl IntoIterator<Item = Illustration>) -> Self {
        self.grid("row sheets", illustrations)
    }

    /// Adds an illustration that has a row for itself.
    pub(crate) fn wide(self, illustration: Illustration) -> Self {
        self.grid("wide", [illustration])
    }

    fn grid(self, class: &str, illustrations: impl IntoIterator<Item = Illustration>) -> Self {
        let illustrations: String = illustrations.into_iter().map(|illustration| illustration.html()).collect();
        if illustrations.is_empty() {
            return self;
        }
        self.html(&format!("<div class=\"{class}\">{illustrations}</div>"))
    }

    /// The page as one HTML file.
    #[must_use]
    pub fn render(mut self) -> String {
        self.close_section();
        let title = escape(&self.title);
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             {GENERATOR}{VERSION}\">\n\
             <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n{}</main>\n\
             </body>\n</html>\n",
            self.body
        )
    }

    fn close_section(&mut self) {
        if self.in_section {
            self.body.push_str("</section>\n");
        }
    }
}
