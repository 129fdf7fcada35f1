//! Rendered conversations, by the thousand.

use bpe::{Tokenizer, Vocabulary};

use crate::{Error, Message, Part, Rendered, Result, Template};

/// One conversation as tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Example<'a> {
    /// The tokens.
    pub ids: &'a [u32],
    /// Whether each is learned.
    pub learn: &'a [bool],
}

impl Example<'_> {
    /// Places that it takes in a row: each has a token and the next one, so the last token takes none.
    pub fn places(&self) -> usize {
        self.ids.len() - 1
    }

    /// Tokens that are learned. The first never is: nothing stands before it.
    pub fn learned(&self) -> usize {
        self.learn[1..].iter().filter(|learn| **learn).count()
    }
}

/// Conversations as tokens, one after the other in memory.
#[derive(Clone, Debug, Default)]
pub struct Examples {
    ids: Vec<u32>,
    learn: Vec<bool>,
    ends: Vec<usize>,
    /// Examples that lost their end.
    truncated: u64,
}

/// What becomes of a conversation that the context cannot hold.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Overlong {
    /// It is refused, as [`Error::TooLong`].
    #[default]
    Refuse,
    /// It loses its end, and is counted.
    Truncate,
}

impl Examples {
    /// Renders a conversation and takes it in. A row of `context` places has room for one token more: its last target.
    ///
    /// # Errors
    /// What keeps it from being learned; nothing is taken in then.
    pub fn push(
        &mut self,
        messages: &[Message<'_>],
        template: &dyn Template,
        tokenizer: &dyn Tokenizer,
        context: usize,
        overlong: Overlong,
    ) -> Result<()> {
        check_texts(messages, tokenizer.vocabulary())?;
        let mut rendered = Rendered::default();
        template.render(messages, tokenizer, &mut rendered)?;
        let (tokens, most) = (rendered.ids.len(), context + 1);
        let kept = match overlong {
            Overlong::Refuse if tokens > most => return Err(Error::TooLong { tokens, context }),
            _ => tokens.min(most),
        };
        self.add(&rendered.ids[..kept], &rendered.learn[..kept])?;
        self.truncated += u64::from(kept < tokens);
        Ok(())
    }

    /// Takes tokens in, with their mask of the same length.
    ///
    /// # Errors
    /// [`Error::EmptyMask`] where nothing is learned.
    pub fn add(&mut self, ids: &[u32], learn: &[bool]) -> Result<()> {
        if ids.len() != learn.len() || !learn.iter().skip(1).any(|learn| *learn) {
            return Err(Error::EmptyMask);
        }
        self.ids.extend_from_slice(ids);
        self.learn.extend_from_slice(learn);
        self.ends.push(self.ids.len());
        Ok(())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Number `at`.
    pub fn get(&self, at: usize) -> Example<'_> {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        let range = start..self.ends[at];
        Example { ids: &self.ids[range.clone()], learn: &self.learn[range] }
    }

    /// All, in their order.
    pub fn iter(&self) -> impl Iterator<Item = Example<'_>> {
        (0..self.len()).map(|at| self.get(at))
    }

    /// All tokens.
    pub fn tokens(&self) -> usize {
        self.ids.len()
    }

    /// Tokens that are learned.
    pub fn learned(&self) -> usize {
        self.iter().map(|example| example.learned()).sum()
    }

    /// Examples that lost their end.
    pub fn truncated(&self) -> u64 {
        self.truncated
    }
}

/// Refuses texts that spell special tokens. They would be harmless, for a tokenizer encodes them as plain text; but who
/// trains on them teaches a model to write what looks like its protocol.
fn check_texts(messages: &[Message<'_>], vocabulary: &Vocabulary) -> Result<()> {
    for (at, message) in messages.iter().enumerate() {
        for text in message.content.iter().filter_map(Part::as_text) {
            let spelled = vocabulary.specials().find(|(_, name)| text.contains(name));
            if let Some((_, name)) = spelled {
                return Err(Error::SpellsSpecial { at, name: name.to_owned() });
            }
        }
    }
    Ok(())
}
