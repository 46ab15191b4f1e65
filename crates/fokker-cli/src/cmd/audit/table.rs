//! What `audit` prints: the figures of one model.

use fokker::audit::{Answer, Audit, Judgement, verdict};
use fokker::figure::{Definition, Figures, Notation};
use fokker::stats::{AtTime, MeanSe};
use fokker_report::{mean_se, narrow_cell, number, percent};

use crate::cmd::compare::remarks;
use crate::print::out;

/// What the sentences below say; all else that is shown here has a line of its own.
const SAID: [&str; 6] = ["nll", "gap", "bits_per_dim", "bound_gap", "nll_failed", "memorisation.share"];

/// What the table of samples and the sentences say.
const SAID_OF: [&str; 2] = ["samples.", "memorisation."];

/// What the figures come to, in words.
pub fn answers(audit: &Audit) {
    let answers = audit.answers();
    out!("\nverdict: {}", verdict(&answers));
    for Answer { question, judgement, word, evidence } in &answers {
        let mark = match judgement {
            Judgement::Good => "good",
            Judgement::Fair => "fair",
            Judgement::Bad => "BAD",
            Judgement::Open => "-",
        };
        out!("{mark:>5}  {question} {word}\n       {evidence}");
    }
}

/// The figures of one model.
pub fn print(audit: &Audit) {
    profiles(audit);
    remarks(audit);
    let figures = &audit.figures;
    likelihood(figures);
    let said = |key: &str| SAID.contains(&key) || SAID_OF.iter().any(|group| key.starts_with(group));
    let shown = figures.iter().map(|figure| figure.definition).filter(|definition| definition.shown.on_terminal());
    for definition in shown.filter(|definition| definition.look.is_none() && !said(definition.key)) {
        if let Some(cell) = narrow_cell(figures, definition) {
            out!("{} {cell}", definition.short_name());
        }
    }
    samples(figures);
    if let Some(share) = figures.mean("memorisation.share") {
        let mean = |key: &str| figures.mean(&format!("memorisation.{key}")).map_or(f64::NAN, |mean| mean.mean);
        out!(
            "near-copies of training rows: {} % (if none is copied: {} %; p = {}); nearest training row: {} of held-out data's distance",
            percent(share),
            figures.mean("memorisation.expected_share").map_or("-".into(), percent),
            p_values(figures.list("memorisation.p_values")),
            number(mean("samples.distance") / mean("held_out.distance"))
        );
    }
}

/// The profiles over t.
fn profiles(audit: &Audit) {
    let shown =
        audit.figures.iter().map(|figure| figure.definition).filter(|definition| definition.shown.on_terminal());
    let looks: Vec<_> = shown.filter_map(|definition| Some((definition, definition.look?))).collect();
    let width = |notation: Notation| if notation == Notation::Decimal { 24 } else { 20 };
    let line = |first: &str, cell: &dyn Fn(&Definition) -> Option<String>, heading: bool| {
        let cells = looks.iter().map(|(definition, look)| {
            let text = if heading { look.wide.to_owned() } else { cell(definition).unwrap_or_else(|| "-".into()) };
            format!("  {text:>0$}", width(look.notation))
        });
        out!("{first:>8}{}", cells.collect::<String>());
    };
    line("t", &|_| None, true);
    let times = looks.first().map_or(&[][..], |(first, _)| audit.figures.profile(first.key));
    for (row, at) in times.iter().enumerate() {
        let value = |definition: &Definition| {
            let value: &AtTime = audit.figures.profile(definition.key).get(row)?;
            Some(match definition.look?.notation {
                Notation::Decimal => mean_se(value.mean, value.se),
                Notation::Scientific => format!("{:.3e}", value.mean),
            })
        };
        line(&at.t.to_string(), &value, false);
    }
}

fn shown(mean: MeanSe) -> String {
    mean_se(mean.mean, mean.se)
}

/// log p and what goes with it.
fn likelihood(figures: &Figures) {
    let rows = figures.count("nll_rows").unwrap_or_default();
    let counted = match figures.count("nll_failed").unwrap_or_default() {
        0 => format!("{rows} rows"),
        failed => format!("{} of {rows} rows: {failed} integrations failed", rows - failed),
    };
    if let Some(nll) = figures.mean("nll") {
        out!("negative log-likelihood {} nats, in the units of the data ({counted})", shown(nll));
    }
    if let (Some(truth), Some(gap)) = (figures.number("true_nll"), figures.mean("gap")) {
        out!("of the truth or entropy {truth:.4} nats (gap {})", shown(gap));
    }
    if let Some(bits) = figures.mean("bits_per_dim") {
        out!("bits per dimension      {}", shown(bits));
        if let Some(tighter) = figures.mean("bits_per_dim_importance").filter(|tighter| tighter.mean < bits.mean) {
            out!("  importance-weighted   {}", shown(tighter));
        }
    }
    if let Some(gap) = figures.mean("bound_gap") {
        out!("log p of the flow less its bound by the reverse SDE: {} nats", shown(gap));
    }
}

/// The distances between sets of samples.
fn samples(figures: &Figures) {
    out!("{:<28} {:>18} {:>10} {:>10} {:>10} {:>8}", "samples at t_min", "sliced W2", "W2", "energy", "MMD2", "p");
    for (name, key) in [
        ("ODE against SDE", "ode_sde"),
        ("ODE against data", "ode_data"),
        ("SDE against data", "sde_data"),
        ("data against other data", "data_data"),
    ] {
        let of = |figure: &str| format!("samples.{key}.{figure}");
        let number = |figure: &str| figures.number(&of(figure)).unwrap_or(f64::NAN);
        let w2 = Some(number("w2")).filter(|w2| w2.is_finite()).map_or("-".into(), |w2| format!("{w2:.4}"));
        let sliced = figures.mean(&of("sliced_w2")).map_or("-".into(), shown);
        let p = p_values(figures.list(&of("p_values")));
        out!("{name:<28} {sliced:>18} {w2:>10} {:>10.2e} {:>10.2e} {p:>8}", number("energy"), number("mmd2"));
    }
}

/// A p-value for each seed: their mean is none.
fn p_values(all: &[f64]) -> String {
    let shown: Vec<String> = all.iter().map(|p| format!("{p:.3}")).collect();
    if shown.is_empty() { "-".into() } else { shown.join(" ") }
}
