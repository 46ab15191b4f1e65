//! The jet itself: its parts, stacked along the batch in one tensor.

use std::sync::Arc;

use burn::tensor::Tensor;

use crate::{JetSet, Live};

/// A quantity with its derivative parts: all live parts stacked along axis 0, the batch, in one Burn tensor.
///
/// A jet of `D` axes over `rows` rows is a tensor of shape `[live parts · rows, …]`; parts that are structurally zero are not
/// stored. Operations consume their operands, as Burn's do, and cloning is cheap. Axis 0 always counts rows: no operation
/// mixes rows, and axis arguments start at 1.
///
/// A jet with only its primal live is **plain**, and each operation on plain jets is the one Burn operation.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use fokker_jet::{Function, JetSet, tensor::Jet};
/// # fn main() -> Result<(), fokker_jet::JetError> {
/// let device = Device::flex();
/// let set = JetSet::first_order(1).with_pair(0, 0)?;
/// let x = Tensor::<2>::from_data([[0.5], [2.0]], &device);
/// let v = Tensor::<2>::from_data([[1.0], [3.0]], &device);
///
/// // y = x³: y_v = 3x² v, y_vv = 6x v²
/// let y = Jet::new(set, x, vec![(1, v)]).map(Function::Power(3.0));
/// assert_eq!(y.part(1).map(|p| p.into_data().iter::<f32>().collect()), Some(vec![0.75, 36.0]));
/// assert_eq!(y.part(2).map(|p| p.into_data().iter::<f32>().collect()), Some(vec![3.0, 108.0]));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Jet<const D: usize> {
    set: Arc<JetSet>,
    live: Live,
    stacked: Tensor<D>,
}

/// The parts of a jet one by one; `None` where structurally zero.
pub(super) type Parts<const D: usize> = Vec<Option<Tensor<D>>>;

impl<const D: usize> Jet<D> {
    /// A jet from its primal and any of its other parts, by part number; the parts not given are structurally zero.
    ///
    /// # Panics
    /// If a part number is 0, not in the set or given twice, or if a part's shape differs from the primal's.
    #[must_use]
    pub fn new(set: impl Into<Arc<JetSet>>, primal: Tensor<D>, parts: Vec<(usize, Tensor<D>)>) -> Self {
        let set = set.into();
        let mut all: Parts<D> = vec![None; set.parts()];
        let dims = primal.dims();
        all[0] = Some(primal);
        for (part, tensor) in parts {
            assert!(part < set.parts(), "jet: no part {part} among {}", set.parts());
            assert!(all[part].is_none(), "jet: part {part} given twice");
            assert_eq!(tensor.dims(), dims, "jet: part {part} and the primal differ in shape");
            all[part] = Some(tensor);
        }
        Self::from_parts(set, all)
    }

    /// A quantity that varies along no direction of the set: only its primal is live.
    #[must_use]
    pub fn constant(set: impl Into<Arc<JetSet>>, primal: Tensor<D>) -> Self {
        let set = set.into();
        Self { live: Live::parts(&set, &[]), set, stacked: primal }
    }

    /// The jet set.
    #[must_use]
    pub fn set(&self) -> &Arc<JetSet> {
        &self.set
    }

    /// The parts that are stored.
    #[must_use]
    pub fn live(&self) -> &Live {
        &self.live
    }

