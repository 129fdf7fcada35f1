//! `POST /playground/xray`: a conversation as the model reads it, token by token: whose words they are, what of them
//! fine-tuning would learn, and how likely each was at every stage of the model's training.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use bpe::Tokenizer;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sft::{Kind, Role, Template};

use super::tokens::{LONGEST, Token};
use super::{media, reading, work};
use crate::serve::extract::Body;
use crate::serve::models::Loaded;
use crate::serve::senses::{self, Intake, Sense};
use crate::serve::v1::{Message, conversation};
use crate::serve::{Answer, Refusal, Served};

/// A conversation, and the tokens of its last answer.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Talk {
    model: String,
    /// As in a chat, without the last answer.
    messages: Vec<Message>,
    /// The last answer as it was drawn; it may be empty.
    #[serde(default)]
    answer: Vec<u32>,
}

/// A conversation token by token.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct XRay {
    /// The stages of the model's training that can be asked.
    lineage: Vec<Stage>,
    tokens: Vec<Seen>,
    /// Pictures and sounds among the tokens, as far as they are whole.
    media: Vec<Shown>,
}

/// What neighbouring tokens stand for.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Shown {
    /// The first of its tokens, by place.
    at: usize,
    #[serde(flatten)]
    seen: media::Seen,
}

/// A stage of training.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Stage {
    /// Its name, which is its model's.
    stage: String,
    /// Its kind.
    #[serde(rename = "use")]
    uses: String,
}

/// A token of a conversation.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Seen {
    #[serde(flatten)]
    token: Token,
    /// `system`, `user`, `assistant` or `tool`.
    role: &'static str,
    /// `frame` for the protocol's own tokens; `text`, `thought`, `tool_call`, `tool_output`, `image`, `audio`.
    kind: &'static str,
    /// Whether fine-tuning on this conversation would learn it.
    learned: bool,
    /// Whether it is one of the answer's.
    answer: bool,
    /// Its log-probability at each stage of the lineage; none for the first token.
    log_probs: Option<Vec<f64>>,
    /// The stage that raised it most, by its place in the lineage; the first stage is compared with a blind guess, 1/V.
    taught_by: Option<usize>,
}

/// Answers `POST /playground/xray`.
pub(super) async fn xray(State(served): State<Arc<Served>>, Body(asked): Body<Talk>) -> Answer<Json<XRay>> {
    let model = served.models.get(&asked.model).await?;
    let mut stages = vec![];
    for id in &model.card.lineage {
        // what is gone from the store cannot be asked
        if served.models.cards().any(|card| card.id == *id) {
            stages.push(served.models.get(id).await?);
        }
    }
    work::done(&served, move |served| Ok(Json(look(&model, &stages, &asked, served.limits.media)?))).await
}

fn look(model: &Loaded, stages: &[Arc<Loaded>], asked: &Talk, most: usize) -> Answer<XRay> {
    let (ids, marks) = written(model, asked, most)?;
    for stage in stages {
        stage.check(&ids, "answer")?;
        reading::fits(&ids, stage.card.config.context)?;
    }
    let log_probs = stages.iter().map(|stage| reading::log_probs(stage, &ids)).collect::<Answer<Vec<_>>>()?;
    let blind = -(model.card.config.vocabulary as f64).ln();
    let begin = ids.len() - asked.answer.len();
    let seen = |(at, (&id, mark)): (usize, (&u32, &Mark))| {
        let log_probs = at.checked_sub(1).map(|before| log_probs.iter().map(|stage| stage[before]).collect());
        Seen {
            token: Token::of(model.bpe.vocabulary(), id),
            role: mark.role.name(),
            kind: name(mark.kind),
            learned: mark.learned,
            answer: at >= begin,
            taught_by: log_probs.as_deref().and_then(|log_probs| teacher(log_probs, blind)),
            log_probs,
        }
    };
    let stage = |stage: &Arc<Loaded>| Stage { stage: stage.card.id.clone(), uses: stage.card.stage.clone() };
    Ok(XRay {
        media: shown(model, &ids, &marks),
        lineage: stages.iter().map(stage).collect(),
        tokens: ids.iter().zip(&marks).enumerate().map(seen).collect(),
    })
}

/// Pictures and sounds among tokens; what is not whole stands for nothing.
fn shown(model: &Loaded, ids: &[u32], marks: &[Mark]) -> Vec<Shown> {
    let Some(codecs) = &model.card.codecs else { return vec![] };
    let (mut at, mut shown) = (0, vec![]);
    for run in marks.chunk_by(|one, next| one.kind == next.kind) {
        if matches!(run[0].kind, Kind::Image | Kind::Audio) {
            let seen = media::seen(codecs, ids[at..at + run.len()].to_vec(), None);
            shown.extend(seen.ok().map(|seen| Shown { at, seen }));
        }
        at += run.len();
    }
    shown
}

