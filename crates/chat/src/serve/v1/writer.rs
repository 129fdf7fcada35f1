//! Tokens to the pieces of an answer: words, thoughts, a call of a tool; and where a text ends that the request named.

use bpe::{Tokenizer, Utf8Stream};
use sft::Template;

/// What tokens turn out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Words.
    Text(String),
    /// A thought.
    Thought(String),
    /// A whole call of a tool.
    Call(String),
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finish {
    /// The model ended it, or one of the texts that do came.
    Stop,
    /// There was no room for more.
    Length,
    /// A tool is called.
    ToolCalls,
}

impl Finish {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ToolCalls => "tool_calls",
        }
    }
}

#[derive(Clone)]
/// An answer as it is written. Special tokens are signs to it, and no words.
pub(super) struct Writer {
    thought: Option<(u32, u32)>,
    call: Option<(u32, u32)>,
    stops: Vec<String>,
    within: Within,
    utf8: Utf8Stream,
    /// Words that may be the beginning of a stop, or a call that is not whole.
    held: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Text,
    Thought,
    Call,
}

impl Writer {
    /// An answer by a protocol; without one, all is text.
    pub(super) fn new(template: Option<&dyn Template>, stops: Vec<String>) -> Self {
        Self {
            thought: template.and_then(Template::thought_tokens),
            call: template.and_then(Template::tool_tokens).map(|tokens| tokens.call),
            stops,
            within: Within::Text,
            utf8: Utf8Stream::default(),
            held: String::new(),
        }
    }

    /// Takes a token; tells that the answer ends here where it does.
    pub(super) fn write(
        &mut self,
        id: u32,
        tokenizer: &dyn Tokenizer,
        pieces: &mut Vec<Piece>,
    ) -> Option<Finish> {
        let goes_into = |pair: Option<(u32, u32)>| pair.is_some_and(|(start, _)| start == id);
        let leaves = |pair: Option<(u32, u32)>| pair.is_some_and(|(_, end)| end == id);
        if goes_into(self.thought) {
            return self.turn(Within::Thought, pieces);
        }
        if goes_into(self.call) {
            return self.turn(Within::Call, pieces);
        }
        if leaves(self.call) {
            let finish = (self.within == Within::Call).then_some(Finish::ToolCalls);
            return self.turn(Within::Text, pieces).or(finish);
        }
        if leaves(self.thought) {
            return self.turn(Within::Text, pieces);
        }
        if tokenizer.vocabulary().is_special(id) {
            return None;
        }
        let mut bytes = vec![];
        tokenizer.decode(&[id], &mut bytes);
        self.utf8.push(&bytes, &mut self.held);
        self.give(pieces)
    }

    /// Whether a call is whole with this token.
    pub(super) fn ends_a_call(&self, id: u32) -> bool {
        self.within == Within::Call && self.call.is_some_and(|(_, end)| end == id)
    }

    /// Whether a call is being written.
    pub(super) fn is_calling(&self) -> bool {
        self.within == Within::Call
    }

    /// No more tokens come.
    pub(super) fn finish(&mut self, pieces: &mut Vec<Piece>) -> Option<Finish> {
        self.turn(Within::Text, pieces)
    }

    /// Ends what is being written, and begins something else.
    fn turn(&mut self, to: Within, pieces: &mut Vec<Piece>) -> Option<Finish> {
        self.utf8.finish(&mut self.held);
        let finish = self.give(pieces);
        let rest = std::mem::take(&mut self.held);
        if finish.is_none() && !rest.is_empty() {
            pieces.push(self.piece(rest));
        }
        self.within = to;
        finish
    }

    fn piece(&self, text: String) -> Piece {
        match self.within {
            Within::Text => Piece::Text(text),
            Within::Thought => Piece::Thought(text),
            Within::Call => Piece::Call(text),
        }
    }

    /// Gives what is certain: words that no stop can begin with.
    fn give(&mut self, pieces: &mut Vec<Piece>) -> Option<Finish> {
        match self.within {
            Within::Call => return None,
            Within::Thought => {
                if !self.held.is_empty() {
                    pieces.push(Piece::Thought(std::mem::take(&mut self.held)));
                }
                return None;
            }
            Within::Text => {}
        }
        if let Some(at) = self.stops.iter().filter_map(|stop| self.held.find(stop.as_str())).min() {
            self.held.truncate(at);
            let text = std::mem::take(&mut self.held);
            if !text.is_empty() {
                pieces.push(Piece::Text(text));
            }
            return Some(Finish::Stop);
        }
        let certain =
            self.held.len() - self.stops.iter().map(|stop| begun(&self.held, stop)).max().unwrap_or(0);
        if certain > 0 {
            let rest = self.held.split_off(certain);
            pieces.push(Piece::Text(std::mem::replace(&mut self.held, rest)));
        }
        None
    }
}

