//! `probe`: asks a base model what conversations ask, and makes it learn to say so where it does not know.
//!
//! Grattafiori et al. 2024 ("The Llama 3 Herd of Models", arXiv 2407.21783, section 4.3.6) sample answers to questions
//! about what was read in training, and teach a refusal where they are wrong in every sample. Here a question is told as
//! a text that ends before the answer, since a base model knows no protocol, and an answer is right when it is the
//! conversation's own.

use std::collections::BTreeMap;

use bpe::{Bpe, Tokenizer};
use grpo::Verifier;
use grpo::verifiers::Exact;
use model::{Draw, Limits, Prompt, Random, generate};
use pipeline::{Class, Fault, Io, Output, Signature, Slot, Stage, Task};
use rl::Problem;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sft::{Part, Rendered, Role, Template};
use shard::{Conversations, Dropped, Message, Scores, Table, conversations, dropped};

use super::interview::Transcript;
use super::interview::transcript::{Lines, first_line};
use super::scores::Sheet;
use super::{shards, talk, words};

/// Asks a base model what conversations ask: what it knows keeps its answer, what it does not know gets a refusal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Probe {
    /// Only conversations whose source begins with one of these; without any, all.
    pub sources: Vec<String>,
    /// How a question is told as a text.
    pub transcript: Transcript,
    /// Answers to each question.
    #[schemars(extend("unit" = "answers"))]
    pub samples: usize,
    /// Most tokens of an answer.
    #[schemars(extend("unit" = "tokens"))]
    pub tokens: usize,
    /// How a token is drawn.
    pub draw: Draw,
    /// What is known: at least this share of answers is right.
    #[schemars(extend("unit" = "share of answers"))]
    pub known: f64,
    /// What is not known: at most this share of answers is right. What lies between is left out.
    #[schemars(extend("unit" = "share of answers"))]
    pub unknown: f64,
    /// How one says that one does not know.
    pub refusals: Vec<String>,
}

impl Default for Probe {
    fn default() -> Self {
        let refusals =
            ["I do not know.", "I am sorry, I do not know that.", "I have read nothing about that."];
        Self {
            sources: vec![],
            transcript: Transcript::default(),
            samples: 5,
            tokens: 12,
            draw: Draw { temperature: 1.0, ..Draw::default() },
            known: 0.8,
            unknown: 0.2,
            refusals: refusals.map(str::to_owned).to_vec(),
        }
    }
}

impl Stage for Probe {
    fn signature(&self) -> Signature {
        Signature {
            class: Class::Numeric,
            random: true,
            reads: vec![
                Slot::new("conversations", Conversations::NAME),
                Slot::new("checkpoint", "checkpoint/1"),
                Slot::new("tokenizer", "tokenizer/1"),
            ],
            writes: vec![
                Output::new("conversations", Conversations::NAME),
                Output::new("scores", Scores::NAME),
                Output::new("dropped", Dropped::NAME),
            ],
            sources: &["model", "bpe", "sft", "rl", "grpo"],
            ..Signature::exact(2)
        }
    }

