//! What a network's output stands for.

use fokker_jet::{Graph, NodeId};
use serde::{Deserialize, Serialize};

use crate::sde::Coefficients;

/// What the network's output stands for.
///
/// ```
/// use fokker::score::network::Parameterisation;
/// use fokker_jet::Graph;
/// // s = −ε/σ of the linear network ε = W x + b: the factor −1/σ is an input of the graph, of one number a row.
/// let mut graph = Graph::new();
/// let x = graph.input(2);
/// let _features = graph.input(1);
/// let s = Parameterisation::Noise.around(&mut graph, x, |graph, x| graph.dense("only", x, 2));
/// assert_eq!((graph.inputs().len(), graph.width(s)), (3, 2));
/// ```
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
pub(super) struct Factor {
    pub value: f64,
    pub dt: f64,
}

impl Parameterisation {
    /// Number of factors, each of which is a graph input after x and the time features.
    pub(super) fn count(self) -> usize {
        match self {
            Self::Score => 0,
            Self::Noise => 1,
            Self::Preconditioned => 3,
        }
    }

    /// The factors at a time: of the network's output; then of x in the output, of x in the input.
    pub(super) fn factors(self, c: &Coefficients) -> [Factor; 3] {
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

    /// Adds a network to a graph, from x to what it puts out, and makes the score of that; the factors are further inputs of the
    /// graph, added before the network.
    pub fn around(self, graph: &mut Graph, x: NodeId, network: impl FnOnce(&mut Graph, NodeId) -> NodeId) -> NodeId {
        let factors: Vec<_> = (0..self.count()).map(|_| graph.input(1)).collect();
        match factors[..] {
            [output, of_x, input] => {
                let scaled = graph.mul(x, input);
                let raw = network(graph, scaled);
                let (raw, x) = (graph.mul(raw, output), graph.mul(x, of_x));
                graph.add(raw, x)
            }
            [output] => {
                let raw = network(graph, x);
                graph.mul(raw, output)
            }
            _ => network(graph, x),
        }
    }
}
