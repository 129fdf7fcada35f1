//! `codec-encode`: pictures and sounds become ids, where conversations and problems name them, and texts to learn from.

mod encoded;

use std::collections::BTreeMap;

use bpe::{Bpe, Tokenizer, Vocabulary};
use codec::{Codecs, Vary};
use pipeline::{Class, Error, Fault, Io, Output, Signature, Slot, Stage, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shard::{
    Conversations, Dropped, MediaKind, Message, MessagePart, PartKind, Problems, Table, Tokens, Writer,
    conversations, dropped, problems, tokens,
};

use super::{shards, special};
use encoded::Encoded;

/// Ids for pictures and sounds: in conversations and problems that name them, and as documents with their captions.
///
/// What names a picture or a sound that is missing, or that cannot be encoded, is left out and told in `dropped`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CodecEncode {
    /// Media whose source ends with one of these become documents, and have versions; without any, none do.
    pub sources: Vec<String>,
    /// So often each of these comes in documents and conversations: once as it is, and otherwise varied.
    #[schemars(extend("unit" = "versions"))]
    pub versions: usize,
    /// How much versions differ from what they are made of.
    pub vary: Vary,
}

impl Default for CodecEncode {
    fn default() -> Self {
        Self { sources: vec!["/shown".to_owned()], versions: 1, vary: Vary::default() }
    }
}

/// Most versions of one picture or sound.
const MOST_VERSIONS: usize = 1_000;

impl Stage for CodecEncode {
    fn signature(&self) -> Signature {
        Signature {
            class: Class::Numeric,
            random: true,
            reads: vec![
                Slot::new("media", shard::Media::NAME),
                Slot::new("tokenizer", "tokenizer/1"),
                Slot::new("conversations", Conversations::NAME).optional(),
                Slot::new("problems", Problems::NAME).optional(),
                Slot::new("tokens", Tokens::NAME).optional(),
            ],
            writes: vec![
                Output::new("tokens", Tokens::NAME),
                Output::new("conversations", Conversations::NAME),
                Output::new("problems", Problems::NAME),
                Output::new("dropped", Dropped::NAME),
            ],
            sources: &["codec", "bpe"],
            // since 2 versions are turned by sines that are the same on every machine
            ..Signature::exact(if self.versions > 1 { 2 } else { 1 })
        }
    }

    fn check(&self) -> Result<(), Fault> {
        let wrong = |on: &str, got: String, expected: &str| {
            Err(Fault::new("this makes no sense").on(on).got(got).expected(expected))
        };
        if !(1..=MOST_VERSIONS).contains(&self.versions) {
            return wrong("/versions", self.versions.to_string(), "from 1 to 1,000");
        }
        match self.vary.check() {
            Ok(()) => Ok(()),
            Err(error) => wrong("/vary", error.to_string(), "less"),
        }
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let folder = io.input("tokenizer")?.directory()?;
        let bpe = Bpe::load(folder)?;
        let Some(codecs) = Codecs::load(folder)? else {
            let fault = Fault::new("this tokenizer has no codes for pictures or sounds").at(folder, None);
            let fault = fault.expected("one that `codec-train` made");
            return Err(Error::Input(fault.cure("name its output: tokenizer = \"codes\"")).into());
        };
        let mut out = Out::create(io, task, bpe.vocabulary())?;
        let encoded =
            encoded::read(self, io, &codecs, &mut |row, offset, error| out.leave_media(row, offset, error))?;
        out.documents(&bpe, &encoded)?;
        out.conversations(&encoded)?;
        out.problems(&encoded)?;
        out.finish()
    }
}

/// What is being written.
struct Out<'a> {
    io: &'a Io<'a>,
    tokens: Writer<Tokens>,
    conversations: Writer<Conversations>,
    problems: Writer<Problems>,
    dropped: Writer<Dropped>,
    /// Number of the next conversation.
    talks: u64,
    fallen: BTreeMap<&'static str, u64>,
}

/// Why a conversation or a problem is left out.
const NO_MEDIUM: &str = "no_medium";

impl<'a> Out<'a> {
    fn create(io: &'a Io<'a>, task: Task, vocabulary: &Vocabulary) -> anyhow::Result<Self> {
        let shard = task.shard();
        let builder = tokens::Builder::for_vocabulary(vocabulary.size());
        Ok(Self {
            io,
            tokens: Writer::with_builder(&io.output("tokens")?, &shard, io.recipe(), builder)?,
            conversations: shards::create(io, "conversations", &shard)?,
            problems: shards::create(io, "problems", &shard)?,
            dropped: shards::create(io, "dropped", &shard)?,
            talks: 0,
            fallen: BTreeMap::new(),
        })
    }

    fn leave(&mut self, source: &str, offset: i64, reason: &'static str, detail: &str) -> anyhow::Result<()> {
        *self.fallen.entry(reason).or_default() += 1;
        self.dropped.push(&dropped::Row {
            source,
            offset,
            stage: self.io.stage(),
            reason,
            detail: Some(detail),
            ..dropped::Row::default()
        })?;
        Ok(())
    }

