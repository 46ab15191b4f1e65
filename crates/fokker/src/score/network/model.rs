//! A model: everything about a network's score but its numbers.

use fokker_jet::cpu::{Plan, Workers};
use fokker_jet::{Graph, Init, JetError, Live, Real, Shape};
use rand::RngExt;

use super::Parameterisation;
use super::places;
use crate::Error;
use crate::net::{NetworkConfig, Output, TimeFeatures, Windows};
use crate::rng::Stream;
use crate::score::{Direction, Directions};
use crate::sde::Sde;

/// A network, what it is told of time, and what its output stands for: everything about a score model but its numbers.
///
/// Graph inputs: 0 is x (`D`), 1 the time features, from 2 on the factors of the parameterisation and after them the windows of networks
/// for intervals of t, one number a row each; in [`training`](ScoreModel::training) the dropout masks after those.
#[derive(Clone, Debug)]
pub struct ScoreModel {
    shape: Shape,
    sde: Sde,
    output: Output,
    parameterisation: Parameterisation,
    features: TimeFeatures,
    windows: Windows,
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

impl ScoreModel {
    /// Builds the network for data of this shape (a vector, if it is no images).
    ///
    /// # Panics
    /// If [`NetworkConfig::check`] refuses the shape, or [`Parameterisation::check`] the network's output.
    #[must_use]
    pub fn new(data: Shape, sde: &Sde, network: &NetworkConfig, parameterisation: Parameterisation) -> Self {
        let features = network.time_features(sde);
        let (shape, output) = (network.shape(data), network.output());
        if let Err(reason) = parameterisation.check(output) {
            panic!("{parameterisation:?}: {reason}");
        }
        let graph = |dropout| {
            let mut graph = Graph::new();
            let x = graph.image_input(shape);
            let c = graph.input(features.len());
            let network = |graph: &mut Graph, x| network.build(graph, x, c, dropout);
            let score = parameterisation.around(output, &mut graph, x, network);
            graph.set_output(score);
            graph
        };
        let rate = network.dropout();
        let training = (rate > 0.0).then(|| graph(true));
        let windows = network.windows();
        let first = places::FACTORS + parameterisation.count(output) + windows.count();
        let masks = training.iter().flat_map(|graph| {
            let inputs = graph.inputs().iter().enumerate().skip(first);
            inputs.map(|(input, &node)| DropoutMask { input, width: graph.width(node), rate })
        });
        let masks = masks.collect();
        let graph = graph(false);
        Self { shape, sde: sde.clone(), output, parameterisation, features, windows, graph, training, masks }
    }

    /// A model of one's own graph. Its inputs must be x, the time features, then the factors of the parameterisation, one number a
    /// row each, as [`Parameterisation::around`] adds them; its output is the score, as wide as x, or a log-density, one number.
    ///
    /// ```
    /// use fokker::net::{Output, TimeFeatures};
    /// use fokker::rng::Streams;
    /// use fokker::score::{Score, network::{NetworkScore, Parameterisation, ScoreModel}};
    /// use fokker::sde::Sde;
    /// use fokker_jet::{Function, Graph};
    /// # fn main() -> Result<(), fokker::Error> {
    /// // ε = W₂ tanh(W₁ [x, ln σ, t]) + b, s = −ε/σ.
    /// let features = TimeFeatures::from_fn(|c| [[c.sigma.ln(), c.dsigma / c.sigma], [c.t, 1.0]]);
    /// let mut graph = Graph::new();
    /// let x = graph.input(2);
    /// let time = graph.input(features.len());
    /// let score = Parameterisation::Noise.around(Output::Score, &mut graph, x, |graph, x| {
    ///     let both = graph.concat(&[x, time]);
    ///     let hidden = graph.dense("hidden", both, 16);
    ///     let hidden = graph.map(hidden, Function::Tanh);
    ///     graph.dense("output", hidden, 2)
    /// });
    /// graph.set_output(score);
    /// let model = ScoreModel::from_graph(Output::Score, graph, &Sde::vp(), features, Parameterisation::Noise)?;
    ///
    /// let parameters = model.initial_parameters(&mut Streams::new(0).named("weights"));
    /// let score = NetworkScore::<f32>::new(model, &parameters);
    /// let mut s = [0.0; 2];
    /// score.evaluator(1)?.evaluate(&[0.3, -0.2], &[Sde::vp().at(0.5)], &mut s);
    /// assert!(s[0] != 0.0);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::Jet`] if the graph has no output; [`Error::Dimension`] if its inputs or its output are not these; [`Error::Output`]
    /// if the parameterisation is not for this output.
    pub fn from_graph(
        output: Output, graph: Graph, sde: &Sde, features: TimeFeatures, parameterisation: Parameterisation,
    ) -> Result<Self, Error> {
        let same = |what: &str, expected: usize, found: usize| {
            if expected == found { Ok(()) } else { Err(Error::Dimension { what: what.into(), expected, found }) }
        };
        parameterisation.check(output).map_err(Error::Output)?;
        let inputs = places::FACTORS + parameterisation.count(output);
        same("the graph's number of inputs", inputs, graph.inputs().len())?;
        let shape = graph.shape(graph.inputs()[places::X]);
        let wide = if output.is_score() { shape.len() } else { 1 };
        same("the graph's output", wide, graph.width(graph.output()?))?;
        let width = |input: usize| graph.width(graph.inputs()[input]);
        same("the graph's input of time features", features.len(), width(places::FEATURES))?;
        (places::FACTORS..inputs).try_for_each(|factor| same("the graph's input of a factor", 1, width(factor)))?;
        Ok(Self {
            shape,
            sde: sde.clone(),
            output,
            parameterisation,
            features,
            windows: Windows::default(),
            graph,
            training: None,
            masks: Vec::new(),
        })
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

    /// What the graph gives: the score, or a log-density whose gradient it is.
    #[must_use]
    pub fn output(&self) -> Output {
        self.output
    }

    /// What the network's output stands for.
    #[must_use]
    pub fn parameterisation(&self) -> Parameterisation {
        self.parameterisation
    }

    /// What the network is told of time.
    #[must_use]
    pub fn features(&self) -> &TimeFeatures {
        &self.features
    }

    /// The windows of networks for intervals of t; none if one network is for all t.
    #[must_use]
    pub fn windows(&self) -> &Windows {
        &self.windows
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
            let of_kind = directions.kinds().iter().enumerate().filter(|&(_, &k)| k == kind);
            let parts = of_kind.map(|(i, _)| directions.set().part_of(i));
            Live::parts(directions.set(), &parts.collect::<Vec<_>>())
        };
        let mut live = vec![of(Direction::Space), of(Direction::Time)];
        let of_time = self.parameterisation.count(self.output) + self.windows.count();
        live.extend((0..of_time).map(|_| of(Direction::Time)));
        live
    }
}
