//! A model that answers.

mod pieces;
mod score;
mod write;

use std::ops::{ControlFlow, Range};

use model::CausalLm;

use crate::{Answer, Ask, Encoding, Item, Result};

/// A model with its tokenizer, answering in batches.
///
/// Items of similar length are read together, and a context that several continuations share is read once. Answers depend
/// neither on the batch nor on the order of items, where the model's rows do not (those of [`model::Decoder`] do not, to
/// the bit).
///
/// What does not fit into the model's context is cut off at the left of the context. A continuation longer than the
/// model's context is scored in pieces, each with as much before it as fits.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The model, without gradients.
    pub model: &'a dyn CausalLm,
    /// Its tokenizer.
    pub encoding: Encoding<'a>,
    /// Most positions that the model can look at.
    pub context: usize,
    /// Positions that one pass reads, about: memory, not meaning.
    pub positions: usize,
    /// Draws what is written, where it is drawn.
    pub seed: u64,
}

impl<'a> Subject<'a> {
    /// A subject with passes of a size that fits most machines, and seed 0.
    pub fn new(model: &'a dyn CausalLm, encoding: Encoding<'a>, context: usize) -> Self {
        Self { model, encoding, context, positions: 2_048, seed: 0 }
    }

    /// Answers to all items, in their order.
    pub fn answer(&self, items: &[Item]) -> Result<Vec<Vec<Answer>>> {
        let mut answers = vec![vec![]; items.len()];
        let all: Vec<usize> = (0..items.len()).collect();
        self.answer_each(items, &all, &mut |at, answered| {
            answers[at] = answered;
            ControlFlow::Continue(())
        })?;
        Ok(answers)
    }

    /// Answers to the items at `which`; `visit` gets them with their places as they come, which is not the order of
    /// `which`, and may break off.
    pub fn answer_each(
        &self,
        items: &[Item],
        which: &[usize],
        visit: &mut dyn FnMut(usize, Vec<Answer>) -> ControlFlow<()>,
    ) -> Result<()> {
        let mut order = which.to_vec();
        // the longest first: what does not fit into memory is known at once
        order.sort_by_key(|&at| (std::cmp::Reverse(longest(&items[at])), at));
        for batch in self.batches(items, &order) {
            let batch = &order[batch];
            for (at, answers) in batch.iter().zip(self.answer_together(items, batch)?) {
                if visit(*at, answers).is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Whether the model sees less of an item's context than there is.
    pub fn cuts(&self, item: &Item) -> bool {
        item.asks.iter().any(|ask| match ask {
            Ask::Score { context, continuation } => {
                context.len() > 1 && context.len() + continuation.len() > self.context + 1
            }
            Ask::Write { prompt, writing } => prompt.len() > self.room(writing.tokens),
        })
    }

    /// Most tokens of a prompt, so that `tokens` more fit.
    fn room(&self, tokens: usize) -> usize {
        self.context.saturating_sub(tokens).max(1)
    }

    /// Ranges of `order`, each of about as many positions as one pass takes, and of one item at least.
    fn batches(&self, items: &[Item], order: &[usize]) -> Vec<Range<usize>> {
        let (mut found, mut start, mut rows) = (vec![], 0, 0);
        for (place, &at) in order.iter().enumerate() {
            let more = self::rows(&items[at]);
            if place > start && (rows + more) * longest(&items[order[start]]) > self.positions {
                found.push(start..place);
                (start, rows) = (place, 0);
            }
            rows += more;
        }
        if start < order.len() {
            found.push(start..order.len());
        }
        found
    }

    fn answer_together(&self, items: &[Item], batch: &[usize]) -> Result<Vec<Vec<Answer>>> {
        let (mut scores, mut writings) = (vec![], vec![]);
        for &at in batch {
            for (number, ask) in items[at].asks.iter().enumerate() {
                match ask {
                    Ask::Score { context, continuation } => scores.push((&context[..], &continuation[..])),
                    Ask::Write { prompt, writing } => {
                        writings.push(write::Order {
                            prompt,
                            writing,
                            name: format!("{} {number}", items[at].name),
                        });
                    }
                }
            }
        }
        let mut scored = self.score(&scores)?.into_iter();
        let mut written = self.write(&writings)?.into_iter();
        let answers = |&at: &usize| -> Vec<Answer> {
            let answer = |ask: &Ask| match ask {
                Ask::Score { .. } => scored.next(),
                Ask::Write { .. } => written.next(),
            };
            items[at].asks.iter().filter_map(answer).collect()
        };
        Ok(batch.iter().map(answers).collect())
    }
}

/// Positions of the longest text of an item.
fn longest(item: &Item) -> usize {
    let length = |ask: &Ask| match ask {
        Ask::Score { context, continuation } => context.len() + continuation.len(),
        Ask::Write { prompt, writing } => prompt.len() + writing.tokens,
    };
    item.asks.iter().map(length).max().unwrap_or(0)
}

/// Texts of an item that a pass reads.
fn rows(item: &Item) -> usize {
    let texts = |ask: &Ask| match ask {
        Ask::Score { .. } => 1,
        Ask::Write { writing, .. } => writing.samples,
    };
    item.asks.iter().map(texts).sum()
}
