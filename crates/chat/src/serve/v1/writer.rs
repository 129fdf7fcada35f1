//! Tokens to the pieces of an answer: words, thoughts, a call of a tool, pictures and sounds; and where a text ends that the request named.

use bpe::{Tokenizer, Utf8Stream};
use sft::Template;

use crate::serve::senses::{Medium, Sense, Written};

/// What tokens turn out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Words.
    Text(String),
    /// A thought.
    Thought(String),
    /// A whole call of a tool.
    Call(String),
    /// Codes of a picture or a sound, before somebody has seen to them.
    Codes(Written),
    /// What they stand for.
    Medium(Medium),
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

/// An answer as it is written. Special tokens are signs to it, and no words.
#[derive(Clone)]
pub(super) struct Writer {
    thought: Option<(u32, u32)>,
    call: Option<(u32, u32)>,
    senses: Vec<Sense>,
    stops: Vec<String>,
    within: Within,
    utf8: Utf8Stream,
    /// Words that may be the beginning of a stop, or a call that is not whole.
    held: String,
    /// Codes of a medium that is not whole.
    codes: Vec<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Text,
    Thought,
    Call,
    /// What the sense of that number makes.
    Medium(usize),
}

impl Writer {
    /// An answer by a protocol; without one, all is text.
    pub(super) fn new(template: Option<&dyn Template>, stops: Vec<String>) -> Self {
        Self {
            thought: template.and_then(Template::thought_tokens),
            call: template.and_then(Template::tool_tokens).map(|tokens| tokens.call),
            senses: vec![],
            stops,
            within: Within::Text,
            utf8: Utf8Stream::default(),
            held: String::new(),
            codes: vec![],
        }
    }

    /// The same, of a model with these senses: without, marks of pictures and sounds are signs like others.
    pub(super) fn sensing(self, senses: Vec<Sense>) -> Self {
        Self { senses, ..self }
    }

    /// Takes a token; tells that the answer ends here where it does.
    pub(super) fn write(
        &mut self,
        id: u32,
        tokenizer: &dyn Tokenizer,
        pieces: &mut Vec<Piece>,
    ) -> Option<Finish> {
        if let Within::Medium(at) = self.within {
            let sense = &self.senses[at];
            if sense.codes.contains(&id) {
                self.codes.push(id);
                return None;
            }
            let ended = sense.around.1 == id;
            self.end_medium(at, ended, pieces);
            if ended {
                return None;
            }
            // anything else breaks it off, and is what it is
        }
        let goes_into = |pair: Option<(u32, u32)>| pair.is_some_and(|(start, _)| start == id);
        let leaves = |pair: Option<(u32, u32)>| pair.is_some_and(|(_, end)| end == id);
        if goes_into(self.thought) {
            return self.turn(Within::Thought, pieces);
        }
        if goes_into(self.call) {
            return self.turn(Within::Call, pieces);
        }
        if let Some(at) = self.senses.iter().position(|sense| sense.around.0 == id) {
            return self.turn(Within::Medium(at), pieces);
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
        if let Within::Medium(at) = self.within {
            self.end_medium(at, false, pieces);
        }
        self.utf8.finish(&mut self.held);
        let finish = self.give(pieces);
        let rest = std::mem::take(&mut self.held);
        if finish.is_none() && !rest.is_empty() {
            pieces.push(self.piece(rest));
        }
        self.within = to;
        finish
    }

    fn end_medium(&mut self, at: usize, ended: bool, pieces: &mut Vec<Piece>) {
        let (kind, ids) = (self.senses[at].kind, std::mem::take(&mut self.codes));
        pieces.push(Piece::Codes(Written { kind, ids, ended }));
        self.within = Within::Text;
    }

    fn piece(&self, text: String) -> Piece {
        match self.within {
            Within::Text | Within::Medium(_) => Piece::Text(text),
            Within::Thought => Piece::Thought(text),
            Within::Call => Piece::Call(text),
        }
    }

    /// Gives what is certain: words that no stop can begin with.
    fn give(&mut self, pieces: &mut Vec<Piece>) -> Option<Finish> {
        match self.within {
            Within::Call | Within::Medium(_) => return None,
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
    use crate::serve::senses::Kind;

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
        let mut euro = vec![];
        bpe.encode("€", &mut euro);
        assert_eq!(joined(&written(&bpe, &euro[..1], &[]).0), "\u{fffd}");
    }

    #[test]
    fn codes_are_no_words_and_whatever_else_comes_breaks_them_off() {
        let bpe = bytes().widened(["<|image_0|>", "<|image_1|>", "<|audio_0|>"]).unwrap();
        let special = |name: &str| bpe.vocabulary().special(name).unwrap();
        let pair = |name: &str| (special(&format!("<|{name}_start|>")), special(&format!("<|{name}_end|>")));
        let [zero, one, tone] = ["image_0", "image_1", "audio_0"].map(|name| special(&format!("<|{name}|>")));
        let (image, audio) = (pair("image"), pair("audio"));
        let senses = vec![
            Sense { kind: Kind::Image, around: image, codes: zero..tone },
            Sense { kind: Kind::Audio, around: audio, codes: tone..tone + 1 },
        ];
        let told = |ids: &[u32]| {
            let mut writer = Writer::new(None, vec!["no".to_owned()]).sensing(senses.clone());
            let mut pieces = vec![];
            let finish = ids.iter().find_map(|id| writer.write(*id, &bpe, &mut pieces));
            finish.or_else(|| writer.finish(&mut pieces));
            pieces
        };
        let codes = |kind, ids: &[u32], ended| Piece::Codes(Written { kind, ids: ids.to_vec(), ended });
        let text = |text: &str| Piece::Text(text.to_owned());
        let n = u32::from(b'n');
        // a text that a stop could begin with is told before a picture, and not joined with what follows
        assert_eq!(
            told(&[n, image.0, zero, one, image.1, audio.0, tone, audio.1, u32::from(b'o')]),
            [text("n"), codes(Kind::Image, &[zero, one], true), codes(Kind::Audio, &[tone], true), text("o")]
        );
        assert_eq!(told(&[image.0, zero]), [codes(Kind::Image, &[zero], false)]);
        assert_eq!(told(&[image.0, image.1]), [codes(Kind::Image, &[], true)]);
        assert_eq!(told(&[image.0, zero, u32::from(b'x')]), [codes(Kind::Image, &[zero], false), text("x")]);
        assert_eq!(
            told(&[image.0, zero, tone, audio.0, tone, image.1]),
            [codes(Kind::Image, &[zero], false), codes(Kind::Audio, &[tone], false)]
        );
        // without a beginning they are signs that mean nothing
        assert_eq!(told(&[zero, tone, image.1, n]), [text("n")]);
    }
}
