//! The values of the objective's terms against a second computation: the draws are replayed from the named streams, and what is
//! made of them is written out from the score, its derivatives and `fokker::residual`, without the code of `fokker::objective`.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;
#[path = "common/replay.rs"]
mod replay;

use common::worst;
use fokker::Workers;
use fokker::config::Config;
use fokker::divergence::{Divergence, ProbeDistribution};
use fokker::objective::{Estimator, FpConfig, Norm, PointSource, ScalarConfig, ScalarForm, Scale, TimeWeight};
use fokker::residual::residual;
use fokker::score::network::NetworkScore;
use fokker::sde::Coefficients;
use replay::{Derivatives, Probes, Row, Setting, Source, dot};

const DIM: usize = 3;
const BATCH: usize = 40;
const SEED: u64 = 5;
const STEP: u64 = 4;

/// Rows that are drawn from one stream, for data of three dimensions.
const BLOCK: usize = 32;

/// The factor of ‖ε‖ᵐ: what makes R grow with the dimension as J_DSM does, or the paper's.
fn of_dimension(scale: Scale, m: i32) -> f64 {
    let d = DIM as f64;
    match scale {
        Scale::DimensionFree => d.powf(1.0 - 0.5 * f64::from(m)),
        Scale::Paper => d.powi(-m),
    }
}

fn config(sde: &str, loss: &str) -> Config {
    let text = format!(
        "[data]\nkind = \"mixture\"\ndim = {DIM}\ncomponents = 4\n[sde]\nkind = \"{sde}\"\nt_min = 0.05\n\
         [network]\nkind = \"mlp\"\nwidth = 8\ndepth = 2\nskip = true\n[loss]\n{loss}\n\
         [train]\nbatch = {BATCH}\n[audit]\ntimes = [0.5]\n"
    );
    Config::parse(&text, "test", &[]).unwrap()
}

/// w(t) of Lai et al. 2023, table 1, and ours.
fn weight(w: TimeWeight, c: &Coefficients) -> f64 {
    match w {
        TimeWeight::Constant => 1.0,
        TimeWeight::Convention => c.g2.sqrt(),
        TimeWeight::Likelihood => c.g2,
        TimeWeight::Sigma4 => c.sigma.powi(4),
        TimeWeight::G2Sigma2 => c.g2 * c.sigma.powi(2),
    }
}

/// J_DSM over the whole batch; `shared` of its rows are those of the score-FPE term.
fn dsm(setting: &Setting, shared: usize) -> f64 {
    let perturbed = Source::Perturbed { copies: 1 };
    let mut rows = setting.rows("rows", if shared == 0 { BATCH } else { shared }, perturbed);
    if shared > 0 {
        rows.extend(setting.rows("rows-rest", BATCH - shared, perturbed));
    }
    let of_row = |row: &Row| {
        let lambda = match setting.config.loss.weighting {
            fokker::objective::Weighting::Simple => row.c.sigma.powi(2),
            fokker::objective::Weighting::Likelihood => row.c.g2,
        };
        let s = Derivatives::new(&setting.score, row, &[]).s;
        let error = (0..DIM).map(|i| (s[i] + row.z[i] / row.c.sigma).powi(2)).sum::<f64>();
        0.5 * row.weight * lambda * error
    };
    assert_eq!(rows.len(), BATCH);
    rows.iter().map(of_row).sum::<f64>() / BATCH as f64
}

