//! `lesson-texts`: texts made for one lesson, and the questions that show whether it was learned.

use fixtures::tic_tac_toe::{self, Teacher};
use fixtures::{Passages, Puzzles};
use pipeline::{Class, Fault, Io, Output, Signature, Stage, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shard::{Documents, Facts, Table, facts};

use super::{lesson_documents, shards};

/// Texts made together.
const BATCH: usize = 1_024;

/// Texts made for one lesson, and the questions that show whether it was learned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LessonTexts {
    /// Which lesson.
    pub lesson: Lesson,
}

/// What is to be learned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Lesson {
    /// To answer from the lines above: names pair with colours, otherwise in each text.
    InContext(InContext),
    /// What is learned by heart: passages of words in no order, told more or less often.
    Memorisation(Memorisation),
    /// To play as a teacher does, who plays with habits and whims: games of tic-tac-toe, a sign a move.
    TicTacToe(TicTacToe),
}

/// Games of a teacher against itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TicTacToe {
    /// Games, a text each.
    #[schemars(extend("unit" = "games"))]
    pub games: u64,
    /// Of a hundred moves of the teacher, so many are no whim.
    #[schemars(extend("unit" = "percent"))]
    pub careful: usize,
}

/// Texts that pair names with colours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct InContext {
    /// Texts to train on.
    #[schemars(extend("unit" = "texts"))]
    pub texts: u64,
    /// Names that there are.
    #[schemars(extend("unit" = "names"))]
    pub known: usize,
    /// Most names in one text; the questions' texts have as many.
    #[schemars(extend("unit" = "names"))]
    pub names: usize,
    /// Most lines of one text, each a name and a colour; the questions' texts have as many.
    #[schemars(extend("unit" = "lines"))]
    pub lines: usize,
    /// In every other text one of so many lines names another colour, on average; 0 for none. The questions' texts all
    /// are of that kind.
    #[schemars(extend("unit" = "lines"))]
    pub lies: usize,
    /// How often the lines above a question have shown the name that it asks for.
    #[schemars(extend("unit" = "lines"))]
    pub shots: Vec<usize>,
    /// Questions for each number of shots, each at the end of a text of its own.
    #[schemars(extend("unit" = "questions"))]
    pub questions: u64,
}

/// Passages among ordinary paragraphs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Memorisation {
    /// How many texts tell a passage, a class each; 0 for comparison.
    #[schemars(extend("unit" = "texts"))]
    pub repeats: Vec<u64>,
    /// Passages of each class.
    #[schemars(extend("unit" = "passages"))]
    pub each: u64,
    /// Words of a passage; a question gives the first half.
    #[schemars(extend("unit" = "words"))]
    pub words: usize,
    /// Ordinary paragraphs, a text each.
    #[schemars(extend("unit" = "texts"))]
    pub ordinary: u64,
}

impl Default for LessonTexts {
    fn default() -> Self {
        Self { lesson: Lesson::InContext(InContext::default()) }
    }
}

impl Default for InContext {
    fn default() -> Self {
        Self {
            texts: 60_000,
            known: 24,
            names: 3,
            lines: 20,
            lies: 4,
            shots: vec![0, 1, 2, 4, 8, 16],
            questions: 400,
        }
    }
}

impl Default for Memorisation {
    fn default() -> Self {
        let repeats = vec![0, 1, 2, 4, 8, 16, 32, 64];
        Self { repeats, each: 64, words: 12, ordinary: 4_000 }
    }
}

impl Default for TicTacToe {
    fn default() -> Self {
        Self { games: 40_000, careful: Teacher::default().careful }
    }
}

impl Stage for LessonTexts {
    fn signature(&self) -> Signature {
        Signature {
            class: Class::Exact,
            random: true,
            writes: vec![Output::new("documents", Documents::NAME), Output::new("facts", Facts::NAME)],
            sources: &["fixtures"],
            ..Signature::exact(1)
        }
    }

