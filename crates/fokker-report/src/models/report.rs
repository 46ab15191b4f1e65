//! The page as a whole.

use fokker::audit::DataPictures;
use fokker::figure::Difference;
use fokker::study::Verdict;

use super::curves::curves;
use super::facts::facts;
use super::model::Model;
use super::pictures::pictures;
use super::profiles::profiles;
use super::summary::summary;
use crate::page::Page;
use crate::text::escape;
use crate::verdict::sentences;

/// A page about one model or several.
///
/// ```
/// use fokker::audit::{DataPictures, ModelPictures};
/// use fokker::figure::{Definition, Figure, Shown, Value};
/// use fokker::stats::MeanSe;
/// use fokker_report::{Model, Report};
/// static NLL: Definition = Definition::mean("nll").named("negative log-likelihood", "nats").shown(Shown::Everywhere);
/// let figures = [Figure::new(&NLL, Value::Mean(MeanSe { mean: 1.17, se: 0.02 }))].into_iter().collect();
/// let model = Model { name: "model", figures: &figures, metrics: &[], pictures: &ModelPictures::default() };
/// let data = DataPictures { dim: 1, image: None, window: None, held_out: vec![], log_density: None };
/// let report = Report { title: "A model", data: &data, config: "seed = 0", models: &[model], differences: &[], verdicts: &[] };
/// assert!(report.render().contains("1.170 ± 0.020"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// The title.
    pub title: &'a str,
    /// The data that the models are of.
    pub data: &'a DataPictures,
    /// The config, as TOML.
    pub config: &'a str,
    /// The models; the first is the one that others are compared with.
    pub models: &'a [Model<'a>],
    /// How each model but the first differs from the first; none, if they are not compared.
    pub differences: &'a [Difference],
    /// What that comes to.
    pub verdicts: &'a [Verdict],
}

impl Report<'_> {
    /// The page as one HTML file.
    #[must_use]
    pub fn render(&self) -> String {
        let mut page = Page::new(self.title).lead(
            "Scores of diffused data obey the score Fokker-Planck equation. This page shows how closely the model's do, and what \
             follows from it: whether the score is a gradient, how far it is from the truth, and the likelihood of held-out data.",
        );
        if !self.differences.is_empty() {
            page = page.facts(&facts(self.models, self.differences));
        }
        if !self.verdicts.is_empty() {
            let lines: String =
                sentences(self.verdicts).iter().map(|line| format!("<li>{}</li>", escape(line))).collect();
            page = page.section("Verdict", &format!("<ul>{lines}</ul>"));
        }
        page = page.section("Figures", "").table(summary(self.models, self.differences));
        page = page.section("Against time", "");
        for pair in profiles(self.models).chunks(2) {
            page = page.row(pair.to_vec());
        }
        page = page.section("Training", "").row(curves(self.models));
        page = page.section("Samples and densities", "");
        page = pictures(page, self.data, self.models);
        let details =
            format!("<details><summary>Resolved config</summary><pre>{}</pre></details>", escape(self.config));
        page.section("Config", &details).render()
    }
}
