//! What a figure is.

/// Which values of a figure are the better ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// The lower ones.
    Lower,
    /// The higher ones.
    Higher,
    /// It says something, but nothing good or bad.
    Neither,
}

/// What the value of a figure looks like, in memory and in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A mean with its standard error, `{mean, se}`.
    Mean,
    /// A number; not known: `null`.
    Number,
    /// A whole number.
    Count,
    /// A word.
    Word,
    /// A mean with its standard error at each of some times, `[{t, mean, se}]`.
    Profile,
    /// Numbers, `[…]`.
    List,
    /// Rows of named numbers, `[{…}]`.
    Records,
}

/// What several seeds' values become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverSeeds {
    /// Their mean, whose standard error is over the seeds.
    Mean,
    /// The first one's: it is the same for all.
    First,
    /// Their sum.
    Sum,
    /// All of them, one after the other.
    All,
    /// Nothing: they belong to one model alone.
    None,
}

/// Whether two models are compared by a figure, point by point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paired {
    /// They are not.
    No,
    /// They are: means by their difference, profiles by their ratio.
    Yes,
    /// It differs by what another figure, of this key, does.
    As(&'static str),
}

/// Where a figure is shown, beside the files that all are written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Nowhere else.
    Files,
    /// In tables on the terminal.
    Terminal,
    /// In the report.
    Page,
    /// In both.
    Everywhere,
}

impl Shown {
    /// Is it shown on the terminal?
    ///
    /// ```
    /// use fokker::figure::Shown;
    /// assert!(Shown::Everywhere.on_terminal() && !Shown::Page.on_terminal());
    /// ```
    #[must_use]
    pub const fn on_terminal(self) -> bool {
        matches!(self, Self::Terminal | Self::Everywhere)
    }

    /// Is it shown in the report?
    ///
    /// ```
    /// use fokker::figure::Shown;
    /// assert!(Shown::Page.on_page() && !Shown::Files.on_page());
    /// ```
    #[must_use]
    pub const fn on_page(self) -> bool {
        matches!(self, Self::Page | Self::Everywhere)
    }
}

/// What stands in a table's cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// The value, with its standard error if it has one.
    Plain,
    /// The value with this many decimals.
    Decimals(u8),
    /// A share in percent.
    Percent,
    /// A share in percent, and on the terminal that of another figure, of this key, beside it.
    PercentBeside(&'static str),
    /// The value over that of another figure, of this key.
    Over(&'static str),
    /// How many out of how many, the other figure's; shown if any model has more than none.
    OutOf(&'static str),
}

/// How a profile's numbers are written in a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    /// With decimals.
    Decimal,
    /// With an exponent.
    Scientific,
}

/// What is said of a profile that is a root of a mean ([`Average::RootMean`](crate::stats::Average)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Root {
    /// Below its chart, in place of [`Look::caption`].
    pub caption: &'static str,
    /// Below the report's table.
    pub note: &'static str,
    /// Below the terminal's table.
    pub remark: &'static str,
}

/// How a profile over t is drawn and set in tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Its symbol, at the chart's axis.
    pub symbol: &'static str,
    /// Its heading over a wide column of a table.
    pub wide: &'static str,
    /// Its heading over a narrow one.
    pub narrow: &'static str,
    /// How its numbers are written.
    pub notation: Notation,
    /// What is said below its chart.
    pub caption: &'static str,
    /// Whether the report's table has a row for each time.
    pub rows: bool,
    /// What is said where it is a root of a mean.
    pub root: Option<Root>,
    /// Whether its numbers may be negative: they have no logarithm then.
    pub signed: bool,
}

impl Look {
    /// A profile with a symbol, for narrow columns too, and a caption; numbers are written with an exponent.
    ///
    /// ```
    /// let look = fokker::figure::Look::new("NAsym(t)", "0 for a gradient.");
    /// assert_eq!((look.wide, look.narrow), ("NAsym(t)", "NAsym(t)"));
    /// ```
    #[must_use]
    pub const fn new(symbol: &'static str, caption: &'static str) -> Self {
        Self {
            symbol,
            wide: symbol,
            narrow: symbol,
            notation: Notation::Scientific,
            caption,
            rows: false,
            root: None,
            signed: false,
        }
    }

    /// The same for numbers that may be negative.
    #[must_use]
    pub const fn signed(self) -> Self {
        Self { signed: true, ..self }
    }

    /// The same with other headings.
    #[must_use]
    pub const fn headings(self, wide: &'static str, narrow: &'static str) -> Self {
        Self { wide, narrow, ..self }
    }
}

