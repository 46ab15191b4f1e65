//! A score given by a network.

use std::ops::Range;

use fokker_jet::panel::{Panel, Plan};
use fokker_jet::{Graph, Init, JetError, Live, Parameters, Real, Tape, Wrt};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::{Direction, Directions, Score, ScoreTape};
use crate::net::{NetworkConfig, TimeFeatures};
use crate::rng::Stream;
use crate::sde::{Coefficients, Sde};

/// What the network's output stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Parameterisation {
    /// The noise: s = −ε_θ(x, t)/σ(t) (Ho et al. 2020, arXiv 2006.11239, section 3.2).
    Noise,
    /// The score itself.
    Score,
    /// What is left of the score when that of N(0, v I), v = m² + σ², is taken out, in units in which it is of size 1 at every t:
    /// s = −x/v + m/(σ√v) F_θ(x/√v, t). This is the preconditioning of Karras et al. 2022 (arXiv 2206.00364, eq. 7 and table 1)
    /// for data of standard deviation 1, written for any m and σ. Without it a network must carry x to its output, which a
    /// layer narrower than x cannot.
    Preconditioned,
}

/// A factor of one number a row: its value and its t-derivative.
#[derive(Clone, Copy, Debug)]
struct Factor {
    value: f64,
    dt: f64,
}

impl Parameterisation {
    /// Number of factors, each of which is a graph input after x and the time features.
    fn count(self) -> usize {
        match self {
            Self::Score => 0,
            Self::Noise => 1,
            Self::Preconditioned => 3,
        }
    }

    /// The factors at a time: of the network's output; then of x in the output, of x in the input.
    fn factors(self, c: &Coefficients) -> [Factor; 3] {
        const NONE: Factor = Factor { value: 0.0, dt: 0.0 };
        match self {
            Self::Score => [NONE; 3],
            Self::Noise => [Factor { value: -1.0 / c.sigma, dt: c.dsigma / (c.sigma * c.sigma) }, NONE, NONE],
            Self::Preconditioned => {
                let v = c.m * c.m + c.sigma * c.sigma;
                let dv = 2.0 * (c.m * c.dm + c.sigma * c.dsigma);
                let output = c.m / (c.sigma * v.sqrt());
                // d(m v^{-½}/σ) = (dm − m (dσ/σ + dv/2v)) v^{-½}/σ, which holds where m is 0 in floating point, too.
                let output_dt = (c.dm - c.m * (c.dsigma / c.sigma + 0.5 * dv / v)) / (c.sigma * v.sqrt());
                let input = 1.0 / v.sqrt();
                [
                    Factor { value: output, dt: output_dt },
                    Factor { value: -1.0 / v, dt: dv / (v * v) },
                    Factor { value: input, dt: -0.5 * input * dv / v },
                ]
            }
        }
    }
}

/// A network, what it is told of time, and what its output stands for: everything about a score model but its numbers.
///
/// Graph inputs: 0 is x (`D`), 1 the time features, from 2 on the factors of the parameterisation, one number a row each.
#[derive(Clone, Debug)]
pub struct ScoreModel {
    dim: usize,
    sde: Sde,
    parameterisation: Parameterisation,
    features: TimeFeatures,
    graph: Graph,
}

const X: usize = 0;
const FEATURES: usize = 1;
const FACTORS: usize = 2;

impl ScoreModel {
    /// Builds the network for data of dimension `dim`.
    #[must_use]
    pub fn new(dim: usize, sde: &Sde, network: &NetworkConfig, parameterisation: Parameterisation) -> Self {
        let features = network.time_features(sde);
        let mut graph = Graph::new();
        let x = graph.input(dim);
        let c = graph.input(features.len());
        let factors: Vec<_> = (0..parameterisation.count()).map(|_| graph.input(1)).collect();
        let output = match factors[..] {
            [scale, skip, input] => {
                let scaled_x = graph.mul(x, input);
                let raw = network.build(&mut graph, scaled_x, c, dim);
                let (raw, x) = (graph.mul(raw, scale), graph.mul(x, skip));
                graph.add(raw, x)
            }
            [scale] => {
                let raw = network.build(&mut graph, x, c, dim);
                graph.mul(raw, scale)
            }
            _ => network.build(&mut graph, x, c, dim),
        };
        graph.set_output(output);
        Self { dim, sde: sde.clone(), parameterisation, features, graph }
    }

    /// Dimension D.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// The SDE.
    #[must_use]
    pub fn sde(&self) -> &Sde {
        &self.sde
    }

    /// The network.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Fresh parameters: each drawn as the graph says.
    #[must_use]
    pub fn initial_parameters(&self, rng: &mut Stream) -> Vec<f32> {
        let mut values = Vec::with_capacity(self.graph.parameter_count());
        for spec in self.graph.parameters() {
            for _ in 0..spec.len() {
                values.push(match spec.init {
                    Init::Zeros => 0.0,
                    Init::Ones => 1.0,
                    Init::Uniform { bound } => f32::of(bound * (2.0 * rng.random::<f64>() - 1.0)),
                });
            }
        }
        values
    }

    /// Compiles the network for these directions.
    ///
    /// # Errors
    /// If the directions do not fit.
    pub fn plan(&self, directions: &Directions) -> Result<Plan, JetError> {
        Plan::new(&self.graph, directions.set(), &self.live(directions))
    }

