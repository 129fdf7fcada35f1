//! A reward model as a judge: answers by its scores.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use bpe::{Bpe, Tokenizer};
use pipeline::Io;
use rlhf_reward::folder::Folder;
use rlhf_reward::{PreferenceModel, RewardModel};
use sft::Template;

use super::{Arena, Asked};
use crate::stages::asking;
use crate::stages::preferences::judge;

impl Arena {
    /// What the input `reward` says of all answers. It reads them as a chat model would have written them, whoever did.
    pub(super) fn rewards(&self, io: &Io, prompts: &[Asked]) -> anyhow::Result<BTreeMap<(u64, String), f64>> {
        let tokenizer = io.input("tokenizer")?.directory()?;
        let bpe = Bpe::load(tokenizer)?;
        let template = asking::template(None, self.protocol, bpe.vocabulary())?;
        let asked = self.read_by(io, "reward", &bpe)?;
        let reward = judge(io.input("reward")?, tokenizer)?;
        scores(&reward, &bpe, &*template, asked.iter().zip(prompts))
    }
}

/// The score of each answer, once; none of an answer for which there is no room.
fn scores<'a>(
    reward: &Folder,
    bpe: &Bpe,
    template: &dyn Template,
    asked: impl Iterator<Item = (&'a Vec<u32>, &'a Asked)>,
) -> anyhow::Result<BTreeMap<(u64, String), f64>> {
    let judge = RewardModel { body: &reward.body, head: reward.head.clone() };
    let context = reward.body.config().context;
    let end = *template.ends().first().context("answers have no end")?;
    let mut found = BTreeMap::new();
    for (prompt, asked) in asked {
        let texts: BTreeSet<&String> = asked.texts.iter().flatten().collect();
        let ids = |text: &&String| {
            let mut ids = vec![];
            bpe.encode(text, &mut ids);
            ids.push(end);
            ids
        };
        let answers: Vec<(&String, Vec<u32>)> = texts.iter().map(|text| (*text, ids(text))).collect();
        let fit: Vec<&(&String, Vec<u32>)> =
            answers.iter().filter(|(_, ids)| prompt.len() + ids.len() <= context).collect();
        if fit.is_empty() {
            continue;
        }
        let ids: Vec<&[u32]> = fit.iter().map(|(_, ids)| ids.as_slice()).collect();
        let scored = judge.score(prompt, &ids)?;
        found.extend(
            fit.iter().zip(scored).map(|((text, _), score)| ((asked.problem.id, (*text).clone()), score)),
        );
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use model::checkpoint::{self, Special};
    use model::{Config, Decoder, Params};
    use sft::Protocol;

    use super::*;

    #[test]
    fn answers_are_scored_once_where_they_fit() {
        let settings = bpe::Settings { vocab_size: 300, ..bpe::Settings::default() };
        let bpe = bpe::train(settings, &["one two three"]).unwrap().tokenizer;
        let config = Config {
            vocabulary: bpe.vocabulary().size(),
            context: 12,
            width: 16,
            layers: 1,
            hidden: 32,
            ..Config::default()
        };
        let template = Protocol::of(bpe.vocabulary()).template(bpe.vocabulary()).unwrap();
        let problem = rl::Problem { id: 7, ..rl::Problem::default() };
        let texts = ["one", "two", "one", "three three three three"].map(|text| Some(text.to_owned()));
        let asked = Asked { problem, texts: texts.to_vec(), too_long: false };
        let prompt = vec![1_u32, 2, 3];
        let directory = tempfile::tempdir().unwrap();
        let params = Params::new(5);
        Decoder::new(&config, &params, "").unwrap();
        checkpoint::write(directory.path(), &config, &Special::default(), &params).unwrap();
        let reward = Folder::begin(directory.path(), 5).unwrap();
        let found = scores(&reward, &bpe, &*template, [(&prompt, &asked)].into_iter()).unwrap();
        let names: Vec<&str> = found.keys().map(|(_, text)| text.as_str()).collect();
        assert_eq!(names, ["one", "two"], "each once, and none that does not fit: {found:?}");
        assert!(found.values().all(|score| score.is_finite()));
    }
}
