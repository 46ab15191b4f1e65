//! What `compare` and `audit` print.

use fokker::audit::{Audit, Ratios};
use fokker::compare::{Comparison, Models, Trained};
use fokker::distance::Memorisation;
use fokker::report::{mean_se, number};
use fokker::stats::{Average, MeanSe};

use crate::print::out;

/// What r(t) is where divergences are probed.
const ROOT_MEAN: &str = "(r(t) is the root of E<e, e'>/D^2 over two independent sets of probes)";

/// The figures of one model.
pub fn print_audit(audit: &Audit) {
    out!("{:>8}  {:>24}  {:>20}  {:>20}", "t", "residual r(t)", "NAsym(t)", "score error");
    for (i, r) in audit.residual.iter().enumerate() {
        let asymmetry = audit.asymmetry.get(i).map_or(String::new(), |a| format!("{:.3e}", a.mean));
        let error = audit.score_error.as_ref().and_then(|e| e.get(i)).map_or("-".into(), |e| format!("{:.3e}", e.mean));
        out!("{:>8}  {:>24}  {asymmetry:>20}  {error:>20}", r.t, mean_se(r.mean, r.se));
    }
    if audit.residual_average == Average::RootMean {
        out!("{ROOT_MEAN}");
    }
    let rows = audit.nll_rows;
    let counted = match audit.nll_failed {
        0 => format!("{rows} rows"),
        failed => format!("{} of {rows} rows: {failed} integrations failed", rows - failed),
    };
    out!(
        "negative log-likelihood {} nats, in the units of the data ({counted})",
        mean_se(audit.nll.mean, audit.nll.se)
    );
    if let (Some(truth), Some(gap)) = (audit.true_nll, audit.gap) {
        out!("of the truth or entropy {truth:.4} nats (gap {})", mean_se(gap.mean, gap.se));
    }
    if let Some(bits) = audit.bits_per_dim {
        out!("bits per dimension      {}", mean_se(bits.mean, bits.se));
    }
    if let (Some(bits), Some(plain)) = (audit.bits_per_dim_importance, audit.bits_per_dim)
        && bits.mean < plain.mean
    {
        out!("  importance-weighted   {}", mean_se(bits.mean, bits.se));
    }
    out!(
        "log p of the flow less its bound by the reverse SDE: {} nats",
        mean_se(audit.bound_gap.mean, audit.bound_gap.se)
    );
    let samples = &audit.samples;
    out!("{:<28} {:>18} {:>10} {:>10} {:>10} {:>8}", "samples at t_min", "sliced W2", "W2", "energy", "MMD2", "p");
    for (name, d) in [
        ("ODE against SDE", &samples.ode_sde),
        ("ODE against data", &samples.ode_data),
        ("SDE against data", &samples.sde_data),
        ("data against other data", &samples.data_data),
    ] {
        let w2 = d.w2.map_or("-".into(), |w2| format!("{w2:.4}"));
        let sliced = mean_se(d.sliced_w2.mean, d.sliced_w2.se);
        out!("{name:<28} {sliced:>18} {w2:>10} {:>10.2e} {:>10.2e} {:>8}", d.energy, d.mmd2, p_values(&d.p_values));
    }
    if let Some(found) = &audit.memorisation {
        out!(
            "near-copies of training images: {} % (if none is copied: {} %; p = {}); nearest training image: {} of held-out data's distance",
            percent(found.share),
            percent(found.expected_share),
            p_values(&found.p_values),
            number(found.distance_ratio())
        );
    }
}

/// A p-value for each seed: their mean is none.
fn p_values(all: &[f64]) -> String {
    let shown: Vec<String> = all.iter().map(|p| format!("{p:.3}")).collect();
    if shown.is_empty() { "-".into() } else { shown.join(" ") }
}

/// A share and its standard error in percent.
fn percent(share: MeanSe) -> String {
    mean_se(100.0 * share.mean, 100.0 * share.se)
}

