//! `/playground/arena`: two models answer, a person says who did better, and only then learns who they are.

use std::collections::{BTreeSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use model::{Draw, Limits as Ends, Prompt, Random};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sft::{Message, Role};

use super::{Outcome, Standings, Vote, work};
use crate::serve::engine::{Growing, Request};
use crate::serve::extract::Body;
use crate::serve::models::Loaded;
use crate::serve::{Answer, Refusal, Served, chance, in_range};
use crate::session::visible;

/// Battles that wait for a vote; an older one is forgotten.
const WAITING: usize = 256;
/// Bytes of a prompt, at most.
const LONGEST: usize = 16 << 10;
/// How answers are drawn where a request does not say.
const TEMPERATURE: f64 = 0.7;
const TOP_P: f64 = 0.95;

/// Battles that wait for a vote, the oldest first.
pub(crate) struct Battles {
    waiting: Mutex<VecDeque<(String, Vote)>>,
    /// Names the random numbers of the next one.
    next: AtomicU64,
}

impl Default for Battles {
    fn default() -> Self {
        // another server on the same run draws other pairs
        Self { waiting: Mutex::default(), next: AtomicU64::new(chance::number()) }
    }
}

impl Battles {
    fn waiting(&self) -> std::sync::MutexGuard<'_, VecDeque<(String, Vote)>> {
        // a queue is whole at all times, whoever panicked
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a battle until somebody votes; its outcome is not known yet.
    fn keep(&self, battle: String, vote: Vote) {
        let mut waiting = self.waiting();
        if waiting.len() >= WAITING {
            waiting.pop_front();
        }
        waiting.push_back((battle, vote));
    }

    /// Hands a battle out, once.
    fn take(&self, battle: &str) -> Option<Vote> {
        let mut waiting = self.waiting();
        let at = waiting.iter().position(|(name, _)| name == battle)?;
        waiting.remove(at).map(|(_, vote)| vote)
    }
}

/// What two models are asked.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pair {
    prompt: String,
    /// Only two of these; by default two of all.
    models: Option<Vec<String>>,
    /// Scores are divided by it; 0 takes the likeliest token.
    #[schemars(range(min = 0.0, max = 2.0))]
    temperature: Option<f64>,
    /// Tokens of an answer, at most.
    max_tokens: Option<usize>,
}

/// Two answers, and nobody knows whose.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Met {
    /// What a vote calls it.
    battle: String,
    left: Side,
    right: Side,
}

/// An answer.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Side {
    text: String,
}

/// Who did better.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Verdict {
    battle: String,
    outcome: Outcome,
}

/// Who they were, and who stands where now.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Revealed {
    /// The model on the left.
    left: String,
    /// The other.
    right: String,
    #[serde(flatten)]
    standings: Standings,
}

/// Answers `GET /playground/arena`.
pub(super) async fn standings(State(served): State<Arc<Served>>) -> Answer<Json<Standings>> {
    work::done(&served, |served| Ok(Json(now(served)?))).await
}

fn now(served: &Served) -> Answer<Standings> {
    match &served.run.ballots {
        Some(ballots) => Ok(finite(ballots.standings()?)),
        None => Ok(Standings { judge: "person".to_owned(), ..Standings::default() }),
    }
}

/// JSON knows numbers only: an end of an interval that is nowhere lies at the rating itself.
fn finite(mut standings: Standings) -> Standings {
    for standing in &mut standings.standings {
        let rating = if standing.rating.is_finite() { standing.rating } else { 0.0 };
        for value in [&mut standing.rating, &mut standing.low, &mut standing.high] {
            if !value.is_finite() {
                *value = rating;
            }
        }
    }
    standings
}