    fn check(&self) -> Result<(), Fault> {
        let most = Puzzles::most();
        let wrong = |what: &str, on: &str, got: usize, expected: String| {
            let fault = Fault::new(what).on(format!("/lesson/{on}")).got(got.to_string());
            Err(fault.expected(expected).cure("correct the number"))
        };
        match &self.lesson {
            Lesson::InContext(lesson) if !(2..=most).contains(&lesson.known) => {
                let expected = format!("from 2 to {most}");
                wrong("so many names cannot be made", "in-context/known", lesson.known, expected)
            }
            Lesson::InContext(lesson) if !(2..=lesson.known).contains(&lesson.names) => {
                let expected = format!("from 2 to the {} that there are", lesson.known);
                wrong("a text cannot have so many names", "in-context/names", lesson.names, expected)
            }
            Lesson::Memorisation(lesson) if lesson.words < 2 => {
                let expected = "2 or more: one to ask with, one to answer".to_owned();
                wrong("a passage has too few words", "memorisation/words", lesson.words, expected)
            }
            Lesson::TicTacToe(lesson) if lesson.careful > 100 => {
                let expected = "100 or less".to_owned();
                wrong("of a hundred moves there are no more", "tic-tac-toe/careful", lesson.careful, expected)
            }
            _ => Ok(()),
        }
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let seed = io.seed("lesson");
        match &self.lesson {
            Lesson::InContext(InContext { texts, known, names, lines, lies, shots, questions }) => {
                let puzzles = Puzzles { seed, known: *known, names: *names, lines: *lines, lies: *lies };
                write_texts("in-context", *texts, |index| puzzles.text(index), io, task)?;
                write_questions(&puzzles, shots, *questions, io, task)
            }
            Lesson::Memorisation(Memorisation { repeats, each, words, ordinary }) => {
                let (repeats, each, words, ordinary) = (repeats.clone(), *each, *words, *ordinary);
                let passages = Passages { seed, repeats, each, words, ordinary };
                write_texts("memorisation", passages.texts(), |index| passages.text(index), io, task)?;
                write_passages(&passages, io, task)
            }
            Lesson::TicTacToe(TicTacToe { games, careful }) => {
                let teacher = Teacher { careful: *careful };
                write_texts(
                    "tic-tac-toe",
                    *games,
                    |index| tic_tac_toe::lesson(teacher, seed, index),
                    io,
                    task,
                )?;
                shards::finish(io, "facts", shards::create::<Facts>(io, "facts", &task.shard())?)
            }
        }
    }
}

/// `count` texts as documents, made by all threads and written in order.
fn write_texts(
    lesson: &str,
    count: u64,
    text: impl Fn(u64) -> String + Sync + Send,
    io: &Io,
    task: Task,
) -> anyhow::Result<()> {
    let mut out = shards::create_documents(io, &task.shard(), &[])?;
    io.progress().length(count);
    let mut indices = 0..count;
    let next = || Ok(indices.by_ref().take(BATCH).collect());
    let make = |(): &mut (), index| (index, text(index));
    let write = |(index, text): (u64, String)| {
        lesson_documents::push(lesson, index, &text, &mut out)?;
        io.count("documents", 1);
        io.progress().advance(1);
        Ok(())
    };
    shards::in_order(next, || (), make, write)?;
    shards::finish(io, "documents", out)
}

/// What the lines of a prompt tell, as often as `exposures` says.
fn write_questions(puzzles: &Puzzles, shots: &[usize], each: u64, io: &Io, task: Task) -> anyhow::Result<()> {
    let mut out = shards::create::<Facts>(io, "facts", &task.shard())?;
    let all = shots.iter().flat_map(|shots| (0..each).map(move |index| (*shots, index)));
    for (id, (shots, index)) in (0..).zip(all) {
        let question = puzzles.question(shots, index);
        out.push(&facts::Row {
            id,
            subject: &question.name,
            relation: "colour",
            object: question.colour,
            exposures: i32::try_from(shots)?,
            prompts: vec![&question.prompt],
        })?;
        io.count("facts", 1);
    }
    shards::finish(io, "facts", out)
}

/// What texts tell, as often as `exposures` says.
fn write_passages(passages: &Passages, io: &Io, task: Task) -> anyhow::Result<()> {
    let mut out = shards::create::<Facts>(io, "facts", &task.shard())?;
    for (id, passage) in (0..).zip(passages.iter()) {
        out.push(&facts::Row {
            id,
            subject: &passage.beginning,
            relation: "passage",
            object: &passage.end,
            exposures: i32::try_from(passage.repeats)?,
            prompts: vec![&passage.beginning],
        })?;
        io.count("facts", 1);
    }
    shards::finish(io, "facts", out)
}

#[cfg(test)]
mod tests {
    use pipeline::Stage;

    use super::{InContext, Lesson, LessonTexts, Memorisation};

    #[test]
    fn texts_that_cannot_be_made_are_refused() {
        let refused = |lesson| LessonTexts { lesson }.check().is_err();
        for (known, names, wrong) in [
            (24, 0, true),
            (24, 1, true),
            (2, 2, false),
            (24, 24, false),
            (24, 25, true),
            (144, 9, false),
            (145, 9, true),
        ] {
            let lesson = Lesson::InContext(InContext { known, names, ..InContext::default() });
            assert_eq!(refused(lesson), wrong, "{names} of {known} names");
        }
        for (words, wrong) in [(0, true), (1, true), (2, false)] {
            let lesson = Lesson::Memorisation(Memorisation { words, ..Memorisation::default() });
            assert_eq!(refused(lesson), wrong, "{words} words");
        }
    }
}
