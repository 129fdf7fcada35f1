//! `POST /playground/tokenize` and `/playground/ladder`: how text is cut.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use bpe::{Bpe, Tokenizer, Vocabulary};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::work;
use crate::serve::extract::Body;
use crate::serve::{Answer, Refusal, Served};

/// Bytes of a text, at most.
pub(super) const LONGEST: usize = 64 << 10;
/// The same where every merge is shown.
const LADDER: usize = 256;

/// A token.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Token {
    pub(super) id: u32,
    #[serde(flatten)]
    pub(super) piece: Piece,
    /// Whether no text can spell it.
    pub(super) special: bool,
}

/// What a token stands for.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Piece {
    /// As text; parts of characters are U+FFFD.
    text: String,
    /// Exactly.
    bytes: Vec<u8>,
}

impl Piece {
    /// What an id stands for; nothing has U+FFFD as its text.
    pub(super) fn of(vocabulary: &Vocabulary, id: u32) -> Self {
        let bytes = vocabulary.token(id);
        let text = bytes.map_or("\u{fffd}".into(), String::from_utf8_lossy).into_owned();
        Self { text, bytes: bytes.unwrap_or_default().to_vec() }
    }
}

impl Token {
    pub(super) fn of(vocabulary: &Vocabulary, id: u32) -> Self {
        Self { id, piece: Piece::of(vocabulary, id), special: vocabulary.is_special(id) }
    }
}

/// A text to cut.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Text {
    /// Which tokenizer, by the name that the run has for it.
    tokenizer: String,
    /// At most 65,536 bytes; 256 for a ladder.
    text: String,
}

/// A text in tokens.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Tokens {
    tokens: Vec<Token>,
    /// How many tokens there are to choose from.
    vocabulary: usize,
}

/// A text on its way from bytes to tokens.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Ladder {
    /// First an id a byte, then the row after each merge, last the tokens.
    steps: Vec<Vec<u32>>,
    /// What the ids stand for.
    tokens: BTreeMap<u32, Piece>,
}

/// Answers `POST /playground/tokenize`.
pub(super) async fn tokenize(
    State(served): State<Arc<Served>>,
    Body(asked): Body<Text>,
) -> Answer<Json<Tokens>> {
    let cut = move |served: &Served| {
        let (bpe, text) = (tokenizer(served, &asked.tokenizer)?, within(&asked.text, LONGEST)?);
        let mut ids = vec![];
        bpe.encode(text, &mut ids);
        let vocabulary = bpe.vocabulary();
        let tokens = ids.into_iter().map(|id| Token::of(vocabulary, id)).collect();
        Ok(Json(Tokens { tokens, vocabulary: vocabulary.size() }))
    };
    work::done(&served, cut).await
}

/// Answers `POST /playground/ladder`.
pub(super) async fn ladder(
    State(served): State<Arc<Served>>,
    Body(asked): Body<Text>,
) -> Answer<Json<Ladder>> {
    let climb = move |served: &Served| {
        let (bpe, text) = (tokenizer(served, &asked.tokenizer)?, within(&asked.text, LADDER)?);
        let steps = bpe.steps(text);
        let ids = steps.iter().flatten();
        let tokens = ids.map(|&id| (id, Piece::of(bpe.vocabulary(), id))).collect();
        Ok(Json(Ladder { steps, tokens }))
    };
    work::done(&served, climb).await
}

fn tokenizer<'s>(served: &'s Served, name: &str) -> Answer<&'s Bpe> {
    let all = &served.run.tokenizers;
    let found = all.iter().find(|(known, _)| known == name).map(|(_, bpe)| bpe);
    found.ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
        let message = format!("there is no tokenizer `{name}`; there are {}", names.join(", "));
        Refusal { param: Some("tokenizer".into()), ..Refusal::missing("tokenizer_not_found", message) }
    })
}

/// A text of at most so many bytes.
pub(super) fn within(text: &str, most: usize) -> Answer<&str> {
    if text.len() > most {
        let message = format!("a text has at most {most} bytes here, got {}", text.len());
        return Err(Refusal::invalid("text", message));
    }
    Ok(text)
}
