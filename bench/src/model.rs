//! Training steps and decoding beside PyTorch and llama.cpp, on one thread.
//!
//! Each side is charged its own CPU time. PyTorch is a child that takes a step when it is told to, so that both sides take
//! turns; llama.cpp runs as a whole.

mod curve;
mod decode;
mod parity;
mod step;

use serde_json::{Value, json};

use crate::peers;
use crate::row::{Row, median};
use crate::served::Served;

pub use curve::curve;
pub use parity::parity;
pub use step::alone;

/// Turns of each side in a comparison; the median counts.
const TURNS: usize = 7;

/// Speeds and memory of training, speeds of decoding: all rows, or those whose names begin with `model/PART`.
pub fn rows(part: &str) -> anyhow::Result<Vec<Row>> {
    let asked = |name: &str| name.starts_with(part) || part.starts_with(name);
    // one thread, before anybody makes the pool
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global()?;
    let small =
        json!({"layers": 6, "width": 384, "heads": 6, "vocabulary": 8192, "context": 256, "batch": 8});
    let gpt2 =
        json!({"layers": 12, "width": 768, "heads": 12, "vocabulary": 50257, "context": 256, "batch": 2});
    let mut rows = vec![];
    for (name, settings) in [("small", &small), ("124m", &gpt2)] {
        for mode in ["eager", "compile"].into_iter().filter(|mode| asked(&format!("train-{name}-{mode}"))) {
            rows.push(training(name, settings, mode)?);
        }
    }
    if asked("memory-124m") {
        rows.push(memory(&gpt2)?);
    }
    for batch in [1, 16].into_iter().filter(|batch| asked(&format!("decode-{batch}"))) {
        rows.extend(decoding(batch)?);
    }
    Ok(rows)
}

/// Tokens a CPU second of training steps.
fn training(name: &str, settings: &Value, mode: &str) -> anyhow::Result<Row> {
    let tokens = number(settings, "batch") * number(settings, "context");
    let mut ours = step::Training::new(settings)?;
    let mut asked = settings.clone();
    asked["mode"] = mode.into();
    let mut peer = Served::start("model/train_step.py", &asked)?;
    let (mut seconds, mut peer_seconds) = (vec![], vec![]);
    ours.step()?;
    for _ in 0..TURNS {
        seconds.push(ours.step()?);
        if let Some(peer) = &mut peer {
            peer_seconds.push(peer.seconds("step")?);
        }
    }
    let peer = peer.map(|_| (median(&mut peer_seconds), format!("torch {mode}")));
    Ok(Row::speed(&format!("model/train-{name}-{mode}"), "tokens/s", tokens, median(&mut seconds), peer))
}

/// Peak of resident memory over steps, less what was resident before the first: each side in a process of its own.
fn memory(settings: &Value) -> anyhow::Result<Row> {
    let output = std::process::Command::new(std::env::current_exe()?)
        .args(["model-step", &settings.to_string()])
        .env("RAYON_NUM_THREADS", "1")
        .output()?;
    let ours: Value = serde_json::from_slice(&output.stdout)?;
    let mut asked = settings.clone();
    asked["mode"] = "eager".into();
    let peer = peers::python("model/train_step.py", &[asked.to_string().as_ref()])?;
    let peer = peer.and_then(|cost| serde_json::from_str::<Value>(&cost.printed).ok());
    let megabytes = |value: &Value| number(value, "memory_bytes") / 1e6;
    let peer = peer.map(|peer| (megabytes(&peer), "torch eager".to_owned()));
    Ok(Row::amount("model/memory-124m", "MB", megabytes(&ours), peer))
}

/// Tokens a CPU second of greedy decoding, beside either peer.
fn decoding(batch: usize) -> anyhow::Result<Vec<Row>> {
    let tokens = (batch * decode::NEW) as f64;
    let ours = decode::Decoding::new(batch)?;
    let mut peer = Served::start("model/decode.py", &json!({"batch": batch, "new": decode::NEW}))?;
    let (mut seconds, mut peer_seconds) = (vec![], vec![]);
    ours.run()?;
    for _ in 0..TURNS {
        seconds.push(ours.run()?);
        if let Some(peer) = &mut peer {
            peer_seconds.push(peer.seconds("decode")?);
        }
    }
    let ours = median(&mut seconds);
    let torch = peer.map(|_| (median(&mut peer_seconds), "torch eager".to_owned()));
    let llama = llama_cpp(batch)?.map(|speed| (tokens / speed, "llama.cpp, native".to_owned()));
    let row = |with: &str, peer| {
        Row::speed(&format!("model/decode-{batch}-{with}"), "tokens/s", tokens, ours, peer)
    };
    Ok(vec![row("torch", torch), row("llama.cpp", llama)])
}

/// The best of llama.cpp's kinds of caches.
fn llama_cpp(batch: usize) -> anyhow::Result<Option<f64>> {
    let settings = json!({"batch": batch, "new": decode::NEW, "repeat": 3}).to_string();
    let cost = peers::python("model/llama_cpp.py", &["run".as_ref(), settings.as_ref()])?;
    let lines = cost.map(|cost| cost.printed).unwrap_or_default();
    let speeds = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    Ok(speeds.map(|line| number(&line, "tokens_per_cpu_second")).reduce(f64::max))
}

fn number(value: &Value, key: &str) -> f64 {
    value[key].as_f64().unwrap_or(f64::NAN)
}
