//! Greedy decoding of ours: a prompt, then a token for every row at a time.

use anyhow::Context;
use candle_core::{Device, Tensor};
use cpu_time::ProcessTime;
use model::{Cache, CausalLm, Config, Decoder, Family, Input, Params};

/// Tokens of a prompt, and new ones.
const PROMPT: usize = 16;
pub const NEW: usize = 128;

/// A Llama with 17 M parameters, drawn at random.
pub struct Decoding {
    decoder: Decoder,
    batch: usize,
}

impl Decoding {
    pub fn new(batch: usize) -> anyhow::Result<Self> {
        let config = Config {
            family: Family::Llama,
            vocabulary: 8192,
            context: 256,
            width: 384,
            layers: 6,
            heads: 6,
            kv_heads: 6,
            hidden: 1024,
            softcap: 0.0,
            tied: true,
            ..Config::default()
        };
        Ok(Self { decoder: Decoder::new(&config, &Params::new(1), "")?.detached(), batch })
    }

    /// CPU seconds of the new tokens, without the prompt.
    pub fn run(&self) -> anyhow::Result<f64> {
        let mut cache = self.decoder.cache(self.batch)?;
        let prompt: Vec<u32> = (0..self.batch * PROMPT).map(|at| (at * 37 % 8192) as u32).collect();
        let mut next = self.step(&prompt, &mut *cache)?;
        let start = ProcessTime::now();
        for _ in 0..NEW {
            next = self.step(&next, &mut *cache)?;
        }
        Ok(start.elapsed().as_secs_f64())
    }

    /// The likeliest next token of every row.
    fn step(&self, ids: &[u32], cache: &mut dyn Cache) -> anyhow::Result<Vec<u32>> {
        let ids = Tensor::from_slice(ids, (self.batch, ids.len() / self.batch), &Device::Cpu)?;
        let hidden = self.decoder.hidden(&Input::new(&ids), Some(cache))?;
        let last = hidden.narrow(1, hidden.dim(1)? - 1, 1)?.contiguous()?;
        let scores = self.decoder.logits(&last)?.flatten_to(1)?.to_vec2::<f32>()?;
        let best = |scores: &Vec<f32>| {
            (0..scores.len()).max_by(|&a, &b| scores[a].total_cmp(&scores[b])).map(|id| id as u32)
        };
        scores.iter().map(|scores| best(scores).context("no scores")).collect()
    }
}
