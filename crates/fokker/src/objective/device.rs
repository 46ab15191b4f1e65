//! The objective on a device: a batch in, its terms and a gradient that stays where the weights are.

use std::sync::Arc;

use burn::tensor::{Device, Element, Tensor};
use fokker_jet::Real;
use fokker_jet::tensor::Parameters;

use super::consistency;
use super::cpu::Step;
use super::draw::{ChunkRows, Draw, Source};
use super::lineup::{Lineup, Visit};
use super::loss::LossConfig;
use super::reference::Reference;
use super::term::Chunk;
use super::time::TimeSampler;
use super::values::LossTerms;
use crate::Error;
use crate::data::Data;
use crate::rng::Streams;
use crate::rows::{Host, Rows, Tensors, download, upload};
use crate::score::RowTape;
use crate::score::network::{NetworkTensors, ScoreModel};

/// The training objective on one of Burn's devices: the draws, the terms and the passes of [`Objective`](super::Objective), with the
/// score's parts, their cotangents and the gradient in tensors there. The host draws the points and learns the terms' values.
///
/// ```
/// use std::sync::Arc;
/// use fokker::{config::Config, data::Data, objective::{DeviceObjective, Step}, rng::Streams};
/// use fokker_jet::tensor::{Device, Parameters};
/// # fn main() -> Result<(), fokker::Error> {
/// let config = Config::preset("ring8", &["network.width=16".into()])?;
/// let data = Arc::new(Data::load(&config.data)?);
/// let (model, device) = (config.model(data.shape()), Device::flex());
/// let objective = DeviceObjective::<f32>::new(&model, &data, &config.loss, 64, 0, &device)?;
///
/// let weights = model.initial_parameters(&mut Streams::new(0).named("weights"));
/// let weights = Parameters::new(model.graph(), &weights, &device);
/// let (terms, gradient) = objective.evaluate(Step(0), &weights)?;
/// assert!(terms.get("dsm").is_some_and(|dsm| dsm > 0.0));
/// assert_eq!(gradient.len(), weights.tensors().len());
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct DeviceObjective<F: Real + Element> {
    model: ScoreModel,
    data: Arc<Data>,
    streams: Streams,
    sampler: TimeSampler,
    lineup: Lineup<Tensors<F>>,
    /// Rows of the reference batch.
    reference: usize,
    device: Device,
}

impl<F: Real + Element> DeviceObjective<F> {
    /// The objective for batches of `batch` rows drawn from `data`. Terms of weight 0 are left out, draws included.
    ///
    /// # Errors
    /// If the directions of a term cannot be had.
    pub fn new(
        model: &ScoreModel, data: &Arc<Data>, config: &LossConfig, batch: usize, seed: u64, device: &Device,
    ) -> Result<Self, Error> {
        Ok(Self {
            lineup: Lineup::new(config, model.output(), model.dim(), batch)?,
            sampler: TimeSampler::new(model.sde(), config.time_sampling),
            reference: config.reference_batch,
            model: model.clone(),
            data: Arc::clone(data),
            streams: Streams::new(seed),
            device: device.clone().without_autodiff(),
        })
    }

    /// The objective's terms and its gradient, by parameter in the graph's order, on the draws of this step.
    ///
    /// # Errors
    /// If the model cannot carry the jets that the terms need.
    pub fn evaluate(&self, step: Step, parameters: &Parameters<F>) -> Result<(LossTerms, Vec<Tensor<1>>), Error> {
        let source = Source {
            sde: self.model.sde(),
            data: &self.data,
            sampler: &self.sampler,
            streams: &self.streams,
            step: step.0,
        };
        let (mut values, mut failed) = (LossTerms::default(), Ok(()));
        let zeros = || parameters.tensors().iter().map(Tensor::zeros_like).collect::<Vec<_>>();
        let (mut gradient, mut apart) = (zeros(), None);
        self.lineup.visits(step.0, |visit| {
            let gradient = match self.lineup.apart(visit) {
                None => &mut gradient,
                Some(weight) => &mut apart.get_or_insert_with(|| (zeros(), weight)).0,
            };
            if failed.is_ok() {
                failed = self.pass(&source, visit, parameters, &mut values, gradient);
            }
        });
        failed?;
        if let Some((apart, weight)) = apart {
            let dot = |a: &[Tensor<1>], b: &[Tensor<1>]| {
                a.iter().zip(b).map(|(a, b)| Tensors::<F>::total((a.clone() * b.clone()).sum())).sum::<f64>()
            };
            let products = [dot(&gradient, &gradient), dot(&gradient, &apart), dot(&apart, &apart)];
            let [d, r] = self.lineup.combination().factors(products, weight);
            for (of_d, of_r) in gradient.iter_mut().zip(apart) {
                *of_d = of_d.clone() * d + of_r * r;
            }
        }
        self.lineup.finish(&mut values);
        Ok((values, gradient))
    }

