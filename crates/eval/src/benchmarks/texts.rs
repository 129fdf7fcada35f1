//! How well a model predicts texts: perplexity, in bits per byte, which compares models of any tokenizer.

use super::name;
use crate::{Answer, Ask, Benchmark, Encoding, Item, Mark, Result};

/// Texts to predict, each by itself. Where nothing stands before a text, its first token is given and not scored; a text
/// longer than the model's context is scored in pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texts(pub Vec<String>);

impl Benchmark for Texts {
    fn items(&self, encoding: &Encoding<'_>) -> Result<Vec<Item>> {
        let item = |(at, text): (usize, &String)| {
            let (context, continuation) = encoding.pair("", text);
            Item { name: name(at), chance: None, asks: vec![Ask::Score { context, continuation }] }
        };
        Ok(self.0.iter().enumerate().map(item).collect())
    }

    fn grade(&self, at: usize, answers: &[Answer]) -> Vec<Mark> {
        let nats: f64 = answers.iter().map(|answer| -answer.log_prob()).sum();
        let tokens: usize = answers
            .iter()
            .map(|answer| match answer {
                Answer::Scored { tokens, .. } => *tokens,
                Answer::Written(_) => 0,
            })
            .sum();
        let per = |metric: &str, units: f64, value: f64| Mark {
            metric: metric.to_owned(),
            value: if units > 0.0 { value / units } else { 0.0 },
            weight: units,
        };
        let bytes = self.0[at].len() as f64;
        vec![
            per("bits_per_byte", bytes, nats / std::f64::consts::LN_2),
            per("nats_per_token", tokens as f64, nats),
        ]
    }
}