/// What a figure is: the one place that says so.
///
/// ```
/// use fokker::figure::{Better, Definition, Shown};
/// static BITS: Definition =
///     Definition::mean("bits_per_dim").named("bits per dimension", "").better(Better::Lower).shown(Shown::Everywhere);
/// assert_eq!((BITS.key, BITS.name()), ("bits_per_dim", "bits per dimension".into()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Its key in JSON files; with a dot, a key inside an object, which is `null` if none of its figures is known.
    pub key: &'static str,
    /// What it is, in words. A label that begins with `…` goes on from the figure before, in whose unit it is.
    pub label: &'static str,
    /// The same for narrow tables.
    pub short: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// Which values are the better ones.
    pub better: Better,
    /// What its value looks like.
    pub shape: Shape,
    /// What several seeds' values become.
    pub over_seeds: OverSeeds,
    /// Whether two models are compared by it.
    pub paired: Paired,
    /// Where it is shown.
    pub shown: Shown,
    /// What stands in a table's cell.
    pub cell: Cell,
    /// Whether models are judged by it: [`Comparison::verdicts`](crate::study::Comparison::verdicts).
    pub judged: bool,
    /// Whether there are models without it.
    pub optional: bool,
    /// What a better value is called where it is said as something gained; empty if it is not.
    pub gain: &'static str,
    /// How a profile is shown; `None` for all else.
    pub look: Option<Look>,
}

/// Figures are shown in files only, and not compared, unless it is said.
impl Definition {
    const fn new(key: &'static str, shape: Shape, over_seeds: OverSeeds) -> Self {
        Self {
            key,
            label: key,
            short: key,
            unit: "",
            better: Better::Neither,
            shape,
            over_seeds,
            paired: Paired::No,
            shown: Shown::Files,
            cell: Cell::Plain,
            judged: false,
            optional: false,
            gain: "",
            look: None,
        }
    }

    /// A mean with its standard error; of several seeds their mean.
    #[must_use]
    pub const fn mean(key: &'static str) -> Self {
        Self::new(key, Shape::Mean, OverSeeds::Mean)
    }

    /// A number; of several seeds their mean.
    #[must_use]
    pub const fn number(key: &'static str) -> Self {
        Self::new(key, Shape::Number, OverSeeds::Mean)
    }

    /// A whole number; of several seeds the first one's.
    #[must_use]
    pub const fn count(key: &'static str) -> Self {
        Self::new(key, Shape::Count, OverSeeds::First)
    }

    /// A word; of several seeds the first one's.
    #[must_use]
    pub const fn word(key: &'static str) -> Self {
        Self::new(key, Shape::Word, OverSeeds::First)
    }

    /// A mean with its standard error at each of some times; of several seeds their means.
    #[must_use]
    pub const fn profile(key: &'static str) -> Self {
        Self::new(key, Shape::Profile, OverSeeds::Mean)
    }

    /// Numbers; of several seeds all of them.
    #[must_use]
    pub const fn list(key: &'static str) -> Self {
        Self::new(key, Shape::List, OverSeeds::All)
    }

    /// Rows of named numbers; of several seeds none.
    #[must_use]
    pub const fn records(key: &'static str) -> Self {
        Self::new(key, Shape::Records, OverSeeds::None)
    }

    /// The same with a label, and the unit that is put behind it in brackets; empty: none.
    #[must_use]
    pub const fn named(self, label: &'static str, unit: &'static str) -> Self {
        Self { label, short: label, unit, ..self }
    }

    /// The same with another label for narrow tables.
    #[must_use]
    pub const fn short(self, short: &'static str) -> Self {
        Self { short, ..self }
    }

    /// The same, with its better values known.
    #[must_use]
    pub const fn better(self, better: Better) -> Self {
        Self { better, ..self }
    }

    /// The same, averaged over seeds in another way.
    #[must_use]
    pub const fn over_seeds(self, over_seeds: OverSeeds) -> Self {
        Self { over_seeds, ..self }
    }

    /// The same, by which two models are compared point by point.
    #[must_use]
    pub const fn paired(self) -> Self {
        Self { paired: Paired::Yes, ..self }
    }

    /// The same, which differs by what the figure of another key does.
    #[must_use]
    pub const fn paired_as(self, key: &'static str) -> Self {
        Self { paired: Paired::As(key), ..self }
    }

    /// The same, shown in more than files.
    #[must_use]
    pub const fn shown(self, shown: Shown) -> Self {
        Self { shown, ..self }
    }

    /// The same with another kind of cell in tables.
    #[must_use]
    pub const fn cell(self, cell: Cell) -> Self {
        Self { cell, ..self }
    }

    /// The same, by which models are judged.
    #[must_use]
    pub const fn judged(self) -> Self {
        Self { judged: true, ..self }
    }

    /// The same, which some models do not have.
    #[must_use]
    pub const fn optional(self) -> Self {
        Self { optional: true, ..self }
    }

    /// The same, with a word for its being better.
    #[must_use]
    pub const fn gain(self, gain: &'static str) -> Self {
        Self { gain, ..self }
    }

    /// The same, drawn and set in tables so.
    #[must_use]
    pub const fn look(self, look: Look) -> Self {
        Self { look: Some(look), ..self }
    }

    /// The label with its unit.
    ///
    /// ```
    /// use fokker::figure::Definition;
    /// assert_eq!(Definition::mean("nll").named("negative log-likelihood", "nats").name(), "negative log-likelihood (nats)");
    /// ```
    #[must_use]
    pub fn name(&self) -> String {
        self.with_unit(self.label)
    }

    /// The label for narrow tables with its unit.
    #[must_use]
    pub fn short_name(&self) -> String {
        self.with_unit(self.short)
    }

    fn with_unit(&self, label: &str) -> String {
        let unit = if label.starts_with('…') { "" } else { self.unit };
        if unit.is_empty() { label.into() } else { format!("{label} ({unit})") }
    }
}
