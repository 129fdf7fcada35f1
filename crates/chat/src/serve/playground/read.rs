//! `POST /playground/read`: a text as a model reads it, and how likely it found each token.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use bpe::Tokenizer;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::tokens::Token;
use super::{reading, work};
use crate::serve::extract::Body;
use crate::serve::{Answer, Served};

/// A text.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reading {
    model: String,
    /// As ids.
    ids: Option<Vec<u32>>,
    /// As words; they begin as a document does.
    text: Option<String>,
}

/// The text, token by token.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Read {
    tokens: Vec<Met>,
}

/// A token that was read.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Met {
    #[serde(flatten)]
    token: Token,
    /// Its log-probability; none for the first.
    log_prob: Option<f64>,
}

/// Answers `POST /playground/read`.
pub(super) async fn read(
    State(served): State<Arc<Served>>,
    Body(asked): Body<Reading>,
) -> Answer<Json<Read>> {
    let model = served.models.get(&asked.model).await?;
    let look = move |_: &Served| {
        let ids = reading::ids(&model, asked.ids, asked.text.as_deref())?;
        reading::fits(&ids, model.card.config.context)?;
        let log_probs = reading::log_probs(&model, &ids)?;
        let known = std::iter::once(None).chain(log_probs.into_iter().map(Some));
        let met = |(&id, log_prob)| Met { token: Token::of(model.bpe.vocabulary(), id), log_prob };
        Ok(Json(Read { tokens: ids.iter().zip(known).map(met).collect() }))
    };
    work::done(&served, look).await
}
