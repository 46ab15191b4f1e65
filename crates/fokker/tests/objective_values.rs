//! The values of the objective's terms against a second computation: the draws are replayed from the named streams, and what is
//! made of them is written out from the score, its derivatives and `fokker::residual`, without the code of `fokker::objective`.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::sync::Arc;

use common::worst;
use fokker::Workers;
use fokker::config::Config;
use fokker::data::Data;
use fokker::divergence::{Divergence, ProbeDistribution};
use fokker::objective::{
    Estimator, FpConfig, LossTerms, Norm, Objective, PointSource, ScalarConfig, ScalarForm, Scale, Step, TimeSampler,
    TimeWeight,
};
use fokker::residual::residual;
use fokker::rng::Streams;
use fokker::score::Direction::{Space, Time};
use fokker::score::network::NetworkScore;
use fokker::score::{Differentiable, Directions};
use fokker::sde::Coefficients;
use rand::RngExt;

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

/// Everything that a batch is made of.
struct Setting {
    config: Config,
    data: Arc<Data>,
    score: NetworkScore<f64>,
}

/// A row: a point, its noise, the SDE at its time, 1/(p(t)(T − t_min)).
struct Row {
    x: Vec<f64>,
    z: Vec<f64>,
    c: Coefficients,
    weight: f64,
}

#[derive(Clone, Copy)]
enum Source {
    Perturbed { copies: usize },
    Data,
    Uniform,
}

/// Probes by direction, and slices; of one row.
struct Probes {
    v: Vec<Vec<f64>>,
    u: Vec<f64>,
}

impl Setting {
    fn new(sde: &str, loss: &str) -> Self {
        let config = config(sde, loss);
        let data = Arc::new(Data::load(&config.data).unwrap());
        let model = config.model(data.shape());
        let parameters = model.initial_parameters(&mut Streams::new(3).named("weights"));
        Self { score: NetworkScore::new(model, &parameters), config, data }
    }

    fn terms(&self) -> LossTerms {
        let workers = Arc::new(Workers::new(2, 10).unwrap());
        let (model, loss) = (self.score.model(), &self.config.loss);
        let mut objective = Objective::<f64>::new(model, &self.data, loss, BATCH, SEED, &workers).unwrap();
        let mut gradient = vec![0.0; self.score.parameters().len()];
        objective.evaluate(Step(STEP), self.score.parameters(), &mut gradient)
    }

    /// Times of a block, then its noise, then its rows of data.
    fn rows(&self, name: &str, count: usize, source: Source) -> Vec<Row> {
        let sampler = TimeSampler::new(&self.config.sde, self.config.loss.time_sampling);
        let copies = if let Source::Perturbed { copies } = source { copies } else { 1 };
        let mut rows: Vec<Row> = Vec::new();
        for block in 0..count.div_ceil(BLOCK) {
            let mut rng = Streams::new(SEED).at(name, STEP, block as u64);
            let here = BLOCK.min(count - block * BLOCK);
            for _ in 0..here / copies {
                let (t, weight) = sampler.draw(&mut rng);
                let row = || Row { x: vec![0.0; DIM], z: vec![0.0; DIM], c: self.config.sde.at(t), weight };
                rows.extend((0..copies).map(|_| row()));
            }
            let block = &mut rows[block * BLOCK..];
            if let Source::Perturbed { .. } = source {
                block.iter_mut().for_each(|row| ProbeDistribution::Gaussian.fill(&mut rng, &mut row.z));
            }
            for row in block {
                let mut point = [0.0_f32; DIM];
                if let Source::Uniform = source {
                    let (low, high) = self.data.bounds();
                    for i in 0..DIM {
                        point[i] = low[i] + (high[i] - low[i]) * rng.random::<f32>();
                    }
                } else {
                    self.data.draw(&mut rng, &mut point);
                }
                let scale = if let Source::Perturbed { .. } = source { row.c.m } else { 1.0 };
                row.x = (0..DIM).map(|i| scale * f64::from(point[i]) + row.c.sigma * row.z[i]).collect();
            }
        }
        rows
    }

