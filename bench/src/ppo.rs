//! A reward model's step and one of PPO beside plain PyTorch, on one thread: the same weights, the same answers.
//!
//! Each side is a process of its own that takes a step when it is told to, so that both take turns.

mod ours;

use std::fs;
use std::process::Command;

use model::checkpoint::{Special, save};
use model::{Config, Decoder, Family, Params, Random};
use serde_json::{Value, json};

use crate::peers::Scratch;
use crate::row::Row;
use crate::served::Served;

pub use ours::steps;

const VOCABULARY: u64 = 8192;
/// Rankings of the reward model's step, and answers of each.
const RANKINGS: usize = 8;
const RANKED: usize = 4;
/// Answers of PPO's step, each to a prompt of its own.
const ANSWERS: usize = 32;
/// Tokens of a prompt, and of an answer.
const LENGTHS: [usize; 2] = [64, 128];
/// Steps of each side; the best counts.
const TURNS: usize = 2;

/// Answered tokens a CPU second, memory, and how far apart loss and gradients of the first steps are.
pub fn rows() -> anyhow::Result<Vec<Row>> {
    let scratch = Scratch::new("ppo")?;
    let folder = scratch.join("batch");
    write(&folder)?;
    // eight answers at once is about where PyTorch is fastest
    let settings = json!({"folder": folder, "micro": 8});
    let mut ours = Command::new(std::env::current_exe()?);
    ours.args(["ppo-steps", &folder.to_string_lossy()]).env("RAYON_NUM_THREADS", "1");
    let mut sides = vec![Served::of(ours)?];
    sides.extend(Served::start("rlhf/ppo_step.py", &settings)?);
    let mut rows = vec![];
    for (order, answers) in [("reward", RANKINGS * RANKED), ("ppo", ANSWERS)] {
        let mut told: Vec<Vec<Value>> = vec![vec![]; sides.len()];
        for _ in 0..TURNS {
            for (side, told) in sides.iter_mut().zip(&mut told) {
                told.push(side.answer(order)?);
            }
        }
        let version = |told: &[Value]| told[0]["version"].as_str().unwrap_or("torch").to_owned();
        let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
        let best =
            |told: &[Value]| told.iter().map(|told| number(&told["seconds"])).fold(f64::INFINITY, f64::min);
        let peer = told.get(1).map(|told| (best(told), version(told)));
        let tokens = (answers * LENGTHS[1]) as f64;
        rows.push(Row::speed(&format!("ppo/{order}"), "tokens/s", tokens, best(&told[0]), peer));
        let most = |told: &[Value]| number(&told[TURNS - 1]["memory_bytes"]) / 1e6;
        let peer = told.get(1).map(|told| (most(told), version(told)));
        rows.push(Row::amount(&format!("ppo/{order} memory"), "MB", most(&told[0]), peer));
        if let Some(theirs) = told.get(1) {
            let all = |told: &Value| -> Vec<f64> {
                let norms = told["norms"].as_array().into_iter().flatten();
                std::iter::once(&told["loss"]).chain(norms).map(number).collect()
            };
            let (a, b) = (all(&told[0][0]), all(&theirs[0]));
            let apart = a.iter().zip(&b).map(|(a, b)| (a - b).abs() / b.abs()).fold(0.0, f64::max);
            let what = format!("ppo/{order}: loss and norms of the first step");
            rows.push(Row::amount(&what, "relative difference", apart, Some((0.0, version(theirs)))));
        }
    }
    Ok(rows)
}

/// Two models with random weights, and a batch for each step.
fn write(folder: &std::path::Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder)?;
    let config = config();
    for (name, seed) in [("policy", 1), ("critic", 2)] {
        let params = Params::new(seed);
        Decoder::new(&config, &params, "")?;
        if name == "critic" {
            rlhf_reward::head(&params, config.width)?;
        }
        save(&folder.join(name), &config, &Special { begin: Some(0), end: vec![0] }, &params)?;
    }
    let mut random = Random::new(3, "batch");
    let mut ids = |count: usize| -> Vec<u64> { (0..count).map(|_| random.below(VOCABULARY)).collect() };
    let [prompt, answer] = LENGTHS;
    let rankings: Vec<Value> = (0..RANKINGS)
        .map(|_| {
            let answers: Vec<Vec<u64>> = (0..RANKED).map(|_| ids(answer)).collect();
            json!({"prompt": ids(prompt), "answers": answers, "ranks": (1..=RANKED).collect::<Vec<_>>()})
        })
        .collect();
    let drawn: Vec<[Vec<u64>; 2]> = (0..ANSWERS).map(|_| [ids(prompt), ids(answer)]).collect();
    let mut noise = |mean: f64, deviation: f64| -> Vec<f32> {
        (0..answer).map(|_| (mean + deviation * random.normals()[0]) as f32).collect()
    };
    // weights are random: every token is about as likely as any other
    let even = -(VOCABULARY as f64).ln();
    let answers: Vec<Value> = drawn
        .into_iter()
        .map(|[prompt, ids]| {
            json!({
                "prompt": prompt, "ids": ids, "old": noise(even, 0.1), "advantages": noise(0.0, 1.0),
                "values": noise(0.0, 0.3), "returns": noise(0.0, 1.0),
            })
        })
        .collect();
    Ok(fs::write(folder.join("batch.json"), json!({"rankings": rankings, "answers": answers}).to_string())?)
}

/// The size of both models.
fn config() -> Config {
    Config {
        family: Family::Llama,
        vocabulary: VOCABULARY as usize,
        context: LENGTHS.iter().sum(),
        width: 384,
        layers: 6,
        heads: 6,
        kv_heads: 6,
        hidden: 1024,
        softcap: 0.0,
        tied: false,
        ..Config::default()
    }
}
