//! Multiple choice by log-likelihood: which of some texts the model holds to be the likeliest.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::name;
use crate::{Answer, Ask, Benchmark, Encoding, Example, Item, Mark, Prompting, Result};

/// A question with its choices. Either the question stays and the choices differ, or questions differ and one text follows
/// each of them (a Winograd schema).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// One question, or as many as there is to choose from.
    pub questions: Vec<String>,
    /// The choices; one where the questions differ.
    pub choices: Vec<String>,
    /// Which is right.
    pub gold: usize,
    /// What it belongs to, a subject for example; examples come from the same.
    pub group: String,
}

/// What decides between choices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Counted {
    /// The log-probability of the text (`acc` of lm-evaluation-harness).
    #[default]
    Sum,
    /// The same by token: llm-foundry's way, and that of DCLM's CORE.
    PerToken,
    /// The same by byte of the choice, without what stands before it (`acc_norm`, which counts characters).
    PerByte,
}

impl Counted {
    const ALL: [Self; 3] = [Self::Sum, Self::PerToken, Self::PerByte];

    fn metric(self) -> &'static str {
        match self {
            Self::Sum => "right",
            Self::PerToken => "right_per_token",
            Self::PerByte => "right_per_byte",
        }
    }
}

/// Questions with choices. Every item is marked in the three ways of [`Counted`], and by `margin`: how far, in nats and in
/// the way that counts, the right choice lies above the best other.
#[derive(Clone, Debug, PartialEq)]
pub struct MultipleChoice {
    /// The questions.
    pub questions: Vec<Choice>,
    /// How they are put.
    pub prompting: Prompting,
    /// Draws examples.
    pub seed: u64,
    /// What the benchmark is known for.
    pub counted: Counted,
}

impl Choice {
    /// How many there are to choose from.
    fn len(&self) -> usize {
        self.questions.len().max(self.choices.len())
    }

    fn question(&self, option: usize) -> &str {
        of(&self.questions, option)
    }

    fn choice(&self, option: usize) -> &str {
        of(&self.choices, option)
    }
}

/// Entry `at`, or the only one.
fn of(texts: &[String], at: usize) -> &str {
    texts.get(at).or(texts.first()).map_or("", String::as_str)
}

impl Benchmark for MultipleChoice {
    fn items(&self, encoding: &Encoding<'_>) -> Result<Vec<Item>> {
        let example = |choice: &Choice| {
            (choice.question(choice.gold).to_owned(), choice.choice(choice.gold).to_owned())
        };
        let told: Vec<(String, String)> = self.questions.iter().map(example).collect();
        let pool: Vec<Example<'_>> = told
            .iter()
            .zip(&self.questions)
            .map(|((question, answer), choice)| Example { question, answer, group: &choice.group })
            .collect();
        let item = |(at, choice): (usize, &Choice)| {
            let asks = (0..choice.len()).map(|option| {
                let prompt = self.prompting.prompt(choice.question(option), at, &pool, self.seed)?;
                let (context, continuation) = encoding.pair(&prompt, choice.choice(option));
                Ok(Ask::Score { context, continuation })
            });
            let chance = Some(1.0 / choice.len().max(1) as f64);
            Ok(Item { name: name(at), chance, asks: asks.collect::<Result<_>>()? })
        };
        self.questions.iter().enumerate().map(item).collect()
    }

    fn grade(&self, at: usize, answers: &[Answer]) -> Vec<Mark> {
        let choice = &self.questions[at];
        let scores = |counted: Counted| -> Vec<f64> {
            let score = |(option, answer): (usize, &Answer)| match (counted, answer) {
                (_, Answer::Written(_)) => f64::NEG_INFINITY,
                (Counted::Sum, _) => answer.log_prob(),
                (Counted::PerToken, Answer::Scored { tokens, .. }) => {
                    answer.log_prob() / (*tokens).max(1) as f64
                }
                (Counted::PerByte, _) => answer.log_prob() / choice.choice(option).len().max(1) as f64,
            };
            answers.iter().enumerate().map(score).collect()
        };
        let mut ways = Counted::ALL.to_vec();
        ways.sort_by_key(|way| *way != self.counted);
        let mut marks: Vec<Mark> = ways
            .into_iter()
            .map(|way| Mark::right(way.metric(), likeliest(&scores(way)) == Some(choice.gold)))
            .collect();
        marks.push(Mark::of("margin", margin(&scores(self.counted), choice.gold)));
        marks
    }
}

/// The first of the highest.
fn likeliest(scores: &[f64]) -> Option<usize> {
    let better = |best: usize, at: usize| if scores[at] > scores[best] { at } else { best };
    (0..scores.len()).reduce(better)
}

fn margin(scores: &[f64], gold: usize) -> f64 {
    let others = scores.iter().enumerate().filter(|(at, _)| *at != gold).map(|(_, score)| *score);
    others.reduce(f64::max).map_or(0.0, |best| scores.get(gold).map_or(0.0, |own| own - best))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(log_prob: f64, tokens: usize) -> Answer {
        Answer::Scored { log_prob, tokens, greedy: false }
    }

    #[test]
    fn three_ways_to_choose() {
        let question = Choice {
            questions: vec!["Which?".to_owned()],
            choices: ["ten bytes!", "five.", "a text of twenty-six bytes"].map(str::to_owned).to_vec(),
            gold: 2,
            ..Choice::default()
        };
        let mut benchmark = MultipleChoice {
            questions: vec![question],
            prompting: Prompting::default(),
            seed: 0,
            counted: Counted::Sum,
        };
        let answers = [scored(-8.0, 4), scored(-6.0, 2), scored(-15.0, 6)];
        let marks = |benchmark: &MultipleChoice| -> Vec<(String, f64)> {
            benchmark.grade(0, &answers).into_iter().map(|mark| (mark.metric, mark.value)).collect()
        };
        let expected = [("right", 0.0), ("right_per_token", 0.0), ("right_per_byte", 1.0), ("margin", -9.0)];
        assert_eq!(marks(&benchmark), expected.map(|(metric, value)| (metric.to_owned(), value)));
        benchmark.counted = Counted::PerByte;
        let marks = marks(&benchmark);
        assert_eq!(marks[0], ("right_per_byte".to_owned(), 1.0), "what counts comes first");
        assert!((marks[3].1 - (0.8 - 15.0 / 26.0)).abs() < 1e-12);
    }
}
