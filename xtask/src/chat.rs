//! `chat`: talk with the model of a run, in a terminal.

use std::io::{BufRead, IsTerminal, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bpe::{Bpe, Tokenizer, Utf8Stream};
use chat::{Calculator, Event, Lookup, Responder, Session, Tool};
use clap::ValueEnum;
use model::{Decoder, Draw, Limits, Prompt};
use pipeline::{Error, Fault, Manifest, Store};
use sft::{Protocol, Template};
use shard::{Documents, Reader};

use crate::cli::Chat;
use crate::house::{self, RunStage};
use crate::show::conversation;

/// What an answer may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ToolName {
    /// Sums, exactly
    Calculate,
    /// The sentence of the run's documents that fits best
    LookUp,
}

const HELP: &str = "\
/tokens  the talk as tokens, with what a training would learn of it
/stage   who answers, and who else could; /stage NAME changes that
/clear   begin anew
/help    this
/quit    end, as Ctrl-D does; Ctrl-C stops an answer";

/// Runs `chat` on standard input.
pub(crate) fn run(arguments: &Chat, out: &mut dyn Write) -> anyhow::Result<()> {
    let stop = stop_of_answers();
    let mut talk = Talk::open(arguments, stop)?;
    let people = std::io::stdin().is_terminal();
    if people {
        writeln!(out, "{} of {} answers; /help tells more", talk.stage, arguments.run)?;
    }
    let mut lines = std::io::stdin().lock().lines();
    loop {
        if people {
            write!(out, "\n> ")?;
            out.flush()?;
        }
        let Some(line) = lines.next() else { break };
        let line = line?;
        match line.trim() {
            "" => {}
            "/quit" => break,
            "/help" => writeln!(out, "{HELP}")?,
            "/clear" => talk.session.clear(),
            "/tokens" => talk.print_tokens(out)?,
            "/stage" => writeln!(out, "{}; there are {}", talk.stage, talk.others.join(", "))?,
            command if command.starts_with("/stage ") => {
                let wanted = command["/stage ".len()..].trim().to_owned();
                match Talk::open(&Chat { stage: Some(wanted), ..arguments.clone() }, Arc::clone(&talk.stop)) {
                    Ok(other) => talk = Talk { session: talk.session, ..other },
                    Err(problem) => writeln!(out, "{problem:#}")?,
                }
            }
            command if command.starts_with('/') => writeln!(out, "no command {command}\n{HELP}")?,
            text => talk.answer(text, out)?,
        }
    }
    Ok(())
}

/// A flag that Ctrl-C raises: it stops an answer, and never the program.
fn stop_of_answers() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&stop);
    if let Err(problem) = ctrlc::set_handler(move || raised.store(true, Ordering::Release)) {
        tracing::warn!(%problem, "Ctrl-C ends the program");
    }
    stop
}

struct Talk {
    stage: String,
    /// Stages with a model.
    others: Vec<String>,
    bpe: Bpe,
    model: Decoder,
    template: Box<dyn Template>,
    tools: Vec<Box<dyn Tool>>,
    draw: Draw,
    most: usize,
    seed: u64,
    /// Questions so far.
    asked: u64,
    session: Session,
    stop: Arc<AtomicBool>,
}

impl Talk {
    fn open(arguments: &Chat, stop: Arc<AtomicBool>) -> anyhow::Result<Self> {
        let runs = &arguments.runs.runs;
        let (_, run) = house::read_run(runs, &arguments.run)?;
        let store = Store::open(runs)?;
        let mut models: Vec<(&RunStage, Manifest, String)> = vec![];
        for stage in &run.stages {
            let Some(manifest) = store.manifest(&stage.key)? else { continue };
            let output = manifest.outputs.iter().find(|(_, contents)| contents.kind == "checkpoint/1");
            if let Some(output) = output.map(|(name, _)| name.clone()) {
                models.push((stage, manifest, output));
            }
        }
        let others: Vec<String> = models.iter().map(|(stage, ..)| stage.name.clone()).collect();
        let chosen = match &arguments.stage {
            Some(name) => models.iter().find(|(stage, ..)| stage.name == *name),
            None => models.iter().rfind(|(stage, ..)| stage.uses == "sft").or(models.last()),
        };
        let Some((stage, _, output)) = chosen else {
            let got = arguments.stage.clone().unwrap_or_else(|| format!("run {}", arguments.run));
            let fault = Fault::new("there is no model to talk with").got(got);
            let one_of = || format!("one of {}", others.join(", "));
            let expected = if others.is_empty() { "a run with a model".to_owned() } else { one_of() };
            let fault = fault.expected(expected);
            return Err(Error::Wiring(fault.cure("`show RUN` lists a run's stages")).into());
        };
        let folder = store.entry(&stage.key).join(output);
        let bpe = Bpe::load(&folder)?;
        let (_, decoder) = model::checkpoint::load(&folder)?;
        let template = Protocol::of(bpe.vocabulary()).template(bpe.vocabulary())?;
        let tools = arguments.tools.iter().map(|tool| -> anyhow::Result<Box<dyn Tool>> {
            Ok(match tool {
                ToolName::Calculate => Box::new(Calculator),
                ToolName::LookUp => Box::new(look_up(&store, &run.stages)?),
            })
        });
        Ok(Self {
            stage: stage.name.clone(),
            others,
            model: decoder.detached(),
            template,
            tools: tools.collect::<anyhow::Result<_>>()?,
            bpe,
            draw: Draw {
                temperature: arguments.temperature,
                top_k: arguments.top_k,
                top_p: arguments.top_p,
                min_p: arguments.min_p,
                repetition_penalty: arguments.repetition_penalty,
                ..Draw::default()
            },
            most: arguments.most,
            seed: arguments.seed,
            asked: 0,
            session: Session::new(arguments.system.clone()),
            stop,
        })
    }