    fn check(&self) -> Result<(), Fault> {
        let wrong = |on: &str, got: String, expected: &str| {
            Err(Fault::new("this makes no sense").on(on).got(got).expected(expected))
        };
        if self.samples == 0 || self.refusals.is_empty() {
            let on = if self.samples == 0 { "/samples" } else { "/refusals" };
            return wrong(on, "none".to_owned(), "one or more");
        }
        if !(0.0 <= self.unknown && self.unknown < self.known && self.known <= 1.0) {
            let got = format!("unknown = {}, known = {}", self.unknown, self.known);
            return wrong("/unknown", got, "two shares of answers, the first smaller than the second");
        }
        Ok(())
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let bpe = Bpe::load(io.input("tokenizer")?.directory()?)?;
        let (_, decoder) = model::checkpoint::load(io.input("checkpoint")?.directory()?)?;
        let template = Lines::new(&self.transcript, bpe.vocabulary())?;
        let context = decoder.config().context;

        let batches = shards::read_all::<Conversations>(io.input("conversations")?);
        let batches = batches.collect::<anyhow::Result<Vec<_>>>()?;
        let rows: Vec<conversations::Row<'_>> =
            batches.iter().flat_map(shard::Batch::rows).filter(|row| self.wants(row.source)).collect();
        let mut asked = vec![];
        for row in &rows {
            asked.push(question(row, &template, &bpe, context)?);
        }
        let right = self.ask(&asked, &bpe, &decoder, io)?;

        let (mut kept, mut tally) = (0, BTreeMap::<&str, Tally>::new());
        let mut out = shards::create::<Conversations>(io, "conversations", &task.shard())?;
        let mut fallen = shards::create::<Dropped>(io, "dropped", &task.shard())?;
        for (place, ((row, asked), right)) in rows.iter().zip(&asked).zip(right).enumerate() {
            let tally = tally.entry(row.source).or_default();
            let verdict = asked.as_ref().map(|_| self.verdict(right));
            let mut row = row.clone();
            match verdict {
                Some(Verdict::Known) => tally.known += 1,
                Some(Verdict::Unknown) => {
                    tally.unknown += 1;
                    let mut random = Random::new(io.seed("refusals"), &row.id.to_string());
                    let nth = (random.uniform() * self.refusals.len() as f64) as usize;
                    let last = row.messages.len() - 1;
                    row.messages[last] = Message::text("assistant", &self.refusals[nth]);
                }
                Some(Verdict::Unsure) | None => {
                    let (reason, detail) = match verdict {
                        Some(_) => ("unsure", format!("{right} of {} answers were right", self.samples)),
                        None => ("not_askable", NOT_ASKABLE.to_owned()),
                    };
                    tally.unsure += u64::from(verdict.is_some());
                    io.count(&format!("dropped.{reason}"), 1);
                    fallen.push(&dropped::Row {
                        id: Some(&row.id.to_string()),
                        source: row.source,
                        offset: place as i64,
                        stage: io.stage(),
                        reason,
                        detail: Some(&detail),
                        ..dropped::Row::default()
                    })?;
                    continue;
                }
            }
            kept += 1;
            out.push(&row)?;
        }
        io.count("in", rows.len() as u64);
        io.count("kept", kept);
        shards::finish(io, "conversations", out)?;
        shards::finish(io, "dropped", fallen)?;
        score(&tally).finish(io, task)
    }
}

/// Prompts continued together.
const BATCH: usize = 64;

/// What a base model knows of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Known,
    Unsure,
    Unknown,
}

/// Verdicts of one source.
#[derive(Default)]
struct Tally {
    known: u64,
    unsure: u64,
    unknown: u64,
}

/// Why there is no [`question`].
const NOT_ASKABLE: &str = "it does not end with words of the assistant, or is too long";

/// Nothing where a conversation does not end with words of the assistant, or is too long.
fn question(
    row: &conversations::Row<'_>,
    template: &Lines<'_>,
    bpe: &Bpe,
    context: usize,
) -> anyhow::Result<Option<Problem>> {
    let messages = talk::messages(&row.messages)?;
    let Some((last, before)) = messages.split_last() else { return Ok(None) };
    let [Part::Text(answer)] = last.content[..] else { return Ok(None) };
    if last.role != Role::Assistant || before.is_empty() {
        return Ok(None);
    }
    let mut rendered = Rendered::default();
    template.render(before, bpe, &mut rendered)?;
    let fits = rendered.ids.len() < context;
    let answer = answer.to_owned();
    Ok(fits.then(|| Problem { ids: rendered.ids, answer, ..Problem::default() }))
}

impl Probe {
    fn wants(&self, source: &str) -> bool {
        self.sources.is_empty() || self.sources.iter().any(|name| source.starts_with(name.as_str()))
    }

