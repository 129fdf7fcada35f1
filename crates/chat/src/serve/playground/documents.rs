//! `GET /playground/funnel`, `/documents` and `/search`: what the run read.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Documents, Found, Step, Wanted, work};
use crate::serve::extract::Params;
use crate::serve::{Answer, Refusal, Served, in_range};

/// Documents in an answer, at most; places of a phrase.
const MOST_ROWS: usize = 100;
const MOST_PLACES: usize = 200;
/// Characters of a phrase, at most.
const LONGEST: usize = 200;

/// All stages.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Funnel {
    /// From the first to the last.
    stages: Vec<Step>,
}

/// Some documents of a stage.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    stage: String,
    /// Those that stayed, or those that did not.
    #[serde(default)]
    kind: Kind,
    /// Only those dropped for this reason.
    reason: Option<String>,
    /// How many to pass over.
    #[serde(default)]
    offset: usize,
    /// How many at most.
    #[serde(default = "twenty")]
    #[schemars(range(min = 1, max = 100))]
    limit: usize,
}

/// Which documents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// Those that stayed.
    #[default]
    Kept,
    /// Those that did not.
    Dropped,
}

/// A phrase to look for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Phrase {
    /// Upper and lower case are alike.
    phrase: String,
    /// Places at most.
    #[serde(default = "fifty")]
    #[schemars(range(min = 1, max = 200))]
    limit: usize,
}

fn twenty() -> usize {
    20
}

fn fifty() -> usize {
    50
}

/// Answers `GET /playground/funnel`.
pub(super) async fn funnel(State(served): State<Arc<Served>>) -> Answer<Json<Funnel>> {
    let read = |served: &Served| match &served.run.archive {
        Some(archive) => Ok(Json(Funnel { stages: archive.funnel()? })),
        None => Ok(Json(Funnel::default())),
    };
    work::done(&served, read).await
}

/// Answers `GET /playground/documents`.
pub(super) async fn documents(
    State(served): State<Arc<Served>>,
    Params(page): Params<Page>,
) -> Answer<Json<Documents>> {
    let Page { stage, kind, reason, offset, limit } = page;
    in_range("limit", limit, 1..=MOST_ROWS)?;
    // a form sends its empty fields, too
    let reason = reason.filter(|reason| !reason.is_empty());
    let wanted = Wanted { stage, dropped: kind == Kind::Dropped, reason, offset, limit };
    if wanted.reason.is_some() && !wanted.dropped {
        return Err(Refusal::invalid("reason", "only dropped documents have a reason: kind=dropped"));
    }
    let read = move |served: &Served| {
        let Some(archive) = &served.run.archive else {
            return Err(Refusal::missing("stage_not_found", "the run has no documents"));
        };
        let mut documents = archive.documents(&wanted)?;
        for row in &mut documents.rows {
            // JSON knows numbers only
            row.signals.retain(|_, value| value.is_finite());
            row.language_score = row.language_score.filter(|score| score.is_finite());
        }
        Ok(Json(documents))
    };
    work::done(&served, read).await
}

/// Answers `GET /playground/search`.
pub(super) async fn search(
    State(served): State<Arc<Served>>,
    Params(asked): Params<Phrase>,
) -> Answer<Json<Found>> {
    in_range("limit", asked.limit, 1..=MOST_PLACES)?;
    let phrase = asked.phrase.trim().to_owned();
    if phrase.is_empty() || phrase.chars().nth(LONGEST).is_some() {
        return Err(Refusal::invalid("phrase", format!("a phrase has 1 to {LONGEST} characters")));
    }
    let look = move |served: &Served| match &served.run.archive {
        Some(archive) => Ok(Json(archive.search(&phrase, asked.limit)?)),
        None => Ok(Json(Found { complete: true, ..Found::default() })),
    };
    work::done(&served, look).await
}
