//! Our decoders beside PyTorch's: logits, loss, gradients and optimizer steps, tensor by tensor.
//!
//! For each kind a small checkpoint with random parameters is written, `parity.py` opens it by transformers and computes the
//! same, and the relative difference ‖ours − theirs‖ / ‖theirs‖ of the worst tensor is told.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};
use candle_core::{DType, Device, Tensor, safetensors};
use model::checkpoint::{Special, save};
use model::{
    AdamW, AdamWSettings, CausalLm, Config, Decoder, Family, Initial, Input, Muon, NextToken, Objective,
    Optimizer, Params, Random, TokenBatch,
};
use serde_json::{Value, json};

use crate::peers;
use crate::row::Row;

/// Rows and places of the batch; every row holds documents of this many tokens.
const SHAPE: (usize, usize) = (3, 40);
const DOCUMENT: usize = 15;
const STEPS: usize = 3;
const LR: f64 = 0.01;

/// Relative differences, 0 at best; `folder` keeps the files of both sides.
pub fn parity(folder: &Path) -> anyhow::Result<Vec<Row>> {
    let base = Config {
        vocabulary: 300,
        context: 64,
        width: 64,
        layers: 3,
        heads: 4,
        kv_heads: 2,
        hidden: 160,
        ..Config::default()
    };
    let gpt2 = Config { family: Family::Gpt2, kv_heads: 4, tied: true, softcap: 0.0, ..base.clone() };
    let llama = Config { family: Family::Llama, softcap: 0.0, ..base.clone() };
    let mut rows = vec![];
    for (name, config) in [("gpt2", gpt2), ("llama", llama), ("nanochat", base)] {
        let folder = folder.join(name);
        for kind in ["adamw", "muon"] {
            rows.extend(of_one(name, &config, kind, &folder)?);
        }
        rows.extend(opened(name, &config, &folder)?);
    }
    Ok(rows)
}

/// One kind of decoder under one optimizer.
fn of_one(name: &str, config: &Config, kind: &str, folder: &Path) -> anyhow::Result<Vec<Row>> {
    let params = random(config)?;
    let decoder = Decoder::new(config, &params, "")?;
    save(folder, config, &Special { begin: Some(0), end: vec![0] }, &params)?;
    let batch = batch(config, folder)?;
    let settings = AdamWSettings::default();
    let told = json!({
        "kind": kind, "lr": LR, "steps": STEPS, "beta1": settings.beta1, "beta2": settings.beta2,
        "epsilon": settings.epsilon, "weight_decay": settings.weight_decay,
    });
    fs::write(folder.join("optimizer.json"), told.to_string())?;
    let mut ours = HashMap::new();
    ours.insert("logits".to_owned(), decoder.logits(&decoder.hidden(&batch.input(), None)?)?);
    let mut optimizer: Box<dyn Optimizer> = match kind {
        "adamw" => Box::new(AdamW::new(settings)),
        _ => Box::new(Muon::new(settings)),
    };
    for step in 0..STEPS {
        let loss = NextToken(&decoder).loss(&batch)?.mean;
        params.backward(&loss)?;
        let gradients = params.take_gradients();
        let vars = params.vars();
        let mut tensors = HashMap::new();
        for (name, gradient) in gradients.iter() {
            let shape = vars[name].shape();
            tensors.insert(name.to_owned(), Tensor::from_slice(gradient, shape, &Device::Cpu)?);
        }
        safetensors::save(&tensors, folder.join(format!("gradients-{step}.safetensors")))?;
        if step == 0 {
            ours.insert("loss".to_owned(), loss.detach());
            ours.extend(tensors.into_iter().map(|(name, tensor)| (format!("gradient.{name}"), tensor)));
        }
        optimizer.step(&params, &gradients, LR)?;
    }
    if peers::python("model/parity.py", &[folder])?.is_none() {
        return Ok(vec![]);
    }
    let stepped = params.vars().into_iter().map(|(name, var)| (name, var.as_detached_tensor())).collect();
    let theirs = safetensors::load(folder.join("torch.safetensors"), &Device::Cpu)?;
    let theirs_stepped = safetensors::load(folder.join("stepped.safetensors"), &Device::Cpu)?;
    let row =
        |what: String, worst| Row::amount(&format!("model/parity-{name}-{what}"), "relative", worst, None);
    let mut rows = vec![row(kind.to_owned(), worst(&stepped, &theirs_stepped, "")?)];
    if kind == "adamw" {
        for part in ["logits", "loss", "gradient."] {
            rows.push(row(part.trim_end_matches('.').to_owned(), worst(&ours, &theirs, part)?));
        }
    }
    Ok(rows)
}

