//! What training takes, from sizes alone: known before anything runs.

use crate::{Config, Recompute};

/// The cost of training a decoder.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// Numbers that are learned.
    pub parameters: usize,
    /// Floating-point operations of one step, forward and backward.
    pub flops_per_step: f64,
    /// Memory at its peak, about: parameters, gradients, the optimizer's moments, and what a batch leaves for the
    /// backward pass. In bytes.
    pub bytes: u64,
}

impl Budget {
    /// For steps of `accumulation` batches of `rows` rows, each as long as the context, and an optimizer that remembers
    /// `moments` numbers a parameter (AdamW 2).
    pub fn new(
        config: &Config,
        rows: usize,
        accumulation: usize,
        moments: usize,
        recompute: Recompute,
    ) -> Self {
        let parameters = config.parameters();
        let tokens = rows * config.context;
        let numbers = parameters * (2 + moments) + tokens * Self::kept(config, recompute);
        let passing = (tokens * Self::widest(config)).max(tokens.min(512) * config.vocabulary);
        Self {
            parameters,
            flops_per_step: config.flops_per_token() * (tokens * accumulation) as f64,
            bytes: 4 * (numbers + passing) as u64,
        }
    }

    /// Numbers a token that the forward pass keeps for the backward pass.
    fn kept(config: &Config, recompute: Recompute) -> usize {
        let residual = 2 * config.width;
        let attention = (config.heads + 2 * config.kv_heads) * config.head_width() + config.width;
        let feed_forward = config.up_width();
        config.layers
            * match recompute {
                Recompute::Nothing => residual + attention + feed_forward,
                Recompute::FeedForward => residual + attention,
                Recompute::Everything => residual,
            }
    }

    /// Numbers a token that come and go within a block.
    fn widest(config: &Config) -> usize {
        3 * config.width + config.up_width() + 2 * config.hidden
    }
}
