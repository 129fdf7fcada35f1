//! The kinds of decoders, each composed of the same few parts: to be read beside their papers.
//!
//! Parameters have the names and shapes of Hugging Face's models, so that a checkpoint is the parameters and nothing else.

mod gpt2;
mod hugging_face;
mod llama;
mod nanochat;

use std::sync::Arc;

pub(crate) use hugging_face::{from_hugging_face, to_hugging_face};

use crate::layers::{AttentionBlock, Embedding, Head, Layout, Linear, MlpBlock, Norm};
use crate::weight::Weight;
use crate::{Config, Family, Initial, Lora, Params, Result};

/// The parts of a decoder, in the order in which a token meets them.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) embedding: Embedding,
    /// Of embeddings, before the first block.
    pub(crate) first_norm: Option<Norm>,
    pub(crate) blocks: Vec<Block>,
    pub(crate) last_norm: Norm,
    pub(crate) head: Head,
}

/// Attention, then a feed-forward network.
#[derive(Clone)]
pub(crate) struct Block {
    pub(crate) attention: Arc<AttentionBlock>,
    pub(crate) mlp: Arc<MlpBlock>,
}

/// The parts over the parameters whose names begin with `prefix`; they are made where they are missing.
///
/// With `lora` they are frozen, and maps of blocks have adapters.
pub(crate) fn parts(
    config: &Config,
    params: &Params,
    prefix: &str,
    lora: Option<(&Lora, &Params)>,
) -> Result<Parts> {
    config.check()?;
    let names = Names { params, prefix, lora };
    match config.family {
        Family::Gpt2 => gpt2::parts(config, &names),
        Family::Llama => llama::parts(config, &names),
        Family::Nanochat => nanochat::parts(config, &names),
    }
}

impl Parts {
    pub(crate) fn detached(&self) -> Self {
        let block = |block: &Block| Block {
            attention: Arc::new(block.attention.detached()),
            mlp: Arc::new(block.mlp.detached()),
        };
        Self {
            embedding: self.embedding.detached(),
            first_norm: self.first_norm.as_ref().map(Norm::detached),
            blocks: self.blocks.iter().map(block).collect(),
            last_norm: self.last_norm.detached(),
            head: self.head.detached(),
        }
    }
}

/// Parameters by the rest of their name.
struct Names<'a> {
    params: &'a Params,
    prefix: &'a str,
    lora: Option<(&'a Lora, &'a Params)>,
}

impl Names<'_> {
    fn weight(&self, name: &str, shape: impl Into<candle_core::Shape>, initial: Initial) -> Result<Weight> {
        let weight = self.params.weight(&format!("{}{name}", self.prefix), shape, initial)?;
        Ok(if self.lora.is_some() { weight.frozen() } else { weight })
    }

    /// The map with an adapter, where it is to have one.
    fn adapted(&self, name: &str, linear: Linear) -> Result<Linear> {
        let Some((lora, adapters)) = self.lora.filter(|(lora, _)| lora.adapts(name)) else {
            return Ok(linear);
        };
        let adapter = lora.adapter(&format!("{}{name}", self.prefix), &linear, adapters)?;
        Ok(Linear { adapter: Some(Arc::new(adapter)), ..linear })
    }

    /// A map without bias, `[outputs, inputs]`.
    fn linear(&self, name: &str, inputs: usize, outputs: usize, initial: Initial) -> Result<Linear> {
        let weight = self.weight(&format!("{name}.weight"), (outputs, inputs), initial)?;
        let layout = Layout::OutputsFirst;
        self.adapted(name, Linear { weight, bias: None, inputs, outputs, layout, adapter: None })
    }
}

/// The usual deviation of weights (Radford et al. 2019, section 2.3).
const DEVIATION: f64 = 0.02;

fn normal(deviation: f64) -> Initial {
    Initial::Normal { deviation }
}

/// Of the two projections into the residual stream: smaller by the root of their number, for their sum has the deviation of
/// one (Radford et al. 2019, section 2.3).
fn residual(config: &Config) -> Initial {
    normal(DEVIATION / libm::sqrt(2.0 * config.layers as f64))
}
