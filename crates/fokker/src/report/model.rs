//! The page about one model or several: figures, pictures, curves.

use fokker_jet::cpu::Workers;

use super::copies;
use super::trajectories::Trajectories;
use super::{
    Fact, Figure, LineChart, Page, Point, Row, STYLE_DSM, STYLE_FP, Scale, Series, Table, colour_bar, heatmap_within,
    mean_se, number, png_uri, scatter,
};
use crate::Error;
use crate::audit::{Audit, Difference, default_divergence};
use crate::config::Config;
use crate::data::{Data, HeldOut, png_grid};
use crate::distance::Distances;
use crate::likelihood::{LikelihoodOptions, log_prob};
use crate::rng::Streams;
use crate::sample::{Sampler, sample};
use crate::score::Differentiable;
use crate::solve::Tolerance;
use crate::stats::{AtTime, Average, MeanSe};
use crate::train::Metrics;

/// Cells along each side of a log-density picture.
const GRID: usize = 72;

/// Images along each side of a sample grid.
const IMAGES: usize = 8;

/// A model with all that the page shows of it.
#[derive(Clone, Debug)]
pub struct Entry {
    name: String,
    audit: Audit,
    metrics: Vec<Metrics>,
    /// `rows × D`, model coordinates.
    samples: Vec<f64>,
    /// log p on a grid over the data's box (D = 2 only).
    log_density: Option<Vec<f64>>,
    /// From noise to image (images only).
    trajectories: Option<Trajectories>,
}

impl Entry {
    /// Draws the samples, the trajectories and the log-density that the page needs.
    ///
    /// # Errors
    /// If the score cannot carry the jets.
    pub fn new(
        name: &str, score: &dyn Differentiable<f32>, audit: Audit, metrics: Vec<Metrics>, data: &Data, config: &Config,
        workers: &Workers,
    ) -> Result<Self, Error> {
        let count = if data.image_shape().is_some() { IMAGES * IMAGES } else { config.audit.samples };
        let sampler = Sampler::ProbabilityFlow {
            tolerance: Tolerance::both(config.audit.tolerance.max(1e-4)),
            step_limit: config.audit.step_limit,
        };
        let samples = sample(score, count, &sampler, config.seed, workers, &|_| {})?;
        let log_density = if data.dim() == 2 { Some(grid_log_density(score, data, config, workers)?) } else { None };
        let trajectories = if data.image_shape().is_some() {
            Some(Trajectories::new(score, &sampler, config, workers)?)
        } else {
            None
        };
        Ok(Self { name: name.into(), audit, metrics, samples: samples.x, log_density, trajectories })
    }
}

/// The data's box, a tenth wider on every side, as `[[x low, x high], [y low, y high]]`.
fn window(data: &Data) -> [[f64; 2]; 2] {
    let (low, high) = data.bounds();
    let axis = |i: usize| {
        let (a, b) = (f64::from(low[i]), f64::from(high[i]));
        [a - 0.1 * (b - a), b + 0.1 * (b - a)]
    };
    [axis(0), axis(1)]
}

#[allow(clippy::cast_precision_loss)]
fn grid_points(data: &Data) -> Vec<f64> {
    let [[x0, x1], [y0, y1]] = window(data);
    let mut points = Vec::with_capacity(2 * GRID * GRID);
    // The top row of a picture comes first.
    for row in 0..GRID {
        for column in 0..GRID {
            points.push(x0 + (x1 - x0) * (column as f64 + 0.5) / GRID as f64);
            points.push(y1 - (y1 - y0) * (row as f64 + 0.5) / GRID as f64);
        }
    }
    points
}

fn grid_log_density(
    score: &dyn Differentiable<f32>, data: &Data, config: &Config, workers: &Workers,
) -> Result<Vec<f64>, Error> {
    let options = LikelihoodOptions {
        tolerance: Tolerance { absolute: 1e-3, relative: 1e-3 },
        step_limit: config.audit.step_limit,
        divergence: default_divergence(2, 1),
        seed: config.seed,
        first_row: 0,
    };
    Ok(log_prob(score, &grid_points(data), &options, workers, &|_| {})?.values)
}