    fn verdict(&self, right: usize) -> Verdict {
        match right as f64 / self.samples as f64 {
            share if share >= self.known => Verdict::Known,
            share if share <= self.unknown => Verdict::Unknown,
            _ => Verdict::Unsure,
        }
    }

    /// How many answers to each question are right.
    fn ask(
        &self,
        asked: &[Option<Problem>],
        bpe: &Bpe,
        decoder: &model::Decoder,
        io: &Io,
    ) -> anyhow::Result<Vec<usize>> {
        let mut order: Vec<(usize, &Problem)> =
            asked.iter().enumerate().filter_map(|(at, question)| Some((at, question.as_ref()?))).collect();
        // prompts of one length in one batch: no padding is computed
        order.sort_by_key(|(at, question)| (question.ids.len(), *at));
        let begin: Vec<u32> = bpe.vocabulary().special("<|bos|>").into_iter().collect();
        let limits = Limits {
            new_tokens: self.tokens,
            context: decoder.config().context,
            stop: begin,
            ..Limits::default()
        };
        let (model, mut right) = (decoder.detached(), vec![0; asked.len()]);
        io.progress().length(order.len() as u64);
        for batch in order.chunks(BATCH.div_ceil(self.samples)) {
            let prompts = batch.iter().flat_map(|(at, question)| {
                (0..self.samples).map(move |nth| Prompt {
                    ids: question.ids.clone(),
                    seed: io.seed(&format!("question {at}, answer {nth}")),
                })
            });
            let completions = generate(&model, &prompts.collect::<Vec<_>>(), &self.draw, &limits)?;
            for ((at, question), said) in batch.iter().zip(completions.chunks(self.samples)) {
                let is_right = |completion: &model::Completion| {
                    let said = words::of(bpe, &completion.ids);
                    Exact.verify(question, &first_line(&said).0.into()) == Some(1.0)
                };
                right[*at] = said.iter().filter(|said| is_right(said)).count();
            }
            io.progress().advance(batch.len() as u64);
        }
        Ok(right)
    }
}

/// Shares of what is `known`, `unsure` and `unknown`, by source.
fn score(tally: &BTreeMap<&str, Tally>) -> Sheet {
    let mut sheet = Sheet::default();
    for (source, Tally { known, unsure, unknown }) in tally {
        let of = known + unsure + unknown;
        sheet.figure(BENCHMARK, source, "questions", of as f64);
        for (metric, count) in [("known", *known), ("unsure", *unsure), ("unknown", *unknown)] {
            sheet.share(BENCHMARK, source, metric, count, of);
        }
    }
    sheet
}

const BENCHMARK: &str = "probe";

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use pipeline::Stage;

    use super::{Probe, Tally, Verdict, score};

    #[test]
    fn what_lies_between_is_left_out() {
        let probe = Probe::default();
        let verdicts = [0, 1, 2, 3, 4, 5].map(|right| probe.verdict(right));
        let (known, unsure, unknown) = (Verdict::Known, Verdict::Unsure, Verdict::Unknown);
        assert_eq!(verdicts, [unknown, unknown, unsure, unsure, known, known]);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let refused = |probe: Probe| probe.check().is_err();
        assert!(!refused(Probe::default()));
        assert!(refused(Probe { samples: 0, ..Probe::default() }));
        assert!(refused(Probe { refusals: vec![], ..Probe::default() }));
        assert!(refused(Probe { known: 0.2, ..Probe::default() }));
        assert!(refused(Probe { known: f64::NAN, ..Probe::default() }));
    }

    #[test]
    fn verdicts_are_counted_by_source() {
        let tally = BTreeMap::from([("people", Tally { known: 3, unsure: 0, unknown: 1 })]);
        let lines = score(&tally).lines();
        for expected in ["probe people questions 4", "probe people known 0.75", "probe people unknown 0.25"] {
            assert!(lines.contains(&expected.to_owned()), "{lines:?}");
        }
    }
}
