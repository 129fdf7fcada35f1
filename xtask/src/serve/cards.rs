//! The models of a run, by their manifests: no weight is read.

use std::path::Path;
use std::sync::Arc;

use bpe::{Bpe, Tokenizer};
use chat::serve::Card;
use codec::Codecs;
use sft::Protocol;

use super::run::Finished;

/// Stages that teach a model to talk.
const TALKS: [&str; 4] = ["sft", "grpo", "ppo", "dpo"];

/// What stages write models as.
const CHECKPOINT: &str = "checkpoint/1";

/// All models, in the order in which they were trained.
pub(super) fn of(stages: &[Finished]) -> anyhow::Result<Vec<Card>> {
    let mut cards: Vec<(String, Card)> = vec![];
    for finished in stages {
        let name = &finished.stage.name;
        let outputs = finished.manifest.outputs.iter();
        let models: Vec<_> = outputs.filter(|(_, contents)| contents.kind == CHECKPOINT).collect();
        for (output, _) in &models {
            let folder = finished.entry.join(output);
            if !folder.join("tokenizer.json").is_file() {
                tracing::warn!(stage = name, "its model has no tokenizer, and is not served");
                continue;
            }
            let id = if models.len() == 1 { name.clone() } else { format!("{name}-{output}") };
            let before = parent(finished, &cards);
            let mut lineage = before.map_or_else(Vec::new, |card| card.lineage.clone());
            lineage.push(id.clone());
            let talks = before.is_some_and(|card| card.talks) || has_learned_to_talk(finished, &folder)?;
            let config = model::checkpoint::config(&folder)?;
            let codecs = Codecs::load(&folder)?.map(Arc::new);
            let stage = finished.stage.uses.clone();
            let card = Card { id, stage, lineage, talks, config, codecs, folder };
            cards.push((format!("{name}/{output}"), card));
        }
    }
    Ok(cards.into_iter().map(|(_, card)| card).collect())
}

/// The model that a stage went on from.
fn parent<'c>(finished: &Finished, known: &'c [(String, Card)]) -> Option<&'c Card> {
    let from = &finished.stage.from;
    let model = |output: &String| known.iter().find(|(name, _)| name == output).map(|(_, card)| card);
    from.get("checkpoint").and_then(model).or_else(|| from.values().find_map(model))
}

/// Whether a stage taught its model conversations. What others trained tells by its template, or its special tokens.
fn has_learned_to_talk(finished: &Finished, folder: &Path) -> anyhow::Result<bool> {
    let uses = finished.stage.uses.as_str();
    if uses != "checkpoint-files" {
        return Ok(TALKS.contains(&uses));
    }
    let has_template = folder.join("chat_template.jinja").is_file();
    Ok(has_template || Protocol::of(Bpe::load(folder)?.vocabulary()) != Protocol::Deepdive)
}