    /// Is only the primal live?
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.live.count() == 1
    }

    /// Shape of one part.
    #[must_use]
    pub fn dims(&self) -> [usize; D] {
        let mut dims = self.stacked.dims();
        dims[0] /= self.live.count();
        dims
    }

    /// Rows of one part.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.dims()[0]
    }

    /// The primal part.
    #[must_use]
    pub fn primal(&self) -> Tensor<D> {
        self.stored(0, 1)
    }

    /// A part by its number; `None` if it is structurally zero or not in the set.
    #[must_use]
    pub fn part(&self, part: usize) -> Option<Tensor<D>> {
        self.live.has(part).then(|| self.stored(self.live.slot(part), 1))
    }

    /// All live parts, in order of their numbers, stacked along axis 0: shape `[live parts · rows, …]`.
    #[must_use]
    pub fn into_stacked(self) -> Tensor<D> {
        self.stacked
    }

    /// The same values cut off from the autodiff graph: constants of a later reverse pass.
    #[must_use]
    pub fn detach(self) -> Self {
        Self { stacked: self.stacked.detach(), ..self }
    }

    /// Applies a **linear** map that acts on each row by itself, in one call over all stacked parts:
    /// `y_p = A a_p` for every part.
    ///
    /// `map` is given the stacked tensor and must keep axis 0. This is how a linear operation that this module lacks is added.
    ///
    /// # Panics
    /// If the map changes the size of axis 0.
    ///
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use fokker_jet::{JetSet, tensor::Jet};
    /// let x = Tensor::<2>::from_data([[1.0, 2.0]], &Device::flex());
    /// let v = Tensor::<2>::from_data([[3.0, 4.0]], &Device::flex());
    /// let y = Jet::new(JetSet::first_order(1), x, vec![(1, v)]).linear_map(|t| t.flip([1]));
    /// assert_eq!(y.part(1).map(|p| p.into_data().iter::<f32>().collect()), Some(vec![4.0, 3.0]));
    /// ```
    #[must_use]
    pub fn linear_map<const E: usize>(self, map: impl FnOnce(Tensor<D>) -> Tensor<E>) -> Jet<E> {
        let stored_rows = self.stacked.dims()[0];
        let stacked = map(self.stacked);
        assert_eq!(stacked.dims()[0], stored_rows, "linear_map: axis 0 must stay as it is");
        Jet { set: self.set, live: self.live, stacked }
    }

    /// Applies `map` to the primal alone; it must keep the shape.
    pub(super) fn map_primal(self, map: impl FnOnce(Tensor<D>) -> Tensor<D>) -> Self {
        let stored = self.live.count();
        let stacked = if stored == 1 {
            map(self.stacked)
        } else {
            let others = self.stored(1, stored - 1);
            Tensor::cat(vec![map(self.stored(0, 1)), others], 0)
        };
        Self { set: self.set, live: self.live, stacked }
    }

    /// The jet with (at least) the given parts stored, those it lacked as zeros.
    pub(super) fn widened(self, live: &Live) -> Self {
        let wanted = self.live.union(live);
        if wanted == self.live {
            return self;
        }
        let zero = self.primal().zeros_like();
        let mut parts = self.parts();
        for (part, slot) in parts.iter_mut().enumerate() {
            if slot.is_none() && wanted.has(part) {
                *slot = Some(zero.clone());
            }
        }
        Self::from_parts(self.set, parts)
    }

    /// The parts one by one; the primal is always there.
    pub(super) fn parts(&self) -> Parts<D> {
        (0..self.set.parts()).map(|part| self.part(part)).collect()
    }

    /// Stacks parts; the primal must be there.
    pub(super) fn from_parts(set: Arc<JetSet>, parts: Parts<D>) -> Self {
        let live = Live(parts.iter().map(Option::is_some).collect());
        let stored: Vec<_> = parts.into_iter().flatten().collect();
        let stacked = match <[Tensor<D>; 1]>::try_from(stored) {
            Ok([only]) => only,
            Err(several) => Tensor::cat(several, 0),
        };
        Self { set, live, stacked }
    }

    /// The jet whose stored parts are the given stacked ones.
    pub(super) fn from_stacked(set: Arc<JetSet>, live: Live, stacked: Tensor<D>) -> Self {
        Self { set, live, stacked }
    }

    /// `count` stored parts from the place `slot` on.
    fn stored(&self, slot: usize, count: usize) -> Tensor<D> {
        if self.live.count() == count {
            return self.stacked.clone();
        }
        let rows = self.rows();
        self.stacked.clone().narrow(0, slot * rows, count * rows)
    }
}

/// A plain tensor is a jet of order 0.
impl<const D: usize> From<Tensor<D>> for Jet<D> {
    fn from(tensor: Tensor<D>) -> Self {
        Self::constant(JetSet::primal(), tensor)
    }
}

/// The set that two operands share.
pub(super) fn common_set<const A: usize, const B: usize>(a: &Jet<A>, b: &Jet<B>) -> Arc<JetSet> {
    assert!(Arc::ptr_eq(&a.set, &b.set) || a.set == b.set, "operands belong to different jet sets");
    assert_eq!(a.rows(), b.rows(), "operands differ in rows");
    Arc::clone(&a.set)
}
