//! Llama (Touvron et al. 2023, arXiv 2302.13971, section 2.2), with the grouped queries of its successors.

use std::sync::Arc;

use super::{Block, DEVIATION, Names, Parts, normal, residual};
use crate::layers::{
    Activation, AttentionBlock, Centre, Embedding, Head, Heads, MlpBlock, Norm, Rotary, Turn,
};
use crate::{Config, Initial, Result};

/// Pre-norm blocks without biases: RMSNorm, rotary positions, SwiGLU.
pub(super) fn parts(config: &Config, names: &Names<'_>) -> Result<Parts> {
    let Config { vocabulary, context, width, hidden, heads, kv_heads, .. } = *config;
    let head_width = config.head_width();
    let rotary = Rotary::new(context, head_width, config.rope_theta, Turn::Forward);
    let usual = normal(DEVIATION);
    let norm = |name: &str| -> Result<Norm> {
        let weight = names.weight(&format!("{name}.weight"), width, Initial::Constant(1.0))?;
        Ok(Norm {
            centre: Centre::Zero,
            epsilon: config.norm_epsilon as f32,
            width,
            weight: Some(weight),
            bias: None,
        })
    };
    let block = |layer: usize| {
        let at = format!("model.layers.{layer}");
        let project = |name: &str, heads: usize| {
            names.linear(&format!("{at}.self_attn.{name}"), width, heads * head_width, usual)
        };
        let attention = AttentionBlock {
            norm: norm(&format!("{at}.input_layernorm"))?,
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
                norm: None,
            },
            output: names.linear(&format!("{at}.self_attn.o_proj"), width, width, residual(config))?,
        };
        let mlp = MlpBlock {
            norm: norm(&format!("{at}.post_attention_layernorm"))?,
            up: vec![
                names.linear(&format!("{at}.mlp.gate_proj"), width, hidden, usual)?,
                names.linear(&format!("{at}.mlp.up_proj"), width, hidden, usual)?,
            ],
            activation: Activation::SwiGlu,
            down: names.linear(&format!("{at}.mlp.down_proj"), hidden, width, residual(config))?,
        };
        Ok(Block { attention: Arc::new(attention), mlp: Arc::new(mlp) })
    };
    let tokens = names.weight("model.embed_tokens.weight", (vocabulary, width), usual)?;
    let head = if config.tied {
        tokens.clone()
    } else {
        names.weight("lm_head.weight", (vocabulary, width), usual)?
    };
    Ok(Parts {
        embedding: Embedding { tokens, positions: None, width },
        first_norm: None,
        blocks: (0..config.layers).map(block).collect::<Result<_>>()?,
        last_norm: norm("model.norm")?,
        head: Head { weight: head, softcap: None, width, vocabulary },
    })
}
