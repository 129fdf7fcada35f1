//! `lesson-talks`: texts for a base model, conversations and questions for one lesson about answering.

use fixtures::skill::{
    Addition, Asked, Countdown, Counting, Decimals, Letters, Longer, People, Piece, Skill, Sums, Talk, Tools,
};
use pipeline::{Class, Fault, Io, Output, Signature, Stage, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shard::{
    Conversations, Documents, Message, MessagePart, PartKind, Problems, Table, conversations, problems,
};

use super::{lesson_documents, shards};

/// Texts for a base model, conversations in several manners, and questions that neither contains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LessonTalks {
    /// What is to be learned.
    pub lesson: Ability,
    /// Texts for a base model.
    #[schemars(extend("unit" = "texts"))]
    pub texts: u64,
    /// Exercises, each a conversation in every manner.
    #[schemars(extend("unit" = "exercises"))]
    pub talks: u64,
    /// Questions of the test, each in every way that it is asked.
    #[schemars(extend("unit" = "questions"))]
    pub questions: u64,
}

/// What is to be learned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ability {
    /// Sums of three numbers, `sums/think-first` and `sums/answer-first`.
    Sums,
    /// Letters of words counted, `letters/spelled` and `letters/direct`.
    Letters,
    /// What is known of people, `people/memory` and `people/passage`.
    People(Crowd),
    /// What only tools can answer, `tools/calling` and `tools/direct`.
    Tools(Register),
    /// Sums of two numbers, to practise.
    Addition(Drill),
    /// Letters of words counted one by one, to practise.
    Counting(Drill),
    /// Which of two decimals is larger, to practise.
    Decimals(Drill),
    /// Three numbers to a target, to practise.
    Countdown(Drill),
    /// Sums of three numbers, `longer/worked` and `longer/short`, to practise; nobody makes mistakes in these.
    Longer(Drill),
}

/// What is practised: problems of source `…/practice` beside those of `…/test`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Drill {
    /// Problems to practise with.
    #[schemars(extend("unit" = "problems"))]
    pub practice: u64,
    /// One of so many lines of a text is wrong, so that a model learns more answers than the right one; of sums, as many
    /// conversations are too. 0 for none.
    #[schemars(extend("unit" = "lines"))]
    pub mistakes: usize,
}

/// People of whom texts tell more or less often. Half of each sort is kept for the test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Crowd {
    /// Told of by all texts but a few.
    #[schemars(extend("unit" = "people"))]
    pub often: u64,
    /// Told of by one text each.
    #[schemars(extend("unit" = "people"))]
    pub seldom: u64,
    /// Told of by no text, and asked for in conversations. The test asks for as many others.
    #[schemars(extend("unit" = "people"))]
    pub never: u64,
    /// One of so many texts is a passage about other people and a question that it answers; 0 for none.
    #[schemars(extend("unit" = "texts"))]
    pub passages: usize,
}

/// People of whom only the index tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Register {
    /// Asked for in conversations. The test asks for as many others.
    #[schemars(extend("unit" = "people"))]
    pub people: u64,
}

impl Default for LessonTalks {
    fn default() -> Self {
        Self { lesson: Ability::Sums, texts: 20_000, talks: 6_000, questions: 1_200 }
    }
}

impl Default for Crowd {
    fn default() -> Self {
        Self { often: 240, seldom: 400, never: 2_000, passages: 0 }
    }
}

impl Default for Register {
    fn default() -> Self {
        Self { people: 2_000 }
    }
}

impl Default for Drill {
    fn default() -> Self {
        Self { practice: 4_000, mistakes: 4 }
    }
}

/// Most people of a lesson: there are not many more names.
const PEOPLE: u64 = 5_000;

impl Stage for LessonTalks {
    fn signature(&self) -> Signature {
        Signature {
            class: Class::Exact,
            random: true,
            writes: vec![
                Output::new("documents", Documents::NAME),
                Output::new("conversations", Conversations::NAME),
                Output::new("problems", Problems::NAME),
                Output::new("index", Documents::NAME),
            ],
            sources: &["fixtures"],
            ..Signature::exact(1)
        }
    }

