//! `serve`: a run's models, documents and votes over HTTP.

mod archive;
mod ballots;
mod cards;
mod column;
mod questions;
mod run;
mod samples;
mod search;
mod tokenizers;

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use chat::serve::{Limits, serve_until_signal};
use pipeline::{Error, Fault};

use crate::cli::Serve;

/// Letters that a key has at least.
const SHORTEST_KEY: usize = 16;

/// Runs `serve` until a signal ends it.
pub(crate) fn run(arguments: &Serve, out: &mut dyn Write) -> anyhow::Result<()> {
    let key = arguments.key_file.as_deref().map(key).transpose()?;
    if key.is_none() && !arguments.listen.ip().is_loopback() {
        let fault = Fault::new("others can reach this address, and there is no key")
            .got(arguments.listen.to_string());
        let fault = fault.expected("an address of this machine alone, as 127.0.0.1:8128, or a key");
        let cure = "write a long random word into a file and name it: --key-file FILE";
        return Err(Error::Wiring(fault.cure(cure)).into());
    }
    let served = run::open(&arguments.runs.runs, &arguments.run, &arguments.tokenizers)?;
    let limits = Limits {
        answers: arguments.answers.max(1),
        waiting: arguments.waiting,
        tokens: arguments.most.max(1),
        memory: arguments.memory.saturating_mul(1 << 20),
        ..Limits::default()
    };
    let models: Vec<String> = served.models.iter().map(|card| card.id.clone()).collect();
    let mut told = Ok(());
    let ready = |address| {
        let models = if models.is_empty() { "no model".to_owned() } else { models.join(", ") };
        told = writeln!(out, "{} is served at http://{address}  ({models}; Ctrl-C ends it)", arguments.run)
            .and_then(|()| out.flush());
    };
    let done = serve_until_signal(served, limits, key, arguments.listen, ready);
    done.with_context(|| format!("cannot serve at {}", arguments.listen))?;
    Ok(told?)
}

/// The key in a file.
fn key(path: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(path).map_err(|problem| {
        let fault = Fault::new("the key cannot be read").at(path, None).got(problem.to_string());
        Error::Input(fault.expected("a text file with one word"))
    })?;
    let key = text.trim();
    if key.len() < SHORTEST_KEY || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        let fault = Fault::new("this is no key").at(path, None).got(format!("{} bytes", key.len()));
        let fault = fault.expected(format!("one word of {SHORTEST_KEY} or more letters, digits and signs"));
        return Err(Error::Input(fault.cure("for instance: openssl rand -hex 32 > FILE")).into());
    }
    Ok(key.to_owned())
}

/// `NAME=FILE`.
pub(crate) fn named(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, file)) if !name.is_empty() && !file.is_empty() => Ok((name.to_owned(), file.into())),
        _ => Err("expected NAME=FILE".to_owned()),
    }
}