    fn leave_media(&mut self, name: &str, offset: i64, error: &codec::Error) -> anyhow::Result<()> {
        self.leave("media", offset, super::medium::reason(error), &format!("{name}: {error}"))
    }

    /// The text's own tokens, then each picture and sound with its caption: before it in one document, behind it in the next.
    fn documents(&mut self, bpe: &Bpe, encoded: &Encoded) -> anyhow::Result<()> {
        if let Some(input) = self.io.optional("tokens") {
            for batch in shards::read_all::<Tokens>(input) {
                for row in batch?.rows() {
                    self.tokens.push(&row)?;
                    self.io.count("text_tokens", row.ids.len() as u64);
                }
            }
        }
        let id = |name: &str| special::id(bpe.vocabulary(), name);
        let marks = |kind| match kind {
            MediaKind::Image => Ok::<_, anyhow::Error>([id("<|image_start|>")?, id("<|image_end|>")?]),
            MediaKind::Audio => Ok([id("<|audio_start|>")?, id("<|audio_end|>")?]),
        };
        let (mut text, mut ids) = (vec![], vec![]);
        for medium in encoded.all() {
            let Some(caption) = medium.caption.as_deref().filter(|_| medium.learned) else { continue };
            let [start, end] = marks(medium.kind)?;
            text.clear();
            bpe.encode(caption, &mut text);
            for (nth, version) in medium.versions.iter().enumerate() {
                ids.clear();
                let before = nth % 2 == 0;
                ids.extend(if before { &text[..] } else { &[] });
                ids.push(start);
                ids.extend_from_slice(version);
                ids.push(end);
                ids.extend(if before { &[] } else { &text[..] });
                let document_id = format!("{}#{nth}", medium.name);
                self.tokens.push(&tokens::Row { document_id: &document_id, ids: &ids, validation: false })?;
                self.io.count("media_documents", 1);
                self.io.count("media_tokens", ids.len() as u64);
            }
        }
        Ok(())
    }

    /// Each conversation as often as what it names has versions.
    fn conversations(&mut self, encoded: &Encoded) -> anyhow::Result<()> {
        let Some(input) = self.io.optional("conversations") else { return Ok(()) };
        let mut offset = 0;
        for batch in shards::read_all::<Conversations>(input) {
            for row in batch?.rows() {
                self.io.count("in", 1);
                match encoded.versions(&row.messages) {
                    Ok(versions) => {
                        for version in 0..versions {
                            let messages = named(&row.messages, encoded, version);
                            let row = conversations::Row { id: self.talks, source: row.source, messages };
                            self.conversations.push(&row)?;
                            self.talks += 1;
                            self.io.count("conversations", 1);
                        }
                        self.io.count("kept", 1);
                    }
                    Err(problem) => self.leave("conversations", offset, NO_MEDIUM, &problem)?,
                }
                offset += 1;
            }
        }
        Ok(())
    }

    fn problems(&mut self, encoded: &Encoded) -> anyhow::Result<()> {
        let Some(input) = self.io.optional("problems") else { return Ok(()) };
        let mut offset = 0;
        for batch in shards::read_all::<Problems>(input) {
            for row in batch?.rows() {
                self.io.count("in", 1);
                match encoded.versions(&row.prompt) {
                    Ok(_) => {
                        let prompt = named(&row.prompt, encoded, 0);
                        self.problems.push(&problems::Row { prompt, ..row })?;
                        self.io.count("kept", 1);
                        self.io.count("problems", 1);
                    }
                    Err(problem) => self.leave("problems", offset, NO_MEDIUM, &problem)?,
                }
                offset += 1;
            }
        }
        Ok(())
    }

    fn finish(self) -> anyhow::Result<()> {
        for (reason, count) in &self.fallen {
            self.io.count(&format!("dropped.{reason}"), *count);
        }
        shards::finish(self.io, "tokens", self.tokens)?;
        shards::finish(self.io, "conversations", self.conversations)?;
        shards::finish(self.io, "problems", self.problems)?;
        shards::finish(self.io, "dropped", self.dropped)
    }
}

/// Messages with ids where they name pictures and sounds.
fn named<'a>(messages: &[Message<'a>], encoded: &'a Encoded, version: usize) -> Vec<Message<'a>> {
    let part = |part: &MessagePart<'a>| match encoded::name(part).and_then(|name| encoded.get(name)) {
        // a message may name several, and each has its own number of versions
        Some(medium) => {
            let ids = &medium.versions[version % medium.versions.len()];
            MessagePart { kind: part.kind, text: None, ids: Some(ids) }
        }
        None => *part,
    };
    let message = |message: &Message<'a>| Message {
        content: message.content.iter().map(part).collect(),
        ..message.clone()
    };
    messages.iter().map(message).collect()
}

/// Whether a part of a message is a picture or a sound.
fn is_medium(part: &MessagePart<'_>) -> bool {
    matches!(part.kind, PartKind::Image | PartKind::Audio)
}