/// Bytes at the end of `text` that `stop` begins with.
fn begun(text: &str, stop: &str) -> usize {
    let longest = text.len().min(stop.len().saturating_sub(1));
    let at = (1..=longest).rev().find(|&length| {
        text.is_char_boundary(text.len() - length) && stop.starts_with(&text[text.len() - length..])
    });
    at.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use bpe::{Bpe, Settings, train};
    use proptest::prelude::*;
    use sft::Protocol;

    use super::*;

    fn bytes() -> Bpe {
        train(Settings { vocab_size: 288, ..Settings::default() }, &["a"]).unwrap().tokenizer
    }

    fn written(bpe: &Bpe, ids: &[u32], stops: &[&str]) -> (Vec<Piece>, Option<Finish>) {
        let template = Protocol::Deepdive.template(bpe.vocabulary()).unwrap();
        let stops = stops.iter().map(|&stop| stop.to_owned()).collect();
        let mut writer = Writer::new(Some(&*template), stops);
        let (mut pieces, mut finish) = (vec![], None);
        for &id in ids {
            finish = writer.write(id, bpe, &mut pieces);
            if finish.is_some() {
                return (pieces, finish);
            }
        }
        finish = writer.finish(&mut pieces).or(finish);
        (pieces, finish)
    }

    fn joined(pieces: &[Piece]) -> String {
        let text = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            other => panic!("{other:?}"),
        };
        pieces.iter().map(text).collect()
    }

    proptest! {
        #[test]
        fn an_answer_ends_before_the_first_stop_wherever_tokens_end(text in "[ab€]{0,12}", stops in prop::collection::vec("[ab€]{1,3}", 0..3)) {
            let bpe = bytes();
            let mut ids = vec![];
            bpe.encode(&text, &mut ids);
            let stops: Vec<&str> = stops.iter().map(String::as_str).collect();
            let (pieces, finish) = written(&bpe, &ids, &stops);
            // whichever is whole first ends it
            let end = |stop: &&str| text.find(*stop).map(|at| (at + stop.len(), at));
            let first = stops.iter().filter_map(end).min();
            let expected = stops.iter().filter_map(|stop| text.find(*stop).map(|at| (at, at + stop.len())))
                .filter(|(_, end)| first.is_some_and(|(whole, _)| *end == whole)).map(|(at, _)| at).min();
            prop_assert_eq!(joined(&pieces), &text[..expected.unwrap_or(text.len())]);
            prop_assert_eq!(finish, expected.map(|_| Finish::Stop));
        }
    }

    #[test]
    fn thoughts_and_calls_are_told_apart_and_stops_hold_for_words_only() {
        let bpe = bytes();
        let special = |name: &str| bpe.vocabulary().special(name).unwrap();
        let mut ids = vec![special("<|think_start|>")];
        bpe.encode("stop?", &mut ids);
        ids.push(special("<|think_end|>"));
        bpe.encode("So: ", &mut ids);
        ids.push(special("<|tool_start|>"));
        bpe.encode("calculate 1", &mut ids);
        ids.push(special("<|tool_end|>"));
        let (pieces, finish) = written(&bpe, &ids, &["stop", "late"]);
        let thought: String = pieces
            .iter()
            .filter_map(|piece| match piece {
                Piece::Thought(text) => Some(text.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(thought, "stop?");
        assert_eq!(pieces.last(), Some(&Piece::Call("calculate 1".to_owned())));
        assert_eq!(finish, Some(Finish::ToolCalls));
        // half a character at the end is not lost
        let euro: Vec<u32> = ids
            .iter()
            .copied()
            .take(0)
            .chain({
                let mut ids = vec![];
                bpe.encode("€", &mut ids);
                ids.into_iter().take(1)
            })
            .collect();
        assert_eq!(joined(&written(&bpe, &euro, &[]).0), "\u{fffd}");
    }
}
