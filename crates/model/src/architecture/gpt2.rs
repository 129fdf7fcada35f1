//! GPT-2 (Radford et al. 2019, "Language Models are Unsupervised Multitask Learners", section 2.3).

use std::sync::Arc;

use super::{Block, DEVIATION, Names, Parts, normal, residual};
use crate::layers::{
    Activation, AttentionBlock, Centre, Embedding, Head, Heads, Layout, Linear, MlpBlock, Norm,
};
use crate::{Config, Initial, Result};

/// Pre-norm blocks with biases everywhere; one map makes queries, keys and values; weights lie inputs first.
pub(super) fn parts(config: &Config, names: &Names<'_>) -> Result<Parts> {
    let Config { vocabulary, context, width, hidden, heads, .. } = *config;
    let linear = |name: &str, inputs: usize, outputs: usize, initial| -> Result<Linear> {
        let weight = names.weight(&format!("{name}.weight"), (inputs, outputs), initial)?;
        let bias = names.weight(&format!("{name}.bias"), outputs, Initial::Constant(0.0))?;
        let layout = Layout::InputsFirst;
        names.adapted(name, Linear { weight, bias: Some(bias), inputs, outputs, layout, adapter: None })
    };
    let norm = |name: &str| -> Result<Norm> {
        Ok(Norm {
            centre: Centre::Mean,
            epsilon: config.norm_epsilon as f32,
            width,
            weight: Some(names.weight(&format!("{name}.weight"), width, Initial::Constant(1.0))?),
            bias: Some(names.weight(&format!("{name}.bias"), width, Initial::Constant(0.0))?),
        })
    };
    let block = |layer: usize| {
        let at = format!("transformer.h.{layer}");
        let attention = AttentionBlock {
            norm: norm(&format!("{at}.ln_1"))?,
            projections: vec![linear(&format!("{at}.attn.c_attn"), width, 3 * width, normal(DEVIATION))?],
            heads: Heads {
                queries: heads,
                keys: heads,
                width: config.head_width(),
                rotary: None,
                norm: None,
            },
            output: linear(&format!("{at}.attn.c_proj"), width, width, residual(config))?,
        };
        let mlp = MlpBlock {
            norm: norm(&format!("{at}.ln_2"))?,
            up: vec![linear(&format!("{at}.mlp.c_fc"), width, hidden, normal(DEVIATION))?],
            activation: Activation::Gelu,
            down: linear(&format!("{at}.mlp.c_proj"), hidden, width, residual(config))?,
        };
        Ok(Block { attention: Arc::new(attention), mlp: Arc::new(mlp) })
    };
    let tokens = names.weight("transformer.wte.weight", (vocabulary, width), normal(DEVIATION))?;
    let positions = names.weight("transformer.wpe.weight", (context, width), normal(DEVIATION / 2.0))?;
    Ok(Parts {
        embedding: Embedding { tokens: tokens.clone(), positions: Some(positions), width },
        first_norm: None,
        blocks: (0..config.layers).map(block).collect::<Result<_>>()?,
        last_norm: norm("transformer.ln_f")?,
        head: Head { weight: tokens, softcap: None, width, vocabulary },
    })
}
