//! What is known of a parameter before it has a value.

use std::ops::Range;

/// How a parameter is drawn before training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// All zeros.
    Zeros,
    /// All ones.
    Ones,
    /// Uniform on `[-bound, bound]`.
    Uniform {
        /// The bound.
        bound: f64,
    },
}

impl Init {
    /// U(−1/√n, 1/√n), n the number of terms of a sum.
    #[allow(clippy::cast_precision_loss)]
    pub(crate) fn fan_in(n: usize) -> Self {
        Self::Uniform { bound: 1.0 / (n.max(1) as f64).sqrt() }
    }
}

/// Name, shape and place of a parameter in the flat parameter vector.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamSpec {
    /// Unique dotted name, as in the model file.
    pub name: String,
    /// Shape, row-major.
    pub shape: Vec<usize>,
    /// How it is drawn before training.
    pub init: Init,
    /// Where it begins in the flat vector.
    pub offset: usize,
}

impl ParamSpec {
    /// Number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Has the parameter no element?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its elements' places in the flat vector.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.offset..self.offset + self.len()
    }
}
