//! Elementwise functions.

use std::sync::Arc;

use crate::operation::Operation;
use crate::pass::{Forward, Passes, Program, Reverse, Site};
use crate::routines::map::{self, Cotangents};
use crate::routines::parts::Part;
use crate::routines::vector::Registers;
#[cfg(feature = "burn")]
use crate::tensor::{Jet, operands::Operands};
use crate::{Function, Graph, JetSet, Live, NodeId};

/// `y = f(x)`, element by element.
#[derive(Debug, PartialEq)]
struct Map {
    x: NodeId,
    function: Function,
}

impl Graph {
    /// Adds `f(x)`, element by element.
    ///
    /// ```
    /// use fokker_jet::{Function, Graph};
    /// let mut graph = Graph::new();
    /// let x = graph.input(3);
    /// let y = graph.map(x, Function::Tanh);
    /// assert_eq!(graph.width(y), 3);
    /// ```
    pub fn map(&mut self, x: NodeId, function: Function) -> NodeId {
        self.push(Map { x, function }, self.shape(x))
    }
}

impl Operation for Map {
    fn operands(&self) -> Vec<NodeId> {
        vec![self.x]
    }

    fn live(&self, set: &JetSet, operands: &[&Live]) -> Live {
        operands[0].mapped(set)
    }

    fn compile(&self, site: &mut Site<'_>) -> Program {
        let width = site.shape.len();
        let live = site.operands[0].1.clone();
        let passes = MapPasses { function: self.function, width, live, parts: site.chain_rule(0) };
        Program::new(passes).saves(width).in_place()
    }

    #[cfg(feature = "burn")]
    fn evaluate(&self, operands: &Operands<'_>) -> Jet<2> {
        operands.value(0).map(self.function)
    }
}

/// On the CPU; the function's transcendental part is saved.
struct MapPasses {
    function: Function,
    width: usize,
    /// The operand's live parts.
    live: Live,
    parts: Arc<[Part]>,
}

impl<F: Registers> Passes<F> for MapPasses {
    fn forward(&self, pass: &mut Forward<'_, F>) {
        let parts = &self.parts[pass.slots.clone()];
        map::forward(self.function, parts, pass.operands.of(0), pass.saved, pass.y, pass.rows * self.width);
    }

    fn reverse(&self, pass: &mut Reverse<'_, F>) {
        let (a, saved, parts) = (pass.operands.of(0), &*pass.saved, &self.parts[..pass.stored]);
        let first_kept = (pass.own, self.live.slot(pass.pulled));
        let m = pass.rows * self.width;
        if pass.in_place {
            // ȳ turns into ā where it is.
            if let Some(add) = pass.pulls.touch(0) {
                let y_bar = Cotangents { own: None, kept: pass.kept, first_kept };
                map::reverse(self.function, parts, a, saved, y_bar, pass.y_bar, m, add);
            }
            return;
        }
        let y_bar = Cotangents { own: Some(&*pass.y_bar), kept: pass.kept, first_kept };
        pass.pulls.write(0, |a_bar, add| map::reverse(self.function, parts, a, saved, y_bar, a_bar, m, add));
    }
}
