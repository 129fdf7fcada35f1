//! Words and all four rule filters over texts, in bytes of text.

use std::hint::black_box;
use std::path::Path;

use anyhow::{Context, ensure};
use fineweb_filter::language::{Detector, Language, LanguageFilter};
use fineweb_filter::text::split_words;
use fineweb_filter::{Filter, Lists, Outcome, Page, Redactor, Scratch, Settings};
use fixtures::{Size, web};

use crate::row::{Row, interleave};

/// Rows for the texts in `file`, JSON lines of `{text}`, or for the true texts of the demo web.
pub fn rows(file: Option<&Path>) -> anyhow::Result<Vec<Row>> {
    let texts: Vec<String> = match file {
        Some(path) => {
            let lines =
                std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            let text = |line: &str| -> anyhow::Result<String> {
                let row: serde_json::Value = serde_json::from_str(line)?;
                Ok(row["text"].as_str().context("a line without text")?.to_owned())
            };
            lines.lines().map(text).collect::<anyhow::Result<_>>()?
        }
        None => web(Size::Demo, 1337).filter_map(|page| page.truth.main_text).collect(),
    };
    ensure!(!texts.is_empty(), "no texts");
    let megabytes = texts.iter().map(String::len).sum::<usize>() as f64 / 1e6;
    // languages and private data have a price of their own
    let settings = Settings::default();
    let filter = Filter::new(&settings, Lists::default())?
        .with_language(LanguageFilter::with(Box::new(English), &settings.language)?)
        .with_redactor(Box::new(Nothing));
    let judge = |mut scratch: Scratch| {
        let mut kept = 0;
        for text in &texts {
            let page = Page { id: "", url: "", html: text, headers: &[] };
            kept += usize::from(matches!(filter.judge_plain(&page, &mut scratch), Outcome::Kept { .. }));
        }
        kept
    };
    eprintln!("{} texts, {megabytes:.1} MB, {} kept", texts.len(), judge(Scratch::default()));
    let seconds = interleave(&mut [
        &mut || {
            black_box(judge(Scratch::default()));
            Ok(())
        },
        &mut || {
            black_box(judge(Scratch::measuring()));
            Ok(())
        },
        &mut || {
            for text in &texts {
                split_words(text, |word| {
                    black_box(word);
                });
            }
            Ok(())
        },
    ])?;
    Ok(vec![
        Row::speed("filter/rules", "MB/s of text", megabytes, seconds[0], None),
        Row::speed("filter/signals", "MB/s of text", megabytes, seconds[1], None),
        Row::speed("filter/words", "MB/s of text", megabytes, seconds[2], None),
    ])
}

struct English;

impl Detector for English {
    fn detect(&self, _: &str) -> Option<Language> {
        Some(Language { code: "en", score: 1.0 })
    }

    fn name(&self, code: &str) -> Option<&'static str> {
        (code == "en").then_some("en")
    }
}

struct Nothing;

impl Redactor for Nothing {
    fn redact(&self, _: &str, _: &str, _: &mut String) {}
}