/// R_vec.
fn vector(setting: &Setting, config: &FpConfig, count: usize) -> f64 {
    let (name, source) = match config.points {
        PointSource::Perturbed => ("rows", Source::Perturbed { copies: 1 }),
        PointSource::Data => ("fp-rows", Source::Data),
        PointSource::Uniform => ("fp-rows", Source::Uniform),
    };
    let sets = if config.unbiased { 2 } else { 1 };
    let (n, sliced) = (config.divergence.directions(DIM), config.estimator == Estimator::Sliced);
    let rows = setting.rows(name, count, source);
    let probes = setting.probes("fp-probes", count, config.divergence, sets, sliced);
    let of_row = |(row, probes): (&Row, &Probes)| {
        let at = Derivatives::new(&setting.score, row, &probes.v);
        let of_set = |set: usize| match config.divergence {
            Divergence::Exact {} => exact(setting, row),
            Divergence::Hutchinson { .. } => at.residual(row, set * n..(set + 1) * n, 1.0 / n as f64),
        };
        let (e, other) = (of_set(0), of_set(sets - 1));
        // E (u·ε)(u·ε′) = ε·ε′ and E|u·ε| = √(2/π)‖ε‖ for normal u.
        let (product, first) = if sliced {
            let (r, q) = (dot(&probes.u, &e), dot(&probes.u, &other));
            (r * q, (std::f64::consts::PI / 2.0).sqrt() * r.abs())
        } else {
            (dot(&e, &other), dot(&e, &e).sqrt())
        };
        let power = if config.norm == Norm::First {
            first * of_dimension(config.scale, 1)
        } else {
            product * of_dimension(config.scale, 2)
        };
        let power = if config.relative { power / dot(&at.dt, &at.dt) } else { power };
        if row.c.t > config.t_max { 0.0 } else { row.weight * weight(config.time_weight, &row.c) * power }
    };
    assert_eq!((rows.len(), probes.len()), (count, count));
    rows.iter().zip(&probes).map(of_row).sum::<f64>() / count as f64
}

/// ε with the exact divergence.
fn exact(setting: &Setting, row: &Row) -> Vec<f64> {
    let workers = Workers::new(1, 1).unwrap();
    residual(&setting.score, &row.x, &[row.c.t], Divergence::Exact {}, 0, &workers).unwrap().residual
}

/// R_scalar.
fn scalar(setting: &Setting, config: &ScalarConfig, count: usize) -> f64 {
    let copies = if config.form == ScalarForm::Product { 2 } else { 1 };
    let rows = setting.rows("scalar-rows", count, Source::Perturbed { copies });
    let probes = setting.probes("scalar-probes", count, config.divergence, 1, false);
    let coefficient = match config.divergence {
        Divergence::Exact {} => 1.0,
        Divergence::Hutchinson { probes, .. } => 1.0 / probes as f64,
    };
    assert_eq!((rows.len(), probes.len()), (count, count));
    let phi =
        |(row, probes): (&Row, &Probes)| Derivatives::new(&setting.score, row, &[]).phi(row, &probes.v, coefficient);
    let phi: Vec<f64> = rows.iter().zip(&probes).map(phi).collect();
    let w: Vec<f64> = rows.iter().map(|row| row.weight * weight(config.time_weight, &row.c)).collect();
    match config.form {
        ScalarForm::Product => {
            let pairs = (0..count).step_by(2);
            pairs.map(|i| w[i] * phi[i] * phi[i + 1]).sum::<f64>() / (count / 2) as f64
        }
        ScalarForm::Published => {
            // Without −div f = −a D, and over D.
            let of_row = |i: usize| w[i] * (phi[i] + rows[i].c.a * DIM as f64).abs() / DIM as f64;
            (0..count).map(of_row).sum::<f64>() / count as f64
        }
    }
}

/// R_QC: w(t) ½(vᵀ(J − Jᵀ)w)², the mean over `pairs` of directions.
fn conservativity(setting: &Setting, w: TimeWeight, pairs: usize) -> f64 {
    let rows = setting.rows("rows", BATCH, Source::Perturbed { copies: 1 });
    let signs = Divergence::Hutchinson { probes: pairs, distribution: ProbeDistribution::Rademacher };
    let directions = setting.probes("conservativity-directions", BATCH, signs, 2, false);
    let of_row = |(row, directions): (&Row, &Probes)| {
        let j = Derivatives::new(&setting.score, row, &[]).j;
        let form = |v: &[f64], w: &[f64]| j.iter().zip(v).map(|(row, v)| v * dot(row, w)).sum::<f64>();
        let square = |k: usize| {
            let (v, w) = (&directions.v[k], &directions.v[pairs + k]);
            (form(v, w) - form(w, v)).powi(2)
        };
        0.5 * row.weight * weight(w, &row.c) * (0..pairs).map(square).sum::<f64>() / pairs as f64
    };
    rows.iter().zip(&directions).map(of_row).sum::<f64>() / BATCH as f64
}

