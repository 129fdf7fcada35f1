//! Pictures and sounds on their way into a run, with what is said and asked about them.

use pipeline::{Io, Output, Task};
use shard::{
    Conversations, Documents, Media, MediaKind, Message, MessagePart, PartKind, Problems, Table, Writer,
    conversations, media, problems,
};

use super::{lesson_documents, shards};

/// What is shown while learning, and what is kept for the test.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Shown,
    Tested,
}

impl Side {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Shown => "shown",
            Self::Tested => "tested",
        }
    }
}

/// A picture or a sound, and what is known of it.
pub(super) struct Exhibit<'a> {
    /// Told apart from all others of its collection.
    pub(super) name: &'a str,
    pub(super) side: Side,
    pub(super) kind: MediaKind,
    /// A file.
    pub(super) bytes: &'a [u8],
    /// What it shows or says.
    pub(super) caption: &'a str,
    pub(super) questions: &'a [Question<'a>],
    /// What one says to have it made, such as `Draw a red circle.`; nothing where nobody shall.
    pub(super) request: Option<&'a str>,
}

/// What is asked about it.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) ability: &'a str,
    pub(super) words: &'a str,
    pub(super) answer: &'a str,
}

/// What [`Exhibits`] writes.
pub(super) fn outputs() -> Vec<Output> {
    vec![
        Output::new("media", Media::NAME),
        Output::new("documents", Documents::NAME),
        Output::new("conversations", Conversations::NAME),
        Output::new("problems", Problems::NAME),
    ]
}

/// Four tables being written: what there is to see or hear, texts about it, conversations, and questions of the test.
///
/// Conversations and problems name a picture or a sound; `codec-encode` puts ids there.
pub(super) struct Exhibits<'a> {
    io: &'a Io<'a>,
    collection: &'a str,
    media: Writer<Media>,
    documents: Writer<Documents>,
    conversations: Writer<Conversations>,
    problems: Writer<Problems>,
    texts: u64,
    talks: u64,
    asked: u64,
}

impl<'a> Exhibits<'a> {
    pub(super) fn create(io: &'a Io<'a>, task: Task, collection: &'a str) -> anyhow::Result<Self> {
        let shard = task.shard();
        Ok(Self {
            io,
            collection,
            media: shards::create(io, "media", &shard)?,
            documents: shards::create_documents(io, &shard, &[])?,
            conversations: shards::create(io, "conversations", &shard)?,
            problems: shards::create(io, "problems", &shard)?,
            texts: 0,
            talks: 0,
            asked: 0,
        })
    }

    pub(super) fn push(&mut self, exhibit: &Exhibit<'_>) -> anyhow::Result<()> {
        let source = format!("{}/{}", self.collection, exhibit.side.name());
        self.media.push(&media::Row {
            name: exhibit.name,
            source: &source,
            kind: exhibit.kind,
            bytes: exhibit.bytes,
            caption: Some(exhibit.caption),
            ids: None,
        })?;
        self.io.count(exhibit.side.name(), 1);
        match exhibit.side {
            Side::Shown => self.show(exhibit),
            Side::Tested => self.test(exhibit),
        }
    }

    /// A text of what is said about it, a talk about it, and one in which it is made.
    fn show(&mut self, exhibit: &Exhibit<'_>) -> anyhow::Result<()> {
        let mut text = exhibit.caption.to_owned();
        for Question { words, answer, .. } in exhibit.questions {
            text.extend(["\n", words, " ", answer]);
        }
        if let Some(request) = exhibit.request {
            text.extend(["\n", request]);
        }
        lesson_documents::push(self.collection, self.texts, &text, &mut self.documents)?;
        self.texts += 1;
        self.io.count("documents", 1);
        let mut messages = vec![];
        for (nth, Question { words, answer, .. }) in exhibit.questions.iter().enumerate() {
            messages.push(if nth == 0 { about(exhibit, words) } else { Message::text("user", words) });
            messages.push(Message::text("assistant", answer));
        }
        self.talk("asked", messages)?;
        if let Some(request) = exhibit.request {
            let made = Message { role: "assistant", content: vec![part(exhibit)], train: None };
            self.talk("made", vec![Message::text("user", request), made])?;
        }
        Ok(())
    }

    fn talk(&mut self, manner: &str, messages: Vec<Message<'_>>) -> anyhow::Result<()> {
        if !messages.is_empty() {
            let source = format!("{}/{manner}", self.collection);
            self.conversations.push(&conversations::Row { id: self.talks, source: &source, messages })?;
            self.talks += 1;
            self.io.count("conversations", 1);
        }
        Ok(())
    }

    /// Each question for itself, and the request to make something that is called like it.
    fn test(&mut self, exhibit: &Exhibit<'_>) -> anyhow::Result<()> {
        for Question { ability, words, answer } in exhibit.questions {
            self.ask("asked", ability, about(exhibit, words), answer)?;
        }
        match exhibit.request {
            Some(request) => self.ask("made", "make", Message::text("user", request), exhibit.caption),
            None => Ok(()),
        }
    }

    fn ask(&mut self, manner: &str, ability: &str, asked: Message<'_>, answer: &str) -> anyhow::Result<()> {
        self.problems.push(&problems::Row {
            id: self.asked,
            source: &format!("{}/{manner}", self.collection),
            ability,
            prompt: vec![asked],
            answer,
            verifier: "exact",
            meta: None,
        })?;
        self.asked += 1;
        self.io.count("problems", 1);
        Ok(())
    }

    pub(super) fn finish(self) -> anyhow::Result<()> {
        shards::finish(self.io, "media", self.media)?;
        shards::finish(self.io, "documents", self.documents)?;
        shards::finish(self.io, "conversations", self.conversations)?;
        shards::finish(self.io, "problems", self.problems)
    }
}

fn part<'a>(exhibit: &Exhibit<'a>) -> MessagePart<'a> {
    let kind = match exhibit.kind {
        MediaKind::Image => PartKind::Image,
        MediaKind::Audio => PartKind::Audio,
    };
    MessagePart { kind, text: Some(exhibit.name), ids: None }
}

fn about<'a>(exhibit: &Exhibit<'a>, question: &'a str) -> Message<'a> {
    let text = MessagePart { kind: PartKind::Text, text: Some(question), ids: None };
    Message { role: "user", content: vec![part(exhibit), text], train: None }
}