/// The page.
#[must_use]
pub fn render(title: &str, data: &Data, config: &Config, entries: &[Entry]) -> String {
    let mut page = Page::new(title).lead(
        "Scores of diffused data obey the score Fokker-Planck equation. This page shows how closely the model's do, and what \
         follows from it: whether the score is a gradient, how far it is from the truth, and the likelihood of held-out data.",
    );
    let difference = match entries {
        [dsm, fp] => Some(Difference::between(&fp.audit, &dsm.audit)),
        _ => None,
    };
    if let Some(difference) = &difference {
        page = page.facts(&facts(difference));
    }
    page = page.section("Figures", "").table(summary(entries, difference.as_ref()));
    page = page.section("Against time", "");
    for pair in profiles(entries).chunks(2) {
        page = page.row(pair.to_vec());
    }
    page = page.section("Training", "").row(curves(entries));
    page = page.section("Samples and densities", "");
    page = pictures(page, data, config, entries);
    let toml = config.to_toml().unwrap_or_default();
    let details = format!("<details><summary>Resolved config</summary><pre>{}</pre></details>", super::escape(&toml));
    page.section("Config", &details).render()
}

fn style(index: usize, entries: &[Entry]) -> usize {
    if entries.len() == 1 { STYLE_FP } else { [STYLE_DSM, STYLE_FP].get(index).copied().unwrap_or(index) }
}

fn facts(difference: &Difference) -> Vec<Fact> {
    let fact = |label: &str, value: MeanSe, note: &str| Fact {
        label: label.into(),
        value: format!("× {}", mean_se(value.mean, value.se)),
        note: note.into(),
    };
    let note = "FP relative to DSM, geometric mean over t; below 1 is better";
    let mut facts = vec![fact("residual of the score FPE", difference.residual.mean, note)];
    if difference.asymmetry.mean.mean.is_finite() {
        facts.push(fact("asymmetry of the Jacobian", difference.asymmetry.mean, note));
    }
    if let Some(errors) = &difference.score_error {
        facts.push(fact("error of the score", errors.mean, note));
    }
    let MeanSe { mean, se } = difference.nll;
    facts.push(Fact {
        label: "log-likelihood gained".into(),
        value: format!("{} nats", mean_se(-mean, se)),
        note: "DSM's negative log-likelihood less FP's at the same points; above 0 is better".into(),
    });
    facts
}

/// The figures, and how the last model's differ from the first's where that is known point by point.
fn summary(entries: &[Entry], difference: Option<&Difference>) -> Table {
    let row = |label: &str, difference: Option<MeanSe>, get: &dyn Fn(&Audit) -> Option<String>| {
        let shown = entries.iter().map(|e| get(&e.audit).unwrap_or("—".into()));
        let last = difference.filter(|_| entries.len() > 1).map_or("—".into(), |d| mean_se(d.mean, d.se));
        let row = Row::new(std::iter::once(label.to_owned()).chain(shown).chain((entries.len() > 1).then_some(last)));
        // Only what is beyond its noise is better.
        match difference.filter(|d| d.mean.abs() > 2.0 * d.se) {
            Some(d) => row.best(if d.mean < 0.0 { 2 } else { 1 }),
            None => row,
        }
    };
    let shown = |m: MeanSe| Some(mean_se(m.mean, m.se));
    let nll = difference.map(|d| d.nll);
    let mut rows = vec![row("negative log-likelihood (nats)", nll, &|a| shown(a.nll))];
    if entries.iter().any(|e| e.audit.true_nll.is_some()) {
        rows.push(row("… of the truth, or the data's entropy", None, &|a| a.true_nll.map(number)));
        rows.push(row("gap to it (nats)", nll, &|a| a.gap.and_then(shown)));
    }
    if entries.iter().any(|e| e.audit.bits_per_dim.is_some()) {
        rows.push(row("bits per dimension", difference.and_then(|d| d.bits_per_dim), &|a| {
            a.bits_per_dim.and_then(shown)
        }));
    }
    rows.push(row("flow less variational bound (nats)", difference.map(|d| d.bound_gap), &|a| shown(a.bound_gap)));
    let sliced = |d: &Distances| shown(d.sliced_w2);
    rows.push(row("sliced W₂: ODE against SDE samples", None, &|a| sliced(&a.samples.ode_sde)));
    rows.push(row("sliced W₂: ODE samples against data", None, &|a| sliced(&a.samples.ode_data)));
    rows.push(row("sliced W₂: SDE samples against data", None, &|a| sliced(&a.samples.sde_data)));
    rows.push(row("… data against other data", None, &|a| sliced(&a.samples.data_data)));
    if entries.iter().any(|e| e.audit.memorisation.is_some()) {
        let percent = |m: MeanSe| Some(mean_se(100.0 * m.mean, 100.0 * m.se));
        // No one is the best: a share below the expected one is no merit.
        rows.push(row("near-copies of training images (%)", None, &|a| percent(a.memorisation.as_ref()?.share)));
        rows.push(row("… if none is copied", None, &|a| percent(a.memorisation.as_ref()?.expected_share)));
        rows.push(row("distance to nearest training image: samples/held-out", None, &|a| {
            Some(number(a.memorisation.as_ref()?.distance_ratio()))
        }));
    }
    rows.extend(residual_rows(entries, difference));
    let mut header: Vec<String> =
        std::iter::once(String::new()).chain(entries.iter().map(|e| e.name.clone())).collect();
    if entries.len() > 1 {
        header.push("difference, paired".into());
    }
    Table { caption: "Measured on held-out points".into(), header, rows, notes: notes(entries) }
}

