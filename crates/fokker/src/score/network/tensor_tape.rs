//! A network's score on a device: Burn tensors from the points to the parameters' gradient.

use std::ops::Range;
use std::sync::Arc;

use burn::tensor::{Device, Element, Tensor};
use fokker_jet::tensor::{Jet, Parameters, evaluate};
use fokker_jet::{JetError, JetSet, Live, Real};
use rand::RngExt;

use super::inputs::Inputs;
use super::{DropoutMask, ScoreModel};
use crate::rng::Stream;
use crate::rows::{Tensors, upload};
use crate::score::{Directions, RowTape, Trainable};
use crate::sde::Coefficients;

/// Numbers of a graph's inputs on the host, by input and part.
struct Staging<F> {
    rows: Vec<Vec<Vec<F>>>,
}

impl<F> Staging<F> {
    /// All rows of an input's part, to be filled in.
    fn input(&mut self, input: usize, part: usize) -> &mut [F] {
        &mut self.rows[input][part]
    }
}

/// A score's tape whose parts, seeds and gradients stay on the device. Everything is evaluated anew for each stage and each reverse
/// pass, as in [`fokker_jet::tensor::TensorTape`], whose conventions it keeps.
pub(crate) struct NetworkTensors<'a, F> {
    inputs: Inputs<'a>,
    parameters: &'a Parameters<F>,
    device: Device,
    /// The jet set cut down to its first `k + 1` parts, for each `k`.
    sets: Vec<Arc<JetSet>>,
    live: Vec<Live>,
    staging: Staging<F>,
    /// By input and part.
    values: Vec<Vec<Tensor<2>>>,
    parts: Vec<Tensor<2>>,
    seeds: Vec<Tensor<2>>,
    recording: bool,
    kept: Option<Vec<Tensor<2>>>,
    pulled: Tensor<2>,
    gradient: Vec<Option<Tensor<1>>>,
}

impl<'a, F: Real + Element> NetworkTensors<'a, F> {
    /// A tape of the model as it is trained, for these directions; a batch is to be begun next.
    ///
    /// # Errors
    /// If the directions do not fit.
    pub fn new(
        model: &'a ScoreModel, directions: &Directions, parameters: &'a Parameters<F>, device: &Device,
    ) -> Result<Self, JetError> {
        let set = directions.set();
        let sets = (1..=set.parts()).map(|parts| set.first_parts(parts).map(Arc::new)).collect::<Result<_, _>>()?;
        let live = model.training_live(directions);
        let device = device.clone().without_autodiff();
        Ok(Self {
            inputs: Inputs::new(model, directions),
            parameters,
            sets,
            staging: Staging { rows: live.iter().map(|_| vec![Vec::new(); set.parts()]).collect() },
            live,
            values: Vec::new(),
            parts: Vec::new(),
            seeds: Vec::new(),
            recording: false,
            kept: None,
            pulled: upload::<F, 2>(vec![F::ZERO], [1, 1], &device),
            gradient: vec![None; parameters.tensors().len()],
            device,
        })
    }

    /// Starts a batch at the points `x` (`rows × D`) and the times of `sde`. `masks` is called to [draw](Self::draw_masks) the dropout
    /// masks, if there are any.
    pub fn begin(&mut self, x: &[F], sde: &[Coefficients], masks: impl FnOnce(&mut Self)) {
        let (model, rows) = (self.inputs.model, sde.len());
        let widths: Vec<usize> = model.training().inputs().iter().map(|&node| model.training().width(node)).collect();
        for ((parts, live), &width) in self.staging.rows.iter_mut().zip(&self.live).zip(&widths) {
            for (part, values) in parts.iter_mut().enumerate() {
                values.clear();
                values.resize(if live.has(part) { rows * width } else { 0 }, F::ZERO);
            }
        }
        self.staging.input(Inputs::X, 0).copy_from_slice(x);
        let inputs = self.inputs;
        for (row, c) in sde.iter().enumerate() {
            inputs.fill(row, c, &mut self.staging, Staging::input);
        }
        masks(self);
        let device = &self.device;
        let tensors = |(parts, &width): (&Vec<Vec<F>>, &usize)| {
            // What stands for a part that is not live is never looked at.
            let values = |part: &Vec<F>| if part.is_empty() { parts[0].clone() } else { part.clone() };
            parts.iter().map(|part| upload(values(part), [rows, width], device)).collect()
        };
        self.values = self.staging.rows.iter().zip(&widths).map(tensors).collect();
        // The score's width, or that of a log-density.
        let width = if model.output().is_score() { model.dim() } else { 1 };
        let zeros = upload(vec![F::ZERO; rows * width], [rows, width], device);
        self.parts = vec![zeros.clone(); self.sets.len()];
        self.seeds = vec![zeros; self.sets.len()];
        (self.recording, self.kept) = (false, None);
    }

    /// As [`NetworkTape::draw_masks`](super::NetworkTape::draw_masks).
    pub fn draw_masks(&mut self, rows: Range<usize>, rng: &mut Stream) {
        for row in rows {
            for &DropoutMask { input, width, rate } in self.inputs.model.masks() {
                let kept = F::of(1.0 / (1.0 - rate));
                for value in &mut self.staging.input(input, 0)[row * width..(row + 1) * width] {
                    *value = if rng.random::<f64>() < rate { F::ZERO } else { kept };
                }
            }
        }
    }