#[test]
fn conservativity_has_its_value() {
    for sde in ["vp", "sub-vp", "ve"] {
        let mut seen = Vec::new();
        for (name, w) in [("likelihood", TimeWeight::Likelihood), ("sigma4", TimeWeight::Sigma4)] {
            for pairs in [1, 3] {
                let loss = format!("[loss.conservativity]\nweight = 0.5\npairs = {pairs}\ntime_weight = \"{name}\"");
                let setting = Setting::new(sde, &loss);
                let (found, want) = (setting.terms(), conservativity(&setting, w, pairs));
                close(found.get("conservativity").unwrap(), want, &format!("{sde} {loss}"));
                close(found.get("dsm").unwrap(), dsm(&setting, BATCH), &format!("J_DSM beside {sde} {loss}"));
                seen.push(want);
            }
        }
        all_differ(&seen);
    }
}

/// R_2 with ℓ given: w(t) Σ c ‖σ² J v + v − (ℓ·v) ℓ‖² over the directions.
fn second_order(setting: &Setting, rows: &[Row], ells: &[Vec<f64>], directions: &[Probes], c: f64) -> f64 {
    let of_row = |((row, l), directions): ((&Row, &Vec<f64>), &Probes)| {
        let j = Derivatives::new(&setting.score, row, &[]).j;
        let square = |v: &Vec<f64>| -> f64 {
            let along = dot(l, v);
            (0..DIM).map(|i| (row.c.sigma.powi(2) * dot(&j[i], v) + v[i] - along * l[i]).powi(2)).sum()
        };
        row.weight * c * directions.v.iter().map(square).sum::<f64>()
    };
    rows.iter().zip(ells).zip(directions).map(of_row).sum::<f64>() / rows.len() as f64
}

#[test]
fn the_second_order_has_its_value_and_gradient() {
    let mut seen = Vec::new();
    for (sde, exact) in [("vp", true), ("vp", false), ("sub-vp", true), ("ve", false)] {
        let kind = if exact { "exact" } else { "hutchinson" };
        let loss = format!("[loss.second_order]\nweight = 1e6\ndirections = {{ kind = \"{kind}\" }}");
        let mut setting = Setting::new(sde, &loss);
        let rows = setting.rows("rows", BATCH, Source::Perturbed { copies: 1 });
        let how = setting.config.loss.second_order.as_ref().unwrap().directions;
        let directions = setting.probes("second-order-directions", BATCH, how, 1, false);
        let held = setting.ells(&rows);
        let value = |setting: &Setting| second_order(setting, &rows, &held, &directions, 1.0);
        let (terms, gradient) = setting.terms_and_gradient();
        seen.push(value(&setting));
        close(terms.get("second_order").unwrap(), *seen.last().unwrap(), &loss);
        // With ℓ held, by differences; J_DSM's share is nothing beside a weight of 10⁶.
        slopes_are(&mut setting, &gradient, value, &loss);
    }
    all_differ(&seen);
}

/// A point's three x′, and the SDE at t′.
type Path = ([Vec<f64>; 3], Coefficients);

/// The paths of the model as it is, down to (1 − step) t.
fn paths(setting: &Setting, rows: &[Row], step: f64) -> Vec<Path> {
    let of_group = |group: &[Row]| {
        let (c, x) = (&group[0].c, &group[0].x);
        let to = setting.score.model().sde().at((c.t * (1.0 - step)).max(setting.score.model().sde().t_min()));
        let s = Derivatives::new(&setting.score, &group[0], &[]).s;
        // The Gaussian of x_t′ given x and x₀ = h: precisions and means added.
        let r = c.m / to.m;
        let noise = c.sigma.powi(2) - (r * to.sigma).powi(2);
        let variance = 1.0 / (1.0 / to.sigma.powi(2) + r * r / noise);
        let of_row = |row: &Row| {
            let of = |i: usize| {
                let h = (x[i] + c.sigma.powi(2) * s[i]) / c.m;
                variance * (to.m * h / to.sigma.powi(2) + r * x[i] / noise) + variance.sqrt() * row.z[i]
            };
            (0..DIM).map(of).collect()
        };
        ([1, 2, 3].map(|k| of_row(&group[k])), to)
    };
    rows.chunks_exact(4).map(of_group).collect()
}