/// r(t) at each time, with the ratio of the two models' where there are two.
fn residual_rows(entries: &[Entry], difference: Option<&Difference>) -> Vec<Row> {
    let times = entries.first().map_or(&[][..], |e| &e.audit.residual);
    let row = |(i, at): (usize, &AtTime)| {
        let shown = entries.iter().map(|e| e.audit.residual.get(i).map_or("—".into(), |r| mean_se(r.mean, r.se)));
        let ratio = difference.and_then(|d| d.residual.at.get(i));
        let last = ratio.map(|r| format!("× {}", mean_se(r.mean, r.se)));
        let row = Row::new(std::iter::once(format!("r(t) at t = {}", at.t)).chain(shown).chain(last));
        match ratio.filter(|r| (r.mean - 1.0).abs() > 2.0 * r.se) {
            Some(r) => row.best(if r.mean < 1.0 { 2 } else { 1 }),
            None => row,
        }
    };
    times.iter().enumerate().map(row).collect()
}

fn notes(entries: &[Entry]) -> Vec<String> {
    let mut notes = vec![
        "Mean ± standard error over points, each held-out row at most once; likelihoods are in the units of the data, distances of \
         samples in model coordinates. Distances' errors are over points."
            .to_owned(),
    ];
    if entries.len() > 1 {
        notes.push(
            "Both models are measured at the same points: differences and ratios (the second model's to the first's) have the standard error of \
             the pairs. Bold: better by more than two of these."
                .into(),
        );
    }
    if entries.iter().any(|e| e.audit.residual_average == Average::RootMean) {
        notes.push(
            "r(t) here is √E⟨ε, ε′⟩/D, by the products of the residuals under two independent sets of probes: E‖ε‖/D itself \
             cannot be had from probes without their noise."
                .into(),
        );
    }
    let failed: usize = entries.iter().map(|e| e.audit.nll_failed).sum();
    if failed > 0 {
        let rows: usize = entries.iter().map(|e| e.audit.nll_rows).sum();
        notes.push(format!("{failed} of {rows} integrations failed and are in no mean."));
    }
    notes
}

fn profiles(entries: &[Entry]) -> Vec<Figure> {
    let chart = |title: &str, y: &str, caption: &str, get: &dyn Fn(&Audit) -> Vec<AtTime>| {
        let series = entries.iter().enumerate().map(|(i, e)| Series {
            name: e.name.clone(),
            points: get(&e.audit).iter().map(|a| Point { x: a.t, y: a.mean, se: a.se }).collect(),
            style: style(i, entries),
        });
        let chart = LineChart {
            title: title.into(),
            x_label: "t".into(),
            y_label: y.into(),
            x_scale: Scale::Log,
            y_scale: Scale::Log,
            series: series.collect(),
        };
        Figure::svg(chart.svg(), caption)
    };
    let residual = match entries.first().map(|e| e.audit.residual_average) {
        Some(Average::RootMean) => {
            "√E⟨ε, ε′⟩/D over x ~ q_t, two independent sets of probes. Whiskers are standard errors."
        }
        _ => "E‖ε‖/D over x ~ q_t. Whiskers are standard errors.",
    };
    let mut figures = vec![
        chart("Residual of the score FPE", "r(t)", residual, &|a| a.residual.clone()),
        chart("Asymmetry of the Jacobian", "NAsym(t)", "E[‖J − Jᵀ‖²/(4‖J‖²)]: 0 for a gradient.", &|a| {
            a.asymmetry.clone()
        }),
    ];
    if entries.iter().any(|e| e.audit.score_error.is_some()) {
        figures.push(chart("Error of the score", "σ² E‖s − ∇ log q‖²", "Against the closed form.", &|a| {
            a.score_error.clone().unwrap_or_default()
        }));
    }
    figures
}

