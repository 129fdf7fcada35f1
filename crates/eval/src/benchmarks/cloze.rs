//! Cloze by greedy continuation, as LAMBADA (Paperno et al. 2016, arXiv 1606.06031) is scored since GPT-2: is each token of
//! the answer the likeliest one?

use super::{Open, name, prompts};
use crate::{Answer, Ask, Benchmark, Encoding, Item, Mark, Prompting, Result};

/// Texts to complete. An item is `right` where greedy decoding would write exactly the answer's tokens; `nats` is the
/// answer's negative log-probability. Guessing gets nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Cloze {
    /// The texts; each answer counts.
    pub questions: Vec<Open>,
    /// How they are put.
    pub prompting: Prompting,
    /// Draws examples.
    pub seed: u64,
}

impl Benchmark for Cloze {
    fn items(&self, encoding: &Encoding<'_>) -> Result<Vec<Item>> {
        let prompts = prompts(&self.questions, &self.prompting, self.seed)?;
        let item = |(at, (open, prompt)): (usize, (&Open, String))| {
            let ask = |answer: &String| {
                let (context, continuation) = encoding.pair(&prompt, answer);
                Ask::Score { context, continuation }
            };
            Item { name: name(at), chance: Some(0.0), asks: open.answers.iter().map(ask).collect() }
        };
        Ok(self.questions.iter().zip(prompts).enumerate().map(item).collect())
    }

    fn grade(&self, _: usize, answers: &[Answer]) -> Vec<Mark> {
        let right = answers.iter().any(|answer| matches!(answer, Answer::Scored { greedy: true, .. }));
        let best = answers.iter().map(Answer::log_prob).reduce(f64::max).unwrap_or(0.0);
        vec![Mark::right("right", right), Mark::of("nats", -best)]
    }
}
