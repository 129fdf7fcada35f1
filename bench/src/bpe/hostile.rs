//! A megabyte each of what tokenizers are slow at, beside tiktoken; and two megabytes, to see whether time doubles.

use std::hint::black_box;

use ::bpe::Tokenizer;
use anyhow::ensure;

use super::peer::Tiktoken;
use crate::row::{Row, seconds_of};

const MEGABYTE: usize = 1_000_000;
const ROUNDS: usize = 3;

/// Texts of about so many bytes.
fn texts(bytes: usize) -> Vec<(&'static str, String)> {
    let mut state = 1u64;
    let mut below = move |bound: u32| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) % u64::from(bound)) as u32
    };
    let digit = |value: u32| {
        char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[value as usize])
    };
    let random_bytes: Vec<u8> = (0..bytes / 2).map(|_| below(256) as u8).collect();
    let emoji = ["🦀", "👩‍👩‍👧‍👦", "👍🏽", "🏳️‍🌈", "🇩🇪"];
    vec![
        ("one-letter", "a".repeat(bytes)),
        ("spaces", " ".repeat(bytes)),
        ("spaces-and-lines", (" ".repeat(500) + "\n").repeat(bytes / 501)),
        ("random-letters", (0..bytes).map(|_| char::from(b'a' + below(26) as u8)).collect()),
        (
            "cjk",
            (0..bytes / 3).map(|_| char::from_u32(0x4e00 + below(20_000)).expect("a character")).collect(),
        ),
        ("random-bytes", String::from_utf8_lossy(&random_bytes).into_owned()),
        ("base64", (0..bytes).map(|_| digit(below(64))).collect()),
        ("digits", (0..bytes).map(|_| char::from(b'0' + below(10) as u8)).collect()),
        ("emoji", (0..bytes / 14).map(|_| emoji[below(5) as usize]).collect()),
        ("combining-marks", "\u{301}".repeat(bytes / 2)),
    ]
}

pub fn rows() -> anyhow::Result<Vec<Row>> {
    let tiktoken = Tiktoken::new()?;
    let mut rows = Vec::new();
    for ((name, text), (_, twice)) in texts(MEGABYTE).into_iter().zip(texts(2 * MEGABYTE)) {
        let [mut once, mut double, mut theirs] = [f64::MAX; 3];
        for _ in 0..ROUNDS {
            // a new tokenizer each time: what it keeps of long pieces is not to help
            let bpe = super::ours()?;
            bpe.encode(&"warm".repeat(100), &mut Vec::new());
            let [mut ids, mut more] = [Vec::new(), Vec::new()];
            once = once.min(seconds_of(|| bpe.encode(&text, &mut ids)));
            double = double.min(seconds_of(|| bpe.encode(&twice, &mut more)));
            let mut said = Vec::new();
            theirs = theirs.min(seconds_of(|| said = black_box(tiktoken.encode(&text))));
            ensure!(ids == said, "{name}: ids differ from tiktoken's");
        }
        let megabytes = text.len() as f64 / 1e6;
        let peer = Some((theirs, Tiktoken::name()));
        rows.push(Row::speed(&format!("bpe/hostile/{name}"), "MB/s", megabytes, once, peer));
        rows.push(Row::amount(&format!("bpe/hostile/{name}-doubled"), "times the time", double / once, None));
    }
    Ok(rows)
}
