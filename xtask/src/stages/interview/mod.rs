//! `interview`: questions to a chat model, and how right its answers are.

pub(super) mod transcript;

use std::collections::BTreeMap;

use bpe::{Bpe, Tokenizer};
use chat::{Calculator, Lookup, Reply, Responder, Tool};
use grpo::Verifier;
use grpo::verifiers::OfProblem;
use model::{Draw, Limits, Prompt};
use pipeline::{Class, Io, Output, Signature, Slot, Stage, Task};
use rl::{Answer, Problem};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sft::{Protocol, Template};
use shard::{Documents, Problems, Samples, Scores, Table, samples};

use super::scores::Sheet;
use super::{asking, shards};
pub use transcript::Transcript;

/// Asks a model all problems, and counts by ability how many answers end as they should and are right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Interview {
    /// How a conversation is written as tokens; by default as the tokenizer's special tokens suggest.
    pub protocol: Option<Protocol>,
    /// Only problems whose source ends with one of these, as `/test`; without any, all.
    pub sources: Vec<String>,
    /// Most questions of one ability; 0 for all.
    #[schemars(extend("unit" = "questions"))]
    pub most: usize,
    /// Most tokens of an answer.
    #[schemars(extend("unit" = "tokens"))]
    pub tokens: usize,
    /// How a token is drawn.
    pub draw: Draw,
    /// What an answer may call. The index for `look-up` is made of `documents`.
    pub tools: Vec<ToolKind>,
    /// Asks a model that knows no protocol: a text that ends before the question, with words around it.
    pub transcript: Option<Transcript>,
}

/// What an answer may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ToolKind {
    /// `calculate 12 * (3 + 4)`: exact, and nothing but numbers.
    Calculate,
    /// `look-up trade of Vera Bryery`: the sentence that fits best.
    LookUp,
}

impl Default for Interview {
    fn default() -> Self {
        Self {
            protocol: None,
            sources: vec![],
            most: 0,
            tokens: 96,
            draw: Draw { temperature: 0.0, ..Draw::default() },
            tools: vec![],
            transcript: None,
        }
    }
}

impl Stage for Interview {
    fn signature(&self) -> Signature {
        let documents = Slot::new("documents", Documents::NAME);
        Signature {
            class: Class::Numeric,
            random: true,
            reads: vec![
                Slot::new("checkpoint", "checkpoint/1"),
                Slot::new("tokenizer", "tokenizer/1"),
                Slot::new("problems", Problems::NAME),
                if self.tools.contains(&ToolKind::LookUp) { documents } else { documents.optional() },
            ],
            writes: vec![Output::new("scores", Scores::NAME), Output::new("samples", Samples::NAME)],
            sources: &["model", "bpe", "sft", "chat", "rl", "grpo"],
            ..Signature::exact(3)
        }
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let bpe = Bpe::load(io.input("tokenizer")?.directory()?)?;
        let checkpoint = io.input("checkpoint")?;
        let (_, decoder) = model::checkpoint::load(checkpoint.directory()?)?;
        let model = decoder.detached();
        let template = asking::template(self.transcript.as_ref(), self.protocol, bpe.vocabulary())?;
        let tools = self.tools(io)?;
        let context = decoder.config().context;
        let (mut questions, too_long) = self.questions(io, &bpe, &*template, context)?;

        let limits = Limits { new_tokens: self.tokens, context, ..Limits::default() };
        let responder = Responder { model: &model, tokenizer: &bpe, template: &*template, tools: &tools };
        let prompt = |question: &Question| Prompt {
            ids: question.problem.ids.clone(),
            seed: io.seed(&format!("question {}", question.problem.id)),
        };
        let prompts: Vec<Prompt> = questions.iter().map(prompt).collect();
        asking::answer(&responder, &prompts, &self.draw, &limits, io, |at, reply| {
            questions[at].take(reply, asking::said(reply, &bpe, self.transcript.as_ref()));
        })?;

        let mut sheet = Sheet::default();
        score(&questions, &mut sheet);
        let count =
            |of: fn(&Question) -> bool| questions.iter().filter(|question| of(question)).count() as u64;
        io.count("questions", questions.len() as u64);
        io.count("too_long", too_long);
        io.count("ended", count(|question| question.ended));
        io.count("right", count(|question| question.right == Some(true)));
        io.count("ungraded", count(|question| question.right.is_none()));
        let share = |of: fn(&Question) -> bool, all: u64| count(of) as f64 / all.max(1) as f64;
        let asked = questions.len() as u64;
        io.metric("ended_share", share(|question| question.ended, asked));
        let graded = count(|question| question.right.is_some());
        io.metric("right_share", share(|question| question.right == Some(true), graded));
        sheet.finish(io, task)?;
        let mut writer = shards::create::<Samples>(io, "samples", &task.shard())?;
        let step = checkpoint.counter("steps").unwrap_or(0) as i64;
        for question in &questions {
            writer.push(&samples::Row {
                step,
                prompt: &question.problem.asked,
                text: &question.said,
                tokens: question.tokens as i64,
                ended_by: if question.ended { "stop" } else { "length" },
            })?;
        }
        shards::finish(io, "samples", writer)
    }
}

