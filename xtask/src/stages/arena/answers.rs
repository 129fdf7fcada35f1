//! The prompts, and what every model answers to them.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use bpe::{Bpe, Tokenizer};
use chat::Responder;
use model::{Decoder, Limits, Prompt};
use pipeline::{Error, Fault, Io};
use rl::Problem;
use sft::Part;
use shard::{Problems, problems};

use super::{Arena, Asked};
use crate::stages::{asking, shards, talk};

impl Arena {
    /// What all are asked, nobody having answered yet.
    pub(super) fn prompts(&self, io: &Io) -> anyhow::Result<Vec<Asked>> {
        let mut prompts = vec![];
        self.each(io, |row| {
            let what = || format!("problem {} cannot be asked", row.id);
            let messages = talk::messages(&row.prompt).with_context(what)?;
            let last = messages.last().map_or(&[][..], |message| &message.content);
            let problem = Problem {
                id: row.id,
                ability: row.ability.to_owned(),
                asked: last.iter().filter_map(Part::as_text).collect(),
                ids: vec![],
                answer: row.answer.to_owned(),
                verifier: row.verifier.to_owned(),
                meta: row.meta.map(str::to_owned),
            };
            prompts.push(Asked { problem, texts: vec![None; self.contestants().len()], too_long: false });
            Ok(())
        })?;
        if prompts.is_empty() {
            let fault = Fault::new("nobody can be asked anything").got("no problem of these `sources`");
            return Err(Error::Input(fault.expected("one or more")).into());
        }
        Ok(prompts)
    }

    /// Lets every model answer what it has not answered in an earlier arena.
    pub(super) fn answer(&self, io: &Io, prompts: &mut [Asked]) -> anyhow::Result<()> {
        let bpe = Bpe::load(io.input("tokenizer")?.directory()?)?;
        for name in &self.models {
            self.read_all_by(io, name, &bpe, prompts)?;
        }
        for (at, name) in self.models.iter().enumerate() {
            self.answer_by(io, (self.earlier.len() + at, name), &bpe, prompts)?;
        }
        io.count("prompts", prompts.iter().filter(|asked| !asked.too_long).count() as u64);
        io.count("too_long", prompts.iter().filter(|asked| asked.too_long).count() as u64);
        Ok(())
    }

    /// What one model cannot read nobody is asked, so that all are asked the same.
    fn read_all_by(&self, io: &Io, name: &str, bpe: &Bpe, prompts: &mut [Asked]) -> anyhow::Result<()> {
        let folder = io.input(name)?.directory()?;
        let decoder = load(name, folder)?;
        fits(name, decoder.config().vocabulary, folder, bpe)?;
        let ids = self.read_by(io, name, bpe)?;
        for (asked, ids) in prompts.iter_mut().zip(ids) {
            asked.too_long |= ids.len() >= decoder.config().context;
        }
        Ok(())
    }

    fn answer_by(
        &self,
        io: &Io,
        (number, name): (usize, &str),
        bpe: &Bpe,
        prompts: &mut [Asked],
    ) -> anyhow::Result<()> {
        let decoder = load(name, io.input(name)?.directory()?)?;
        let config = decoder.config();
        let transcript = self.transcripts.get(name);
        let template = asking::template(transcript, self.protocol, bpe.vocabulary())?;
        let limits = Limits { new_tokens: self.tokens, context: config.context, ..Limits::default() };
        let model = decoder.detached();
        let responder = Responder { model: &model, tokenizer: bpe, template: &*template, tools: &[] };

        let known = prompts.iter().filter(|asked| asked.texts[number].is_some()).count();
        let open = |asked: &Asked| asked.texts[number].is_none() && !asked.too_long;
        let unanswered: Vec<usize> = (0..prompts.len()).filter(|&at| open(&prompts[at])).collect();
        let ids = self.read_by(io, name, bpe)?;
        let prompt = |&at: &usize| Prompt {
            ids: ids[at].clone(),
            seed: io.seed(&format!("answer of {name} to {}", prompts[at].problem.id)),
        };
        let wanted: Vec<Prompt> = unanswered.iter().map(prompt).collect();
        asking::answer(&responder, &wanted, &self.draw, &limits, io, |at, reply| {
            prompts[unanswered[at]].texts[number] = Some(asking::said(reply, bpe, transcript).0);
        })?;
        io.count("answers", wanted.len() as u64);
        io.count("known_answers", known as u64);
        Ok(())
    }

    /// All prompts as one model reads them.
    pub(super) fn read_by(&self, io: &Io, name: &str, bpe: &Bpe) -> anyhow::Result<Vec<Vec<u32>>> {
        let template = asking::template(self.transcripts.get(name), self.protocol, bpe.vocabulary())?;
        let mut all = vec![];
        self.each(io, |row| {
            all.push(asking::asked(row, bpe, &*template)?.ids);
            Ok(())
        })?;
        Ok(all)
    }

    /// The problems that are asked, in their order.
    fn each(
        &self,
        io: &Io,
        mut visit: impl FnMut(&problems::Row<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut of_ability = BTreeMap::<String, usize>::new();
        for batch in shards::read_all::<Problems>(io.input("problems")?) {
            for row in batch?.rows() {
                if !self.sources.is_empty() && !self.sources.iter().any(|end| row.source.ends_with(end)) {
                    continue;
                }
                let count = of_ability.entry(row.ability.to_owned()).or_default();
                *count += 1;
                if self.most == 0 || *count <= self.most {
                    visit(&row)?;
                }
            }
        }
        Ok(())
    }
}

fn load(name: &str, folder: &Path) -> anyhow::Result<Decoder> {
    let read = || format!("cannot read the model \"{name}\"");
    Ok(model::checkpoint::load(folder).with_context(read)?.1)
}

/// Refuses a model that speaks in other tokens.
fn fits(name: &str, size: usize, folder: &Path, bpe: &Bpe) -> anyhow::Result<()> {
    let fault = |got: String| {
        let fault = Fault::new(format!("the model \"{name}\" has another vocabulary than the tokenizer"));
        let fault =
            fault.got(got).expected(format!("{} tokens, those of the tokenizer", bpe.vocabulary().size()));
        Err(Error::Input(fault.cure("let models of one tokenizer meet")).into())
    };
    if size < bpe.vocabulary().size() {
        return fault(format!("{size} tokens"));
    }
    // most checkpoints have a copy of their tokenizer beside them
    if folder.join("tokenizer.json").exists() {
        let own = Bpe::load(folder)?;
        let same = own.vocabulary().tokens().eq(bpe.vocabulary().tokens())
            && own.vocabulary().specials().eq(bpe.vocabulary().specials());
        if !same {
            return fault("other tokens beside its weights".to_owned());
        }
    }
    Ok(())
}
