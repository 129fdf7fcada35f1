//! What a decoder is made of, block by block: shapes, parameters, work.

use crate::{Config, Family};

/// A part of a decoder as one counts them, in the order in which a token meets them.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// What it is called, as `layer 0 · attention`.
    pub name: String,
    /// Its matrices and vectors, each a name and a shape. A matrix is told as `[outputs, inputs]`.
    pub shapes: Vec<(&'static str, Vec<usize>)>,
    /// Numbers in them. A head that is the embedding again has none of its own.
    pub parameters: usize,
    /// Floating-point operations of all matrix products for one token, forward.
    pub flops: f64,
}

impl Block {
    fn new(name: impl Into<String>, shapes: Vec<(&'static str, Vec<usize>)>) -> Self {
        let size = |(_, shape): &(&str, Vec<usize>)| shape.iter().product::<usize>();
        let parameters = shapes.iter().map(size).sum();
        // a multiplication and an addition a weight
        let matrices = shapes.iter().filter(|(_, shape)| shape.len() == 2);
        let flops = 2.0 * matrices.map(size).sum::<usize>() as f64;
        Self { name: name.into(), shapes, parameters, flops }
    }
}

impl Config {
    /// The parts, from the embedding to the head. Parameters add up to [`parameters`](Self::parameters).
    ///
    /// Operations are those of a token that looks at `positions` places, itself among them: its scores and the mixture of
    /// values cost 4 · width · positions a layer. With a full context they add up to a third of
    /// [`flops_per_token`](Self::flops_per_token), whose other two thirds are the way back.
    pub fn blocks(&self, positions: usize) -> Vec<Block> {
        let Self { family, vocabulary, context, width, hidden, .. } = *self;
        let (keys, gpt2) = (self.kv_heads * self.head_width(), family == Family::Gpt2);
        // GPT-2's norms have a bias, nanochat's have nothing at all
        let norm = || match family {
            Family::Gpt2 => vec![("norm", vec![width]), ("norm bias", vec![width])],
            Family::Llama => vec![("norm", vec![width])],
            Family::Nanochat => vec![],
        };
        let biases = |biases: Vec<(&'static str, Vec<usize>)>| if gpt2 { biases } else { vec![] };
        let mut tables = vec![("tokens", vec![vocabulary, width])];
        tables.extend(biases(vec![("positions", vec![context, width])]));
        // rows are looked up, not multiplied
        let mut blocks = vec![Block { flops: 0.0, ..Block::new("embedding", tables) }];
        for layer in 0..self.layers {
            let mut shapes = norm();
            shapes.extend([
                ("q", vec![width, width]),
                ("k", vec![keys, width]),
                ("v", vec![keys, width]),
                ("output", vec![width, width]),
            ]);
            shapes.extend(biases(vec![
                ("q bias", vec![width]),
                ("k bias", vec![width]),
                ("v bias", vec![width]),
                ("output bias", vec![width]),
            ]));
            let mut attention = Block::new(format!("layer {layer} · attention"), shapes);
            attention.flops += 4.0 * (width * positions) as f64;
            blocks.push(attention);
            let mut shapes = norm();
            if family == Family::Llama {
                shapes.push(("gate", vec![hidden, width]));
            }
            shapes.extend([("up", vec![hidden, width]), ("down", vec![width, hidden])]);
            shapes.extend(biases(vec![("up bias", vec![hidden]), ("down bias", vec![width])]));
            blocks.push(Block::new(format!("layer {layer} · feed-forward"), shapes));
        }
        blocks.push(Block::new("last norm", norm()));
        let head = Block::new("head", vec![("scores", vec![vocabulary, width])]);
        blocks.push(Block { parameters: if self.tied { 0 } else { head.parameters }, ..head });
        blocks
    }
}