    /// A pass over the whole of its rows.
    fn pass(
        &self, source: &Source<'_>, visit: Visit, parameters: &Parameters<F>, values: &mut LossTerms,
        gradient: &mut [Tensor<1>],
    ) -> Result<(), Error> {
        let (dim, all) = (self.model.dim(), 0..visit.rows);
        let mut drawn = ChunkRows::<Host<F>>::new(dim);
        let mut row = vec![0.0; dim];
        source.points(&mut drawn, &mut row, &all, visit.draw, visit.stream);
        if visit.riders {
            Reference::new(dim, self.reference).average(source, &mut drawn, &mut row);
        }
        let needs = visit.lead.map(|place| &self.lineup.members()[place].needs);
        let mut vectors = Vec::new();
        if let Some(probes) = needs.and_then(|needs| needs.probes.as_ref()) {
            source.directions(&mut vectors, dim, &all, probes);
        }
        let directions = needs.map_or_else(|| self.lineup.plain_directions(), |needs| needs.directions.clone());
        let mut tape = NetworkTensors::new(&self.model, &directions, parameters, &self.device)?;
        if let Draw::Path { step } = visit.draw {
            tape.begin(&drawn.x, &drawn.sde, |tape| tape.fill_masks(F::ONE));
            tape.forward(0..1);
            let s = download::<F, 2>(tape.part(0).clone());
            consistency::follow(self.model.sde(), &mut drawn, &s, step);
        }
        tape.begin(&drawn.x, &drawn.sde, |tape| {
            if !self.model.masks().is_empty() {
                source.masks(dim, &all, visit.stream, |rows, rng| tape.draw_masks(rows, rng));
            }
        });
        let tensor = |values: Vec<F>| {
            let rows = values.len() / dim;
            upload(values, [rows, dim], &self.device)
        };
        let rows = ChunkRows::<Tensors<F>> {
            dim,
            x: tensor(drawn.x),
            z: tensor(drawn.z),
            target: tensor(drawn.target),
            sde: drawn.sde,
            weight: drawn.weight,
        };
        let directions: Vec<_> = vectors.into_iter().map(tensor).collect();
        let mut held = [rows.x.zeros_like(), rows.x.zeros_like()];
        let column = || upload(vec![F::ZERO; visit.rows], [visit.rows, 1], &self.device);
        let mut columns = [column(), column()];
        let mut chunk = Chunk { rows: &rows, directions: &directions, held: &mut held, columns: &mut columns };
        let mut sums = Vec::new();
        self.lineup.chunk(visit, &mut tape, &mut chunk, |place, sum| sums.push((place, sum)));
        for (sum, term) in gradient.iter_mut().zip(tape.gradient()) {
            if let Some(term) = term {
                *sum = sum.clone() + term;
            }
        }
        // The one thing that the host waits for.
        let sums: Vec<_> = sums.into_iter().map(|(place, sum)| (place, Tensors::<F>::total(sum))).collect();
        let sum = |place: usize| sums.iter().find(|(at, _)| *at == place).map_or(0.0, |(_, sum)| *sum);
        self.lineup.add(visit, sum, values);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::objective::Objective;
    use fokker_jet::cpu::{self, Workers};

    type Any = Result<(), Box<dyn std::error::Error>>;

    /// The gradient and the terms by both executors, and the largest differences, relative.
    fn both(preset: &str, settings: &[&str]) -> Result<[f64; 2], Box<dyn std::error::Error>> {
        // Presets may leave the term out.
        let settings: Vec<String> = ["loss.fp.weight=7.5e-5"].iter().chain(settings).map(ToString::to_string).collect();
        let config = Config::preset(preset, &settings)?;
        let data = Arc::new(Data::load(&config.data)?);
        let (model, device, batch) = (config.model(data.shape()), Device::flex(), 50);
        let weights = model.initial_parameters(&mut Streams::new(3).named("weights"));
        let weights: Vec<f64> = weights.into_iter().map(f64::from).collect();
        let workers = Arc::new(Workers::new(1, 16)?);
        let mut host = Objective::<f64>::new(&model, &data, &config.loss, batch, 5, &workers)?;
        let mut want = vec![0.0; weights.len()];
        let terms = host.evaluate(Step(2), &cpu::Parameters::new(model.graph(), weights.clone()), &mut want);

        let there = DeviceObjective::<f64>::new(&model, &data, &config.loss, batch, 5, &device)?;
        let (found_terms, found) = there.evaluate(Step(2), &Parameters::new(model.graph(), &weights, &device))?;
        let found: Vec<f64> = found.into_iter().flat_map(|g| g.into_data().iter::<f64>().collect::<Vec<_>>()).collect();
        assert_eq!(found.len(), want.len());
        let norm = want.iter().map(|g| g * g).sum::<f64>().sqrt();
        let apart = found.iter().zip(&want).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
        let of_terms = terms.iter().zip(found_terms.iter()).map(|((_, a), (_, b))| match (a, b) {
            (Some(a), Some(b)) => (a - b).abs() / a.abs(),
            (None, None) => 0.0,
            _ => f64::INFINITY,
        });
        assert!(norm > 1e-6);
        Ok([of_terms.fold(0.0, f64::max), apart / norm])
    }

    #[test]
    fn the_device_has_the_host_s_terms_and_gradient() -> Any {
        let two = "loss.fp.divergence={ kind = \"hutchinson\", probes = 2, distribution = \"gaussian\" }";
        let every = "loss.fp.every=1";
        for settings in [
            vec!["loss.fp.weight=0"],
            vec![every],
            vec![every, "loss.fp.norm=1"],
            vec![every, two, "loss.fp.unbiased=true", "loss.fp.batch_fraction=0.6"],
            vec![every, "loss.fp.points=data"],
            vec![every, "loss.fp.estimator=sliced"],
            vec![every, two, "loss.fp.estimator=sliced", "loss.fp.unbiased=true"],
            vec![every, "loss.scalar={ weight = 0.1 }"],
            vec!["loss.fp.weight=0", "loss.scalar={ weight = 0.1, form = \"published\" }"],
            vec![every, "loss.conservativity={ weight = 0.1, pairs = 2 }"],
            vec![every, "loss.reference_batch=20", "loss.fp.relative=true"],
            vec![every, "loss.combination=balanced"],
            vec!["loss.fp.weight=0", "loss.consistency={ weight = 10 }"],
            vec![every, "loss.combination=projected", "loss.conservativity={ weight = 0.1 }"],
        ] {
            for parameterisation in ["score.parameterisation=noise", "score.parameterisation=preconditioned"] {
                let all = [&settings[..], &[parameterisation, "network.width=12", "network.depth=2"]].concat();
                let apart = both("ring8", &all)?;
                assert!(apart.iter().all(|apart| *apart < 1e-10), "{all:?}: {apart:?}");
            }
        }
        Ok(())
    }

    #[test]
    fn so_it_is_for_energy_models() -> Any {
        let exact = "loss.fp.divergence={ kind = \"exact\" }";
        for settings in [
            vec!["loss.fp.weight=0"],
            vec!["loss.fp.every=1"],
            vec!["loss.fp.every=1", exact, "loss.fp.norm=1"],
            vec!["loss.fp.every=1", "loss.fp.unbiased=true", "loss.fp.batch_fraction=0.6"],
        ] {
            for parameterisation in ["preconditioned", "bounded", "plain"] {
                let parameterisation = format!("score.parameterisation={parameterisation}");
                let all = [&settings[..], &[&parameterisation, "network.width=12", "network.depth=2"]].concat();
                let apart = both("ring8-energy", &all)?;
                assert!(apart.iter().all(|apart| *apart < 1e-10), "{all:?}: {apart:?}");
            }
        }
        Ok(())
    }

    #[test]
    fn another_step_would_be_seen() -> Any {
        let config = Config::preset("ring8", &["network.width=12".into()])?;
        let data = Arc::new(Data::load(&config.data)?);
        let (model, device) = (config.model(data.shape()), Device::flex());
        let weights = model.initial_parameters(&mut Streams::new(3).named("weights"));
        let objective = DeviceObjective::<f32>::new(&model, &data, &config.loss, 50, 5, &device)?;
        let weights = Parameters::new(model.graph(), &weights, &device);
        let at = |step| objective.evaluate(Step(step), &weights).map(|(terms, _)| terms.get("dsm"));
        assert!(at(1)? == at(1)? && at(1)? != at(2)?);
        Ok(())
    }
}
