//! Writes tokens, their mask and their spans at once, so that none of the three can be forgotten.

use bpe::Tokenizer;

use super::{Kind, Rendered, Span};
use crate::{Error, Result, Role};

pub(super) struct Pen<'a> {
    pub(super) tokenizer: &'a dyn Tokenizer,
    pub(super) out: &'a mut Rendered,
    /// Who speaks.
    pub(super) role: Role,
    /// Whether what is written is learned.
    pub(super) learn: bool,
}

impl<'a> Pen<'a> {
    pub(super) fn new(tokenizer: &'a dyn Tokenizer, out: &'a mut Rendered) -> Self {
        Self { tokenizer, out, role: Role::System, learn: false }
    }

    /// A token of the protocol; `learn` says whether the model has to write it itself.
    pub(super) fn special(&mut self, id: u32, learn: bool) {
        self.out.ids.push(id);
        self.close(Kind::Frame, learn);
    }

    /// Words of the protocol, which the model finds written.
    pub(super) fn frame(&mut self, text: &str) {
        self.tokenizer.encode(text, &mut self.out.ids);
        self.close(Kind::Frame, false);
    }

    pub(super) fn text(&mut self, kind: Kind, text: &str, learn: bool) {
        self.tokenizer.encode(text, &mut self.out.ids);
        self.close(kind, learn);
    }

    /// Codes of a picture or a sound in message `at`.
    pub(super) fn codes(&mut self, kind: Kind, at: usize, ids: &[u32]) -> Result<()> {
        if ids.is_empty() {
            return Err(Error::NotEncoded { at });
        }
        let vocabulary = self.tokenizer.vocabulary().size();
        if let Some(&id) = ids.iter().find(|id| **id as usize >= vocabulary) {
            return Err(Error::Id { at, id, vocabulary });
        }
        self.out.ids.extend_from_slice(ids);
        self.close(kind, self.learn);
        Ok(())
    }

    fn close(&mut self, kind: Kind, learn: bool) {
        let (role, end) = (self.role, self.out.ids.len());
        self.out.learn.resize(end, learn && self.learn);
        match self.out.spans.last_mut() {
            Some(last) if last.end == end => {}
            Some(last) if (last.role, last.kind) == (role, kind) => last.end = end,
            _ => self.out.spans.push(Span { role, kind, end }),
        }
    }
}