/// Answers `POST /playground/arena/pair`.
pub(super) async fn pair(State(served): State<Arc<Served>>, Body(asked): Body<Pair>) -> Answer<Json<Met>> {
    if asked.prompt.trim().is_empty() || asked.prompt.len() > LONGEST {
        return Err(Refusal::invalid("prompt", format!("a prompt has 1 to {LONGEST} bytes")));
    }
    let temperature = in_range("temperature", asked.temperature.unwrap_or(TEMPERATURE), 0.0..=2.0)?;
    if asked.max_tokens == Some(0) {
        return Err(Refusal::invalid("max_tokens", "an answer has one token at least"));
    }
    let number = served.playground.battles.next.fetch_add(1, Ordering::Relaxed);
    let mut random = Random::new(number, "arena");
    let [left, right] = two(&served, asked.models.as_deref(), &mut random)?;
    let draw = Draw { temperature, top_p: TOP_P, ..Draw::default() };
    let most = asked.max_tokens.unwrap_or(served.limits.tokens);
    let [left_model, right_model] = [served.models.get(&left).await?, served.models.get(&right).await?];
    let prompt = asked.prompt.clone();
    let models = [Arc::clone(&left_model), Arc::clone(&right_model)];
    let read = move |_: &Served| {
        let [left, right] = models.map(|model| request(&model, &prompt, number, &draw, most));
        Ok([left?, right?])
    };
    let [left_request, right_request] = work::done(&served, read).await?;
    let mut left_grows = left_model.engine.submit(vec![left_request])?;
    let mut right_grows = right_model.engine.submit(vec![right_request])?;
    let (Some(left_growing), Some(right_growing)) = (left_grows.pop(), right_grows.pop()) else {
        return Err(Refusal::fault("a text was taken in and does not grow"));
    };
    let both = async { tokio::join!(answer(&left_model, left_growing), answer(&right_model, right_growing)) };
    let longest = Duration::from_secs(served.limits.seconds);
    let (left_text, right_text) =
        tokio::time::timeout(longest, both).await.map_err(|_| Refusal::too_slow())?;
    let (left_text, right_text) = (left_text?, right_text?);
    let battle = chance::name("battle-");
    let (left_side, right_side) = (Side { text: left_text.clone() }, Side { text: right_text.clone() });
    let vote = Vote { asked: asked.prompt, left, right, left_text, right_text, outcome: Outcome::Tie };
    served.playground.battles.keep(battle.clone(), vote);
    Ok(Json(Met { battle, left: left_side, right: right_side }))
}

/// Two models by chance, left and right.
fn two(served: &Served, wanted: Option<&[String]>, random: &mut Random) -> Answer<[String; 2]> {
    for name in wanted.into_iter().flatten() {
        let refused = |refusal: Refusal| Refusal { param: Some("models".into()), ..refusal };
        served.models.card(name).map_err(refused)?;
    }
    let named: Option<BTreeSet<&str>> = wanted.map(|wanted| wanted.iter().map(String::as_str).collect());
    let known = served.models.cards().map(|card| card.id.as_str());
    let mut names: Vec<&str> =
        known.filter(|name| named.as_ref().is_none_or(|named| named.contains(name))).collect();
    random.shuffle(&mut names);
    match names[..] {
        [left, right, ..] => Ok([left.to_owned(), right.to_owned()]),
        _ => Err(Refusal::invalid("models", "two models meet, and there are not two of these")),
    }
}

fn request(model: &Loaded, prompt: &str, seed: u64, draw: &Draw, most: usize) -> Answer<Request> {
    let rendered = model.render(&[Message::text(Role::User, prompt)], "prompt")?;
    let context = model.card.config.context;
    if rendered.ids.len() >= context {
        let message = format!("{} tokens, where a model reads {context} at most", rendered.ids.len());
        return Err(Refusal::too_long(message));
    }
    Ok(Request {
        prompt: Prompt { ids: rendered.ids, seed },
        sampler: Box::new(draw.clone()),
        ends: Ends { new_tokens: most, context, stop: model.ends.clone(), ..Ends::default() },
    })
}

/// What a model says in the end: its words, without thoughts and calls.
async fn answer(model: &Loaded, mut growing: Growing) -> Answer<String> {
    let mut ids = vec![];
    while let Some(step) = growing.next().await {
        let step = step?;
        if !model.ends.contains(&step.id) {
            ids.push(step.id);
        }
    }
    Ok(visible(&ids, model.protocol()?, &model.bpe))
}

/// Answers `POST /playground/arena/vote`.
pub(super) async fn vote(
    State(served): State<Arc<Served>>,
    Body(asked): Body<Verdict>,
) -> Answer<Json<Revealed>> {
    let record = move |served: &Served| {
        let Some(ballots) = &served.run.ballots else {
            return Err(Refusal::missing("no_ballots", "this server keeps no votes"));
        };
        let Some(vote) = served.playground.battles.take(&asked.battle) else {
            let message = "there is no such battle, or it was voted on, or too many came after it";
            return Err(Refusal {
                param: Some("battle".into()),
                ..Refusal::missing("battle_not_found", message)
            });
        };
        let vote = Vote { outcome: asked.outcome, ..vote };
        if let Err(refusal) = ballots.record(&vote) {
            // not kept, so not voted
            served.playground.battles.keep(asked.battle, vote);
            return Err(refusal);
        }
        let Vote { left, right, .. } = vote;
        Ok(Json(Revealed { left, right, standings: now(served)? }))
    };
    work::done(&served, record).await
}
