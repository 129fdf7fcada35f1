//! `POST /playground/inside`: attention, the logit lens, and what a model is made of.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use bpe::{Tokenizer, Vocabulary};
use candle_core::Tensor;
use model::{Block, CausalLm, Decoder, Input, Trace};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::tokens::{Piece, Token};
use super::{reading, work};
use crate::serve::extract::Body;
use crate::serve::models::Loaded;
use crate::serve::{Answer, Refusal, Served};

/// Tokens that are looked at; a longer text is cut.
const MOST: usize = 64;
/// Predictions that are told of each place.
const LIKELIEST: usize = 5;

/// A text to look at.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Look {
    model: String,
    /// It begins as a document does; the first 64 tokens are read.
    text: Option<String>,
    /// The same as ids.
    ids: Option<Vec<u32>>,
}

/// What passes through a model while it reads.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Inside {
    /// T tokens.
    tokens: Vec<Token>,
    /// Whether the text went on.
    truncated: bool,
    layers: usize,
    /// H heads.
    heads: usize,
    /// For each layer H · T · T bytes in base64, `[head][query][key]`, 255 for a probability of 1.
    attention: Vec<String>,
    /// For each layer and each place, what would come next if the rest of the layers were left out, the likeliest first (the
    /// logit lens, nostalgebraist 2020). The last layer has the model's own prediction.
    lens: Vec<Vec<Vec<Guess>>>,
    /// What the model is made of, in the order in which a token meets it.
    blocks: Vec<Part>,
    parameters: usize,
    /// Floating-point operations for the last token, which looks at all others.
    flops_per_token: f64,
}

/// A prediction.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Guess {
    id: u32,
    #[serde(flatten)]
    piece: Piece,
    probability: f64,
}

/// A part of a model.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Part {
    name: String,
    /// Its matrices and vectors.
    shapes: Vec<Shape>,
    parameters: usize,
    /// Floating-point operations for the last token.
    flops_per_token: f64,
}

/// A matrix `[outputs, inputs]`, or a vector.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Shape {
    name: &'static str,
    shape: Vec<usize>,
}

impl From<Block> for Part {
    fn from(block: Block) -> Self {
        let shapes = block.shapes.into_iter().map(|(name, shape)| Shape { name, shape }).collect();
        Self { name: block.name, shapes, parameters: block.parameters, flops_per_token: block.flops }
    }
}

/// Answers `POST /playground/inside`.
pub(super) async fn inside(
    State(served): State<Arc<Served>>,
    Body(asked): Body<Look>,
) -> Answer<Json<Inside>> {
    let model = served.models.get(&asked.model).await?;
    let compute = move |_: &Served| {
        let mut ids = reading::ids(&model, asked.ids, asked.text.as_deref())?;
        let most = MOST.min(model.card.config.context);
        let truncated = ids.len() > most;
        ids.truncate(most);
        Ok(Json(look(&model, &ids, truncated)?))
    };
    work::done(&served, compute).await
}

fn look(model: &Loaded, ids: &[u32], truncated: bool) -> Answer<Inside> {
    let (config, vocabulary) = (&model.card.config, model.bpe.vocabulary());
    let mut watch = Watch { decoder: &model.decoder, vocabulary, attention: vec![], lens: vec![] };
    let row = reading::row(ids)?;
    model.decoder.hidden_traced(&Input::new(&row), &mut watch).map_err(Refusal::fault)?;
    let blocks: Vec<Part> = config.blocks(ids.len()).into_iter().map(Part::from).collect();
    Ok(Inside {
        tokens: ids.iter().map(|&id| Token::of(vocabulary, id)).collect(),
        truncated,
        layers: config.layers,
        heads: config.heads,
        attention: watch.attention,
        lens: watch.lens,
        parameters: config.parameters(),
        flops_per_token: blocks.iter().map(|block| block.flops_per_token).sum(),
        blocks,
    })
}

/// Notes what passes, layer by layer, so that no more than one layer's scores are held.
struct Watch<'a> {
    decoder: &'a Decoder,
    vocabulary: &'a Vocabulary,
    attention: Vec<String>,
    lens: Vec<Vec<Vec<Guess>>>,
}

impl Trace for Watch<'_> {
    fn attention(&mut self, _: usize, probabilities: &Tensor) -> model::Result<()> {
        let all: Vec<f32> = probabilities.flatten_all()?.to_vec1()?;
        let bytes: Vec<u8> = all.iter().map(|p| (p * 255.0).round() as u8).collect();
        self.attention.push(BASE64_STANDARD.encode(bytes));
        Ok(())
    }

    fn layer(&mut self, _: usize, residual: &Tensor) -> model::Result<()> {
        let scores: Vec<Vec<f32>> = self.decoder.lens(&residual.flatten_to(1)?)?.to_vec2()?;
        self.lens.push(scores.iter().map(|scores| guesses(self.vocabulary, scores)).collect());
        Ok(())
    }
}

/// The likeliest tokens by their scores; none where scores are no numbers.
fn guesses(vocabulary: &Vocabulary, scores: &[f32]) -> Vec<Guess> {
    let mut ids: Vec<u32> = (0..scores.len() as u32).collect();
    let order = |&a: &u32, &b: &u32| scores[b as usize].total_cmp(&scores[a as usize]).then(a.cmp(&b));
    if ids.len() > LIKELIEST {
        ids.select_nth_unstable_by(LIKELIEST - 1, order);
        ids.truncate(LIKELIEST);
    }
    ids.sort_unstable_by(order);
    let most = ids.first().map_or(0.0, |&id| scores[id as usize]);
    let total: f64 = scores.iter().map(|score| f64::from(score - most).exp()).sum();
    let probability = |id: u32| f64::from(scores[id as usize] - most).exp() / total;
    let guesses = ids.into_iter().map(|id| (id, probability(id))).filter(|(_, p)| p.is_finite());
    guesses.map(|(id, probability)| Guess { id, piece: Piece::of(vocabulary, id), probability }).collect()
}
