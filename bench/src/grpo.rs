//! Reinforcement learning beside TRL's GRPOTrainer, on one thread, and gradients beside PyTorch's.
//!
//! Each side is a process of its own that takes a step when it is told to, so that both take turns.

mod ours;
mod parity;

use std::process::Command;

use serde_json::{Value, json};

use crate::row::Row;
use crate::served::Served;

pub use ours::steps;
pub use parity::parity;

/// Steps of each side; the best counts.
const TURNS: usize = 2;

/// Answered tokens a CPU second of rollouts alone and of whole steps, and memory.
pub fn rows() -> anyhow::Result<Vec<Row>> {
    // micro-batches and numbers of answers grown at once with which TRL is fastest: with all 512 at once transformers' cache is
    // made of tensors so large that much of its time goes to fresh pages from the system
    let settings =
        json!({"prompts": 64, "group": 8, "prompt": 64, "answer": 128, "micro": 8, "together": 64});
    let mut ours = Command::new(std::env::current_exe()?);
    ours.args(["grpo-steps", &settings.to_string()]).env("RAYON_NUM_THREADS", "1");
    let mut sides = vec![Served::of(ours)?];
    sides.extend(Served::start("grpo/trl_step.py", &settings)?);
    let mut told: Vec<Vec<Value>> = vec![vec![]; sides.len()];
    for _ in 0..TURNS {
        for (side, told) in sides.iter_mut().zip(&mut told) {
            told.push(side.answer("step")?);
        }
    }
    let number = |value: &Value, key: &str| value[key].as_f64().unwrap_or(f64::NAN);
    let best =
        |told: &[Value], key: &str| told.iter().map(|told| number(told, key)).fold(f64::INFINITY, f64::min);
    let most =
        |told: &[Value]| told.iter().map(|told| number(told, "memory_bytes")).fold(0.0, f64::max) / 1e6;
    let version = |told: &[Value]| told[0]["version"].as_str().unwrap_or("trl").to_owned();
    let tokens = ours::Sizes::new(&settings).answered();
    let speed = |what: &str, key: &str| {
        let peer = told.get(1).map(|told| (best(told, key), version(told)));
        Row::speed(&format!("grpo/{what}"), "tokens/s", tokens, best(&told[0], key), peer)
    };
    let peer = told.get(1).map(|told| (most(told), version(told)));
    Ok(vec![
        speed("rollout", "rollout_seconds"),
        speed("step", "seconds"),
        Row::amount("grpo/memory", "MB", most(&told[0]), peer),
    ])
}