#[allow(clippy::cast_precision_loss)]
fn curves(entries: &[Entry]) -> Vec<Figure> {
    let chart = |title: &str, y: &str, scale: Scale, caption: &str, get: &dyn Fn(&Metrics) -> Option<f64>| {
        let series: Vec<Series> = entries
            .iter()
            .enumerate()
            .map(|(i, e)| Series {
                name: e.name.clone(),
                points: e
                    .metrics
                    .iter()
                    .filter_map(|m| get(m).map(|y| Point { x: m.step as f64, y, se: 0.0 }))
                    .collect(),
                style: style(i, entries),
            })
            .filter(|s: &Series| !s.points.is_empty())
            .collect();
        let chart = LineChart {
            title: title.into(),
            x_label: "step".into(),
            y_label: y.into(),
            x_scale: Scale::Linear,
            y_scale: scale,
            series,
        };
        Figure::svg(chart.svg(), caption)
    };
    let mut figures = vec![chart("Denoising loss", "J_DSM", Scale::Linear, "Mean over each stretch of steps.", &|m| {
        m.terms.get("dsm")
    })];
    if entries.iter().any(|e| e.metrics.iter().any(|m| m.terms.get("fp").is_some())) {
        figures.push(chart("Score-FPE term", "R", Scale::Log, "Before its weight α.", &|m| m.terms.get("fp")));
    }
    figures
}

fn pictures(page: Page, data: &Data, config: &Config, entries: &[Entry]) -> Page {
    if let Some(shape) = data.image_shape() {
        let mut figures = Vec::new();
        let real = held_out(data, IMAGES * IMAGES, config.seed);
        for (name, rows) in std::iter::once(("held-out data".to_owned(), real)).chain(
            entries.iter().map(|e| (format!("samples of {}", e.name), e.samples.iter().map(|&v| to_f32(v)).collect())),
        ) {
            if let Ok(png) = png_grid(&rows, shape, IMAGES) {
                figures.push(Figure::image(png_uri(&png), &name, name.clone()));
            }
        }
        let nearest = entries.iter().filter_map(|e| copies::figure(&e.name, e.audit.memorisation.as_ref()?, data));
        let paths = entries.iter().filter_map(|e| e.trajectories.as_ref()?.figure(&e.name, shape));
        let page = page.row(figures);
        return if entries.len() == 1 { page.row(paths.chain(nearest)) } else { page.row(paths).row(nearest) };
    }
    if data.dim() < 2 {
        return page;
    }
    let bounds = window(data);
    let mut figures = Vec::new();
    let real: Vec<f64> = held_out(data, config.audit.samples, config.seed).into_iter().map(f64::from).collect();
    let clouds = std::iter::once(("held-out data".to_owned(), &real, 3)).chain(
        entries.iter().enumerate().map(|(i, e)| (format!("samples of {}", e.name), &e.samples, style(i, entries))),
    );
    for (name, rows, style) in clouds {
        let points: Vec<[f64; 2]> = rows.chunks_exact(data.dim()).map(|r| [r[0], r[1]]).collect();
        if let Ok(uri) = scatter(&points, bounds, 480, style) {
            figures.push(Figure::image(uri, &name, name.clone()));
        }
    }
    let page = page.row(figures);
    densities(page, data, config, entries)
}

/// log-densities on one colour scale, twelve nats deep.
fn densities(page: Page, data: &Data, config: &Config, entries: &[Entry]) -> Page {
    let mut maps: Vec<(String, Vec<f64>)> = Vec::new();
    if let (Some(truth), 2) = (data.truth(), data.dim()) {
        let q = truth.diffused(&config.sde.at(config.sde.t_min()));
        maps.push(("the truth".into(), grid_points(data).chunks_exact(2).map(|x| q.log_density(x)).collect()));
    }
    maps.extend(entries.iter().filter_map(|e| e.log_density.clone().map(|m| (e.name.clone(), m))));
    let top = maps.iter().flat_map(|(_, m)| m).copied().filter(|v| v.is_finite()).fold(f64::NEG_INFINITY, f64::max);
    if !top.is_finite() {
        return page;
    }
    let range = [top - 12.0, top];
    let figures = maps.iter().filter_map(|(name, map)| {
        let clipped: Vec<f64> = map.iter().map(|v| v.max(range[0])).collect();
        let uri = heatmap_within(&clipped, GRID, GRID, range).ok()?;
        Some(Figure::image(uri, format!("log-density of {name}"), format!("log-density: {name}")))
    });
    page.row(figures.collect::<Vec<_>>()).html(&colour_bar(range, "log-density (nats)"))
}

/// Different held-out rows, as far as there are so many.
fn held_out(data: &Data, rows: usize, seed: u64) -> Vec<f32> {
    let mut rng = Streams::new(seed).named("report");
    let held_out = HeldOut::new(data, &mut rng);
    held_out.draw(0..rows, &mut rng)
}

#[allow(clippy::cast_possible_truncation)]
fn to_f32(value: f64) -> f32 {
    value as f32
}