/// Both models' figures, and how FP's differ, each with the standard error of the difference.
pub fn print(comparison: &Comparison) {
    let Models { dsm, fp } = &comparison.models;
    let (difference, seeds) = (&comparison.difference, comparison.seeds.len());
    out!("{} ({seeds} seed{})", comparison.config, if seeds == 1 { "" } else { "s, means" });
    profiles(&dsm.audit, &fp.audit);
    let ratio = |ratios: Option<&Ratios>| {
        ratios.filter(|r| r.mean.mean.is_finite()).map_or("-".into(), |r| mean_se(r.mean.mean, r.mean.se))
    };
    out!(
        "{:>8}  {:>23}  {:>21}  {:>21}",
        "FP/DSM",
        ratio(Some(&difference.residual)),
        ratio(Some(&difference.asymmetry)),
        ratio(difference.score_error.as_ref())
    );
    if dsm.audit.residual_average == Average::RootMean {
        out!("{ROOT_MEAN}");
    }
    out!("");
    out!("{:<34} {:>20} {:>20} {:>22}", "", "DSM", "FP", "FP - DSM, paired");
    let row = |label: &str, difference: Option<MeanSe>, get: &dyn Fn(&Audit) -> Option<MeanSe>| {
        let shown = |m: Option<MeanSe>| m.map_or("-".into(), |m| mean_se(m.mean, m.se));
        let (a, b) = (shown(get(&dsm.audit)), shown(get(&fp.audit)));
        out!("{label:<34} {a:>20} {b:>20} {:>22}", difference.map_or(String::new(), |d| shown(Some(d))));
    };
    row("negative log-likelihood (nats)", Some(difference.nll), &|a| Some(a.nll));
    if dsm.audit.gap.is_some() {
        row("gap to the truth or entropy (nats)", Some(difference.nll), &|a| a.gap);
    }
    if dsm.audit.bits_per_dim.is_some() {
        row("bits per dimension", difference.bits_per_dim, &|a| a.bits_per_dim);
    }
    row("flow less bound (nats)", Some(difference.bound_gap), &|a| Some(a.bound_gap));
    row("sliced W2, ODE-SDE samples", None, &|a| Some(a.samples.ode_sde.sliced_w2));
    row("sliced W2, ODE samples-data", None, &|a| Some(a.samples.ode_data.sliced_w2));
    row("sliced W2, data-data", None, &|a| Some(a.samples.data_data.sliced_w2));
    words(dsm, fp);
    out!("");
}

/// The profiles over t.
fn profiles(dsm: &Audit, fp: &Audit) {
    out!("{:>8}  {:>11} {:>11}  {:>10} {:>10}  {:>10} {:>10}", "", "residual", "", "NAsym", "", "score err.", "");
    out!("{:>8}  {:>11} {:>11}  {:>10} {:>10}  {:>10} {:>10}", "t", "DSM", "FP", "DSM", "FP", "DSM", "FP");
    for i in 0..dsm.residual.len() {
        let error = |audit: &Audit| audit.score_error.as_ref().map_or("-".into(), |e| format!("{:.2e}", e[i].mean));
        out!(
            "{:>8}  {:>11.4} {:>11.4}  {:>10.2e} {:>10.2e}  {:>10} {:>10}",
            dsm.residual[i].t,
            dsm.residual[i].mean,
            fp.residual[i].mean,
            dsm.asymmetry[i].mean,
            fp.asymmetry[i].mean,
            error(dsm),
            error(fp)
        );
    }
}

/// What is no mean with an error.
fn words(dsm: &Trained, fp: &Trained) {
    let row = |label: &str, get: &dyn Fn(&Trained) -> String| out!("{label:<34} {:>20} {:>20}", get(dsm), get(fp));
    if dsm.audit.memorisation.is_some() {
        let of =
            |t: &Trained, get: &dyn Fn(&Memorisation) -> String| t.audit.memorisation.as_ref().map_or("-".into(), get);
        row("near-copies / if none (%)", &|t| {
            of(t, &|m| format!("{} / {:.1}", percent(m.share), 100.0 * m.expected_share.mean))
        });
        row("nearest training image, / held-out", &|t| of(t, &|m| number(m.distance_ratio())));
    }
    if dsm.audit.nll_failed + fp.audit.nll_failed > 0 {
        row("rows without a log p", &|t| format!("{} of {}", t.audit.nll_failed, t.audit.nll_rows));
    }
    row("training (s)", &|t| format!("{:.1}", t.train_seconds));
    row("a step (ms)", &|t| format!("{:.2}", t.step_ms));
}
