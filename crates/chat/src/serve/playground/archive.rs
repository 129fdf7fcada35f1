//! How the playground sees a run's documents and votes. Whoever knows runs implements it.

use serde::Serialize;

use crate::serve::Answer;

/// The documents of a run: which came in, which stayed, and why the others did not.
///
/// An archive without a single document:
///
/// ```
/// use chat::serve::{Answer, Archive, Documents, Found, Refusal, Step, Wanted};
///
/// struct Empty;
///
/// impl Archive for Empty {
///     fn funnel(&self) -> Answer<Vec<Step>> {
///         Ok(vec![])
///     }
///     fn documents(&self, wanted: &Wanted) -> Answer<Documents> {
///         Err(Refusal::missing("stage_not_found", format!("there is no stage `{}`", wanted.stage)))
///     }
///     fn search(&self, _: &str, _: usize) -> Answer<Found> {
///         Ok(Found { complete: true, ..Found::default() })
///     }
/// }
/// ```
pub trait Archive: Send + Sync {
    /// What each stage did, from the first to the last.
    fn funnel(&self) -> Answer<Vec<Step>>;

    /// Some documents of a stage.
    fn documents(&self, wanted: &Wanted) -> Answer<Documents>;

    /// Where a phrase stands in the texts that were trained on, `most` places at most; upper and lower case are alike.
    fn search(&self, phrase: &str, most: usize) -> Answer<Found>;
}

/// Where votes of people go.
///
/// Votes that are counted and forgotten:
///
/// ```
/// use std::sync::Mutex;
///
/// use chat::serve::{Answer, Ballots, Standings, Vote};
///
/// struct Counted(Mutex<usize>);
///
/// impl Ballots for Counted {
///     fn record(&self, _: &Vote) -> Answer<()> {
///         *self.0.lock().unwrap() += 1;
///         Ok(())
///     }
///     fn standings(&self) -> Answer<Standings> {
///         Ok(Standings { votes: *self.0.lock().unwrap(), ..Standings::default() })
///     }
/// }
/// ```
pub trait Ballots: Send + Sync {
    /// Keeps a vote. When it returns, the vote is safe.
    fn record(&self, vote: &Vote) -> Answer<()>;

    /// Who stands where by all votes.
    fn standings(&self) -> Answer<Standings>;
}

/// What a stage did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Step {
    /// The stage's name.
    pub name: String,
    /// The kind of stage.
    #[serde(rename = "use")]
    pub uses: String,
    /// A line on what it did.
    pub summary: String,
    /// Documents that came in, where it counts them.
    #[serde(rename = "in")]
    pub came_in: Option<u64>,
    /// Documents that stayed.
    pub kept: Option<u64>,
    /// Documents that did not, by reason, the most frequent first.
    pub dropped: Vec<Reason>,
    /// Whether the kept ones can be read.
    pub documents: bool,
    /// Whether the dropped ones can be read.
    pub dropped_rows: bool,
}

/// A reason, and how many documents it cost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Reason {
    /// Its name.
    pub reason: String,
    /// Documents.
    pub count: u64,
}

/// Which documents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The stage.
    pub stage: String,
    /// Those that it dropped, instead of those that it kept.
    pub dropped: bool,
    /// Only those dropped for this reason.
    pub reason: Option<String>,
    /// How many to pass over.
    pub offset: usize,
    /// How many at most.
    pub limit: usize,
}

/// Some of a stage's documents.
#[derive(Clone, Debug, Default, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Documents {
    /// How many there are in all.
    pub total: u64,
    /// Those that were asked for.
    pub rows: Vec<Document>,
}

/// A document.
#[derive(Clone, Debug, Default, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Document {
    /// Its id, where it got as far as that.
    pub id: Option<String>,
    /// Its address.
    pub url: Option<String>,
    /// Why it was dropped.
    pub reason: Option<String>,
    /// More about that.
    pub detail: Option<String>,
    /// Its text, or the beginning of it.
    pub text: Option<String>,
    /// Whether the text goes on.
    pub cut: bool,
    /// Its language.
    pub language: Option<String>,
    /// How sure that is.
    pub language_score: Option<f64>,
    /// What rules measured, by name.
    pub signals: std::collections::BTreeMap<String, f64>,
}

/// Where a phrase stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Found {
    /// Documents that were searched.
    pub documents: u64,
    /// Places.
    pub matches: u64,
    /// Documents with at least one.
    pub documents_with: u64,
    /// Whether all documents were searched.
    pub complete: bool,
    /// The first places.
    pub rows: Vec<Place>,
}

/// A place in a document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Place {
    /// The document's id.
    pub id: String,
    /// Its address.
    pub url: String,
    /// What stands before.
    pub before: String,
    /// The phrase, as it stands there.
    pub found: String,
    /// What stands behind.
    pub after: String,
}

/// A vote of a person on two answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vote {
    /// What was asked.
    pub asked: String,
    /// The model on the left.
    pub left: String,
    /// The model on the right.
    pub right: String,
    /// Its answer on the left.
    pub left_text: String,
    /// The other.
    pub right_text: String,
    /// Who won.
    pub outcome: Outcome,
}

/// How a battle ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The left answer is better.
    Left,
    /// The right one is.
    Right,
    /// Neither.
    Tie,
}

/// Who stands where.
#[derive(Clone, Debug, Default, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Standings {
    /// Who voted.
    pub judge: String,
    /// Votes.
    pub votes: usize,
    /// The best first; models that never met are missing.
    pub standings: Vec<Standing>,
}

/// A model's place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Standing {
    /// The model.
    pub model: String,
    /// Its rating, in Elo points.
    pub rating: f64,
    /// The lower end of its 95 % interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// Battles.
    pub games: usize,
    /// Of these, won.
    pub wins: usize,
    /// Of these, drawn.
    pub ties: usize,
    /// Of these, lost.
    pub losses: usize,
}