/// R_C with the paths held.
fn consistency(setting: &Setting, rows: &[Row], paths: &[Path]) -> f64 {
    let denoised = |x: &[f64], c: &Coefficients| {
        let row = Row { x: x.to_vec(), z: Vec::new(), c: *c, weight: 1.0 };
        let s = Derivatives::new(&setting.score, &row, &[]).s;
        (0..DIM).map(|i| (x[i] + c.sigma.powi(2) * s[i]) / c.m).collect::<Vec<f64>>()
    };
    let of_group = |(group, (path, to)): (&[Row], &Path)| {
        let (c, h) = (&group[0].c, denoised(&group[0].x, &group[0].c));
        let d: Vec<Vec<f64>> =
            path.iter().map(|x| denoised(x, to).iter().zip(&h).map(|(to, from)| to - from).collect()).collect();
        let products = (dot(&d[0], &d[1]) + dot(&d[0], &d[2]) + dot(&d[1], &d[2])) / 3.0;
        group[0].weight * (c.m / c.sigma).powi(2) * products
    };
    rows.chunks_exact(4).zip(paths).map(of_group).sum::<f64>() / paths.len() as f64
}

#[test]
fn consistency_has_its_value_and_gradient() {
    let mut seen = Vec::new();
    for (sde, step) in [("vp", 0.1), ("vp", 0.6), ("sub-vp", 0.1), ("ve", 0.3)] {
        let loss = format!("[loss.consistency]\nweight = 1e6\nstep = {step}");
        let mut setting = Setting::new(sde, &loss);
        let rows = setting.rows("consistency-rows", BATCH, Source::Perturbed { copies: 4 });
        // Each group has its first point.
        let paths = paths(&setting, &rows, step);
        let value = |setting: &Setting| consistency(setting, &rows, &paths);
        let (terms, gradient) = setting.terms_and_gradient();
        seen.push(value(&setting));
        close(terms.get("consistency").unwrap(), *seen.last().unwrap(), &loss);
        // With the paths held, by differences; J_DSM's share is nothing beside a weight of 10⁶.
        slopes_are(&mut setting, &gradient, value, &loss);
    }
    all_differ(&seen);
}

#[test]
fn the_relative_residual_has_its_value() {
    let mut seen = Vec::new();
    for relative in [false, true] {
        let setting = Setting::new("vp", &format!("[loss.fp]\nweight = 0.5\nrelative = {relative}\n{TWO}"));
        let want = vector(&setting, setting.config.loss.fp.as_ref().unwrap(), BATCH);
        close(setting.terms().get("fp").unwrap(), want, &format!("relative: {relative}"));
        seen.push(want);
    }
    all_differ(&seen);
}

/// Asserts that some of the gradient are the slopes of 10⁶ times a value.
fn slopes_are(setting: &mut Setting, gradient: &[f64], value: impl Fn(&Setting) -> f64, what: &str) {
    let (theta, h) = (setting.score.parameters().to_vec(), 1e-5);
    let size = worst(gradient.iter().map(|g| g.abs()));
    for k in (0..theta.len()).step_by(17) {
        let mut at = |shift: f64| {
            let mut moved = theta.clone();
            moved[k] += shift;
            setting.score = NetworkScore::new(setting.score.model().clone(), &moved);
            value(setting)
        };
        let slope = 1e6 * (at(h) - at(-h)) / (2.0 * h);
        assert!((slope - gradient[k]).abs() < 1e-5 * size, "{what} {k}: {} for {slope}", gradient[k]);
    }
}

/// Asserts that a value is the expected one to 1e-10.
fn close(found: f64, want: f64, what: &str) {
    assert!(want.abs() > 1e-6, "{what}: {want} says nothing");
    assert!((found - want).abs() < 1e-10 * want.abs(), "{what}: {found} for {want}");
}

