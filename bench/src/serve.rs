//! A server under a crowd: many chats at once, some of which hang up, beside the same chats one at a time.
//!
//! Every answer must be the one that it is alone, every refusal a 429, and memory must not grow. The peer is the server
//! itself without company: what continuous batching saves is the ratio.

mod client;
mod server;

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use model::Random;
use serde_json::{Value, json};

use crate::row::Row;
use client::Outcome;
use server::Server;

/// Chats at once.
const CROWD: usize = 64;
/// How long the crowd stays.
const SECONDS: u64 = 60;
/// How often all are asked alone, and the CPU seconds after which that is often enough to be measured.
const TURNS: usize = 10;
const ENOUGH: f64 = 3.0;
/// Different chats.
const CHATS: u64 = 48;
/// One in so many hangs up before the end.
const HANGS_UP: u64 = 5;

/// What happened in the crowd.
#[derive(Default)]
struct Seen {
    whole: AtomicUsize,
    hung_up: AtomicUsize,
    refused: AtomicUsize,
    /// What should not have happened.
    wrong: Mutex<Vec<String>>,
}

/// Rows for the run at `path`, as `runs/demo`, and one of its models.
pub fn rows(path: &Path, model: &str) -> anyhow::Result<Vec<Row>> {
    let server = Server::start(path)?;
    let chats: Vec<String> = (0..CHATS).map(|number| chat(model, number).to_string()).collect();
    // the first loads the model
    client::ask(server.address, &chats[0], None)?;

    let before = server.cost()?;
    let mut alone = vec![];
    for turn in 0..TURNS {
        let answers = chats.iter().map(|chat| match client::ask(server.address, chat, None)? {
            Outcome::Answer(answer) => Ok(answer),
            other => anyhow::bail!("alone: {other:?}"),
        });
        let answers: Vec<String> = answers.collect::<anyhow::Result<_>>()?;
        ensure!(turn == 0 || alone == answers, "the same seed gave another answer");
        alone = answers;
        if server.cost()?.cpu_seconds - before.cpu_seconds > ENOUGH {
            break;
        }
    }
    let one_at_a_time = server.cost()?.since(&before)?;
    ensure!(alone.iter().any(|answer| !answer.is_empty()), "nobody says anything");

    let (seen, over, before) = (Seen::default(), AtomicBool::new(false), server.cost()?);
    let mut memory = vec![];
    std::thread::scope(|crowd| -> anyhow::Result<()> {
        for person in 0..CROWD {
            let (seen, over, chats, alone) = (&seen, &over, &chats, &alone);
            crowd.spawn(move || talk(person as u64, server.address, chats, alone, seen, over));
        }
        let watched = watch(&server, &mut memory);
        over.store(true, Ordering::Release);
        watched
    })?;
    let together = server.cost()?.since(&before)?;

    let wrong = seen.wrong.into_inner().unwrap_or_default();
    let count = |counter: &AtomicUsize| counter.load(Ordering::Acquire);
    let (whole, hung_up, refused) = (count(&seen.whole), count(&seen.hung_up), count(&seen.refused));
    eprintln!("{whole} answers as alone, {hung_up} hung up, {refused} times 429, {} errors", wrong.len());
    ensure!(wrong.is_empty(), "{} errors; the first: {}", wrong.len(), wrong[0]);
    // the first ten seconds fill caches and pools
    let settled = memory.get(10).copied().context("too short to judge memory")?;
    let last = memory.iter().rev().take(10).copied().fold(0.0, f64::max);
    Ok(vec![
        Row::amount(
            "serve/crowd",
            "CPU µs/token",
            together,
            Some((one_at_a_time, "one chat at a time".to_owned())),
        ),
        Row::amount("serve/memory", "MB in the end", last, Some((settled, "after ten seconds".to_owned()))),
    ])
}

/// One chat; some share their beginning, and all have a seed.
fn chat(model: &str, number: u64) -> Value {
    let system =
        ["Be brief.", "You know this country well, and answer in whole sentences."][number as usize % 2];
    let asked = [
        format!("What is {} + {}?", 10 + number, 3 * number + 1),
        format!("Tell me about town number {number}."),
        "Who are you?".to_owned(),
    ];
    let messages = json!([
        { "role": "system", "content": system },
        { "role": "user", "content": asked[number as usize % 3] },
    ]);
    json!({ "model": model, "messages": messages, "seed": number, "max_tokens": 64, "stream": true })
}

/// Asks again and again.
fn talk(
    person: u64,
    address: std::net::SocketAddr,
    chats: &[String],
    alone: &[String],
    seen: &Seen,
    over: &AtomicBool,
) {
    let mut random = Random::new(person, "crowd");
    while !over.load(Ordering::Acquire) {
        let number = random.below(CHATS) as usize;
        let patience = (random.below(HANGS_UP) == 0).then(|| random.below(6_000) as usize);
        let problem = match client::ask(address, &chats[number], patience) {
            Ok(Outcome::Answer(answer)) if answer == alone[number] => {
                seen.whole.fetch_add(1, Ordering::AcqRel);
                continue;
            }
            Ok(Outcome::HungUp) => {
                seen.hung_up.fetch_add(1, Ordering::AcqRel);
                continue;
            }
            Ok(Outcome::Refused(429)) => {
                seen.refused.fetch_add(1, Ordering::AcqRel);
                std::thread::sleep(Duration::from_millis(200));
                continue;
            }
            Ok(Outcome::Answer(answer)) => {
                format!("chat {number}: {answer:?}, and alone {:?}", alone[number])
            }
            Ok(Outcome::Refused(status)) => format!("chat {number}: status {status}"),
            Err(problem) => format!("chat {number}: {problem:#}"),
        };
        seen.wrong.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(problem);
    }
}

/// Notes memory once a second until the time is over.
fn watch(server: &Server, memory: &mut Vec<f64>) -> anyhow::Result<()> {
    let end = Instant::now() + Duration::from_secs(SECONDS);
    while Instant::now() < end {
        memory.push(server.megabytes()?);
        std::thread::sleep(Duration::from_secs(1));
    }
    Ok(())
}
