//! Texts that a model writes, many at once.

use model::{Decoding, Draw, Limits, Prompt, Random};

use super::Subject;
use crate::{Answer, Result, Writing};

/// One prompt, and what it is called: that names its random numbers.
pub(super) struct Order<'a> {
    pub(super) prompt: &'a [u32],
    pub(super) writing: &'a Writing,
    pub(super) name: String,
}

/// A text as it grows.
struct Text<'a> {
    order: usize,
    writing: &'a Writing,
    ids: Vec<u32>,
    said: String,
}

impl Subject<'_> {
    /// As many texts for each order as it asks for.
    pub(super) fn write(&self, orders: &[Order<'_>]) -> Result<Vec<Answer>> {
        let mut decoding: Decoding<'_, &Draw> = Decoding::new(self.model);
        let mut texts: Vec<Text<'_>> = vec![];
        for (order, Order { prompt, writing, name }) in orders.iter().enumerate() {
            let cut = prompt.len().saturating_sub(self.room(writing.tokens));
            let limits = Limits {
                new_tokens: writing.tokens,
                context: self.context,
                stop: writing.stop.clone(),
                ..Limits::default()
            };
            for sample in 0..writing.samples {
                let seed = Random::new(self.seed, &format!("sample {sample} of {name}")).below(u64::MAX);
                let prompt = Prompt { ids: prompt[cut..].to_vec(), seed };
                texts.push(Text { order, writing, ids: vec![], said: String::new() });
                if writing.tokens > 0 {
                    decoding.join(prompt, &writing.draw, limits.clone())?;
                }
            }
        }
        // rows are numbered as they joined; those that may not write a token joined nowhere
        let rows: Vec<usize> = (0..texts.len()).filter(|&at| texts[at].writing.tokens > 0).collect();
        while !decoding.is_empty() {
            for step in decoding.step()? {
                let text = &mut texts[rows[step.row as usize]];
                if step.end != Some(model::End::Stop) {
                    text.ids.push(step.id);
                }
                if self.is_ended(text) && step.end.is_none() {
                    decoding.leave(step.row)?;
                }
            }
        }
        let mut written = vec![vec![]; orders.len()];
        for text in texts {
            written[text.order].push(text.said);
        }
        Ok(written.into_iter().map(Answer::Written).collect())
    }

    /// Reads the text anew, cuts it where it ends, and says whether it does.
    fn is_ended(&self, text: &mut Text<'_>) -> bool {
        let mut bytes = vec![];
        self.encoding.tokenizer.decode(&text.ids, &mut bytes);
        text.said = String::from_utf8_lossy(&bytes).into_owned();
        let ends = text.writing.until.iter().filter(|until| !until.is_empty());
        let end = ends.filter_map(|until| text.said.find(until.as_str())).min();
        if let Some(end) = end {
            text.said.truncate(end);
        }
        end.is_some()
    }
}
