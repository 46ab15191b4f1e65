//! The page as a whole.

use fokker::audit::verdict;
use fokker::figure::Difference;
use fokker::study::Verdict;

use super::curves::training_charts;
use super::facts::facts;
use super::model::{Model, groups};
use super::pictures::pictures;
use super::profiles::profiles;
use super::summary::summary;
use crate::made::Made;
use crate::page::{Listing, Page};
use crate::rows::rows_in_words;
use crate::text::escape;
use crate::verdict::sentences;

/// A page about one model or several: what it comes to, figures, pictures, profiles, training, configs.
///
/// ```
/// use std::time::SystemTime;
/// use fokker::audit::ModelPictures;
/// use fokker::figure::{Definition, Figure, Shown, Value};
/// use fokker::stats::MeanSe;
/// use fokker_report::{Listing, Made, Model, Report};
/// static NLL: Definition = Definition::mean("nll").named("negative log-likelihood", "nats").shown(Shown::Everywhere);
/// let figures = [Figure::new(&NLL, Value::Mean(MeanSe { mean: 1.17, se: 0.02 }))].into_iter().collect();
/// let pictures = ModelPictures::default();
/// let model = Model { name: "model", figures: &figures, metrics: &[], pictures: &pictures, data: None, answers: &[] };
/// let made = Made { at: SystemTime::now(), command: "fokker audit run".into() };
/// let config = Listing { name: "Resolved config", text: "seed = 0" };
/// let report = Report { models: &[model], configs: &[config], ..Report::new("A model", &made) };
/// assert!(report.render().contains("1.170 ± 0.020"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// The title.
    pub title: &'a str,
    /// When and by what it was made.
    pub made: &'a Made,
    /// The models; the first is the one that others are compared with.
    pub models: &'a [Model<'a>],
    /// How each model but the first differs from the first; none, if they are not compared.
    pub differences: &'a [Difference],
    /// What that comes to.
    pub verdicts: &'a [Verdict],
    /// What is to be said below the table of figures beside its usual notes.
    pub notes: &'a [String],
    /// Columns of the data, from 0, that pictures show; empty: the first ones.
    pub columns: &'a [usize],
    /// Configs, as TOML.
    pub configs: &'a [Listing<'a>],
}

impl<'a> Report<'a> {
    /// A page on which there is nothing yet.
    #[must_use]
    pub fn new(title: &'a str, made: &'a Made) -> Self {
        Self { title, made, models: &[], differences: &[], verdicts: &[], notes: &[], columns: &[], configs: &[] }
    }

    /// The page as one HTML file.
    #[must_use]
    pub fn render(&self) -> String {
        let whose = if self.models.len() == 1 { "this model's" } else { "these models'" };
        let mut page = Page::new(self.title).made(self.made, &self.rows()).lead(&format!(
            "Scores of diffused data obey the score Fokker-Planck equation. How closely {whose} do, and what follows from it: whether the \
             score is a gradient, how far it is from the truth, and the likelihood of held-out data."
        ));
        page = self.answers(page);
        page = self.verdict(page);
        page = page.section("Figures", "").table(summary(self.models, self.differences, self.notes));
        if self.models.iter().any(|model| model.data.is_some()) {
            let maps = self.models.iter().any(|model| model.pictures.log_density.is_some());
            let heading = if maps { "Samples and densities" } else { "Samples" };
            page = pictures(page.section(heading, ""), self.models, self.columns);
        }
        page = page.section("Against time", "").row(profiles(self.models));
        let lines: Vec<_> = self.models.iter().map(|model| (model.name, model.metrics)).collect();
        page = page.section("Training", "").row(training_charts(&lines)).section("Config", "");
        self.configs.iter().fold(page, |page, config| page.listing(config)).render()
    }

    /// What the audits say in words: of one model with the evidence, of several beside each other.
    fn answers(&self, page: Page) -> Page {
        match self.models {
            [model] if !model.answers.is_empty() => {
                page.section("Is the model good?", "").text(&verdict(model.answers)).answers(model.answers)
            }
            models if models.iter().any(|model| !model.answers.is_empty()) => {
                let all: Vec<_> = models.iter().map(|model| (model.name, model.answers)).collect();
                page.section("Are the models good?", "").answers_beside(&all)
            }
            _ => page,
        }
    }

    /// What a comparison comes to.
    fn verdict(&self, page: Page) -> Page {
        let facts = facts(self.models, self.differences);
        if facts.is_empty() && self.verdicts.is_empty() {
            return page;
        }
        let lines: String = sentences(self.verdicts).iter().map(|line| format!("<li>{}</li>", escape(line))).collect();
        let page = page.section("Verdict", &if lines.is_empty() { lines } else { format!("<ul>{lines}</ul>") });
        if facts.is_empty() { page } else { page.facts(&facts) }
    }

    /// How many rows the data have, of each group of models if there are several.
    fn rows(&self) -> Vec<String> {
        let groups = groups(self.models);
        let rows = groups.iter().map(|group| {
            let rows = rows_in_words(group.data.train_rows, group.data.held_out_rows);
            if groups.len() > 1 { format!("{}: {rows}", group.names()) } else { format!("Data: {rows}") }
        });
        rows.collect()
    }
}