    /// Answers, token by token.
    fn answer(&mut self, text: &str, out: &mut dyn Write) -> anyhow::Result<()> {
        self.session.ask(text);
        let context = self.model.config().context;
        // an answer needs some room
        let room = context.saturating_sub(self.most.min(context / 4));
        let (rendered, forgotten) = match self.session.prompt(&*self.template, &self.bpe, room) {
            Ok(prompt) => prompt,
            Err(problem) => {
                self.session.take_back();
                writeln!(out, "{problem}")?;
                return Ok(());
            }
        };
        if forgotten > 0 {
            writeln!(
                out,
                "({forgotten} messages no longer fit in the context of {context} and are forgotten)"
            )?;
        }
        self.asked += 1;
        let prompt =
            Prompt { ids: rendered.ids, seed: self.seed.wrapping_mul(1 << 20).wrapping_add(self.asked) };
        let limits = Limits { new_tokens: self.most, context, ..Limits::default() };
        let responder = Responder {
            model: &self.model,
            tokenizer: &self.bpe,
            template: &*self.template,
            tools: &self.tools,
        };
        self.stop.store(false, Ordering::Release);
        let (mut stream, mut written) = (Utf8Stream::default(), Ok(()));
        let mut watch = |_: usize, event: Event<'_>| {
            let mut piece = String::new();
            match event {
                Event::Token(id) => {
                    let mut bytes = vec![];
                    self.bpe.decode(&[id], &mut bytes);
                    stream.push(&bytes, &mut piece);
                }
                Event::Output(said) => piece = format!(" → {said}\n"),
            }
            written = write!(out, "{piece}").and_then(|()| out.flush());
            if written.is_err() || self.stop.load(Ordering::Acquire) {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let reply =
            responder.respond(vec![prompt], &self.draw, &limits, &mut watch)?.pop().unwrap_or_default();
        written?;
        let mut rest = String::new();
        stream.finish(&mut rest);
        let end = match (reply.ended, self.stop.load(Ordering::Acquire)) {
            (true, _) => "",
            (false, true) => " (stopped)",
            (false, false) => " (no room for more)",
        };
        writeln!(out, "{rest}{end}")?;
        self.session.answer(&reply.ids, &*self.template, &self.bpe);
        Ok(())
    }

    fn print_tokens(&self, out: &mut dyn Write) -> anyhow::Result<()> {
        let messages = self.session.messages();
        let mut rendered = sft::Rendered::default();
        match self.template.render(&messages, &self.bpe, &mut rendered) {
            Ok(()) => conversation(&rendered, &self.bpe, std::io::stdout().is_terminal(), out),
            Err(_) => Ok(writeln!(out, "nothing was said yet")?),
        }
    }
}

/// Bytes of text that an index is made of; what follows is not looked up.
const MOST_TEXT: usize = 256 << 20;

/// The sentences of documents.
pub(crate) fn index(shards: &[(PathBuf, u64)]) -> shard::Result<Lookup> {
    let (mut texts, mut bytes) = (vec![], 0);
    for (path, _) in shards {
        for batch in Reader::<Documents>::open(path)? {
            for row in batch?.rows() {
                bytes += row.text.len();
                if bytes > MOST_TEXT {
                    return Ok(Lookup::new(texts.iter().map(String::as_str)));
                }
                texts.push(row.text.to_owned());
            }
        }
    }
    Ok(Lookup::new(texts.iter().map(String::as_str)))
}

/// An index of the run's documents.
fn look_up(store: &Store, stages: &[RunStage]) -> anyhow::Result<Lookup> {
    let shards = house::last_documents(store, stages)?;
    if shards.is_empty() {
        let fault = Fault::new("there is nothing to look things up in").expected("a run with documents");
        return Err(Error::Wiring(fault.cure("leave `--tool look-up` out")).into());
    }
    Ok(index(&shards)?)
}
