//! `retrieve`: which of many captions is a picture's or a sound's, and which of many of these is a caption's.

use bpe::Tokenizer;
use eval::{Ask, Bootstrap, Encoding, Item, Subject};
use pipeline::{Class, Error, Fault, Io, Output, Signature, Slot, Stage, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sft::Protocol;
use shard::{Problems, Scores, Table};

use super::scores::Sheet;
use super::training::Speech;
use super::{asking, shards};

/// Ranks the captions of a test by how likely a model finds each as its answer about each picture or sound, and pictures and
/// sounds by the same likelihoods, each caption's own frequency aside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Retrieve {
    /// How a conversation is written as tokens; by default as the tokenizer's special tokens suggest.
    pub protocol: Option<Protocol>,
    /// Only problems whose source ends with one of these.
    pub sources: Vec<String>,
    /// Most of them; 0 for all. The work grows with the square.
    #[schemars(extend("unit" = "problems"))]
    pub most: usize,
    /// How many of the best are looked at, beside the best alone.
    #[schemars(extend("unit" = "candidates"))]
    pub best: usize,
    /// Draws of the bootstrap.
    #[schemars(extend("unit" = "draws", "source" = "Efron 1979"))]
    pub draws: usize,
}

impl Default for Retrieve {
    fn default() -> Self {
        Self { protocol: None, sources: vec!["/asked".to_owned()], most: 400, best: 10, draws: 2_000 }
    }
}

impl Stage for Retrieve {
    fn signature(&self) -> Signature {
        Signature {
            class: Class::Numeric,
            random: true,
            reads: vec![
                Slot::new("checkpoint", "checkpoint/1"),
                Slot::new("tokenizer", "tokenizer/1"),
                Slot::new("problems", Problems::NAME),
            ],
            writes: vec![Output::new("scores", Scores::NAME)],
            sources: &["model", "bpe", "sft", "eval"],
            ..Signature::exact(1)
        }
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let speech = Speech::open(io, self.protocol)?;
        let (_, decoder) = model::checkpoint::load(io.input("checkpoint")?.directory()?)?;
        let (prompts, captions) = self.read(io, &speech)?;
        if prompts.len() < 2 {
            let fault = Fault::new("there is nothing to tell apart").on("/sources");
            let fault = fault.got(format!("{} problems", prompts.len())).expected("two at least");
            return Err(Error::Input(fault).into());
        }
        let end = &speech.template.ends()[..1];
        let answers: Vec<Vec<u32>> = captions
            .iter()
            .map(|caption| {
                let mut ids = vec![];
                speech.bpe.encode(caption, &mut ids);
                [&ids, end].concat()
            })
            .collect();
        let ask = |prompt: &Vec<u32>, answer: &Vec<u32>| Ask::Score {
            context: prompt.clone(),
            continuation: answer.clone(),
        };
        let items: Vec<Item> = prompts
            .iter()
            .map(|prompt| Item {
                name: String::new(),
                chance: None,
                asks: answers.iter().map(|answer| ask(prompt, answer)).collect(),
            })
            .collect();
        let model = decoder.detached();
        let encoding = Encoding { tokenizer: &speech.bpe, begin: None };
        let subject = Subject::new(&model, encoding, decoder.config().context);
        // [pictures, captions]
        let scores: Vec<Vec<f64>> = subject
            .answer(&items)?
            .iter()
            .map(|answers| answers.iter().map(eval::Answer::log_prob).collect())
            .collect();
        let likelier = likelier(&scores);
        let transposed: Vec<Vec<f64>> = (0..captions.len())
            .map(|caption| likelier.iter().map(|of_picture| of_picture[caption]).collect())
            .collect();

        let mut sheet = Sheet::default();
        for (item, scores) in [("caption", &likelier), ("medium", &transposed)] {
            let ranks: Vec<f64> = scores.iter().enumerate().map(|(own, row)| rank(row, own)).collect();
            self.tell(io, item, &ranks, &mut sheet);
        }
        io.count("candidates", captions.len() as u64);
        sheet.finish(io, task)
    }
}

