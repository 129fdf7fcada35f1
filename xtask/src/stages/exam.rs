//! `exam`: how often a model completes what it was told more or less often, in the prompt or in training.

use std::collections::{BTreeMap, BTreeSet};

use bpe::Bpe;
use pipeline::{Class, Input, Io, Output, Signature, Slot, Stage, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shard::{Facts, Scores, Table, Tokens};

use super::scores::Sheet;
use super::{answers, interval, shards};

/// Gives a model the beginning of each fact, and counts by `exposures` how often the likeliest continuation is the rest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Exam {
    /// Where a fact was told as often as `exposures` says.
    pub told: Told,
    /// Most tokens of an answer; an object that has more is never right.
    #[schemars(extend("unit" = "tokens"))]
    pub tokens: usize,
}

/// Where a fact was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Told {
    /// In the prompt itself: each telling is a shot (Brown et al. 2020, arXiv 2005.14165, section 2).
    InPrompt,
    /// In texts of `tokens`: each telling is a repeat (Carlini et al. 2022, arXiv 2202.07646, section 3).
    InTraining,
}

impl Told {
    /// What the scores are called.
    fn benchmark(self) -> &'static str {
        match self {
            Self::InPrompt => "in-context",
            Self::InTraining => "memorisation",
        }
    }
}

impl Default for Exam {
    fn default() -> Self {
        Self { told: Told::InPrompt, tokens: 4 }
    }
}