    /// The live parts of the graph's inputs: x along directions in x, functions of t along time.
    #[must_use]
    pub fn live(&self, directions: &Directions) -> Vec<Live> {
        let of = |kind| {
            let parts = directions.kinds().iter().enumerate().filter(|&(_, &k)| k == kind).map(|(i, _)| 1 + i);
            Live::parts(directions.set(), &parts.collect::<Vec<_>>())
        };
        let mut live = vec![of(Direction::Space), of(Direction::Time)];
        live.extend((0..self.parameterisation.count()).map(|_| of(Direction::Time)));
        live
    }
}

/// A network's score with its parameters.
#[derive(Clone, Debug)]
pub struct NetworkScore<F> {
    model: ScoreModel,
    parameters: Parameters<F>,
}

impl<F: Real> NetworkScore<F> {
    /// Parameters (of either precision) for a model.
    ///
    /// # Panics
    /// If their number is not the graph's.
    #[must_use]
    pub fn new<P: Real>(model: ScoreModel, parameters: &[P]) -> Self {
        let flat = parameters.iter().map(|p| F::of(p.as_f64())).collect();
        let parameters = Parameters::new(&model.graph, flat);
        Self { model, parameters }
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> &ScoreModel {
        &self.model
    }

    /// The parameters.
    #[must_use]
    pub fn parameters(&self) -> &Parameters<F> {
        &self.parameters
    }
}

impl<F: Real> Score<F> for NetworkScore<F> {
    fn dim(&self) -> usize {
        self.model.dim
    }

    fn sde(&self) -> &Sde {
        &self.model.sde
    }

    fn tape<'a>(&'a self, directions: &Directions, rows: usize) -> Result<Box<dyn ScoreTape<F> + Send + 'a>, JetError> {
        let panel = Panel::new(&self.model.plan(directions)?, rows);
        Ok(Box::new(NetworkTape::new(&self.model, directions, &self.parameters, panel)))
    }
}

/// A network score's tape, over either executor's.
#[derive(Debug)]
pub struct NetworkTape<'a, F, T> {
    model: &'a ScoreModel,
    /// The part along time, if there is one.
    time: Option<usize>,
    parameters: &'a Parameters<F>,
    tape: T,
}

impl<'a, F: Real, T: Tape<F>> NetworkTape<'a, F, T> {
    /// Wraps an executor's tape that was made for `model.graph()`, these directions and [`ScoreModel::live`].
    #[must_use]
    pub fn new(model: &'a ScoreModel, directions: &Directions, parameters: &'a Parameters<F>, tape: T) -> Self {
        let time = directions.kinds().iter().position(|&k| k == Direction::Time).map(|i| 1 + i);
        Self { model, time, parameters, tape }
    }

    /// Adds ∇_θ of Σ over all parts below `parts` of ⟨seed, part⟩ to the tape's parameter gradient.
    pub fn pull_parameters(&mut self, parts: usize) {
        self.tape.reverse(self.parameters, parts, Wrt::Parameters);
    }

    /// The sum of what [`pull_parameters`](Self::pull_parameters) has added.
    pub fn parameter_gradient(&mut self) -> &[F] {
        self.tape.parameter_gradient()
    }

    /// See [`Tape::record`].
    pub fn record(&mut self) {
        self.tape.record();
    }

    fn fill_time(&mut self, row: usize, c: &Coefficients) {
        let model = self.model;
        let n = model.features.len();
        model.features.fill(c, &mut self.tape.input(FEATURES, 0)[row * n..(row + 1) * n]);
        if let Some(part) = self.time {
            model.features.fill_dt(c, &mut self.tape.input(FEATURES, part)[row * n..(row + 1) * n]);
        }
        let factors = model.parameterisation.factors(c);
        for (i, factor) in factors.iter().take(model.parameterisation.count()).enumerate() {
            self.tape.input(FACTORS + i, 0)[row] = F::of(factor.value);
            if let Some(part) = self.time {
                self.tape.input(FACTORS + i, part)[row] = F::of(factor.dt);
            }
        }
    }
}

impl<F: Real, T: Tape<F>> ScoreTape<F> for NetworkTape<'_, F, T> {
    fn begin(&mut self, x: &[F], sde: &[Coefficients]) {
        self.tape.begin(sde.len());
        self.tape.input(X, 0).copy_from_slice(x);
        for (row, c) in sde.iter().enumerate() {
            self.fill_time(row, c);
        }
    }

    fn direction(&mut self, direction: usize) -> &mut [F] {
        self.tape.input(X, 1 + direction)
    }

    fn forward(&mut self, parts: Range<usize>) {
        self.tape.forward(self.parameters, parts);
    }

    fn part(&self, part: usize) -> &[F] {
        self.tape.output(part)
    }

    fn seed(&mut self, part: usize) -> &mut [F] {
        self.tape.seed(part)
    }

    fn part_and_seed(&mut self, part: usize, seed: usize) -> (&[F], &mut [F]) {
        self.tape.output_and_seed(part, seed)
    }

    fn pull_x(&mut self, parts: usize) -> &[F] {
        self.tape.reverse(self.parameters, parts, Wrt::Input(X));
        let n = self.tape.rows() * self.model.dim;
        &self.tape.input_gradient()[..n]
    }
}
