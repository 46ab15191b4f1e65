//! Memory that lasts for one operation.

use std::any::Any;
use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};

/// Scratch memory of every type that some operation has asked for. What an operation leaves in it, later ones may find or not: a
/// copy begins empty.
#[derive(Default)]
pub(crate) struct Scratch(Vec<Box<dyn Any + Send + Sync>>);

// No operation relies on what another has left.
impl UnwindSafe for Scratch {}
impl RefUnwindSafe for Scratch {}

impl Scratch {
    /// The scratch memory of a type, made the first time.
    pub fn of<T: Any + Default + Send + Sync>(&mut self) -> &mut T {
        let known = self.0.iter().position(|memory| memory.is::<T>());
        let place = known.unwrap_or_else(|| {
            self.0.push(Box::<T>::default());
            self.0.len() - 1
        });
        self.0[place].downcast_mut().unwrap_or_else(|| unreachable!("it was found by its type"))
    }
}

impl Clone for Scratch {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl fmt::Debug for Scratch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scratch").field("types", &self.0.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_memory_of_its_own() {
        let mut scratch = Scratch::default();
        scratch.of::<Vec<f32>>().push(1.0);
        scratch.of::<Vec<f64>>().push(2.0);
        assert_eq!(scratch.of::<Vec<f32>>(), &[1.0]);
        assert_eq!(scratch.of::<Vec<f64>>(), &[2.0]);
        assert!(scratch.clone().of::<Vec<f32>>().is_empty());
    }
}