/// A problem, and what was said to it.
struct Question {
    problem: Problem,
    said: String,
    tokens: usize,
    ended: bool,
    /// Nothing where nobody knows the problem's verifier.
    right: Option<bool>,
    calls: usize,
    failed_calls: usize,
}

impl Question {
    fn take(&mut self, reply: &Reply, (said, ended): (String, bool)) {
        (self.said, self.ended) = (said, ended);
        self.tokens = reply.ids.len();
        (self.calls, self.failed_calls) = (reply.calls, reply.failed_calls);
        let answer = Answer { text: &self.said, tokens: self.tokens, ended: self.ended };
        self.right = OfProblem.verify(&self.problem, &answer).map(|score| score == 1.0);
    }
}

impl Interview {
    fn tools(&self, io: &Io) -> anyhow::Result<Vec<Box<dyn Tool>>> {
        let tool = |kind: &ToolKind| -> anyhow::Result<Box<dyn Tool>> {
            Ok(match kind {
                ToolKind::Calculate => Box::new(Calculator),
                ToolKind::LookUp => {
                    let mut texts = vec![];
                    for batch in shards::read_all::<Documents>(io.input("documents")?) {
                        texts.extend(batch?.rows().map(|row| row.text.to_owned()));
                    }
                    Box::new(Lookup::new(texts.iter().map(String::as_str)))
                }
            })
        };
        self.tools.iter().map(tool).collect()
    }

    /// The problems to ask, and how many are longer than the context.
    fn questions(
        &self,
        io: &Io,
        bpe: &Bpe,
        template: &dyn Template,
        context: usize,
    ) -> anyhow::Result<(Vec<Question>, u64)> {
        let (mut questions, mut too_long, mut asked) = (vec![], 0, BTreeMap::<String, usize>::new());
        for batch in shards::read_all::<Problems>(io.input("problems")?) {
            for row in batch?.rows() {
                let count = asked.entry(row.ability.to_owned()).or_default();
                let wanted =
                    self.sources.is_empty() || self.sources.iter().any(|end| row.source.ends_with(end));
                if !wanted || (self.most > 0 && *count == self.most) {
                    continue;
                }
                let problem = asking::asked(&row, bpe, template)?;
                if problem.ids.len() >= context {
                    too_long += 1;
                    continue;
                }
                *count += 1;
                questions.push(Question {
                    problem,
                    said: String::new(),
                    tokens: 0,
                    ended: false,
                    right: None,
                    calls: 0,
                    failed_calls: 0,
                });
            }
        }
        Ok((questions, too_long))
    }
}

/// `ended`, `right` and `well_formed` calls by ability, each a share with Wilson's interval.
fn score(questions: &[Question], sheet: &mut Sheet) {
    let mut abilities: BTreeMap<&str, Vec<&Question>> = BTreeMap::new();
    for question in questions {
        abilities.entry(&question.problem.ability).or_default().push(question);
        abilities.entry(ALL).or_default().push(question);
    }
    for (ability, questions) in abilities {
        let count =
            |of: &dyn Fn(&Question) -> bool| questions.iter().filter(|question| of(question)).count() as u64;
        let asked = questions.len() as u64;
        sheet.figure(BENCHMARK, ability, "questions", asked as f64);
        sheet.share(BENCHMARK, ability, "ended", count(&|question| question.ended), asked);
        let graded = count(&|question| question.right.is_some());
        sheet.share(BENCHMARK, ability, "right", count(&|question| question.right == Some(true)), graded);
        let sum =
            |of: fn(&Question) -> usize| questions.iter().map(|question| of(question) as u64).sum::<u64>();
        let (calls, failed) = (sum(|question| question.calls), sum(|question| question.failed_calls));
        sheet.share(BENCHMARK, ability, "well_formed", calls - failed, calls);
        let tokens = sum(|question| question.tokens) as f64 / asked.max(1) as f64;
        sheet.figure(BENCHMARK, ability, "tokens", tokens);
    }
}

const BENCHMARK: &str = "interview";
/// The item that stands for all abilities together.
const ALL: &str = "all";
