//! Group normalisation.

use std::sync::Arc;

use crate::operation::Operation;
use crate::pass::{Forward, Passes, Program, Reverse, Site};
use crate::routines::norm::{self, Affine, Norm};
use crate::routines::parts::{Cotangents, Part};
use crate::routines::vector::Registers;
#[cfg(feature = "burn")]
use crate::tensor::{Jet, image, operands::Operands};
use crate::{Graph, Init, JetSet, Live, NodeId, ParamId};

/// Group normalisation (Wu & He 2018, arXiv 1803.08494): within each row and group of channels, over all pixels,
/// `y = γ (x − mean x) / √(var x + ε) + β`, with the biased variance.
#[derive(Debug, PartialEq)]
struct GroupNorm {
    x: NodeId,
    /// `γ`, one number per channel.
    gamma: ParamId,
    /// `β`, one number per channel.
    beta: ParamId,
    /// Number of groups, each of as many neighbouring channels.
    groups: usize,
    epsilon: f64,
}

impl Graph {
    /// Adds group normalisation (Wu & He 2018, arXiv 1803.08494), with parameters `NAME.weight` (γ, ones) and `NAME.bias` (β, zeros):
    /// within each row and group of neighbouring channels, over all pixels, `y = γ (x − mean x) / √(var x + ε) + β`, with the biased
    /// variance.
    ///
    /// # Panics
    /// If `groups` does not divide the channels.
    ///
    /// ```
    /// use fokker_jet::{Graph, Shape};
    /// let mut graph = Graph::new();
    /// let x = graph.image_input(Shape { height: 4, width: 6, channels: 8 });
    /// let y = graph.group_norm("norm", x, 4, 1e-6);
    /// assert_eq!((graph.shape(y), graph.parameter_count()), (graph.shape(x), 2 * 8));
    /// ```
    pub fn group_norm(&mut self, name: &str, x: NodeId, groups: usize, epsilon: f64) -> NodeId {
        let shape = self.shape(x);
        assert!(shape.channels.is_multiple_of(groups), "group_norm: {groups} groups of {} channels", shape.channels);
        let gamma = self.parameter(format!("{name}.weight"), vec![shape.channels], Init::Ones);
        let beta = self.parameter(format!("{name}.bias"), vec![shape.channels], Init::Zeros);
        self.push(GroupNorm { x, gamma, beta, groups, epsilon }, shape)
    }
}

impl Operation for GroupNorm {
    fn operands(&self) -> Vec<NodeId> {
        vec![self.x]
    }

    fn parameters(&self) -> Vec<ParamId> {
        vec![self.gamma, self.beta]
    }

    fn live(&self, set: &JetSet, operands: &[&Live]) -> Live {
        operands[0].mapped(set)
    }

    fn compile(&self, site: &mut Site<'_>) -> Program {
        let (shape, a) = site.operands[0];
        let norm = Norm {
            pixels: shape.pixels(),
            channels: shape.channels,
            groups: self.groups,
            epsilon: self.epsilon,
            a_parts: a.count(),
            y_parts: site.live.count(),
        };
        let passes = GroupNormPasses { norm, live: a.clone(), parts: site.chain_rule(0) };
        Program::new(passes).saves(norm.kept())
    }

    #[cfg(feature = "burn")]
    fn evaluate(&self, operands: &Operands<'_>) -> Jet<2> {
        let channels_first = operands.pixels(0).swap_dims(1, 2);
        let (gamma, beta) = (operands.parameter(0), operands.parameter(1));
        image::flat(channels_first.group_norm(self.groups, gamma, Some(beta), self.epsilon).swap_dims(1, 2))
    }
}

/// On the CPU.
struct GroupNormPasses {
    norm: Norm,
    /// The operand's live parts.
    live: Live,
    parts: Arc<[Part]>,
}

impl<F: Registers> Passes<F> for GroupNormPasses {
    fn forward(&self, pass: &mut Forward<'_, F>) {
        let (parts, a) = (&self.parts[..pass.slots.end], pass.operands.of(0));
        let (gamma, beta) = (pass.parameters.flat(0), pass.parameters.flat(1));
        norm::forward(self.norm, parts, pass.slots.start, a, gamma, beta, pass.saved, pass.y, pass.scratch.of());
    }

    fn reverse(&self, pass: &mut Reverse<'_, F>) {
        let y_bar = Cotangents { own: pass.y_bar, kept: pass.kept, first_kept: pass.own };
        let gamma = pass.parameters.flat(0);
        let affine = pass.gradients.as_mut().map(|gradients| {
            let [gamma, beta] = gradients.sums([0, 1]);
            Affine { gamma, beta }
        });
        let (parts, a) = (&self.parts[..pass.stored], pass.operands.of(0));
        let (saved, wanted, scratch) = (&mut *pass.saved, self.live.slot(pass.pulled), pass.scratch.of());
        pass.pulls.write_if_wanted(0, |a_bar| {
            norm::reverse(self.norm, parts, a, gamma, saved, y_bar, affine, a_bar, wanted, scratch);
        });
    }
}
