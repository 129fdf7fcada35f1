//! Our side of a step: rollouts, rewards, loss, backward pass, AdamW.

use std::fs;

use anyhow::Context;
use cpu_time::ProcessTime;
use model::{Config, Decoder, Draw, Family, Limits, Params, Prompt, Random, generate};
use serde_json::{Value, json};

/// Sizes of a step, as `bench/grpo/trl_step.py` has them too.
pub struct Sizes {
    pub prompts: usize,
    pub group: usize,
    pub prompt: usize,
    pub answer: usize,
}

impl Sizes {
    pub fn new(settings: &Value) -> Self {
        let size = |key: &str, usual| settings[key].as_u64().unwrap_or(usual) as usize;
        Self {
            prompts: size("prompts", 64),
            group: size("group", 8),
            prompt: size("prompt", 64),
            answer: size("answer", 128),
        }
    }

    /// Tokens of all answers.
    pub fn answered(&self) -> f64 {
        (self.prompts * self.group * self.answer) as f64
    }
}

/// A Llama with random weights, and prompts of random tokens.
pub struct Training {
    params: Params,
    decoder: Decoder,
    sizes: Sizes,
    random: Random,
}

impl Training {
    pub fn new(settings: &Value) -> anyhow::Result<Self> {
        let sizes = Sizes::new(settings);
        let config = Config {
            family: Family::Llama,
            vocabulary: 8192,
            context: sizes.prompt + sizes.answer,
            width: 384,
            layers: 6,
            heads: 6,
            kv_heads: 6,
            hidden: 1024,
            softcap: 0.0,
            tied: false,
            ..Config::default()
        };
        let params = Params::new(1);
        let decoder = Decoder::new(&config, &params, "")?;
        Ok(Self { params, decoder, sizes, random: Random::new(1, "prompts") })
    }

    /// CPU seconds of a step's answers.
    pub fn rollouts(&mut self) -> anyhow::Result<f64> {
        let Sizes { prompts, group, prompt, answer } = self.sizes;
        let mut rows = vec![];
        for _ in 0..prompts {
            let ids: Vec<u32> = (0..prompt).map(|_| self.random.below(8192) as u32).collect();
            rows.extend((0..group).map(|_| Prompt { ids: ids.clone(), seed: self.random.below(1 << 40) }));
        }
        let limits = Limits { new_tokens: answer, context: prompt + answer, ..Limits::default() };
        let start = ProcessTime::now();
        let answers = generate(&self.decoder, &rows, &Draw::default(), &limits)?;
        let seconds = start.elapsed().as_secs_f64();
        anyhow::ensure!(answers.iter().all(|found| found.ids.len() == answer), "an answer ended early");
        let sum: u64 = answers.iter().flat_map(|found| &found.ids).map(|&id| u64::from(id)).sum();
        let bits = answers.iter().flat_map(|found| &found.log_probs);
        let bits = bits.fold(0u64, |hash, x| (hash ^ u64::from(x.to_bits())).wrapping_mul(0x0100_0000_01b3));
        eprintln!("sum {sum} bits {bits:x}");
        let _ = &self.params;
        Ok(seconds)
    }
}

/// `grpo-step SETTINGS`: some steps, in a process that does nothing else.
pub fn alone(settings: &str) -> anyhow::Result<()> {
    let settings: Value = serde_json::from_str(settings)?;
    let mut training = Training::new(&settings)?;
    let before = resident("VmRSS")?;
    for _ in 0..settings["steps"].as_u64().unwrap_or(1) {
        let rollout = training.rollouts()?;
        let memory = resident("VmHWM")? - before;
        println!("{}", json!({"rollout_seconds": rollout, "memory_bytes": memory}));
    }
    Ok(())
}

/// Bytes of resident memory, now or at their peak.
fn resident(key: &str) -> anyhow::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with(key)).context("no such line")?;
    let kilobytes: u64 = line.split_whitespace().nth(1).context("no number")?.parse()?;
    Ok(kilobytes * 1024)
}
