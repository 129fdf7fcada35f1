//! An n-gram model, the yardstick for every other: what counting alone can predict.

mod counts;
mod discounts;
mod level;

use counts::Packing;
use level::Level;

use crate::{Error, Evaluation, Result, Tokens};

/// Interpolated modified Kneser–Ney (Chen and Goodman 1999, "An empirical study of smoothing techniques for
/// language modeling", section 3), over token ids.
///
/// Every order has its own three discounts. Documents are apart: contexts end at their beginning, and the end of
/// each is an event, predicted as the token that begins the next. Every token of the vocabulary has a positive
/// probability after any context, and nothing depends on the order of a hash table.
///
/// ```
/// use model::{KneserNey, Tokens};
///
/// # fn main() -> model::Result<()> {
/// let documents = Tokens::from([0, 1, 2, 3].repeat(50)); // 0 begins a document
/// let model = KneserNey::new(&documents, 4, 3, 0)?;
/// assert!(model.log_prob(&[0, 1], 2) > -0.1);
/// assert!(model.log_prob(&[0, 1], 3) < -3.0);
/// # Ok(())
/// # }
/// ```
pub struct KneserNey {
    /// By length of context: none first.
    levels: Vec<Level>,
    packing: Packing,
    vocabulary: usize,
    bos: u32,
}

impl KneserNey {
    /// Counts n-grams of up to `order` tokens; 5 is usual. A document begins where the token `bos` stands.
    pub fn new(tokens: &Tokens, vocabulary: usize, order: usize, bos: u32) -> Result<Self> {
        let Some(packing) = Packing::new(vocabulary, order).filter(|_| order > 0) else {
            let expected = format!("1 or more, so few that ids below {vocabulary} fit into 128 bits");
            return Err(Error::Setting { setting: "order", expected, got: order.to_string() });
        };
        let mut ids = read(tokens);
        ids.push(bos); // ends the last document, as the next one's beginning ends every other
        check(&ids, vocabulary)?;
        if u32::try_from(ids.len()).is_err() {
            let expected = format!("fewer than {}", u32::MAX);
            return Err(Error::Setting { setting: "tokens", expected, got: tokens.len().to_string() });
        }
        let documents = documents_with_ends(&ids, bos);
        let mut counts = counts::highest(&documents, order, packing);
        let mut levels = vec![Level::new(&counts, packing)];
        for order in (1..order).rev() {
            counts = counts::below(&counts, &documents, order, packing);
            levels.push(Level::new(&counts, packing));
        }
        levels.reverse();
        Ok(Self { levels, packing, vocabulary, bos })
    }

    /// The natural logarithm of the probability of `token` after `context`, of which only the last tokens
    /// count, and none before the last `bos`. All ids are below the size of the vocabulary.
    ///
    /// p(w | h) = α(w | h) + γ(h) p(w | h'), h' being h without its oldest token, down to 1 / V below the
    /// unigrams. A context that was not seen says nothing: it is passed over.
    pub fn log_prob(&self, context: &[u32], token: u32) -> f64 {
        let recent = &context[context.len().saturating_sub(self.levels.len() - 1)..];
        let begin = recent.iter().rposition(|&id| id == self.bos).unwrap_or(0);
        let context = &recent[begin..];
        let mut probability = 1.0 / self.vocabulary as f64;
        for (length, level) in self.levels[..=context.len()].iter().enumerate() {
            let shorter = self.packing.pack(&context[context.len() - length..]);
            let Some((share, left)) = level.share_and_left(shorter, token) else { break };
            probability = share + left * probability;
        }
        libm::log(probability)
    }

    /// Scores every token but the first of each document, as [`evaluate`](crate::evaluate()) does: entry `id`
    /// of `bytes_per_token` is the length of that token's text, and tokens without bytes are not scored.
    pub fn evaluate(&self, tokens: &Tokens, bytes_per_token: &[u32]) -> Result<Evaluation> {
        let ids = read(tokens);
        let known = &bytes_per_token[..self.vocabulary.min(bytes_per_token.len())];
        check(&ids, known.len())?;
        let mut sums = Evaluation::default();
        for document in ids.chunk_by(|_, &next| next != self.bos) {
            for (at, &id) in document.iter().enumerate().skip(1) {
                let bytes = known[id as usize];
                if bytes > 0 {
                    sums.nats -= self.log_prob(&document[..at], id);
                    sums.tokens += 1;
                    sums.bytes += u64::from(bytes);
                }
            }
        }
        Ok(sums)
    }
}

fn read(tokens: &Tokens) -> Vec<u32> {
    let mut ids = Vec::with_capacity(tokens.len() + 1);
    tokens.read(0, tokens.len(), &mut ids);
    ids
}

fn check(ids: &[u32], vocabulary: usize) -> Result<()> {
    match ids.iter().find(|&&id| id as usize >= vocabulary) {
        Some(&id) => Err(Error::Id { id, vocabulary }),
        None => Ok(()),
    }
}

/// The documents of `ids`, each with the `bos` that follows its last token.
fn documents_with_ends(ids: &[u32], bos: u32) -> Vec<&[u32]> {
    let mut begin = 0;
    let lengths = ids[..ids.len() - 1].chunk_by(|_, &next| next != bos).map(<[u32]>::len);
    lengths
        .map(|length| {
            let document = &ids[begin..=begin + length];
            begin += length;
            document
        })
        .collect()
}
