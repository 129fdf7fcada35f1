//! Fine-tuning beside TRL, and its losses and gradients beside plain PyTorch's.

mod parity;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use bpe::{Bpe, Settings, Tokenizer};
use cpu_time::ProcessTime;
use fixtures::{Size, web};
use model::checkpoint::{Special, write};
use model::{AdamW, Batches, Config, Decoder, Family, Objective, Optimizer, Params};
use serde_json::{Value, json};
use sft::{
    Alone, BestFit, ExampleBatches, Examples, Message, Packing, Protocol, Rendered, Role, Supervised,
    Template,
};

use crate::peers::{self, Scratch};
use crate::row::Row;

pub use parity::parity;

const CONTEXT: usize = 512;
const VOCABULARY: u32 = 8192;
/// Steps of a round, and rounds of each side.
const STEPS: usize = 8;
const ROUNDS: usize = 3;

/// Tokens a CPU second, 6 layers of width 384, f32.
pub fn rows() -> anyhow::Result<Vec<Row>> {
    let scratch = Scratch::new("sft")?;
    let folder = scratch.join("model");
    let bpe = tokenizer()?;
    let template = Protocol::Deepdive.template(bpe.vocabulary())?;
    let config = Config {
        family: Family::Llama,
        vocabulary: bpe.vocabulary().size(),
        context: CONTEXT,
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
    let special = Special { begin: bpe.vocabulary().special("<|bos|>"), end: template.ends().to_vec() };
    write(&folder, &config, &special, &params)?;
    bpe.save(&folder)?;
    add_template(&folder, &*template)?;
    let examples = Arc::new(talks(&folder, &bpe, &*template)?);

    let mut rows = vec![];
    for kind in ["padded", "packed"] {
        let packing =
            || -> Box<dyn Packing> { if kind == "packed" { Box::new(BestFit) } else { Box::new(Alone) } };
        let count = if kind == "packed" { 2 } else { 16 };
        let mut batches =
            ExampleBatches::shuffled(Arc::clone(&examples), vec![], packing(), CONTEXT, count, 1)?;
        let mut optimizer = AdamW::default();
        let (mut ours, mut theirs, mut told) = (vec![], vec![], Value::Null);
        let mut round = |batches: &mut ExampleBatches| -> anyhow::Result<f64> {
            let (mut tokens, start) = (0, ProcessTime::now());
            for _ in 0..STEPS {
                let batch = batches.next(0)?.context("rows without end")?;
                tokens += real(&batch)?;
                let loss = Supervised(&decoder).loss(&batch)?;
                params.backward(&loss.mean)?;
                drop(loss);
                let mut gradients = params.take_gradients();
                let norm = gradients.norm();
                if norm > 1.0 {
                    gradients.scale(1.0 / norm);
                }
                optimizer.step(&params, &gradients, 1e-4)?;
            }
            Ok(tokens as f64 / start.elapsed().as_secs_f64())
        };
        round(&mut batches)?;
        for _ in 0..ROUNDS {
            ours.push(round(&mut batches)?);
            let steps = STEPS.to_string();
            let arguments = [folder.as_path(), Path::new(kind), Path::new(&steps)];
            if let Some(cost) = peers::python("sft/trl_steps.py", &arguments)? {
                told = serde_json::from_str(cost.printed.lines().last().unwrap_or("{}"))?;
                let number = |key: &str| told[key].as_f64().unwrap_or(f64::NAN);
                theirs.push(number("tokens") / number("seconds"));
            }
        }
        let median = |values: &mut Vec<f64>| {
            values.sort_by(f64::total_cmp);
            values.get(values.len() / 2).copied()
        };
        let peer = median(&mut theirs).map(|speed| {
            let masks = if kind == "padded" {
                format!("; {} of {} masks equal", told["equal"], told["talks"])
            } else {
                String::new()
            };
            (1.0 / speed, format!("{}{masks}", told["version"].as_str().unwrap_or("trl")))
        });
        let ours = median(&mut ours).context("no round")?;
        rows.push(Row::speed(&format!("sft {kind}"), "tokens/s", 1.0, 1.0 / ours, peer));
    }
    Ok(rows)
}

/// Places of a batch that hold a conversation's tokens.
fn real(batch: &model::TokenBatch) -> anyhow::Result<usize> {
    // padding is the last document of its row, and nobody learns from it
    let documents = batch.documents.to_vec2::<u32>()?;
    let width = documents[0].len();
    let mut count = 0;
    for (row, documents) in documents.iter().enumerate() {
        let last = documents[width - 1];
        let begins = documents.iter().position(|document| *document == last).unwrap_or(0);
        let learned =
            batch.weights[row * width + begins..(row + 1) * width].iter().any(|weight| *weight > 0.0);
        count += if learned { width } else { begins };
    }
    Ok(count)
}

/// A vocabulary learned from the generated web's texts.
fn tokenizer() -> anyhow::Result<Bpe> {
    let texts: Vec<String> =
        web(Size::Demo, 1).take(3000).filter_map(|capture| capture.truth.main_text).collect();
    let settings = Settings { vocab_size: VOCABULARY, ..Settings::default() };
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    Ok(bpe::train(settings, &texts)?.tokenizer)
}

/// Conversations of one question and one answer, as tokens, and in a file for TRL.
fn talks(folder: &Path, bpe: &Bpe, template: &dyn Template) -> anyhow::Result<Examples> {
    let (mut examples, mut lines) = (Examples::default(), String::new());
    for talk in web(Size::Demo, 1).conversations().filter(|talk| talk.messages.len() == 2).take(1500) {
        let [asked, answered] = [0, 1].map(|at| talk.messages[at].text.as_str());
        let messages = [Message::text(Role::User, asked), Message::text(Role::Assistant, answered)];
        let mut rendered = Rendered::default();
        template.render(&messages, bpe, &mut rendered)?;
        if rendered.ids.len() > CONTEXT {
            continue;
        }
        examples.add(&rendered.ids, &rendered.learn)?;
        let line = json!({
            "prompt": [{ "role": "user", "content": asked }],
            "completion": [{ "role": "assistant", "content": answered }],
            "ids": rendered.ids,
            "learn": rendered.learn,
        });
        lines.push_str(&(line.to_string() + "\n"));
    }
    fs::write(folder.join("talks.jsonl"), lines)?;
    Ok(examples)
}

fn add_template(folder: &Path, template: &dyn Template) -> anyhow::Result<()> {
    let path = folder.join("tokenizer_config.json");
    let mut config: Value = serde_json::from_slice(&fs::read(&path)?)?;
    config["chat_template"] = template.jinja().context("a template in Jinja")?.into();
    fs::write(&path, config.to_string())?;
    Ok(())
}