impl Retrieve {
    /// What is asked about each, and what it is called. Of things that are called alike there is one.
    fn read(&self, io: &Io, speech: &Speech<'_>) -> anyhow::Result<(Vec<Vec<u32>>, Vec<String>)> {
        let (mut prompts, mut captions) = (vec![], vec![]);
        for batch in shards::read_all::<Problems>(io.input("problems")?) {
            for row in batch?.rows() {
                let wanted = self.sources.iter().any(|end| row.source.ends_with(end.as_str()));
                if !wanted || (self.most > 0 && prompts.len() == self.most) {
                    continue;
                }
                if captions.iter().any(|caption| caption == row.answer) {
                    io.count("called_alike", 1);
                    continue;
                }
                prompts.push(asking::asked(&row, &speech.bpe, &*speech.template)?.ids);
                captions.push(row.answer.to_owned());
            }
        }
        Ok((prompts, captions))
    }

    fn tell(&self, io: &Io, item: &str, ranks: &[f64], sheet: &mut Sheet) {
        let count = ranks.len();
        let within = |best: usize| ranks.iter().filter(|rank| **rank <= best as f64).count() as u64;
        sheet.figure(BENCHMARK, item, "candidates", count as f64);
        sheet.share(BENCHMARK, item, "first", within(1), count as u64);
        sheet.figure(BENCHMARK, item, "first_by_chance", 1.0 / count as f64);
        sheet.share(BENCHMARK, item, "among_best", within(self.best), count as u64);
        sheet.figure(BENCHMARK, item, "among_best_by_chance", (self.best as f64 / count as f64).min(1.0));
        let weighed: Vec<(f64, f64)> = ranks.iter().map(|rank| (1.0 / rank, 1.0)).collect();
        let bootstrap = Bootstrap { draws: self.draws, seed: io.seed("bootstrap") };
        let mean = bootstrap.mean(&weighed, item);
        sheet.between(BENCHMARK, item, "reciprocal_rank", (mean.value, mean.low, mean.high));
        let by_chance = (1..=count).map(|rank| 1.0 / rank as f64).sum::<f64>() / count as f64;
        sheet.figure(BENCHMARK, item, "reciprocal_rank_by_chance", by_chance);
        io.metric(&format!("{item}_reciprocal_rank"), mean.value);
        io.metric(&format!("{item}_reciprocal_rank_by_chance"), by_chance);
    }
}

const BENCHMARK: &str = "retrieve";

/// How much likelier each caption is for one picture than for the average one: log p(c|x) − log mean p(c|x'), the pointwise
/// mutual information (Church and Hanks 1990). Long and rare captions are less likely for all.
fn likelier(scores: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let captions = scores.first().map_or(0, Vec::len);
    let means: Vec<f64> = (0..captions)
        .map(|caption| {
            let most = scores.iter().map(|row| row[caption]).fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = scores.iter().map(|row| (row[caption] - most).exp()).sum();
            most + (sum / scores.len() as f64).ln()
        })
        .collect();
    scores.iter().map(|row| row.iter().zip(&means).map(|(score, mean)| score - mean).collect()).collect()
}

/// The place of entry `own` among all, the largest first; equal ones share the places that they have.
fn rank(scores: &[f64], own: usize) -> f64 {
    let larger = scores.iter().filter(|score| **score > scores[own]).count();
    let equal = scores.iter().filter(|score| **score == scores[own]).count();
    larger as f64 + f64::midpoint(equal as f64, 1.0)
}

#[cfg(test)]
mod tests {
    use super::{likelier, rank};

    #[test]
    fn places_count_from_one() {
        assert_eq!(rank(&[0.5, 2.0, 1.0], 1), 1.0);
        assert_eq!(rank(&[0.5, 2.0, 1.0], 0), 3.0);
        // nobody knows anything: the place in the middle
        assert_eq!(rank(&[1.0; 5], 3), 3.0);
    }

    #[test]
    fn what_is_likely_for_all_says_nothing() {
        // the first caption is likely for both, the second a little more for the second picture
        let likelier = likelier(&[vec![-0.1, -6.0], vec![-0.1, -4.0]]);
        assert_eq!(rank(&likelier[1], 1), 1.0);
        assert_eq!(rank(&likelier[0], 0), 1.0);
        assert!(likelier[0][0].abs() < 1e-12);
    }
}