/// Whose a token is, what it is, and whether it is learned.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Mark {
    role: Role,
    kind: Kind,
    learned: bool,
}

/// All tokens with their marks: the conversation, what opens the answer, the answer. A picture or a sound of the conversation
/// has `most` bytes at most.
fn written(model: &Loaded, asked: &Talk, most: usize) -> Answer<(Vec<u32>, Vec<Mark>)> {
    if asked.messages.is_empty() {
        return Err(Refusal::invalid("messages", "there is no message"));
    }
    if asked.answer.len() > LONGEST {
        return Err(Refusal::too_long(format!("an answer has at most {LONGEST} tokens here")));
    }
    let turns = conversation(&asked.messages, &mut Intake::new(&model.card, most))?;
    let messages: Vec<sft::Message<'_>> = turns.iter().map(|turn| turn.message()).collect();
    let rendered = model.render(&messages, "messages")?;
    let mut marks: Vec<Mark> = vec![];
    for (span, range) in rendered.pieces() {
        let mark = |at: usize| Mark { role: span.role, kind: span.kind, learned: rendered.learn[at] };
        marks.extend(range.map(mark));
    }
    let mut ids = rendered.ids;
    ids.extend_from_slice(&asked.answer);
    marks.extend(marks_of_answer(&asked.answer, model.protocol()?, &model.senses));
    Ok((ids, marks))
}

/// What a template would say of an answer's tokens if it had written them.
fn marks_of_answer(ids: &[u32], template: &dyn Template, senses: &[Sense]) -> Vec<Mark> {
    let tools = template.tool_tokens();
    let kind = |sense: &Sense| match sense.kind {
        senses::Kind::Image => Kind::Image,
        senses::Kind::Audio => Kind::Audio,
    };
    let is_code =
        |of: Kind, id: u32| senses.iter().any(|sense| kind(sense) == of && sense.codes.contains(&id));
    let mut pairs = vec![
        (template.thought_tokens(), Kind::Thought),
        (tools.map(|tools| tools.call), Kind::ToolCall),
        (tools.map(|tools| tools.output), Kind::ToolOutput),
    ];
    pairs.extend(senses.iter().map(|sense| (Some(sense.around), kind(sense))));
    let begins = |id: u32| {
        pairs.iter().find_map(|(pair, kind)| pair.filter(|pair| pair.0 == id).map(|pair| (pair.1, *kind)))
    };
    let (mut within, mut ended) = (None, false);
    let mut mark = |id: u32| {
        // whatever is no code breaks a picture or a sound off
        if within.is_some_and(|(end, kind)| {
            matches!(kind, Kind::Image | Kind::Audio) && id != end && !is_code(kind, id)
        }) {
            within = None;
        }
        let (kind, learned) = match within {
            // behind its end nothing belongs to an answer
            _ if ended => (Kind::Frame, false),
            // what a tool says is forced into the context, and never learned
            Some((end, kind)) if id == end => {
                within = None;
                (Kind::Frame, kind != Kind::ToolOutput)
            }
            Some((_, kind)) => (kind, kind != Kind::ToolOutput),
            None if template.ends().contains(&id) => {
                ended = true;
                (Kind::Frame, true)
            }
            None => match begins(id) {
                Some((end, kind)) => {
                    within = Some((end, kind));
                    (Kind::Frame, kind != Kind::ToolOutput)
                }
                None => (Kind::Text, true),
            },
        };
        Mark { role: Role::Assistant, kind, learned }
    };
    ids.iter().map(|&id| mark(id)).collect()
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Frame => "frame",
        Kind::Text => "text",
        Kind::Thought => "thought",
        Kind::ToolCall => "tool_call",
        Kind::ToolOutput => "tool_output",
        Kind::Image => "image",
        Kind::Audio => "audio",
    }
}

/// Which stage raised a token most, if any did.
fn teacher(log_probs: &[f64], blind: f64) -> Option<usize> {
    let before = std::iter::once(&blind).chain(log_probs);
    let raised = log_probs.iter().zip(before).map(|(after, before)| after - before).enumerate();
    let most = raised.reduce(|best, next| if next.1 > best.1 { next } else { best });
    most.filter(|(_, raised)| *raised > 0.0).map(|(stage, _)| stage)
}

#[cfg(test)]
mod tests {
    use super::teacher;

    #[test]
    fn who_raised_a_token_most_taught_it() {
        assert_eq!(teacher(&[-5.0, -1.0, -2.0], -6.0), Some(1));
        assert_eq!(teacher(&[-1.0, -1.0], -6.0), Some(0));
        assert_eq!(teacher(&[-9.0, -9.5], -6.0), None);
        assert_eq!(teacher(&[], -6.0), None);
    }
}
