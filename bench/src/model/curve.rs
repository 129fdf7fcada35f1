//! A whole training beside PyTorch's: the same parameters to begin with, the same batches, the same schedule.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};
use bpe::Tokenizer;
use candle_core::{Device, Tensor, safetensors};
use model::checkpoint::{Special, save};
use model::{Batches, Decoder, Packed, Params, Schedule, TokenBatch, Tokens};
use pipeline::derive_seed;
use serde_json::{Value, json};
use shard::Reader;

use crate::peers;
use crate::row::Row;

/// Rows in a batch of what is held out, as the stage has them.
const HELD_OUT_ROWS: usize = 8;

/// Trains by PyTorch what stage `base` of a finished run trained: `runs/demo`, say. What it is given stays in RUN/curve.
pub fn curve(run: &Path) -> anyhow::Result<Vec<Row>> {
    let told = fs::read(run.join("base/stage.json")).with_context(|| format!("{}: no run", run.display()))?;
    let stage: Value = serde_json::from_slice(&told)?;
    let settings = &stage["recipe"]["settings"];
    ensure!(settings["accumulation"] == 1, "a step of several batches is not known here");
    let seed = stage["recipe"]["seed"].as_u64().context("the run has no seed")?;
    let number = |name: &str| settings[name].as_u64().with_context(|| format!("no setting {name}"));
    let folder = run.join("curve");
    fs::create_dir_all(&folder)?;

    let (_, trained) = model::checkpoint::load(&run.join("base/checkpoint"))?;
    let config = trained.config().clone();
    let params = Params::new(derive_seed(seed, "parameters"));
    Decoder::new(&config, &params, "")?;
    let bos = bpe_bos(run)?;
    save(&folder, &config, &Special { begin: Some(bos), end: vec![bos] }, &params)?;

    let (steps, rows) = (number("steps")?, number("rows")? as usize);
    let most = number("validation_rows")? * config.context as u64 + 1;
    let [train, held_out] = texts(run, bos, most)?;
    let order = derive_seed(seed, "order");
    let mut train = Packed::shuffled(train, config.context, rows, bos, order)?;
    write(&folder.join("train.safetensors"), &mut train, Some(steps))?;
    let mut held_out = Packed::sequential(held_out, config.context, HELD_OUT_ROWS, bos)?;
    write(&folder.join("held-out.safetensors"), &mut held_out, None)?;

    let schedule: Schedule = serde_json::from_value(settings["schedule"].clone())?;
    let rates: Vec<f64> = (0..steps).map(|step| schedule.rate(step, steps)).collect();
    let mut asked = settings["optimizer"].clone();
    asked["kind"] = settings["matrices"].clone();
    asked["clip_norm"] = settings["clip_norm"].clone();
    asked["rates"] = json!(rates);
    fs::write(folder.join("settings.json"), asked.to_string())?;

    let ours = stage["metrics"]["validation_loss"].as_f64().context("the run held nothing out")?;
    let Some(cost) = peers::python("model/curve.py", &[&folder])? else { return Ok(vec![]) };
    let answer: Value = serde_json::from_str(cost.printed.trim()).context("curve.py printed no JSON")?;
    let theirs = answer["held_out_loss"].as_f64().context("curve.py told no loss")?;
    Ok(vec![Row::amount("model/curve", "nats/token", ours, Some((theirs, "torch eager".to_owned())))])
}

/// The token that begins documents.
fn bpe_bos(run: &Path) -> anyhow::Result<u32> {
    let tokenizer = bpe::Bpe::load(&run.join("tokenizer/tokenizer"))?;
    tokenizer.vocabulary().special("<|bos|>").context("the tokenizer has no token <|bos|>")
}

/// What was trained on, and what was held out: documents behind one another, each after `bos`.
fn texts(run: &Path, bos: u32, most: u64) -> anyhow::Result<[Tokens; 2]> {
    let mut ids: [Vec<u32>; 2] = [vec![], vec![]];
    let mut paths: Vec<_> = fs::read_dir(run.join("tokens/tokens"))?.collect::<Result<Vec<_>, _>>()?;
    paths.sort_by_key(fs::DirEntry::file_name);
    for path in paths {
        for batch in Reader::<shard::Tokens>::open(&path.path())? {
            for row in batch?.rows() {
                let to = &mut ids[usize::from(row.validation)];
                if row.validation && to.len() as u64 >= most {
                    continue;
                }
                to.push(bos);
                to.extend_from_slice(row.ids);
            }
        }
    }
    Ok(ids.map(Tokens::from))
}

/// All batches of equal size, or the first `most` of them.
fn write(path: &Path, batches: &mut Packed, most: Option<u64>) -> anyhow::Result<()> {
    let mut all: [Vec<Tensor>; 5] = Default::default();
    let mut step = 0;
    while most.is_none_or(|most| step < most)
        && let Some(TokenBatch { ids, targets, weights, positions, documents }) = batches.next(step)?
    {
        let shape = ids.shape().clone();
        let targets = Tensor::from_vec(targets, &shape, &Device::Cpu)?;
        let weights = Tensor::from_vec(weights, &shape, &Device::Cpu)?;
        for (all, one) in all.iter_mut().zip([ids, targets, weights, positions, documents]) {
            all.push(one);
        }
        step += 1;
    }
    // a last batch of fewer rows is filled up with rows of no weight
    for tensors in &mut all {
        let rows = tensors.first().context("no batch")?.dim(0)?;
        let last = tensors.last_mut().context("no batch")?;
        *last = last.pad_with_zeros(0, 0, rows - last.dim(0)?)?;
    }
    let names = ["ids", "targets", "weights", "positions", "documents"];
    let mut named = HashMap::new();
    for (name, tensors) in names.into_iter().zip(&all) {
        named.insert(name, Tensor::stack(tensors, 0)?);
    }
    Ok(safetensors::save(&named, path)?)
}
