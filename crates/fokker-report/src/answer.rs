//! Questions and what was found, in a word.

use std::fmt::Write as _;

use crate::text::escape;

/// A question about a model, the answer in a word, and what it rests on.
///
/// ```
/// use fokker_report::{Answer, Page};
/// let (question, evidence) = ("Has the model learnt its rows by heart?".to_owned(), "p = 0.41".to_owned());
/// let answer = Answer { question, word: "no".into(), good: Some(true), evidence };
/// assert!(Page::new("Run").answers(&[answer]).render().contains("p = 0.41"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The question.
    pub question: String,
    /// The answer.
    pub word: String,
    /// Whether that is as it should be; `None` where it is neither good nor bad, or cannot be told.
    pub good: Option<bool>,
    /// The figures behind it; may be empty.
    pub evidence: String,
}

/// The answers as a list of definitions, each with a mark that is told by its shape as well as by its colour.
pub(crate) fn list(answers: &[Answer]) -> String {
    let mut out = String::from("<dl class=\"answers\">");
    for Answer { question, word, good, evidence } in answers {
        let (class, mark) = match good {
            Some(true) => ("good", '✓'),
            Some(false) => ("bad", '✗'),
            None => ("open", '○'),
        };
        let [question, word, evidence] = [question, word, evidence].map(|text| escape(text));
        let _ = write!(
            out,
            "<div class=\"{class}\"><dt>{question}</dt><dd class=\"word\"><span class=\"mark\" aria-hidden=\"true\">{mark}</span> \
             {word}</dd><dd class=\"evidence\">{evidence}</dd></div>"
        );
    }
    out.push_str("</dl>");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_differ_by_shape_and_text_is_escaped() {
        let answer = |good| Answer { question: "a < b?".into(), good, ..Answer::default() };
        let html = list(&[answer(Some(true)), answer(Some(false)), answer(None)]);
        for part in ["class=\"good\"", "✓", "class=\"bad\"", "✗", "class=\"open\"", "○", "a &lt; b?"] {
            assert!(html.contains(part), "{part} in {html}");
        }
    }
}
