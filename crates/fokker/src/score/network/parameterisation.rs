//! What a network's output stands for.

use fokker_jet::{Graph, NodeId};
use serde::{Deserialize, Serialize};

use crate::net::Output;
use crate::sde::Coefficients;

/// What the network's output stands for.
///
/// ```
/// use fokker::{net::Output, score::network::Parameterisation};
/// use fokker_jet::Graph;
/// // s = −ε/σ of the linear network ε = W x + b: the factor −1/σ is an input of the graph, of one number a row.
/// let mut graph = Graph::new();
/// let x = graph.input(2);
/// let _features = graph.input(1);
/// let s = Parameterisation::Noise.around(Output::Score, &mut graph, x, |graph, x| graph.dense("only", x, 2));
/// assert_eq!((graph.inputs().len(), graph.width(s)), (3, 2));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
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
    ///
    /// Of an energy model: log q = −‖x‖²/2v + m/σ G_θ(x/√v, t) up to a constant.
    Preconditioned,
    /// The same with a network's part that stays bounded as t → 0, for smooth densities: s = −x/v + m/v F_θ(x/√v, t);
    /// of an energy model log q = −‖x‖²/2v + m/√v G_θ(x/√v, t), up to a constant.
    Bounded,
    /// log q = G_θ(x, t), up to a constant: energy models alone.
    Plain,
}

/// A factor of one number a row: its value and its t-derivative.
#[derive(Clone, Copy, Debug)]
pub(super) struct Factor {
    pub value: f64,
    pub dt: f64,
}

impl Parameterisation {
    /// Why a network of this output cannot stand for it, if so.
    ///
    /// # Errors
    /// The reason.
    ///
    /// ```
    /// use fokker::{net::Output, score::network::Parameterisation};
    /// assert!(Parameterisation::Noise.check(Output::Score).is_ok() && Parameterisation::Noise.check(Output::Energy).is_err());
    /// ```
    pub fn check(self, output: Output) -> Result<(), String> {
        match (self, output) {
            (Self::Noise | Self::Score, Output::Energy) => {
                Err("an energy model is preconditioned, bounded or plain (network.output = \"energy\")".into())
            }
            (Self::Plain, Output::Score) => {
                Err("plain is for energy models (network.output = \"energy\"); a network that gives the score itself is score".into())
            }
            _ => Ok(()),
        }
    }

    /// Number of factors, each of which is a graph input after x and the time features.
    pub(super) fn count(self, output: Output) -> usize {
        match (self, output) {
            (Self::Score | Self::Plain, _) => 0,
            (Self::Noise, _) => 1,
            (Self::Preconditioned | Self::Bounded, Output::Energy) => 2,
            (Self::Preconditioned | Self::Bounded, Output::Score) => 3,
        }
    }

    /// The factors at a time: of the network's output, of x in its input, of x in the score.
    pub(super) fn factors(self, output: Output, c: &Coefficients) -> [Factor; 3] {
        const NONE: Factor = Factor { value: 0.0, dt: 0.0 };
        let v = c.m * c.m + c.sigma * c.sigma;
        let dv = 2.0 * (c.m * c.dm + c.sigma * c.dsigma);
        // m/d, whose derivative (dm − m dd/d)/d holds where m is 0 in floating point, too; `rate` is dd/d.
        let over = |d: f64, rate: f64| Factor { value: c.m / d, dt: (c.dm - c.m * rate) / d };
        let (of_sigma, of_v) = (c.dsigma / c.sigma, dv / v);
        let of_network = match (self, output) {
            (Self::Score | Self::Plain, _) => return [NONE; 3],
            (Self::Noise, _) => {
                return [Factor { value: -1.0 / c.sigma, dt: c.dsigma / (c.sigma * c.sigma) }, NONE, NONE];
            }
            (Self::Preconditioned, Output::Score) => over(c.sigma * v.sqrt(), of_sigma + 0.5 * dv / v),
            (Self::Preconditioned, Output::Energy) => over(c.sigma, of_sigma),
            (Self::Bounded, Output::Score) => over(v, of_v),
            (Self::Bounded, Output::Energy) => over(v.sqrt(), 0.5 * of_v),
        };
        let input = 1.0 / v.sqrt();
        [of_network, Factor { value: input, dt: -0.5 * input * dv / v }, Factor { value: -1.0 / v, dt: dv / (v * v) }]
    }

    /// Adds a network to a graph, from x to what it puts out, and makes the score of that, or the log-density; the factors are further
    /// inputs of the graph, added before the network.
    pub fn around(
        self, output: Output, graph: &mut Graph, x: NodeId, network: impl FnOnce(&mut Graph, NodeId) -> NodeId,
    ) -> NodeId {
        let factors: Vec<_> = (0..self.count(output)).map(|_| graph.input(1)).collect();
        match factors[..] {
            [of_network, input, of_x] => {
                let scaled = graph.mul(x, input);
                let raw = network(graph, scaled);
                let (raw, x) = (graph.mul(raw, of_network), graph.mul(x, of_x));
                graph.add(raw, x)
            }
            [of_network, input] => {
                let scaled = graph.mul(x, input);
                let raw = network(graph, scaled);
                let square = graph.mul(scaled, scaled);
                // −‖x‖²/2v.
                let (raw, normal) = (graph.mul(raw, of_network), graph.sum(square, -0.5));
                graph.add(raw, normal)
            }
            [of_network] => {
                let raw = network(graph, x);
                graph.mul(raw, of_network)
            }
            _ => network(graph, x),
        }
    }
}
