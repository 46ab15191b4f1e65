//! A score given by a network.

use std::ops::Range;

use fokker_jet::cpu::{Parameters, Plan, Workers, Workspace};
use fokker_jet::{Graph, Init, JetError, Live, Real, Shape, Tape, Wrt};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::{Differentiable, Direction, Directions, Evaluator, Score, ScoreTape, TapeEvaluator};
use crate::Error;
use crate::memory::{self, Held};
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
/// Graph inputs: 0 is x (`D`), 1 the time features, from 2 on the factors of the parameterisation, one number a row each; in
/// [`training`](ScoreModel::training) the dropout masks after those.
#[derive(Clone, Debug)]
pub struct ScoreModel {
    shape: Shape,
    sde: Sde,
    parameterisation: Parameterisation,
    features: TimeFeatures,
    graph: Graph,
    /// The graph with dropout, if there is any.
    training: Option<Graph>,
    masks: Vec<DropoutMask>,
}

/// A dropout mask: an input of a model's [`training`](ScoreModel::training) graph, of zeros and of 1/(1 − `rate`) with probability
/// 1 − `rate` (inverted dropout). It has no jet parts but the primal, so that all parts of what it multiplies are dropped alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DropoutMask {
    /// The graph input's number.
    pub input: usize,
    /// Numbers a row.
    pub width: usize,
    /// Probability of 0.
    pub rate: f64,
}

const X: usize = 0;
const FEATURES: usize = 1;
const FACTORS: usize = 2;

impl ScoreModel {
    /// Builds the network for data of this shape (a vector, if it is no images).
    ///
    /// # Panics
    /// If [`NetworkConfig::check`] refuses the shape.
    #[must_use]
    pub fn new(data: Shape, sde: &Sde, network: &NetworkConfig, parameterisation: Parameterisation) -> Self {
        let features = network.time_features(sde);
        let shape = network.shape(data);
        let graph = |dropout| build(shape, features.len(), network, parameterisation, dropout);
        let rate = network.dropout();
        let training = (rate > 0.0).then(|| graph(true));
        let first = FACTORS + parameterisation.count();
        let masks = training.iter().flat_map(|graph| {
            let inputs = graph.inputs().iter().enumerate().skip(first);
            inputs.map(|(input, &node)| DropoutMask { input, width: graph.width(node), rate })
        });
        let masks = masks.collect();
        Self { shape, sde: sde.clone(), parameterisation, features, graph: graph(false), training, masks }
    }

    /// Dimension D.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.shape.len()
    }

    /// The shape in which the network takes x.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.shape
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

    /// The network as it is trained: with the dropout [`masks`](Self::masks) as further inputs, and the same parameters in the
    /// same order. Without dropout it is [`graph`](Self::graph).
    #[must_use]
    pub fn training(&self) -> &Graph {
        self.training.as_ref().unwrap_or(&self.graph)
    }

    /// The dropout masks of the training graph, in the order of its inputs.
    #[must_use]
    pub fn masks(&self) -> &[DropoutMask] {
        &self.masks
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

    /// Threads (0: as many as the machine has) that take `chunk_rows` rows through the network at a time, or fewer where a row has
    /// many pixels: they make products as tall as rows would.
    ///
    /// # Errors
    /// [`JetError::Threads`] if the system refuses the threads.
    pub fn workers(&self, threads: usize, chunk_rows: usize) -> Result<Workers, JetError> {
        let pixels = self.graph.nodes().iter().map(|node| node.shape.pixels()).max().unwrap_or(1);
        Workers::new(threads, chunk_rows.div_ceil(pixels))
    }

    /// Compiles the network for these directions.
    ///
    /// # Errors
    /// If the directions do not fit.
    pub fn plan(&self, directions: &Directions) -> Result<Plan, JetError> {
        Plan::new(&self.graph, directions.set(), &self.live(directions))
    }

    /// Compiles the network as it is trained for these directions.
    ///
    /// # Errors
    /// If the directions do not fit.
    pub fn training_plan(&self, directions: &Directions) -> Result<Plan, JetError> {
        Plan::new(self.training(), directions.set(), &self.training_live(directions))
    }

    /// The live parts of the training graph's inputs: those of the graph, and the primal of each mask.
    #[must_use]
    pub fn training_live(&self, directions: &Directions) -> Vec<Live> {
        let mut live = self.live(directions);
        live.extend(self.masks.iter().map(|_| Live::parts(directions.set(), &[])));
        live
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

/// The score as a graph.
fn build(
    shape: Shape, features: usize, network: &NetworkConfig, parameterisation: Parameterisation, dropout: bool,
) -> Graph {
    let mut graph = Graph::new();
    let x = graph.image_input(shape);
    let c = graph.input(features);
    let factors: Vec<_> = (0..parameterisation.count()).map(|_| graph.input(1)).collect();
    let output = match factors[..] {
        [scale, skip, input] => {
            let scaled_x = graph.mul(x, input);
            let raw = network.build(&mut graph, scaled_x, c, dropout);
            let (raw, x) = (graph.mul(raw, scale), graph.mul(x, skip));
            graph.add(raw, x)
        }
        [scale] => {
            let raw = network.build(&mut graph, x, c, dropout);
            graph.mul(raw, scale)
        }
        _ => network.build(&mut graph, x, c, dropout),
    };
    graph.set_output(output);
    graph
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
        self.model.dim()
    }

    fn sde(&self) -> &Sde {
        &self.model.sde
    }

    fn evaluator<'a>(&'a self, rows: usize) -> Result<Box<dyn Evaluator<F> + Send + 'a>, Error> {
        Ok(Box::new(TapeEvaluator::new(self, rows)?))
    }
}

