//! What every filter says of every text: JSON lines of `{id, text, tokens?}` in, one line of verdicts each out.
//!
//!     cargo run --release -p fineweb-filter --example verdicts [PRESET] < texts.jsonl
//!
//! Where a text comes with tokens, rules see those instead of our own words. `bench/parity` compares with datatrove.

use std::io::{BufRead, Write};

use fineweb_filter::language::LanguageFilter;
use fineweb_filter::text::split_words;
use fineweb_filter::{Document, DocumentFilter, LanguageSettings, Settings, Verdict};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let preset = std::env::args().nth(1).unwrap_or("fineweb-2025".to_owned());
    let settings = Settings::preset(serde_json::from_value(Value::String(preset))?);
    let Settings { preset, mut gopher_repetition, mut gopher_quality, c4, mut fineweb, .. } = settings;
    gopher_repetition.preset = preset;
    gopher_quality.preset = preset;
    fineweb.preset = preset;
    let language = LanguageFilter::new(&LanguageSettings::default())?;
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line: Value = serde_json::from_str(&line?)?;
        let text = line["text"].as_str().ok_or("a line without text")?;
        let tokens = line["tokens"].as_array().map(|tokens| tokens.iter().filter_map(Value::as_str));
        let mut words = vec![];
        split_words(text, |word| words.push(word));
        let document = match tokens {
            Some(tokens) => Document::with_words("", text, tokens),
            None => Document::new("", text),
        };
        let mut clean = String::new();
        let verdicts = [
            gopher_repetition.judge(&document),
            gopher_quality.judge(&document),
            c4.rewrite(&document, &mut clean),
            fineweb.judge(&Document::new("", &clean)),
            fineweb.judge(&document),
        ]
        .map(|verdict: Verdict| verdict.reason().map(|reason| reason.0));
        let row = json!({
            "id": line["id"],
            "english": language.judge(text).is_ok(),
            "words": words,
            "repetition": verdicts[0],
            "quality": verdicts[1],
            "c4": verdicts[2],
            "fineweb": verdicts[4],
            "first": verdicts[..4].iter().flatten().next(),
            "clean": clean,
        });
        writeln!(out, "{row}")?;
    }
    Ok(())
}
