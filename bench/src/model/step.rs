//! A training step of ours: forward, backward, clipping, AdamW.

use anyhow::Context;
use cpu_time::ProcessTime;
use model::{
    AdamW, Batches, Config, Decoder, Family, NextToken, Objective, Optimizer, Params, Random, Rows, Tokens,
};
use serde_json::{Value, json};

use super::number;
use crate::memory::resident;

/// A GPT-2 and random tokens.
pub struct Training {
    params: Params,
    decoder: Decoder,
    optimizer: AdamW,
    batches: Rows,
}

impl Training {
    pub fn new(settings: &Value) -> anyhow::Result<Self> {
        let size = |key| number(settings, key) as usize;
        let config = Config {
            family: Family::Gpt2,
            vocabulary: size("vocabulary"),
            context: size("context"),
            width: size("width"),
            layers: size("layers"),
            heads: size("heads"),
            kv_heads: size("heads"),
            hidden: 4 * size("width"),
            softcap: 0.0,
            tied: true,
            ..Config::default()
        };
        let params = Params::new(1);
        let decoder = Decoder::new(&config, &params, "")?;
        let mut random = Random::new(1, "tokens");
        // id 0 begins a document: there is one document a row, as PyTorch's side has
        let mut draw = || 1 + random.below(config.vocabulary as u64 - 1) as u32;
        let count = 1 + size("batch") * config.context;
        let tokens = Tokens::from((0..count).map(|_| draw()).collect::<Vec<u32>>());
        let batches = Rows::shuffled(tokens, config.context, size("batch"), 0, 1)?;
        Ok(Self { params, decoder, optimizer: AdamW::default(), batches })
    }

    /// CPU seconds of one step.
    pub fn step(&mut self) -> anyhow::Result<f64> {
        let batch = self.batches.next(0)?.context("rows without end")?;
        let start = ProcessTime::now();
        let loss = NextToken(&self.decoder).loss(&batch)?;
        self.params.backward(&loss.mean)?;
        drop(loss);
        let mut gradients = self.params.take_gradients();
        let norm = gradients.norm();
        if norm > 1.0 {
            gradients.scale(1.0 / norm);
        }
        self.optimizer.step(&self.params, &gradients, 1e-4)?;
        drop(gradients);
        Ok(start.elapsed().as_secs_f64())
    }
}

/// `model-step SETTINGS`: the memory of some steps, in a process that does nothing else.
pub fn alone(settings: &str) -> anyhow::Result<()> {
    let mut training = Training::new(&serde_json::from_str(settings)?)?;
    let before = resident("VmRSS")?;
    for _ in 0..3 {
        training.step()?;
    }
    println!("{}", json!({"memory_bytes": resident("VmHWM")? - before}));
    Ok(())
}