/// Whether transformers opens the checkpoint as it stands, and the largest difference of its logits from ours.
fn opened(name: &str, config: &Config, folder: &Path) -> anyhow::Result<Option<Row>> {
    let params = random(config)?;
    let decoder = Decoder::new(config, &params, "")?;
    let ids = batch(config, folder)?.ids;
    let logits = decoder.logits(&decoder.hidden(&Input::new(&ids), None)?)?;
    let told = HashMap::from([("ids", ids), ("logits", logits)]);
    safetensors::save(&told, folder.join("logits.safetensors"))?;
    let Some(cost) = peers::python("model/opens.py", &[folder])? else { return Ok(None) };
    let answer: Value = serde_json::from_str(cost.printed.trim()).context("opens.py printed no JSON")?;
    let difference = answer["difference"].as_f64().context("opens.py told no difference")?;
    let class = answer["model"].as_str().unwrap_or_default();
    Ok(Some(Row::amount(&format!("model/opens-{name}-{class}"), "largest difference", difference, None)))
}

/// Parameters all drawn from a normal: nothing is 0 or 1 by chance.
fn random(config: &Config) -> anyhow::Result<Params> {
    let (shapes, params) = (Params::new(0), Params::with(7, DType::F32, Device::Cpu));
    Decoder::new(config, &shapes, "")?;
    for (name, var) in shapes.vars() {
        params.get(&name, var.shape().clone(), Initial::Normal { deviation: 0.15 })?;
    }
    Ok(params)
}

/// Packed documents, some targets of no weight; also as `batch.json`.
fn batch(config: &Config, folder: &Path) -> anyhow::Result<TokenBatch> {
    let (rows, length) = SHAPE;
    let mut random = Random::new(3, "batch");
    let mut draw = || -> Vec<u32> {
        (0..rows * length).map(|_| random.below(config.vocabulary as u64) as u32).collect()
    };
    let (ids, targets) = (draw(), draw());
    let weights: Vec<f32> = (0..rows * length).map(|at| if at % 7 == 0 { 0.0 } else { 1.0 }).collect();
    let places = |of: fn(usize) -> usize| -> Vec<u32> {
        (0..rows * length).map(|at| of(at % SHAPE.1) as u32).collect()
    };
    let (documents, positions) = (places(|at| at / DOCUMENT), places(|at| at % DOCUMENT));
    let lines = |values: &[u32]| values.chunks(length).map(<[u32]>::to_vec).collect::<Vec<_>>();
    let told = json!({
        "ids": lines(&ids), "targets": lines(&targets), "documents": lines(&documents),
        "positions": lines(&positions), "weights": weights.chunks(length).collect::<Vec<_>>(),
    });
    fs::write(folder.join("batch.json"), told.to_string())?;
    let tensor = |values: Vec<u32>| Tensor::from_vec(values, (rows, length), &Device::Cpu);
    Ok(TokenBatch {
        ids: tensor(ids)?,
        targets,
        weights,
        positions: tensor(positions)?,
        documents: tensor(documents)?,
    })
}

/// The largest relative difference of tensors whose names begin with `part`; none may be missing on either side.
fn worst(
    ours: &HashMap<String, Tensor>,
    theirs: &HashMap<String, Tensor>,
    part: &str,
) -> anyhow::Result<f64> {
    let of_part = |tensors: &HashMap<String, Tensor>| -> BTreeMap<String, Tensor> {
        let chosen = tensors.iter().filter(|(name, _)| name.starts_with(part));
        chosen.map(|(name, tensor)| (name.clone(), tensor.clone())).collect()
    };
    let (ours, theirs) = (of_part(ours), of_part(theirs));
    ensure!(ours.keys().eq(theirs.keys()), "other tensors: {:?} and {:?}", ours.keys(), theirs.keys());
    let numbers = |tensor: &Tensor| tensor.to_dtype(DType::F64)?.flatten_all()?.to_vec1::<f64>();
    let mut worst: f64 = 0.0;
    for (name, theirs) in &theirs {
        let (a, b) = (numbers(&ours[name])?, numbers(theirs)?);
        ensure!(a.len() == b.len(), "{name}: {} numbers and {}", a.len(), b.len());
        let difference: f64 = a.iter().zip(&b).map(|(a, b)| (a - b).powi(2)).sum();
        let length: f64 = b.iter().map(|b| b * b).sum();
        worst = worst.max((difference / length).sqrt());
    }
    Some(worst).filter(|worst| worst.is_finite()).context("a difference that is no number")
}
