//! `recall`: which of the facts that it read a model knows.

use std::collections::{BTreeMap, BTreeSet};

use bpe::Bpe;
use model::Decoder;
use pipeline::{Class, Io, Output, Signature, Slot, Stage, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shard::{Facts, Scores, Table, Tokens};

use super::scores::Sheet;
use super::{answers, interval, shards};

/// Asks a model for facts in words that it never read, and counts how often it had read each.
///
/// A prompt is answered when the most likely continuation begins with the fact's object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Recall {
    /// Most tokens of an answer; an object that has more is never known.
    #[schemars(extend("unit" = "tokens"))]
    pub tokens: usize,
}

impl Default for Recall {
    fn default() -> Self {
        Self { tokens: 12 }
    }
}

impl Stage for Recall {
    fn signature(&self) -> Signature {
        Signature {
            class: Class::Numeric,
            reads: vec![
                Slot::new("checkpoint", "checkpoint/1"),
                Slot::new("tokenizer", "tokenizer/1"),
                Slot::new("facts", Facts::NAME),
                Slot::new("tokens", Tokens::NAME),
            ],
            writes: vec![Output::new("scores", Scores::NAME)],
            sources: &["model", "bpe"],
            ..Signature::exact(1)
        }
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let bpe = Bpe::load(io.input("tokenizer")?.directory()?)?;
        let checkpoint = io.input("checkpoint")?;
        let (_, decoder) = model::checkpoint::load(checkpoint.directory()?)?;
        let mut facts = facts(io)?;
        count_tellings(&mut facts, &bpe, io)?;
        self.ask(&mut facts, &bpe, &decoder, io)?;
        let mut sheet = Sheet::default();
        let epochs =
            answers::epochs(checkpoint.counter("tokens_read"), checkpoint.counter("training_tokens"));
        score(&facts, epochs, &mut sheet);
        io.count("facts", facts.len() as u64);
        io.count("prompts", facts.iter().map(|fact| fact.prompts.len() as u64).sum());
        io.count("answered", facts.iter().map(|fact| fact.answered).sum());
        sheet.finish(io, task)
    }
}

struct Fact {
    /// Last word of whom it is about, which nobody else has.
    surname: String,
    relation: String,
    object: String,
    /// Pages that state it, of the whole web.
    exposures: i32,
    prompts: Vec<String>,
    /// Sentences of training text that state it.
    told: u64,
    answered: u64,
}

fn facts(io: &Io) -> anyhow::Result<Vec<Fact>> {
    let mut facts = vec![];
    for batch in shards::read_all::<Facts>(io.input("facts")?) {
        facts.extend(batch?.rows().map(|row| Fact {
            surname: row.subject.rsplit(' ').next().unwrap_or(row.subject).to_owned(),
            relation: row.relation.to_owned(),
            object: row.object.to_owned(),
            exposures: row.exposures,
            prompts: row.prompts.iter().map(|prompt| (*prompt).to_owned()).collect(),
            told: 0,
            answered: 0,
        }));
    }
    Ok(facts)
}

/// Counts the sentences of training documents that have a fact's surname and its object.
///
/// They are read from the ids themselves: what filter, deduplication and held-out documents took is not counted.
fn count_tellings(facts: &mut [Fact], bpe: &Bpe, io: &Io) -> anyhow::Result<()> {
    let mut of: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, fact) in facts.iter().enumerate() {
        of.entry(fact.surname.clone()).or_default().push(at);
    }
    answers::each_training_text(io.input("tokens")?, bpe, |text| {
        for sentence in text.split(['\n', '.', '!', '?']) {
            let words = sentence.split(|letter: char| !letter.is_alphanumeric());
            for at in words.filter_map(|word| of.get(word)).flatten() {
                facts[*at].told += u64::from(sentence.contains(&facts[*at].object));
            }
        }
    })
}

impl Recall {
    fn ask(&self, facts: &mut [Fact], bpe: &Bpe, decoder: &Decoder, io: &Io) -> anyhow::Result<()> {
        let asked = facts.iter().flat_map(|fact| &fact.prompts);
        let prompts: Vec<&str> = asked.map(String::as_str).collect();
        let mut said = answers::to(&prompts, self.tokens, bpe, decoder, io)?.into_iter();
        for fact in facts {
            let own = said.by_ref().take(fact.prompts.len());
            fact.answered = own.filter(|said| answers::are(said, &fact.object)).count() as u64;
        }
        Ok(())
    }
}

/// Scores `recall`: an item a class of facts that as many pages state, and an item a relation among the most told.
fn score(facts: &[Fact], epochs: f64, scores: &mut Sheet) {
    let mut classes: BTreeMap<i32, Vec<&Fact>> = BTreeMap::new();
    for fact in facts {
        classes.entry(fact.exposures).or_default().push(fact);
    }
    for (exposures, facts) in &classes {
        let item = exposures.to_string();
        let read: Vec<f64> = facts.iter().map(|fact| fact.told as f64 * epochs).collect();
        share_known(facts, &item, scores);
        scores.between("recall", &item, "read", interval::mean(&read));
        scores.figure("recall", &item, "chance", chance(facts));
    }
    let mut relations: BTreeMap<&str, Vec<&Fact>> = BTreeMap::new();
    for fact in classes.pop_last().map_or(vec![], |(_, facts)| facts) {
        relations.entry(&fact.relation).or_default().push(fact);
    }
    for (relation, facts) in relations {
        share_known(&facts, relation, scores);
    }
}

/// Mean over `facts` of the share of their prompts that was answered. The interval is Wilson's for as many trials as
/// there are facts: prompts of one fact are no independent trials.
fn share_known(facts: &[&Fact], item: &str, scores: &mut Sheet) {
    let answered = |fact: &&Fact| fact.answered as f64 / fact.prompts.len().max(1) as f64;
    let (hits, of) = (facts.iter().map(answered).sum::<f64>(), facts.len() as f64);
    let (low, high) = interval::wilson(hits, of);
    scores.between("recall", item, "known", (hits / of, low, high));
    scores.figure("recall", item, "facts", of);
}

/// What guessing one of a relation's objects would give.
fn chance(facts: &[&Fact]) -> f64 {
    let mut objects: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for fact in facts {
        objects.entry(&fact.relation).or_default().insert(&fact.object);
    }
    objects.values().map(|objects| 1.0 / objects.len() as f64).sum::<f64>() / objects.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::{Fact, Sheet, answers, score};

    #[test]
    fn facts_are_counted_by_how_often_they_are_told() {
        let fact = |relation: &str, object: &str, exposures, told, answered| Fact {
            surname: "Bryery".to_owned(),
            relation: relation.to_owned(),
            object: object.to_owned(),
            exposures,
            prompts: vec![String::new(); 2],
            told,
            answered,
        };
        let facts = [
            fact("trade", "baker", 1, 1, 0),
            fact("trade", "cook", 64, 60, 2),
            fact("pet", "goat", 64, 50, 1),
        ];
        let mut sheet = Sheet::default();
        score(&facts, answers::epochs(Some(300), Some(100)), &mut sheet);
        let lines = sheet.lines();
        for expected in [
            "recall 1 known 0",
            "recall 1 read 3",
            "recall 64 known 0.75",
            "recall 64 facts 2",
            "recall 64 read 165",
            "recall 64 chance 1",
            "recall pet known 0.5",
            "recall trade known 1",
        ] {
            assert!(lines.contains(&expected.to_owned()), "{expected} is not in {lines:#?}");
        }
    }
}
