//! Prompts to answers, all at once, with tools on the way.

use std::ops::ControlFlow;

use bpe::Tokenizer;
use model::{CausalLm, Decoding, Limits, Prompt, Sampler};
use sft::{Template, ToolTokens};

use crate::Tool;
use crate::tools::run;

/// A model that answers.
///
/// An answer may call tools. The row then leaves, the tool's answer is written behind it, and it goes on: what it costs is
/// reading the row again.
pub struct Responder<'a> {
    /// Who answers.
    pub model: &'a dyn CausalLm,
    /// Its tokens.
    pub tokenizer: &'a dyn Tokenizer,
    /// How an answer ends.
    pub template: &'a dyn Template,
    /// What an answer may call; without any, a call is a text like any other.
    pub tools: &'a [Box<dyn Tool>],
}

/// What comes while answers are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A token that the model wrote.
    Token(u32),
    /// The answer of a tool, which the model will read.
    Output(&'a str),
}

/// An answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply {
    /// What follows the prompt, without the token that ended it. Tools' answers stand in it.
    pub ids: Vec<u32>,
    /// Whether the model ended it; otherwise there was no room, or somebody stopped it.
    pub ended: bool,
    /// How often a tool was called.
    pub calls: usize,
    /// How many of these calls the tools could do nothing with.
    pub failed_calls: usize,
}

/// Calls that an answer goes on after; one more ends it.
const MOST_CALLS: usize = 8;

impl Responder<'_> {
    /// Answers every prompt; entry `i` is the answer to prompt `i`.
    ///
    /// `limits.stop` need not be set: the template knows how answers end. `watch` is told of every token as it comes, with
    /// the number of its prompt; when it breaks, all answers end as they are.
    ///
    /// # Errors
    /// A prompt that is empty or longer than the context.
    pub fn respond(
        &self,
        prompts: Vec<Prompt>,
        sampler: &dyn Sampler,
        limits: &Limits,
        watch: &mut dyn FnMut(usize, Event<'_>) -> ControlFlow<()>,
    ) -> model::Result<Vec<Reply>> {
        let calls = self.template.tool_tokens().filter(|_| !self.tools.is_empty());
        let mut stop = self.template.ends().to_vec();
        stop.extend(calls.map(|calls| calls.call.1));
        let limits = Limits { stop, ..limits.clone() };
        let mut decoding = Decoding::new(self.model);
        let mut rows: Vec<Row> = vec![];
        // the decoding's number of a row to ours
        let mut of: Vec<usize> = vec![];
        for (at, prompt) in prompts.into_iter().enumerate() {
            let row = Row { prompt, left: limits.new_tokens, reply: Reply::default() };
            if row.left > 0 {
                decoding.join(row.prompt.clone(), sampler, limits.clone())?;
                of.push(at);
            }
            rows.push(row);
        }
        'all: while !decoding.is_empty() {
            for step in decoding.step()? {
                let at = of[step.row as usize];
                let row = &mut rows[at];
                row.left -= 1;
                if self.template.ends().contains(&step.id) {
                    row.reply.ended = true;
                    continue;
                }
                row.reply.ids.push(step.id);
                if watch(at, Event::Token(step.id)).is_break() {
                    break 'all;
                }
                let Some(calls) = calls.filter(|calls| calls.call.1 == step.id) else { continue };
                let said = self.answer(calls, &mut row.reply);
                if watch(at, Event::Output(&said)).is_break() {
                    break 'all;
                }
                let mut ids = row.prompt.ids.clone();
                ids.extend_from_slice(&row.reply.ids);
                if row.left > 0 && row.reply.calls <= MOST_CALLS && ids.len() < limits.context {
                    // the same numbers again would be drawn for other tokens
                    let seed = row.prompt.seed.wrapping_add(row.reply.calls as u64);
                    let limits = Limits { new_tokens: row.left, ..limits.clone() };
                    decoding.join(Prompt { ids, seed }, sampler, limits)?;
                    of.push(at);
                }
            }
        }
        Ok(rows.into_iter().map(|row| row.reply).collect())
    }

    /// Lets the tool answer the call that `reply` ends with, and writes its answer behind it.
    fn answer(&self, calls: ToolTokens, reply: &mut Reply) -> String {
        let written = &reply.ids[..reply.ids.len() - 1];
        let start = written.iter().rposition(|id| *id == calls.call.0).map_or(0, |at| at + 1);
        let mut bytes = vec![];
        self.tokenizer.decode(&written[start..], &mut bytes);
        reply.calls += 1;
        let said = match run(self.tools, &String::from_utf8_lossy(&bytes)) {
            Ok(said) => said,
            Err(problem) => {
                reply.failed_calls += 1;
                format!("error: {problem}")
            }
        };
        reply.ids.push(calls.output.0);
        self.tokenizer.encode(&said, &mut reply.ids);
        reply.ids.push(calls.output.1);
        said
    }
}

struct Row {
    prompt: Prompt,
    /// Tokens that the model may still write.
    left: usize,
    reply: Reply,
}