    /// As [`NetworkTape::fill_masks`](super::NetworkTape::fill_masks).
    pub fn fill_masks(&mut self, value: F) {
        for &DropoutMask { input, .. } in self.inputs.model.masks() {
            self.staging.input(input, 0).fill(value);
        }
    }

    /// The parameters' gradient: the sum of what has been pulled back, in the graph's order.
    pub fn gradient(self) -> Vec<Option<Tensor<1>>> {
        self.gradient
    }

    /// Parts `0..parts` of the output, from leaves that are tracked as asked; with the leaves.
    fn evaluate(
        &self, parts: usize, tracked: Option<Tracked>,
    ) -> Result<(Jet<2>, Tensor<2>, Vec<Tensor<1>>), JetError> {
        let set = &self.sets[parts - 1];
        let leaf = |tensor: &Tensor<2>| if tracked.is_some() { tensor.clone().autodiff() } else { tensor.clone() };
        let mut x = leaf(&self.values[Inputs::X][0]);
        if tracked == Some(Tracked::Points) {
            x = x.set_require_grad(true);
        }
        let jet = |(input, values): (usize, &Vec<Tensor<2>>)| {
            let primal = if input == Inputs::X { x.clone() } else { leaf(&values[0]) };
            let others = (1..parts).filter(|&part| self.live[input].has(part)).map(|part| (part, leaf(&values[part])));
            Jet::new(Arc::clone(set), primal, others.collect())
        };
        let jets: Vec<_> = self.values.iter().enumerate().map(jet).collect();
        let parameter = |tensor: &Tensor<1>| match tracked {
            Some(tracked) => tensor.clone().autodiff().set_require_grad(tracked == Tracked::Parameters),
            None => tensor.clone(),
        };
        let parameters: Vec<_> = self.parameters.tensors().iter().map(parameter).collect();
        Ok((evaluate(self.inputs.model.training(), &jets, &parameters)?, x, parameters))
    }

    /// Σ ⟨seed, part⟩ over parts below `parts`, and the seeds become zero.
    fn seeded_sum(&mut self, output: &Jet<2>, parts: usize) -> Option<Tensor<1>> {
        let terms = (0..parts).filter_map(|part| Some((output.part(part)? * self.seeds[part].clone()).sum()));
        let sum = terms.reduce(|sum, term| sum + term);
        self.seeds = self.seeds.iter().map(Tensor::zeros_like).collect();
        sum.filter(Tensor::is_tracked)
    }
}

/// What a reverse pass is with respect to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tracked {
    Points,
    Parameters,
}

// A model's graph has an output and as many inputs as it is given, so that it can be evaluated.
#[expect(clippy::expect_used)]
impl<F: Real + Element> RowTape<Tensors<F>> for NetworkTensors<'_, F> {
    fn direction(&mut self, direction: usize) -> &mut Tensor<2> {
        let part = self.sets[self.sets.len() - 1].part_of(direction);
        &mut self.values[Inputs::X][part]
    }

    fn forward(&mut self, parts: Range<usize>) {
        let (output, ..) = self.evaluate(parts.end, None).expect("the graph is the model's");
        for part in parts {
            self.parts[part] = output.part(part).unwrap_or_else(|| self.parts[part].zeros_like());
        }
    }

    fn part(&self, part: usize) -> &Tensor<2> {
        &self.parts[part]
    }

    fn part_and_seed(&mut self, part: usize, seed: usize) -> (&Tensor<2>, &mut Tensor<2>) {
        (&self.parts[part], &mut self.seeds[seed])
    }

    fn pull_x(&mut self, parts: usize) -> &Tensor<2> {
        if std::mem::take(&mut self.recording) {
            let zeros = |part: usize| self.seeds[part].zeros_like();
            let seed = |part: usize| if part < parts { self.seeds[part].clone() } else { zeros(part) };
            self.kept = Some((0..self.seeds.len()).map(seed).collect());
        }
        let (output, x, _) = self.evaluate(parts, Some(Tracked::Points)).expect("the graph is the model's");
        let sum = self.seeded_sum(&output, parts);
        let pulled = sum.and_then(|sum| x.grad(&sum.backward()));
        self.pulled = pulled.unwrap_or_else(|| self.values[Inputs::X][0].zeros_like());
        &self.pulled
    }
}

#[expect(clippy::expect_used)]
impl<F: Real + Element> Trainable<Tensors<F>> for NetworkTensors<'_, F> {
    fn record(&mut self) {
        self.recording = true;
    }

    fn pull_parameters(&mut self, parts: usize) {
        if let (Some(kept), Some(set)) = (&self.kept, self.sets.last()) {
            for part in 0..self.seeds.len() {
                if let Some(of) = set.undifferentiated(part) {
                    self.seeds[part] = kept[of].clone();
                }
            }
        }
        let (output, _, leaves) = self.evaluate(parts, Some(Tracked::Parameters)).expect("the graph is the model's");
        let Some(sum) = self.seeded_sum(&output, parts) else { return };
        let gradients = sum.backward();
        for (total, leaf) in self.gradient.iter_mut().zip(leaves) {
            *total = match (total.take(), leaf.grad(&gradients)) {
                (Some(sum), Some(more)) => Some(sum + more),
                (sum, more) => sum.or(more),
            };
        }
    }
}