    /// Block by block the probes, one direction after the other, then the slices.
    fn probes(&self, name: &str, count: usize, divergence: Divergence, sets: usize, slices: bool) -> Vec<Probes> {
        let n = divergence.directions(DIM);
        let mut all = Vec::new();
        for block in 0..count.div_ceil(BLOCK) {
            let mut rng = Streams::new(SEED).at(name, STEP, block as u64);
            let here = BLOCK.min(count - block * BLOCK);
            let mut directions = vec![vec![0.0; here * DIM]; sets * n + 1];
            for (j, v) in directions.iter_mut().enumerate().take(sets * n) {
                divergence.fill(j % n, DIM, &mut rng, v);
            }
            if slices {
                ProbeDistribution::Gaussian.fill(&mut rng, &mut directions[sets * n]);
            }
            for row in 0..here {
                let mut of_row: Vec<_> = directions.iter().map(|v| v[row * DIM..(row + 1) * DIM].to_vec()).collect();
                let u = of_row.pop().unwrap();
                all.push(Probes { v: of_row, u });
            }
        }
        all
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// s, ∂ₜs, J (row i: ∇s_i) and, for each probe v, ∇(v·J v) by its entries v·D²s[e_k, v]; at one point.
struct Derivatives {
    s: Vec<f64>,
    dt: Vec<f64>,
    j: Vec<Vec<f64>>,
    of_probes: Vec<Vec<f64>>,
}

impl Derivatives {
    fn new(score: &NetworkScore<f64>, row: &Row, v: &[Vec<f64>]) -> Self {
        let time = DIM + v.len();
        let mut directions = Directions::new(&[vec![Space; time], vec![Time]].concat());
        for k in 0..DIM {
            for j in 0..v.len() {
                directions = directions.pair(k, DIM + j).unwrap();
            }
        }
        let mut tape = score.tape(&directions, 1).unwrap();
        tape.begin(&row.x, &[row.c]);
        for k in 0..DIM {
            tape.direction(k)[k] = 1.0;
        }
        for (j, v) in v.iter().enumerate() {
            tape.direction(DIM + j).copy_from_slice(v);
        }
        tape.forward(0..directions.parts());
        let mixed = |k: usize, j: usize| tape.part(2 + time + k * v.len() + j);
        Self {
            s: tape.part(0).to_vec(),
            dt: tape.part(1 + time).to_vec(),
            j: (0..DIM).map(|i| (0..DIM).map(|k| tape.part(1 + k)[i]).collect()).collect(),
            of_probes: (0..v.len()).map(|j| (0..DIM).map(|k| dot(&v[j], mixed(k, j))).collect()).collect(),
        }
    }

    /// ε = ∂ₜs − ½g² ∇div s − g² Jᵀs + a s + a Jᵀx, with div s = c Σ v·J v over some of the probes.
    fn residual(&self, row: &Row, probes: std::ops::Range<usize>, coefficient: f64) -> Vec<f64> {
        let Coefficients { a, g2, .. } = row.c;
        let transposed = |w: &[f64], k: usize| (0..DIM).map(|i| self.j[i][k] * w[i]).sum::<f64>();
        let component = |k: usize| {
            let divergence = coefficient * self.of_probes[probes.clone()].iter().map(|d| d[k]).sum::<f64>();
            self.dt[k] - 0.5 * g2 * divergence - g2 * transposed(&self.s, k) + a * (self.s[k] + transposed(&row.x, k))
        };
        (0..DIM).map(component).collect()
    }

    /// φ = ½g² div s + ½g²‖s‖² − a x·s − a D.
    fn phi(&self, row: &Row, v: &[Vec<f64>], coefficient: f64) -> f64 {
        let Coefficients { a, g2, .. } = row.c;
        let of_probe = |v: &Vec<f64>| (0..DIM).map(|i| v[i] * dot(&self.j[i], v)).sum::<f64>();
        let divergence = coefficient * v.iter().map(of_probe).sum::<f64>();
        0.5 * g2 * (divergence + dot(&self.s, &self.s)) - a * (dot(&row.x, &self.s) + DIM as f64)
    }
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
        row.weight * weight(config.time_weight, &row.c) * power
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
        check_fp("sub-vp", &format!("time_sampling = \"importance\"\n{fp}\ntime_weight = \"log-snr\""), BATCH),
        check_fp("vp", &format!("time_sampling = \"mixture\"\nweighting = \"likelihood\"\n{fp}"), BATCH),
    ];
    all_differ(&all);
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