    fn check(&self) -> Result<(), Fault> {
        let people = match &self.lesson {
            Ability::People(Crowd { often, seldom, never, .. }) => {
                vec![("people/often", *often), ("people/seldom", *seldom), ("people/never", *never)]
            }
            Ability::Tools(Register { people }) => vec![("tools/people", *people)],
            _ => vec![],
        };
        match people.into_iter().find(|(_, count)| !(2..=PEOPLE).contains(count)) {
            None => Ok(()),
            Some((on, count)) => Err(Fault::new("so many people cannot be told of")
                .on(format!("/lesson/{on}"))
                .got(count.to_string())
                .expected(format!("from 2 to {PEOPLE}"))
                .cure("correct the number")),
        }
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let skill = self.lesson.skill(io.seed("lesson"));
        let mut out = shards::create_documents(io, &task.shard(), &[])?;
        (0..self.texts).try_for_each(|at| lesson_documents::push("texts", at, &skill.text(at), &mut out))?;
        io.count("documents", self.texts);
        shards::finish(io, "documents", out)?;

        let mut out = shards::create::<Documents>(io, "index", &task.shard())?;
        for (at, text) in (0..).zip(skill.index()) {
            lesson_documents::push("index", at, &text, &mut out)?;
            io.count("index", 1);
        }
        shards::finish(io, "index", out)?;

        let mut out = shards::create::<Conversations>(io, "conversations", &task.shard())?;
        for (id, talk) in (0..).zip((0..self.talks).flat_map(|at| skill.talks(at))) {
            let messages = vec![Message::text("user", &talk.asked), answer(&talk)];
            out.push(&conversations::Row { id, source: talk.source, messages })?;
            io.count("conversations", 1);
        }
        shards::finish(io, "conversations", out)?;

        let mut out = shards::create::<Problems>(io, "problems", &task.shard())?;
        let tested = (0..self.questions).flat_map(|at| skill.questions(at));
        let practised = (0..self.lesson.practice()).filter_map(|at| skill.practice(at));
        for (id, asked) in (0..).zip(tested.chain(practised)) {
            out.push(&problem(id, &asked))?;
            io.count("problems", 1);
        }
        shards::finish(io, "problems", out)
    }
}

impl Ability {
    fn skill(&self, seed: u64) -> Box<dyn Skill> {
        match *self {
            Self::Sums => Box::new(Sums { seed }),
            Self::Letters => Box::new(Letters { seed }),
            Self::People(Crowd { often, seldom, never, passages }) => {
                Box::new(People { seed, often, seldom, never, passages })
            }
            Self::Tools(Register { people }) => Box::new(Tools { seed, people }),
            Self::Addition(Drill { mistakes, .. }) => Box::new(Addition { seed, mistakes }),
            Self::Counting(Drill { mistakes, .. }) => Box::new(Counting { seed, mistakes }),
            Self::Decimals(Drill { mistakes, .. }) => Box::new(Decimals { seed, mistakes }),
            Self::Countdown(Drill { mistakes, .. }) => Box::new(Countdown { seed, mistakes }),
            Self::Longer(_) => Box::new(Longer { seed }),
        }
    }

    /// Problems to practise with.
    fn practice(&self) -> u64 {
        match self {
            Self::Addition(drill)
            | Self::Counting(drill)
            | Self::Decimals(drill)
            | Self::Countdown(drill)
            | Self::Longer(drill) => drill.practice,
            _ => 0,
        }
    }
}

fn problem(id: u64, asked: &Asked) -> problems::Row<'_> {
    problems::Row {
        id,
        source: asked.source,
        ability: asked.ability,
        prompt: vec![Message::text("user", &asked.question)],
        answer: &asked.answer,
        verifier: asked.verifier,
        meta: asked.meta.as_deref(),
    }
}

/// What the assistant says, in pieces.
fn answer(talk: &Talk) -> Message<'_> {
    Message { role: "assistant", content: talk.answered.iter().map(part).collect(), train: None }
}

fn part(piece: &Piece) -> MessagePart<'_> {
    let (kind, text) = match piece {
        Piece::Text(text) => (PartKind::Text, text),
        Piece::Call(text) => (PartKind::ToolCall, text),
        Piece::Output(text) => (PartKind::ToolOutput, text),
    };
    MessagePart { kind, text: Some(text), ids: None }
}

#[cfg(test)]
mod tests {
    use pipeline::Stage;

    use super::{Ability, Crowd, LessonTalks, Register};

    #[test]
    fn people_that_cannot_be_made_are_refused() {
        let refused = |lesson| LessonTalks { lesson, ..LessonTalks::default() }.check().is_err();
        for (count, wrong) in [(0, true), (1, true), (2, false), (5_000, false), (5_001, true)] {
            let crowd = |often, never| Crowd { often, never, ..Crowd::default() };
            assert_eq!(refused(Ability::People(crowd(count, 9))), wrong, "{count}");
            assert_eq!(refused(Ability::People(crowd(9, count))), wrong, "{count}");
            assert_eq!(refused(Ability::Tools(Register { people: count })), wrong, "{count}");
        }
        assert!(!refused(Ability::Sums));
    }
}