const WEIGHTS: [&str; 5] = ["constant", "convention", "likelihood", "sigma4", "log-snr"];
const EXACT: &str = "divergence = { kind = \"exact\" }";
const TWO: &str = "divergence = { kind = \"hutchinson\", probes = 2, distribution = \"gaussian\" }";
const ONE: &str = "divergence = { kind = \"hutchinson\" }";

#[test]
fn denoising_has_its_value() {
    for sde in ["vp", "sub-vp", "ve"] {
        let mut seen = Vec::new();
        for sampling in ["uniform", "importance", "mixture"] {
            for weighting in ["simple", "likelihood"] {
                let loss = format!("weighting = \"{weighting}\"\ntime_sampling = \"{sampling}\"");
                let setting = Setting::new(sde, &loss);
                let (found, want) = (setting.terms(), dsm(&setting, 0));
                close(found.get("dsm").unwrap(), want, &format!("{sde} {loss}"));
                assert_eq!((found.get("fp"), found.get("scalar")), (None, None));
                // VE's g²/σ² is constant: its times are uniform by importance too.
                if (sde, sampling) != ("ve", "importance") {
                    seen.push(want);
                }
            }
        }
        all_differ(&seen);
    }
}

/// The twin: another weight, norm or estimator has another value.
fn all_differ(values: &[f64]) {
    for (i, a) in values.iter().enumerate() {
        assert!(values[..i].iter().all(|b| (a - b).abs() > 1e-6 * a.abs()), "{values:?}");
    }
}

#[test]
fn the_residual_s_norm_has_its_value() {
    for sde in ["vp", "sub-vp", "ve"] {
        for divergence in [EXACT, TWO, ONE] {
            let mut seen = Vec::new();
            for estimator in ["vector", "sliced"] {
                for norm in [1, 2] {
                    for w in WEIGHTS {
                        let loss = format!(
                            "[loss.fp]\nweight = 0.5\nestimator = \"{estimator}\"\nnorm = {norm}\ntime_weight = \"{w}\"\n{divergence}"
                        );
                        seen.push(check_fp(sde, &loss, BATCH));
                    }
                }
            }
            all_differ(&seen);
        }
    }
}

/// Checks R_vec and the J_DSM beside it; the value of R_vec.
fn check_fp(sde: &str, loss: &str, count: usize) -> f64 {
    let setting = Setting::new(sde, loss);
    let config = setting.config.loss.fp.clone().unwrap();
    let (found, want) = (setting.terms(), vector(&setting, &config, count));
    close(found.get("fp").unwrap(), want, &format!("{sde} {loss}"));
    let shared = if config.points == PointSource::Perturbed { count } else { 0 };
    close(found.get("dsm").unwrap(), dsm(&setting, shared), &format!("J_DSM beside {sde} {loss}"));
    want
}

#[test]
fn products_of_two_residuals_have_their_value() {
    let mut seen = Vec::new();
    for estimator in ["vector", "sliced"] {
        for w in WEIGHTS {
            let loss = format!(
                "[loss.fp]\nweight = 0.5\nunbiased = true\nestimator = \"{estimator}\"\ntime_weight = \"{w}\"\n{TWO}"
            );
            seen.push(check_fp("vp", &loss, BATCH));
        }
    }
    all_differ(&seen);
}

#[test]
fn the_scale_is_a_power_of_the_dimension() {
    let mut seen = Vec::new();
    for estimator in ["vector", "sliced"] {
        for norm in [1, 2] {
            for scale in ["dimension-free", "paper"] {
                let loss = format!(
                    "[loss.fp]\nweight = 0.5\nestimator = \"{estimator}\"\nnorm = {norm}\nscale = \"{scale}\"\n{TWO}"
                );
                seen.push(check_fp("vp", &loss, BATCH));
            }
        }
    }
    all_differ(&seen);
}

