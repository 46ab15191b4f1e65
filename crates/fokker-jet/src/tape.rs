//! The contract that every executor keeps.

use std::ops::Range;

/// What a reverse pass differentiates with respect to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrt {
    /// The primal part of the given graph input.
    Input(usize),
    /// The parameters; the gradient is added to [`Tape::parameter_gradient`].
    Parameters,
}

/// A batch of rows on its way through a network, forward as jets and back as cotangents.
///
/// The order of calls is [`begin`](Tape::begin); fill [`input`](Tape::input); [`forward`](Tape::forward), in one or several
/// stages of rising part numbers; read [`output`](Tape::output); fill [`seed`](Tape::seed); [`reverse`](Tape::reverse). Several
/// reverse passes may follow one forward pass. Arrays are row-major, `rows × width`.
///
/// Asking for an input part that was not declared live, or for more rows than the tape was made for, is a programming error and
/// panics.
///
/// ```
/// use fokker_jet::{Function, Graph, JetSet, Live, Tape, Wrt, cpu::{Parameters, Plan, Workspace}};
///
/// /// y(x) and dy/dx of a network of one number, on any executor.
/// fn slope<T: Tape<f64>>(tape: &mut T, parameters: &T::Parameters, x: f64) -> [f64; 2] {
///     tape.begin(1);
///     tape.input(0, 0)[0] = x;
///     tape.forward(parameters, 0..1);
///     tape.seed(0)[0] = 1.0;
///     tape.reverse(parameters, 1, Wrt::Input(0));
///     [tape.output(0)[0], tape.input_gradient()[0]]
/// }
///
/// # fn main() -> Result<(), fokker_jet::JetError> {
/// let mut graph = Graph::new();
/// let x = graph.input(1);
/// let y = graph.map(x, Function::Power(2.0));
/// graph.set_output(y);
/// let set = JetSet::primal();
/// let plan = Plan::new(&graph, &set, &[Live::parts(&set, &[])])?;
/// let found = slope(&mut Workspace::new(&plan, 1), &Parameters::new(&graph, Vec::new()), 3.0);
/// assert_eq!(found, [9.0, 6.0]);
/// # Ok(()) }
/// ```
pub trait Tape<F> {
    /// The network's parameters, where and as the executor reads them.
    type Parameters;
    /// Starts a new batch of `rows` rows; all inputs and seeds become zero.
    fn begin(&mut self, rows: usize);
    /// Rows of the present batch.
    fn rows(&self) -> usize;
    /// A live part of a graph input, to be filled in.
    fn input(&mut self, input: usize, part: usize) -> &mut [F];
    /// Computes the given parts of every node. Parts below `parts.start` must have been computed before.
    fn forward(&mut self, parameters: &Self::Parameters, parts: Range<usize>);
    /// A part of the output, `rows × output width`; zeros if the part is structurally zero.
    fn output(&self, part: usize) -> &[F];
    /// The cotangent of a part of the output, to be filled in; zero after [`begin`](Tape::begin) and after each reverse pass.
    fn seed(&mut self, part: usize) -> &mut [F];
    /// A part of the output, and the cotangent of a part (of that or another), to be filled in.
    fn output_and_seed(&mut self, output: usize, seed: usize) -> (&[F], &mut [F]);
    /// Pulls the seeds of parts `0..parts` back. A part's seed counts only if all parts that it is made of lie in `0..parts`.
    fn reverse(&mut self, parameters: &Self::Parameters, parts: usize, wrt: Wrt);
    /// The result of the last `reverse` with [`Wrt::Input`], `rows × input width`.
    fn input_gradient(&self) -> &[F];
    /// The sum over rows and passes of the parameter gradients since [`clear_gradient`](Tape::clear_gradient).
    fn parameter_gradient(&mut self) -> &[F];
    /// Keeps the cotangents of the next reverse pass in an input, which must be the only one that moves along the set's tangent w.
    ///
    /// In the reverse passes in the parameters that follow, up to the next [`begin`](Tape::begin), the seeds of the parts along w
    /// are taken to be those kept: of `y_w` that of `y`, of `y_wv` that of `y_v`. What is differentiated then is the derivative along
    /// w of what was pulled back, and its cotangents along w are those kept, at every node: they need not be computed again. This
    /// is forward over reverse mode with one of its two sweeps shared.
    fn record(&mut self);
    /// Sets the parameter gradient to zero.
    fn clear_gradient(&mut self);
}

impl<F, T: Tape<F> + ?Sized> Tape<F> for &mut T {
    type Parameters = T::Parameters;

    fn begin(&mut self, rows: usize) {
        (**self).begin(rows);
    }
    fn rows(&self) -> usize {
        (**self).rows()
    }
    fn input(&mut self, input: usize, part: usize) -> &mut [F] {
        (**self).input(input, part)
    }
    fn forward(&mut self, parameters: &Self::Parameters, parts: Range<usize>) {
        (**self).forward(parameters, parts);
    }
    fn output(&self, part: usize) -> &[F] {
        (**self).output(part)
    }
    fn seed(&mut self, part: usize) -> &mut [F] {
        (**self).seed(part)
    }
    fn output_and_seed(&mut self, output: usize, seed: usize) -> (&[F], &mut [F]) {
        (**self).output_and_seed(output, seed)
    }
    fn reverse(&mut self, parameters: &Self::Parameters, parts: usize, wrt: Wrt) {
        (**self).reverse(parameters, parts, wrt);
    }
    fn input_gradient(&self) -> &[F] {
        (**self).input_gradient()
    }
    fn parameter_gradient(&mut self) -> &[F] {
        (**self).parameter_gradient()
    }
    fn record(&mut self) {
        (**self).record();
    }
    fn clear_gradient(&mut self) {
        (**self).clear_gradient();
    }
}