impl<F: Real> Differentiable<F> for NetworkScore<F> {
    fn tape<'a>(&'a self, directions: &Directions, rows: usize) -> Result<Box<dyn ScoreTape<F> + Send + 'a>, Error> {
        let plan = self.model.plan(directions)?;
        let what = format!("network.width ({rows} rows of {} parts at a time)", directions.parts());
        let held = memory::hold(&what, plan.workspace_bytes::<F>(rows))?;
        let tape = NetworkTape::new(&self.model, directions, &self.parameters, Workspace::new(&plan, rows));
        Ok(Box::new(NetworkTape { _held: Some(held), ..tape }))
    }
}

/// A network score's tape, over either executor's.
#[derive(Debug)]
pub struct NetworkTape<'a, F, T: Tape<F>> {
    model: &'a ScoreModel,
    /// The part along time, if there is one.
    time: Option<usize>,
    parameters: &'a T::Parameters,
    tape: T,
    /// The tape's memory, if it is counted here.
    _held: Option<Held>,
}

impl<'a, F: Real, T: Tape<F>> NetworkTape<'a, F, T> {
    /// Wraps an executor's tape that was made for `model.graph()`, these directions and [`ScoreModel::live`]; or, if masks are to be
    /// [drawn](Self::draw_masks), for `model.training()` and [`ScoreModel::training_live`].
    #[must_use]
    pub fn new(model: &'a ScoreModel, directions: &Directions, parameters: &'a T::Parameters, tape: T) -> Self {
        let time = directions.kinds().iter().position(|&k| k == Direction::Time).map(|i| 1 + i);
        Self { model, time, parameters, tape, _held: None }
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

    /// Draws the dropout masks of some rows of a tape of the training graph, which are all 0 after [`begin`](ScoreTape::begin). A
    /// row's masks depend on the stream and the rows drawn before it from there, so a stream for each block of rows makes them
    /// independent of how a batch is cut.
    pub fn draw_masks(&mut self, rows: Range<usize>, rng: &mut Stream) {
        for row in rows {
            for &DropoutMask { input, width, rate } in &self.model.masks {
                let kept = F::of(1.0 / (1.0 - rate));
                for value in &mut self.tape.input(input, 0)[row * width..(row + 1) * width] {
                    *value = if rng.random::<f64>() < rate { F::ZERO } else { kept };
                }
            }
        }
    }

    /// Gives all dropout masks of the present batch one value: 1 drops nothing.
    pub fn fill_masks(&mut self, value: F) {
        for &DropoutMask { input, .. } in &self.model.masks {
            self.tape.input(input, 0).fill(value);
        }
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

    fn part_and_seed(&mut self, part: usize, seed: usize) -> (&[F], &mut [F]) {
        self.tape.output_and_seed(part, seed)
    }

    fn pull_x(&mut self, parts: usize) -> &[F] {
        self.tape.reverse(self.parameters, parts, Wrt::Input(X));
        let n = self.tape.rows() * self.model.dim();
        &self.tape.input_gradient()[..n]
    }
}
