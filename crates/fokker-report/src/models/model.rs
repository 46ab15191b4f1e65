//! What a page shows of a model.

use fokker::audit::{Answer, DataPictures, ModelPictures};
use fokker::figure::Figures;
use fokker::train::Metrics;

use crate::series::{STYLE_DSM, STYLE_FP};

/// A model with all that the page shows of it.
#[derive(Clone, Copy, Debug)]
pub struct Model<'a> {
    /// What it is called.
    pub name: &'a str,
    /// What was measured.
    pub figures: &'a Figures,
    /// How its training went.
    pub metrics: &'a [Metrics],
    /// What its audit says in words.
    pub answers: &'a [Answer],
    /// Samples and the like.
    pub pictures: &'a ModelPictures,
    /// The data that it is a model of; `None` if they are not at hand, and no pictures are.
    pub data: Option<&'a DataPictures>,
}

/// The look of the model at a place, of so many: one alone has that of FP, and none that of data.
pub(super) fn style(index: usize, models: usize) -> usize {
    const OTHERS: [usize; 5] = [STYLE_DSM, STYLE_FP, 2, 4, 5];
    if models == 1 { STYLE_FP } else { OTHERS[index % OTHERS.len()] }
}

/// Models of the same data.
pub(super) struct Group<'a> {
    pub data: &'a DataPictures,
    /// Each with its look.
    pub models: Vec<(&'a Model<'a>, usize)>,
}

impl Group<'_> {
    /// The models' names.
    pub(super) fn names(&self) -> String {
        self.models.iter().map(|(model, _)| model.name).collect::<Vec<_>>().join(", ")
    }
}

/// The models by their data, in order.
pub(super) fn groups<'a>(models: &'a [Model<'a>]) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for (i, model) in models.iter().enumerate() {
        let Some(data) = model.data else { continue };
        let member = (model, style(i, models.len()));
        match groups.iter_mut().find(|group| std::ptr::eq(group.data, data) || group.data == data) {
            Some(group) => group.models.push(member),
            None => groups.push(Group { data, models: vec![member] }),
        }
    }
    groups
}
