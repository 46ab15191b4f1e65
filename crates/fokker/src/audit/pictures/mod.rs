//! What a page shows of a model beside its figures, as plain arrays: samples, log-densities, trajectories, the nearest training images.

mod data;
mod density;
mod memorisation;
mod model;
mod trajectories;

pub use data::DataPictures;
pub use density::LogDensity;
pub use memorisation::MemorisationPictures;
pub use model::ModelPictures;
pub use trajectories::Trajectories;
