//! Tables of numbers.

use std::fmt::Write as _;

use crate::text::escape;

/// One row of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// The cells, as text.
    pub cells: Vec<String>,
    /// The columns of values that are better than others beyond doubt, shown bold.
    pub best: Vec<usize>,
}

impl Row {
    /// A row of these cells with no best one.
    #[must_use]
    pub fn new(cells: impl IntoIterator<Item = String>) -> Self {
        Self { cells: cells.into_iter().collect(), best: Vec::new() }
    }

    /// The same row with the cell of `column` shown bold.
    #[must_use]
    pub fn best(mut self, column: usize) -> Self {
        self.best.push(column);
        self
    }
}

/// A table; columns whose cells all begin like numbers are set flush right.
///
/// ```
/// use fokker_report::{Page, Row, Table};
/// let rows = vec![Row::new(["r(t), mean".into(), "1.2".into(), "0.3".into()]).best(2)];
/// let header = ["", "DSM", "FP"].map(String::from).to_vec();
/// let page = Page::new("Run").table(Table { caption: "Residuals".into(), header, rows, notes: vec![] }).render();
/// assert!(page.contains("<strong>0.3</strong>"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// What the table shows.
    pub caption: String,
    /// Names of the columns.
    pub header: Vec<String>,
    /// The rows; short ones are filled with empty cells.
    pub rows: Vec<Row>,
    /// Remarks below the table.
    pub notes: Vec<String>,
}

impl Table {
    /// The table as HTML, inside a container that scrolls when the screen is narrow.
    pub(crate) fn html(&self) -> String {
        let columns = self.rows.iter().map(|r| r.cells.len()).chain([self.header.len()]).max().unwrap_or(0);
        let numeric: Vec<bool> = (0..columns).map(|c| self.is_numeric(c)).collect();
        let caption = escape(&self.caption);
        let mut out = String::from("<div class=\"table\">");
        // The caption stands outside the part that scrolls, so that a phone shows all of it.
        if !caption.is_empty() {
            let _ = write!(out, "<p class=\"caption\">{caption}</p>");
        }
        let _ = write!(
            out,
            "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Table: {caption}\"><table><thead><tr>"
        );
        for (c, &numeric) in numeric.iter().enumerate() {
            let text = self.header.get(c).map(|h| escape(h)).unwrap_or_default();
            let _ = write!(out, "<th scope=\"col\"{}>{text}</th>", align(numeric));
        }
        out.push_str("</tr></thead><tbody>");
        for row in &self.rows {
            out.push_str("<tr>");
            numeric.iter().enumerate().for_each(|(c, &numeric)| cell(&mut out, row, c, numeric));
            out.push_str("</tr>");
        }
        out.push_str("</tbody></table></div>");
        for note in &self.notes {
            let _ = write!(out, "<p class=\"note\">{}</p>", escape(note));
        }
        out.push_str("</div>\n");
        out
    }

    /// Whether every filled cell of a column begins like a number, and at least one is filled.
    fn is_numeric(&self, column: usize) -> bool {
        let mut cells =
            self.rows.iter().filter_map(|r| r.cells.get(column)).filter(|c| !c.trim().is_empty()).peekable();
        cells.peek().is_some() && cells.all(|c| looks_numeric(c))
    }
}

fn cell(out: &mut String, row: &Row, column: usize, numeric: bool) {
    let text = row.cells.get(column).map(|c| escape(c)).unwrap_or_default();
    let text = if row.best.contains(&column) { format!("<strong>{text}</strong>") } else { text };
    let _ = if column == 0 && !numeric {
        write!(out, "<th scope=\"row\">{text}</th>")
    } else {
        write!(out, "<td{}>{text}</td>", align(numeric))
    };
}

fn align(numeric: bool) -> &'static str {
    if numeric { " class=\"num\"" } else { "" }
}

/// Whether text begins with a digit after signs and brackets, or stands for a number that is missing.
fn looks_numeric(text: &str) -> bool {
    let text = text.trim();
    ["–", "—", "not finite", "NaN", "inf"].contains(&text)
        || text
            .trim_start_matches(['-', '−', '+', '±', '×', '<', '>', '≈', '~', '(', '.', ' '])
            .starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_to_the_right_and_best_in_bold() {
        let table = Table {
            caption: "c".into(),
            header: ["", "A", "B"].map(String::from).to_vec(),
            rows: vec![
                Row::new(["x".into(), "−1.0 ± 0.1".into(), "fine".into()]).best(1),
                Row::new(["y".into(), "—".into()]),
            ],
            notes: vec!["n < 1".into()],
        };
        let html = table.html();
        assert!(html.contains("<td class=\"num\"><strong>−1.0 ± 0.1</strong></td><td>fine</td>"), "{html}");
        assert!(html.contains("<td class=\"num\">—</td><td></td>"));
        assert!(html.contains("n &lt; 1"));
        assert!(Table::default().html().contains("</table>"));
    }
}
