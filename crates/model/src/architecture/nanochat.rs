//! Our default, in the manner of nanochat (Karpathy 2025, <https://github.com/karpathy/nanochat>).
//!
//! Against Llama: norms have no weights, and there is one more after the embedding; queries and keys are normed after
//! they were turned (QK-norm, arXiv 2010.04245), the other way round; the feed-forward network squares its ReLU (arXiv
//! 2109.08668); logits are capped by tanh (arXiv 2408.00118). Hugging Face's `NanoChatForCausalLM` opens it.

use std::sync::Arc;

use super::{Block, DEVIATION, Names, Parts, normal};
use crate::layers::{
    Activation, AttentionBlock, Centre, Embedding, Head, Heads, MlpBlock, Norm, QkNorm, Rotary, Turn,
};
use crate::{Config, Initial, Result};

/// The projections into the residual stream begin at 0, so that every block begins as the identity.
pub(super) fn parts(config: &Config, names: &Names<'_>) -> Result<Parts> {
    let Config { vocabulary, context, width, hidden, heads, kv_heads, .. } = *config;
    let head_width = config.head_width();
    let epsilon = config.norm_epsilon as f32;
    let rotary = Rotary::new(context, head_width, config.rope_theta, Turn::Back);
    let norm = Norm { centre: Centre::Zero, epsilon, width, weight: None, bias: None };
    let into = normal(1.0 / libm::sqrt(width as f64));
    let out_of = Initial::Constant(0.0);
    let block = |layer: usize| {
        let at = format!("model.layers.{layer}");
        let project = |name: &str, heads: usize| {
            names.linear(&format!("{at}.self_attn.{name}"), width, heads * head_width, into)
        };
        let attention = AttentionBlock {
            norm: norm.clone(),
            projections: vec![
                project("q_proj", heads)?,
                project("k_proj", kv_heads)?,
                project("v_proj", kv_heads)?,
            ],
            heads: Heads {
                queries: heads,
                keys: kv_heads,
                width: head_width,
                rotary: Some(rotary.clone()),
                norm: Some(QkNorm { epsilon }),
            },
            output: names.linear(&format!("{at}.self_attn.o_proj"), width, width, out_of)?,
        };
        let mlp = MlpBlock {
            norm: norm.clone(),
            up: vec![names.linear(&format!("{at}.mlp.fc1"), width, hidden, into)?],
            activation: Activation::ReluSquared,
            down: names.linear(&format!("{at}.mlp.fc2"), hidden, width, out_of)?,
        };
        Ok(Block { attention: Arc::new(attention), mlp: Arc::new(mlp) })
    };
    let tokens = names.weight("model.embed_tokens.weight", (vocabulary, width), normal(DEVIATION))?;
    let head = if config.tied {
        tokens.clone()
    } else {
        names.weight("lm_head.weight", (vocabulary, width), normal(DEVIATION))?
    };
    Ok(Parts {
        embedding: Embedding { tokens, positions: None, width },
        first_norm: Some(norm.clone()),
        blocks: (0..config.layers).map(block).collect::<Result<_>>()?,
        last_norm: norm,
        head: Head { weight: head, softcap: config.cap(), width, vocabulary },
    })
}
