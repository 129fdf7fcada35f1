//! `POST /playground/next`: the exact distribution of the next token.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use bpe::Tokenizer;
use model::{CausalLm, Draw, Input};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::tokens::Piece;
use super::{reading, work};
use crate::serve::extract::Body;
use crate::serve::models::Loaded;
use crate::serve::{Answer, Refusal, Served, in_range};

/// Candidates that are told, at most.
const MOST: usize = 500;

/// A text that goes on.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Next {
    model: String,
    /// What stands before, as ids.
    ids: Option<Vec<u32>>,
    /// What stands before, as text; it begins as a document does.
    text: Option<String>,
    /// How many candidates are told.
    #[serde(default = "twenty")]
    #[schemars(range(min = 1, max = 500))]
    count: usize,
    /// Scores are divided by it; 0 takes the likeliest token.
    #[schemars(range(min = 0.0, max = 100.0))]
    temperature: Option<f64>,
    /// Only so many of the likeliest tokens; 0 for all.
    top_k: Option<usize>,
    /// Only the likeliest tokens that together have this probability.
    #[schemars(range(min = 0.0, max = 1.0))]
    top_p: Option<f64>,
    /// Only tokens at least this many times as likely as the likeliest.
    #[schemars(range(min = 0.0, max = 1.0))]
    min_p: Option<f64>,
    /// Scores of tokens that the text has are divided by it.
    #[schemars(range(min = 0.01, max = 100.0))]
    repetition_penalty: Option<f64>,
}

fn twenty() -> usize {
    20
}

/// What may come next.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Distribution {
    /// The likeliest first.
    candidates: Vec<Candidate>,
    /// All others together.
    rest: Rest,
}

/// A token that may come next.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Candidate {
    id: u32,
    #[serde(flatten)]
    piece: Piece,
    /// Its log-probability by the model.
    log_prob: f64,
    /// Its probability under the settings; 0 where they cut it off.
    share: f64,
}

/// Tokens that are not told one by one.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Rest {
    /// Their probability by the model.
    probability: f64,
    /// The same under the settings.
    share: f64,
    /// How many they are.
    tokens: usize,
}

impl Next {
    fn draw(&self) -> Answer<Draw> {
        in_range("count", self.count, 1..=MOST)?;
        let penalty = self.repetition_penalty.unwrap_or(1.0);
        Ok(Draw {
            temperature: in_range("temperature", self.temperature.unwrap_or(1.0), 0.0..=100.0)?,
            top_p: in_range("top_p", self.top_p.unwrap_or(1.0), 0.0..=1.0)?,
            min_p: in_range("min_p", self.min_p.unwrap_or(0.0), 0.0..=1.0)?,
            repetition_penalty: in_range("repetition_penalty", penalty, 0.01..=100.0)?,
            top_k: self.top_k.unwrap_or(0),
            ..Draw::default()
        })
    }
}

/// Answers `POST /playground/next`.
pub(super) async fn next(
    State(served): State<Arc<Served>>,
    Body(asked): Body<Next>,
) -> Answer<Json<Distribution>> {
    let draw = asked.draw()?;
    let model = served.models.get(&asked.model).await?;
    let compute = move |_: &Served| {
        let ids = reading::ids(&model, asked.ids, asked.text.as_deref())?;
        reading::fits(&ids, model.card.config.context)?;
        let scores = scores(&model, &ids)?;
        Ok(Json(distribution(&model, &scores, &draw.shares(&scores, &ids), asked.count)))
    };
    work::done(&served, compute).await
}

/// The scores `[V]` of what follows `ids`.
fn scores(model: &Loaded, ids: &[u32]) -> Answer<Vec<f32>> {
    let row = reading::row(ids)?;
    let hidden = model.decoder.hidden(&Input::new(&row), None).map_err(Refusal::fault)?;
    let last = hidden.narrow(1, ids.len() - 1, 1).and_then(|last| last.flatten_to(1));
    let logits = model.decoder.logits(&last.map_err(Refusal::fault)?).map_err(Refusal::fault)?;
    let scores: Vec<f32> = logits.flatten_all().and_then(|all| all.to_vec1()).map_err(Refusal::fault)?;
    if scores.iter().any(|score| !score.is_finite()) {
        return Err(Refusal::fault("scores that are no numbers"));
    }
    Ok(scores)
}

fn distribution(model: &Loaded, scores: &[f32], shares: &[f64], count: usize) -> Distribution {
    let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let total: f64 = scores.iter().map(|score| f64::from(score - most).exp()).sum();
    let log_prob = |id: u32| f64::from(scores[id as usize] - most) - total.ln();
    let mut ids: Vec<u32> = (0..scores.len() as u32).collect();
    ids.sort_unstable_by(|&a, &b| scores[b as usize].total_cmp(&scores[a as usize]).then(a.cmp(&b)));
    let (told, others) = ids.split_at(count.min(ids.len()));
    let candidate = |&id: &u32| Candidate {
        id,
        piece: Piece::of(model.bpe.vocabulary(), id),
        log_prob: log_prob(id),
        share: shares[id as usize],
    };
    let rest = Rest {
        probability: others.iter().map(|&id| log_prob(id).exp()).sum(),
        share: others.iter().map(|&id| shares[id as usize]).sum(),
        tokens: others.len(),
    };
    Distribution { candidates: told.iter().map(candidate).collect(), rest }
}
