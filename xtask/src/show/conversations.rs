//! Conversations token by token, with what is learned of them: a mask that one can read.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use anyhow::Context;
use bpe::{Bpe, Tokenizer};
use pipeline::{Manifest, Store};
use sft::{Kind, Protocol, Rendered, Span, Template};
use shard::{Conversations, Reader};

use super::tokenizer::token;
use crate::stages::sft::Sft;
use crate::stages::talk;

/// Whether a stage learned from conversations.
pub(super) fn are_read_by(manifest: &Manifest) -> bool {
    manifest.recipe["stage"] == "sft"
}

/// Prints the first `rows` conversations that the stage read.
pub(super) fn print(
    store: &Store,
    manifest: &Manifest,
    rows: usize,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let settings: Sft = serde_json::from_value(manifest.recipe["settings"].clone())
        .context("the stage's settings are none of this version's")?;
    let bpe = Bpe::load(&input(store, manifest, "tokenizer")?)?;
    let protocol = settings.protocol.unwrap_or_else(|| Protocol::of(bpe.vocabulary()));
    let template = protocol.template(bpe.vocabulary())?;
    let colours = std::io::stdout().is_terminal();
    writeln!(out, "{}", if colours { LEGEND } else { PLAIN_LEGEND })?;
    let directory = input(store, manifest, "conversations")?;
    let mut files: Vec<PathBuf> = std::fs::read_dir(&directory)
        .with_context(|| format!("cannot read {}", directory.display()))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.sort();
    let mut left = rows;
    for file in files {
        for batch in Reader::<Conversations>::open(&file)? {
            for row in batch?.rows() {
                if left == 0 {
                    return Ok(());
                }
                left -= 1;
                writeln!(out, "\n─ {} {}", row.source, row.id)?;
                match render(&row.messages, &*template, &bpe) {
                    Ok(rendered) => conversation(&rendered, &bpe, colours, out)?,
                    Err(reason) => writeln!(out, "  left out: {reason}")?,
                }
            }
        }
    }
    Ok(())
}

const LEGEND: &str =
    "\x1b[30;48;5;157m learned \x1b[0m \x1b[30;48;5;253m read \x1b[0m \x1b[2mprotocol\x1b[0m";
const PLAIN_LEGEND: &str = "[learned│tokens]  read│tokens";

fn render(row: &[shard::Message<'_>], template: &dyn Template, bpe: &Bpe) -> sft::Result<Rendered> {
    let mut rendered = Rendered::default();
    template.render(&talk::messages(row)?, bpe, &mut rendered)?;
    Ok(rendered)
}

/// One conversation: a line a message, and how much of it is learned.
pub(crate) fn conversation(
    rendered: &Rendered,
    bpe: &Bpe,
    colours: bool,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let mut before: Option<Span> = None;
    let mut learned = false;
    for (span, range) in rendered.pieces() {
        if before.is_none_or(|before| before.role != span.role) {
            write!(out, "{}\n  {:>9}  ", if learned && !colours { "]" } else { "" }, span.role.name())?;
            learned = false;
        }
        for at in range {
            let (shown, learn) = (token(bpe, rendered.ids[at]), rendered.learn[at]);
            if colours {
                let paint = match (learn, span.kind) {
                    (true, Kind::Frame) => "2;30;48;5;157",
                    (true, _) if at % 2 == 0 => "30;48;5;157",
                    (true, _) => "30;48;5;120",
                    (false, Kind::Frame) => "2",
                    (false, _) if at % 2 == 0 => "30;48;5;253",
                    (false, _) => "30;48;5;250",
                };
                write!(out, "\x1b[{paint}m{shown}\x1b[0m")?;
            } else {
                let mark = match (learned, learn) {
                    (false, true) => "[",
                    (true, false) => "]",
                    _ => "│",
                };
                write!(out, "{mark}{shown}")?;
                learned = learn;
            }
        }
        before = Some(span);
    }
    let count = rendered.learn.iter().filter(|learn| **learn).count();
    let close = if learned && !colours { "]" } else { "" };
    writeln!(out, "{close}\n  {:>9}  {count} of {} tokens", "learned", rendered.ids.len())?;
    Ok(())
}

/// Where the input of a stage lies.
fn input(store: &Store, manifest: &Manifest, slot: &str) -> anyhow::Result<PathBuf> {
    let named = manifest.recipe["inputs"][slot].as_str();
    let (key, output) =
        named.and_then(|named| named.split_once('/')).context("the stage has no such input")?;
    let key: pipeline::Key = serde_json::from_value(key.into())?;
    Ok(store.entry(&key).join(output))
}
