//! The contract that both executors keep.

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
pub trait Tape<F> {
    /// Starts a new batch of `rows` rows; all inputs and seeds become zero.
    fn begin(&mut self, rows: usize);
    /// Rows of the present batch.
    fn rows(&self) -> usize;
    /// A live part of a graph input, to be filled in.
    fn input(&mut self, input: usize, part: usize) -> &mut [F];
    /// Computes the given parts of every node. Parts below `parts.start` must have been computed before.
    fn forward(&mut self, parameters: &[F], parts: Range<usize>);
    /// A part of the output, `rows × output width`; zeros if the part is structurally zero.
    fn output(&self, part: usize) -> &[F];
    /// The cotangent of a part of the output, to be filled in; zero after [`begin`](Tape::begin) and after each reverse pass.
    fn seed(&mut self, part: usize) -> &mut [F];
    /// Pulls the seeds of parts `0..parts` back. A part's seed counts only if all parts that it is made of lie in `0..parts`.
    fn reverse(&mut self, parameters: &[F], parts: usize, wrt: Wrt);
    /// The result of the last `reverse` with [`Wrt::Input`], `rows × input width`.
    fn input_gradient(&self) -> &[F];
    /// The sum over rows and passes of the parameter gradients since [`clear_gradient`](Tape::clear_gradient).
    fn parameter_gradient(&self) -> &[F];
    /// Sets the parameter gradient to zero.
    fn clear_gradient(&mut self);
}

impl<F, T: Tape<F> + ?Sized> Tape<F> for &mut T {
    fn begin(&mut self, rows: usize) {
        (**self).begin(rows);
    }
    fn rows(&self) -> usize {
        (**self).rows()
    }
    fn input(&mut self, input: usize, part: usize) -> &mut [F] {
        (**self).input(input, part)
    }
    fn forward(&mut self, parameters: &[F], parts: Range<usize>) {
        (**self).forward(parameters, parts);
    }
    fn output(&self, part: usize) -> &[F] {
        (**self).output(part)
    }
    fn seed(&mut self, part: usize) -> &mut [F] {
        (**self).seed(part)
    }
    fn reverse(&mut self, parameters: &[F], parts: usize, wrt: Wrt) {
        (**self).reverse(parameters, parts, wrt);
    }
    fn input_gradient(&self) -> &[F] {
        (**self).input_gradient()
    }
    fn parameter_gradient(&self) -> &[F] {
        (**self).parameter_gradient()
    }
    fn clear_gradient(&mut self) {
        (**self).clear_gradient();
    }
}