#[test]
fn other_points_and_parts_of_the_batch_have_their_value() {
    let fp = "[loss.fp]\nweight = 0.5";
    let all = [
        check_fp("vp", &format!("{fp}\npoints = \"data\"\nbatch_fraction = 0.4"), 16),
        check_fp("vp", &format!("{fp}\npoints = \"uniform\"\nestimator = \"sliced\""), BATCH),
        check_fp("vp", &format!("{fp}\nbatch_fraction = 0.83\n{TWO}"), 34),
        check_fp("ve", &format!("{fp}\npoints = \"uniform\"\nnorm = 1\n{EXACT}"), BATCH),
        check_fp("vp", &format!("{fp}\nt_max = 0.4"), BATCH),
        check_fp("sub-vp", &format!("time_sampling = \"importance\"\n{fp}\ntime_weight = \"log-snr\""), BATCH),
        check_fp("vp", &format!("time_sampling = \"mixture\"\nweighting = \"likelihood\"\n{fp}"), BATCH),
    ];
    all_differ(&all);
    // It begins at a step, and its weight grows from there.
    let gradient = |more: &str| Setting::new("vp", &format!("{fp}\n{more}")).terms_and_gradient();
    let (none, half, all) = (gradient("begin = 5"), gradient("begin = 2\nwarmup = 4"), gradient("begin = 4"));
    assert_eq!((none.0.get("fp"), half.0.get("fp")), (None, all.0.get("fp")));
    let plain = Setting::new("vp", "").terms_and_gradient().1;
    assert_eq!(none.1, plain);
    for ((half, all), plain) in half.1.iter().zip(&all.1).zip(&plain) {
        assert!((half - 0.5 * (all + plain)).abs() < 1e-9 * (1.0 + all.abs()), "{half} {all} {plain}");
    }
    // On the steps between there is no term, on those with it its value is the same.
    let every = Setting::new("vp", &format!("{fp}\nevery = {STEP}"));
    assert_eq!(every.terms(), Setting::new("vp", fp).terms());
    assert_eq!(Setting::new("vp", &format!("{fp}\nevery = {}", STEP + 1)).terms().get("fp"), None);
}

#[test]
fn the_scalar_form_has_its_value() {
    for sde in ["vp", "sub-vp", "ve"] {
        let mut seen = Vec::new();
        for form in ["product", "published"] {
            for divergence in [EXACT, TWO] {
                for w in WEIGHTS {
                    let loss =
                        format!("[loss.scalar]\nweight = 0.1\nform = \"{form}\"\ntime_weight = \"{w}\"\n{divergence}");
                    let setting = Setting::new(sde, &loss);
                    let config = setting.config.loss.scalar.clone().unwrap();
                    let (found, want) = (setting.terms(), scalar(&setting, &config, BATCH));
                    close(found.get("scalar").unwrap(), want, &format!("{sde} {loss}"));
                    close(found.get("dsm").unwrap(), dsm(&setting, 0), &format!("J_DSM beside {sde} {loss}"));
                    seen.push(want);
                }
            }
        }
        all_differ(&seen);
    }
    let setting = Setting::new("vp", "[loss.scalar]\nweight = 0.1\nbatch_fraction = 0.6");
    let config = setting.config.loss.scalar.clone().unwrap();
    close(setting.terms().get("scalar").unwrap(), scalar(&setting, &config, 24), "a part of the batch");
}

#[test]
fn the_residual_written_out_is_that_of_the_library() {
    let unit: Vec<Vec<f64>> = (0..DIM).map(|k| (0..DIM).map(|i| f64::from(u8::from(i == k))).collect()).collect();
    for sde in ["vp", "sub-vp", "ve"] {
        let setting = Setting::new(sde, "");
        let rows = setting.rows("rows", BATCH, Source::Perturbed { copies: 1 });
        let mut size = 0.0;
        let errors = rows.iter().map(|row| {
            let (library, at) = (exact(&setting, row), Derivatives::new(&setting.score, row, &unit));
            let here = at.residual(row, 0..DIM, 1.0);
            size += dot(&library, &library).sqrt();
            worst(here.iter().zip(&library).map(|(a, b)| (a - b).abs())) / dot(&library, &library).sqrt()
        });
        assert!(worst(errors) < 1e-11 && size > 1.0, "{sde}");
    }
}
