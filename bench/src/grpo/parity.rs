//! Losses and gradients of one step's answers, beside TRL's loss through plain PyTorch.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use candle_core::{Device, safetensors};
use model::checkpoint::{Special, save};
use model::{Config, Decoder, Objective, Random};
use rl::math::{Advantage, Aggregation, Clip, Kl, Ratio, Terms};
use rl::{Batch, Drawing, Group, PolicyGradient, Problem, Scored, roll_out};
use serde_json::{Value, json};

use crate::peers;
use crate::row::Row;
use crate::small::{self, difference};

/// Relative differences, 0 at best, of the worst tensor; `folder` keeps the files of both sides.
///
/// Answers are our policy's. PyTorch computes them as padded rows, each with its prompt; ours are one row in which a prompt
/// stands once.
pub fn parity(folder: &Path) -> anyhow::Result<Vec<Row>> {
    let mut rows = vec![];
    for (name, config) in small::models() {
        rows.extend(of_one(&name, &config, &folder.join(&name))?);
    }
    Ok(rows)
}

fn of_one(name: &str, config: &Config, folder: &Path) -> anyhow::Result<Vec<Row>> {
    let params = small::random(config)?;
    let policy = Decoder::new(config, &params, "")?;
    save(folder, config, &Special { begin: Some(0), end: vec![0] }, &params)?;
    let groups = groups(&policy, config)?;
    let mut rows = vec![];
    for (way, terms, on_policy) in ways() {
        let batch = batch(&groups, on_policy);
        fs::write(folder.join("answers.json"), told(&groups, &batch, &terms).to_string())?;
        if peers::python("grpo/parity.py", &[folder])?.is_none() {
            return Ok(vec![]);
        }
        let theirs = safetensors::load(folder.join("torch.safetensors"), &Device::Cpu)?;
        let loss = PolicyGradient::new(&policy, terms).loss(&batch)?;
        params.backward(&loss.mean)?;
        let gradients = params.take_gradients();
        let mut ours: HashMap<String, Vec<f32>> =
            gradients.iter().map(|(name, values)| (format!("gradient.{name}"), values.to_vec())).collect();
        // on the policy a loss is a sum of zeros
        if !on_policy {
            ours.insert("loss".to_owned(), vec![loss.mean.to_scalar()?]);
        }
        let mut worst = (String::new(), 0.0);
        for (name, values) in &ours {
            let apart = difference(values, &theirs[name].flatten_all()?.to_vec1()?);
            if apart >= worst.1 {
                worst = (name.clone(), apart);
            }
        }
        let told = format!("grpo-parity/{name} {way}: worst of {} tensors, {}", ours.len(), worst.0);
        let version = "TRL's loss, PyTorch".to_owned();
        rows.push(Row::amount(&told, "relative difference", worst.1, Some((0.0, version))));
    }
    Ok(rows)
}

/// Objectives, and whether their answers are the policy's own.
fn ways() -> [(&'static str, Terms, bool); 4] {
    let clip = |low, high| Clip { low, high };
    let terms = |ratio, clip, aggregation| Terms { ratio, clip, aggregation, ..Terms::default() };
    let grpo = terms(Ratio::Token, clip(0.2, 0.2), Aggregation::SequenceMean);
    let dapo = terms(Ratio::Token, clip(0.2, 0.28), Aggregation::TokenMean);
    [
        ("GRPO on the policy", grpo, true),
        ("GRPO off it, held by k3", Terms { kl: Kl::K3, kl_weight: 0.04, ..grpo }, false),
        ("DAPO off it", dapo, false),
        ("GSPO off it", terms(Ratio::Sequence, clip(3e-4, 4e-4), Aggregation::SequenceMean), false),
    ]
}

/// Answers of unequal length to prompts of unequal length.
fn groups(policy: &Decoder, config: &Config) -> anyhow::Result<Vec<Group>> {
    let mut random = Random::new(5, "prompts");
    let mut draw = |count: usize| (0..count).map(|_| random.below(config.vocabulary as u64) as u32).collect();
    let problems: Vec<Problem> =
        (0..3u64).map(|id| Problem { id, ids: draw(5 + 4 * id as usize), ..Problem::default() }).collect();
    let drawing = Drawing {
        group: 4,
        tokens: 24,
        context: config.context,
        stop: (0..20).collect(),
        at_once: 0,
        seed: 1,
    };
    Ok(roll_out(policy, &problems.iter().collect::<Vec<_>>(), &drawing, 0)?)
}

/// The answers with advantages; off the policy, log-probabilities of older and other weights are made up.
fn batch(groups: &[Group], on_policy: bool) -> Batch {
    let mut random = Random::new(6, "others");
    let mut batch = Batch { fresh: on_policy, ..Batch::default() };
    for group in groups {
        batch.layout.push(&group.prompt, &group.answers);
        let rewards: Vec<Option<f64>> = group.answers.iter().map(|_| Some(random.uniform())).collect();
        for (answer, advantage) in group.answers.iter().zip(Advantage::ZScore.of_group(&rewards)) {
            let mut near = |distance: f64| -> Vec<f64> {
                let moved = |log_prob: &f32| f64::from(*log_prob + (random.normals()[0] * distance) as f32);
                answer.log_probs.iter().map(moved).collect()
            };
            batch.answers.push(Scored {
                old: near(if on_policy { 0.0 } else { 0.2 }),
                reference: near(0.3),
                advantages: vec![advantage; answer.ids.len()],
                ..Scored::default()
            });
        }
    }
    batch
}

fn told(groups: &[Group], batch: &Batch, terms: &Terms) -> Value {
    let answers = groups.iter().flat_map(|group| group.answers.iter().map(move |answer| (group, answer)));
    let answers: Vec<Value> = answers
        .zip(&batch.answers)
        .map(|((group, answer), scored)| {
            json!({
                "prompt": group.prompt, "ids": answer.ids, "old": scored.old, "reference": scored.reference,
                "advantage": scored.advantages.first(),
            })
        })
        .collect();
    json!({
        "answers": answers,
        "loss_type": if terms.aggregation == Aggregation::TokenMean { "dapo" } else { "grpo" },
        "importance_sampling_level": if terms.ratio == Ratio::Sequence { "sequence" } else { "token" },
        "clip": [terms.clip.low, terms.clip.high],
        "beta": terms.kl_weight,
    })
}