impl Stage for Exam {
    fn signature(&self) -> Signature {
        let tokens = Slot::new("tokens", Tokens::NAME);
        Signature {
            class: Class::Numeric,
            reads: vec![
                Slot::new("checkpoint", "checkpoint/1"),
                Slot::new("tokenizer", "tokenizer/1"),
                Slot::new("facts", Facts::NAME),
                if self.told == Told::InTraining { tokens } else { tokens.optional() },
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
        let prompts: Vec<&str> =
            facts.iter().flat_map(|fact| &fact.prompts).map(|prompt| &**prompt).collect();
        let mut said = answers::to(&prompts, self.tokens, &bpe, &decoder, io)?.into_iter();
        for fact in &mut facts {
            let own = said.by_ref().take(fact.prompts.len());
            fact.right = own.filter(|said| answers::are(said, &fact.object)).count();
        }
        let mut sheet = Sheet::default();
        score(self.told, &facts, &mut sheet);
        match self.told {
            Told::InPrompt => score_counting(&facts, &mut sheet),
            Told::InTraining => {
                count_tellings(&mut facts, &bpe, io.input("tokens")?)?;
                let counter = |name| checkpoint.counter(name);
                let epochs = answers::epochs(counter("tokens_read"), counter("training_tokens"));
                score_reading(&facts, epochs, &mut sheet);
            }
        }
        io.count("facts", facts.len() as u64);
        io.count("right", facts.iter().map(|fact| fact.right as u64).sum());
        sheet.finish(io, task)
    }
}

struct Fact {
    subject: String,
    relation: String,
    object: String,
    exposures: i32,
    prompts: Vec<String>,
    /// Prompts that the model completed.
    right: usize,
    /// Training texts that begin with a prompt and go on with the object.
    told: u64,
}

fn facts(io: &Io) -> anyhow::Result<Vec<Fact>> {
    let mut facts = vec![];
    for batch in shards::read_all::<Facts>(io.input("facts")?) {
        facts.extend(batch?.rows().map(|row| Fact {
            subject: row.subject.to_owned(),
            relation: row.relation.to_owned(),
            object: row.object.to_owned(),
            exposures: row.exposures,
            prompts: row.prompts.iter().map(|prompt| (*prompt).to_owned()).collect(),
            right: 0,
            told: 0,
        }));
    }
    Ok(facts)
}

/// Counts in the ids themselves: documents that were held out tell nothing.
fn count_tellings(facts: &mut [Fact], bpe: &Bpe, tokens: &Input) -> anyhow::Result<()> {
    answers::each_training_text(tokens, bpe, |text| {
        for fact in &mut *facts {
            let mut rests = fact.prompts.iter().filter_map(|prompt| text.strip_prefix(&**prompt));
            fact.told += u64::from(rests.any(|rest| answers::are(rest, &fact.object)));
        }
    })
}

fn classes(facts: &[Fact]) -> BTreeMap<i32, Vec<&Fact>> {
    let mut classes: BTreeMap<i32, Vec<&Fact>> = BTreeMap::new();
    for fact in facts {
        classes.entry(fact.exposures).or_default().push(fact);
    }
    classes
}

/// `right`: the mean over facts of the share of their prompts that was completed, with Wilson's interval for as many
/// trials as there are facts, since prompts of one fact are no independent trials.
fn score(told: Told, facts: &[Fact], sheet: &mut Sheet) {
    for (exposures, facts) in classes(facts) {
        let share = |fact: &&Fact| fact.right as f64 / fact.prompts.len().max(1) as f64;
        let (hits, of) = (facts.iter().map(share).sum::<f64>(), facts.len() as f64);
        let (low, high) = interval::wilson(hits, of);
        let item = exposures.to_string();
        sheet.between(told.benchmark(), &item, "right", (hits / of, low, high));
        sheet.figure(told.benchmark(), &item, "facts", of);
    }
}

/// `counting`: what somebody would have right who answers what the prompt says most often of the subject.
fn score_counting(facts: &[Fact], sheet: &mut Sheet) {
    let mut objects: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for fact in facts {
        objects.entry(&fact.relation).or_default().insert(&fact.object);
    }
    for (exposures, facts) in classes(facts) {
        let item = exposures.to_string();
        let shares: Vec<f64> = facts.iter().map(|fact| counted(fact, &objects[&*fact.relation])).collect();
        sheet.figure(Told::InPrompt.benchmark(), &item, "counting", interval::mean(&shares).0);
        let chances: Vec<f64> =
            facts.iter().map(|fact| 1.0 / objects[&*fact.relation].len() as f64).collect();
        sheet.figure(Told::InPrompt.benchmark(), &item, "chance", interval::mean(&chances).0);
    }
}

/// The share of prompts that counting answers; between objects that are told equally often it has to guess.
fn counted(fact: &Fact, objects: &BTreeSet<&str>) -> f64 {
    let share = |prompt: &String| {
        let told = |object: &str| prompt.matches(&format!("{} {object}", fact.subject)).count();
        let most = objects.iter().map(|object| told(object)).max().unwrap_or(0);
        let best = objects.iter().filter(|object| told(object) == most).count();
        if told(&fact.object) == most { 1.0 / best as f64 } else { 0.0 }
    };
    fact.prompts.iter().map(share).sum::<f64>() / fact.prompts.len().max(1) as f64
}

/// `read`: how often training read such a fact, on average.
fn score_reading(facts: &[Fact], epochs: f64, sheet: &mut Sheet) {
    for (exposures, facts) in classes(facts) {
        let read: Vec<f64> = facts.iter().map(|fact| fact.told as f64 * epochs).collect();
        let item = exposures.to_string();
        sheet.between(Told::InTraining.benchmark(), &item, "read", interval::mean(&read));
    }
}

#[cfg(test)]
mod tests {
    use super::{Fact, Sheet, Told, score, score_counting, score_reading};

    fn fact(prompt: &str, object: &str, exposures: i32, right: usize, told: u64) -> Fact {
        let [subject, relation, object, prompt] = ["Velane", "colour", object, prompt].map(str::to_owned);
        Fact { subject, relation, object, exposures, prompts: vec![prompt], right, told }
    }

    fn check(sheet: &Sheet, expected: &[&str]) {
        let lines = sheet.lines();
        for line in expected {
            assert!(lines.contains(&(*line).to_owned()), "{line} is not in {lines:#?}");
        }
    }

    #[test]
    fn answers_are_counted_by_how_often_they_were_told() {
        let facts = [fact("a", "red", 0, 0, 0), fact("b", "red", 4, 1, 4), fact("c", "blue", 4, 0, 3)];
        let mut sheet = Sheet::default();
        score(Told::InTraining, &facts, &mut sheet);
        score_reading(&facts, 2.0, &mut sheet);
        check(
            &sheet,
            &[
                "memorisation 0 right 0",
                "memorisation 4 right 0.5",
                "memorisation 4 facts 2",
                "memorisation 0 read 0",
                "memorisation 4 read 7",
            ],
        );
    }

    #[test]
    fn who_counts_answers_what_is_told_most_and_guesses_between_equals() {
        let facts = [
            fact("Dorick red\nVelane", "red", 0, 0, 0),
            fact("Dorick red\nVelane", "blue", 0, 1, 0),
            fact("Velane red\nVelane blue\nVelane", "red", 2, 0, 0),
            fact("Velane red\nVelane blue\nVelane", "green", 2, 0, 0),
            fact("Velane red\nVelane red\nVelane blue\nVelane", "red", 3, 1, 0),
        ];
        let mut sheet = Sheet::default();
        score_counting(&facts, &mut sheet);
        let third = 1.0 / 3.0;
        check(
            &sheet,
            &[
                &format!("in-context 0 counting {third}"),
                &format!("in-context 2 chance {third}"),
                "in-context 2 counting 0.25",
                "in-context 3 counting 1",
            ],
        );
    }
}
