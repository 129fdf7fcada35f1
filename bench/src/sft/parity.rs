//! Losses and gradients of the same conversations, padded, packed and accumulated, beside plain PyTorch.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use candle_core::{Device, safetensors};
use model::checkpoint::{Special, save};
use model::{Batches, Config, Decoder, Objective, Params, Random, TokenBatch};
use serde_json::json;
use sft::{Alone, BestFit, ExampleBatches, Examples, Packing, Supervised};

use crate::peers;
use crate::row::Row;
use crate::small::{self, difference};

const CONTEXT: usize = 48;

/// Relative differences, 0 at best, of the loss and of the worst tensor; `folder` keeps the files of both sides.
///
/// PyTorch computes all conversations as one padded batch; ours are dealt in several ways that must give the same. The
/// last row is a way that must not: the mean of the batches' means.
pub fn parity(folder: &Path) -> anyhow::Result<Vec<Row>> {
    let mut rows = vec![];
    for (name, config) in small::models() {
        rows.extend(of_one(&name, &config, &folder.join(&name))?);
    }
    Ok(rows)
}

fn of_one(name: &str, config: &Config, folder: &Path) -> anyhow::Result<Vec<Row>> {
    let params = small::random(config)?;
    let decoder = Decoder::new(config, &params, "")?;
    save(folder, config, &Special { begin: Some(0), end: vec![0] }, &params)?;
    let examples = examples(config.vocabulary as u64)?;
    let deal = |packing: Box<dyn Packing>, rows| {
        ExampleBatches::sequential(Arc::clone(&examples), packing, CONTEXT, rows)
    };
    let whole = deal(Box::new(Alone), usize::MAX)?.next(0)?.expect("there are conversations");
    write_batch(&whole, folder)?;
    let _ = fs::remove_file(folder.join("optimizer.json"));
    if peers::python("model/parity.py", &[folder])?.is_none() {
        return Ok(vec![]);
    }
    let theirs = safetensors::load(folder.join("torch.safetensors"), &Device::Cpu)?;
    let theirs: HashMap<String, Vec<f32>> = theirs
        .into_iter()
        .map(|(name, tensor)| Ok((name, tensor.flatten_all()?.to_vec1()?)))
        .collect::<anyhow::Result<_>>()?;
    let version = "PyTorch, all in one padded batch";
    let mut rows = vec![];
    let ways: [(&str, Box<dyn Packing>, usize); 4] = [
        ("padded", Box::new(Alone), usize::MAX),
        ("packed", Box::new(BestFit), usize::MAX),
        ("padded and accumulated", Box::new(Alone), 3),
        ("packed and accumulated", Box::new(BestFit), 2),
    ];
    for (way, packing, count) in ways {
        let (loss, gradients, mean_of_means) = ours(&decoder, &params, deal(packing, count)?)?;
        let mut worst = ("loss".to_owned(), difference(&[loss as f32], &theirs["loss"]));
        for (name, gradient) in &gradients {
            let apart = difference(gradient, &theirs[&format!("gradient.{name}")]);
            if apart > worst.1 {
                worst = (name.clone(), apart);
            }
        }
        let told = format!("sft {name} {way}: worst of {} tensors, {}", 1 + gradients.len(), worst.0);
        rows.push(Row::amount(&told, "relative difference", worst.1, Some((0.0, version.to_owned()))));
        if way == "padded and accumulated" {
            let apart = difference(&[mean_of_means as f32], &theirs["loss"]);
            let told = format!("sft {name} mean of means, which is wrong: loss");
            rows.push(Row::amount(&told, "relative difference", apart, Some((0.0, version.to_owned()))));
        }
    }
    Ok(rows)
}

/// Loss and gradients of a whole step, and the mean of its batches' means.
fn ours(
    decoder: &Decoder,
    params: &Params,
    mut batches: ExampleBatches,
) -> anyhow::Result<(f64, BTreeMap<String, Vec<f32>>, f64)> {
    let (mut loss, mut weight, mut means) = (0.0, 0.0, vec![]);
    while let Some(batch) = batches.next(0)? {
        let part = Supervised(decoder).loss(&batch)?;
        let mean = f64::from(part.mean.to_scalar::<f32>()?);
        params.backward(&part.mean.affine(part.weight, 0.0)?)?;
        loss += mean * part.weight;
        weight += part.weight;
        means.push(mean);
    }
    let mut gradients = params.take_gradients();
    gradients.scale(1.0 / weight);
    let gradients = gradients.iter().map(|(name, values)| (name.to_owned(), values.to_vec())).collect();
    Ok((loss / weight, gradients, means.iter().sum::<f64>() / means.len() as f64))
}

/// Conversations of several lengths, of each of which some other share is learned.
fn examples(vocabulary: u64) -> anyhow::Result<Arc<Examples>> {
    let mut random = Random::new(5, "examples");
    let mut examples = Examples::default();
    for number in 0..14u64 {
        let length = 3 + random.below(CONTEXT as u64 - 2) as usize;
        let ids: Vec<u32> = (0..length).map(|_| random.below(vocabulary) as u32).collect();
        let learn: Vec<bool> = (0..length).map(|at| at + 1 == length || random.below(14) < number).collect();
        examples.add(&ids, &learn)?;
    }
    Ok(Arc::new(examples))
}

fn write_batch(batch: &TokenBatch, folder: &Path) -> anyhow::Result<()> {
    let width = batch.ids.dim(1)?;
    let told = json!({
        "ids": batch.ids.to_vec2::<u32>()?,
        "targets": batch.targets.chunks(width).collect::<Vec<_>>(),
        "weights": batch.weights.chunks(width).collect::<Vec<_>>(),
        "documents": batch.documents.to_vec2::<u32>()?,
        "positions": batch.positions.to_vec2::<u32>()?,
    });
    Ok(fs::write(folder.join("batch.json"), told.to_string())?)
}
