//! Where rows come from.

use crate::data::images::Images;
use crate::data::table_rows::Rows;
use crate::data::toy::Toy;
use crate::density::mixture::Mixture;

/// Where rows come from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Mixture(Box<Mixture>),
    Toy(Toy),
    Rows(Rows),
    Images(Images),
}
