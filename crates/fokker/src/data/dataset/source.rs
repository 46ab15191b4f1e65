//! Where rows come from.

use super::finite::Finite;
use crate::data::images::Images;
use crate::data::table_rows::Rows;
use crate::data::toy::Toy;
use crate::density::mixture::Mixture;

/// Where rows come from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Mixture(Box<Mixture>),
    Toy(Toy),
    Finite(Finite),
    Rows(Rows),
    Images(Images),
}
