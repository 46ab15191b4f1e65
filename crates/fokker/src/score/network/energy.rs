//! An energy model: a network's log-density log q(x, t), up to one constant, whose gradient is the score.

use fokker_jet::Real;
use fokker_jet::cpu::{Plan, Workspace};

use super::{NetworkScore, NetworkTape};
use crate::Error;
use crate::memory::{self, Held};
use crate::score::Direction::{Space, Time};
use crate::score::derivative_tape::{Derivatives, Points};
use crate::score::{Directions, EnergyEvaluator, ScoreTape};
use crate::sde::Coefficients;

/// A network's tape whose parts are those of log q, one number a row.
type Tape<'a, F> = NetworkTape<'a, F, Workspace<F>>;

/// Evaluates log q, up to its constant, and s = ∇ₓ log q at rows of (x, t): one pass forward, one back.
///
/// ```
/// use fokker::{config::Config, rng::Streams, score::{EnergyEvaluator, network::{NetworkEnergy, NetworkScore}}};
/// use fokker_jet::Shape;
/// # fn main() -> Result<(), fokker::Error> {
/// let set = ["network.output=energy", "score.parameterisation=bounded", "network.width=8", "loss.fp.estimator=log-density"];
/// let model = Config::preset("ring8", &set.map(String::from))?.model(Shape::vector(2));
/// let parameters = model.initial_parameters(&mut Streams::new(0).named("weights"));
/// let at = [model.sde().at(0.5)];
/// let score = NetworkScore::<f64>::new(model, &parameters);
/// let mut energy = NetworkEnergy::new(&score, 1)?;
/// let (mut log_q, mut s, h) = ([0.0; 2], [0.0; 2], 1e-6);
/// energy.with_score(&[0.3 + h, -0.2], &at, &mut log_q[..1], &mut s);
/// energy.with_score(&[0.3 - h, -0.2], &at, &mut log_q[1..], &mut s);
/// assert!(((log_q[0] - log_q[1]) / (2.0 * h) - s[0]).abs() < 1e-5);
/// # Ok(()) }
/// ```
pub struct NetworkEnergy<'a, F: Real> {
    tape: Tape<'a, F>,
    _held: Held,
}

impl<'a, F: Real> NetworkEnergy<'a, F> {
    /// For up to `rows` rows.
    ///
    /// # Errors
    /// [`Error::Output`] if the model gives no log-density; [`Error::Memory`].
    pub fn new(score: &'a NetworkScore<F>, rows: usize) -> Result<Self, Error> {
        require(score)?;
        let plan = score.model().plan(&Directions::new(&[]))?;
        let held = hold::<F>(&[&plan], rows)?;
        Ok(Self { tape: tape(score, &Directions::new(&[]), &plan, rows), _held: held })
    }
}

impl<F: Real> EnergyEvaluator<F> for NetworkEnergy<'_, F> {
    fn log_density(&mut self, x: &[F], sde: &[Coefficients], log_q: &mut [F]) {
        self.tape.begin(x, sde);
        self.tape.forward(0..1);
        log_q.copy_from_slice(self.tape.part(0));
    }

    fn with_score(&mut self, x: &[F], sde: &[Coefficients], log_q: &mut [F], s: &mut [F]) {
        self.log_density(x, sde, log_q);
        self.tape.seed(0).fill(F::ONE);
        s.copy_from_slice(self.tape.pull_x(1));
    }
}

/// An error unless the model gives a log-density.
pub(crate) fn require<F: Real>(score: &NetworkScore<F>) -> Result<(), Error> {
    if score.model().output().is_score() {
        return Err(Error::Output("the model gives a score, not a log-density: it is no energy model".into()));
    }
    Ok(())
}

fn hold<F: Real>(plans: &[&Plan], rows: usize) -> Result<Held, Error> {
    let bytes = plans.iter().map(|plan| plan.workspace_bytes::<F>(rows)).fold(0, u64::saturating_add);
    Ok(memory::hold(&format!("network.width ({rows} rows of an energy model at a time)"), bytes)?)
}

fn tape<'a, F: Real>(score: &'a NetworkScore<F>, directions: &Directions, plan: &Plan, rows: usize) -> Tape<'a, F> {
    NetworkTape::new(score.model(), directions, score.parameters(), Workspace::new(plan, rows))
}

/// The score's derivatives: those of log q, of one order more, forward, and the last by a reverse pass in x.
pub(super) struct EnergyDerivatives<'a, F: Real> {
    /// Along one direction, along time, along two directions.
    along: Tape<'a, F>,
    time: Tape<'a, F>,
    mixed: Tape<'a, F>,
    term: Vec<F>,
    _held: Held,
}

impl<'a, F: Real> EnergyDerivatives<'a, F> {
    /// For up to `rows` rows.
    pub fn new(score: &'a NetworkScore<F>, rows: usize) -> Result<Self, Error> {
        require(score)?;
        let sets = [Directions::space(1), Directions::new(&[Time]), Directions::new(&[Space, Space]).pair(0, 1)?];
        let plans = [0, 1, 2].map(|i| score.model().plan(&sets[i]));
        let [along, time, mixed] = plans;
        let [along, time, mixed] = [along?, time?, mixed?];
        let held = hold::<F>(&[&along, &time, &mixed], rows)?;
        let tape = |i: usize, plan: &Plan| tape(score, &sets[i], plan, rows);
        Ok(Self {
            along: tape(0, &along),
            time: tape(1, &time),
            mixed: tape(2, &mixed),
            term: vec![F::ZERO; rows * score.model().dim()],
            _held: held,
        })
    }
}

/// ∇ₓ of a part of log q, `parts` being all that it is made of, and itself.
fn gradient<'t, F: Real>(tape: &'t mut Tape<'_, F>, at: Points<'_, F>, vectors: &[&[F]], parts: usize) -> &'t [F] {
    tape.begin(at.x, at.sde);
    for (direction, v) in vectors.iter().enumerate() {
        tape.direction(direction).copy_from_slice(v);
    }
    tape.forward(0..parts);
    tape.seed(parts - 1).fill(F::ONE);
    tape.pull_x(parts)
}

impl<F: Real> Derivatives<F> for EnergyDerivatives<'_, F> {
    fn value(&mut self, at: Points<'_, F>, out: &mut [F]) {
        out.copy_from_slice(gradient(&mut self.along, at, &[], 1));
    }

    fn along(&mut self, at: Points<'_, F>, v: &[F], out: &mut [F]) {
        out.copy_from_slice(gradient(&mut self.along, at, &[v], 2));
    }

    fn second(&mut self, at: Points<'_, F>, u: &[F], v: &[F], out: &mut [F]) {
        out.copy_from_slice(gradient(&mut self.mixed, at, &[u, v], 4));
    }

    fn dt(&mut self, at: Points<'_, F>, out: &mut [F]) {
        out.copy_from_slice(gradient(&mut self.time, at, &[], 2));
    }

    // The Hessian of log q is symmetric, and so is its third derivative: ∇ₓ⟨p, s⟩ = J p, ∇ₓ⟨w, J v⟩ = D²s[v, w].
    fn pull(&mut self, at: Points<'_, F>, p: &[F], pairs: &[(&[F], &[F])], out: &mut [F]) {
        self.along(at, p, out);
        let mut term = std::mem::take(&mut self.term);
        for (v, w) in pairs {
            let term = &mut term[..out.len()];
            self.second(at, v, w, term);
            out.iter_mut().zip(term).for_each(|(out, term)| *out += *term);
        }
        self.term = term;
    }
}
