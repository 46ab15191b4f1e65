//! What an audit says of a model, in words: each with a mark that is told by its shape as well as by its colour.

use std::fmt::Write as _;

use fokker::audit::{Answer, Judgement};

use crate::text::escape;

/// A judgement's class and mark.
fn look(judgement: Judgement) -> (&'static str, char) {
    match judgement {
        Judgement::Good => ("good", '✓'),
        Judgement::Fair => ("fair", '~'),
        Judgement::Bad => ("bad", '✗'),
        Judgement::Open => ("open", '○'),
    }
}

/// The answers about one model, with what they rest on.
pub(crate) fn list(answers: &[Answer]) -> String {
    let mut out = String::from("<dl class=\"answers\">");
    for Answer { question, judgement, word, evidence } in answers {
        let (class, mark) = look(*judgement);
        let [question, word, evidence] = [question, word.as_str(), evidence.as_str()].map(escape);
        let _ = write!(
            out,
            "<div class=\"{class}\"><dt>{question}</dt><dd class=\"word\"><span class=\"mark\" aria-hidden=\"true\">{mark}</span> \
             {word}</dd><dd class=\"evidence\">{evidence}</dd></div>"
        );
    }
    out.push_str("</dl>");
    out
}

/// The answers about several models beside each other.
pub(crate) fn table(models: &[(&str, &[Answer])]) -> String {
    let questions: Vec<&str> = models.first().map_or(Vec::new(), |(_, all)| all.iter().map(|a| a.question).collect());
    let heads: String = models.iter().map(|(name, _)| format!("<th>{}</th>", escape(name))).collect();
    let mut out =
        format!("<div class=\"scroll\"><table class=\"judged\"><thead><tr><th></th>{heads}</tr></thead><tbody>");
    for question in questions {
        let _ = write!(out, "<tr><th>{}</th>", escape(question));
        for (_, answers) in models {
            let found = answers.iter().find(|answer| answer.question == question);
            let cell = found.map_or_else(String::new, |answer| {
                let (class, mark) = look(answer.judgement);
                let [word, evidence] = [&answer.word, &answer.evidence].map(|text| escape(text));
                format!("<span class=\"mark {class}\" aria-hidden=\"true\">{mark}</span> <span title=\"{evidence}\">{word}</span>")
            });
            let _ = write!(out, "<td>{cell}</td>");
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table></div>");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(judgement: Judgement) -> Answer {
        Answer { question: "a < b?", judgement, word: "so & so".into(), evidence: "p = 0.4".into() }
    }

    #[test]
    fn marks_differ_by_shape_and_text_is_escaped() {
        let all = [Judgement::Good, Judgement::Fair, Judgement::Bad, Judgement::Open].map(answer);
        let html = list(&all);
        for part in ["class=\"good\"", "✓", "class=\"fair\"", "class=\"bad\"", "✗", "class=\"open\"", "○", "a &lt; b?"]
        {
            assert!(html.contains(part), "{part} in {html}");
        }
    }

    #[test]
    fn several_models_stand_beside_each_other() {
        let (one, other) = ([answer(Judgement::Good)], [answer(Judgement::Bad)]);
        let html = table(&[("DSM", &one[..]), ("F&P", &other[..])]);
        for part in ["<th>DSM</th><th>F&amp;P</th>", "✓", "✗", "so &amp; so", "title=\"p = 0.4\""] {
            assert!(html.contains(part), "{part} in {html}");
        }
    }
}
