//! One pass over the archives: is the text found, is the language known, is private data replaced.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;

use anyhow::{Context, ensure};
use fineweb_filter::extract::{AllText, Extract, Extractor, MainText};
use fineweb_filter::{ExtractSettings, ExtractorKind, LanguageSettings, Page, language};
use pipeline::{InputFile, Io};
use shard::{Documents, Truth};
use warc::{Event, Limits, Reader};

use super::records::Records;
use super::scores::Sheet;
use super::{interval, shards};

/// Scores `extraction` (an item a page type), `extraction_held_out` (the same on page designs that no test shows),
/// `extraction_layouts` (an item a page design), `language` (an item a language), `language_confusion` (an item
/// `spoken > found`) and `private_data` (an item a kind of span).
pub(super) fn score(
    records: &Records,
    settings: &ExtractSettings,
    io: &Io,
    scores: &mut Sheet,
) -> anyhow::Result<()> {
    let extractor = extractor(settings);
    let redacted = redacted(records, io)?;
    let (archives, truths) = (io.input("warc")?.files(), io.input("truth")?.files());
    ensure!(archives.len() == truths.len(), "a shard of truth goes with each archive, in the same order");
    let mut tally = Tally::default();
    io.progress().length(archives.len() as u64);
    for (archive, truth) in archives.iter().zip(truths) {
        let told = told(truth)?;
        for_each_page(archive, |page| see(&page, &told, &redacted, &*extractor), |seen| tally.add(seen))?;
        io.progress().advance(1);
    }
    tally.score(scores);
    Ok(())
}

fn extractor(settings: &ExtractSettings) -> Box<dyn Extractor> {
    let max_nodes = settings.max_nodes;
    match settings.extractor {
        ExtractorKind::MainText => Box::new(MainText { max_nodes }),
        ExtractorKind::AllText => Box::new(AllText { max_nodes }),
    }
}

/// What the truth tells of a page that has a text.
struct Told {
    good: bool,
    page_type: Option<String>,
    layout: Option<String>,
    language: Option<String>,
    main_text: String,
    spans: Vec<(String, String)>,
}

/// The truth about one archive.
fn told(truth: &InputFile) -> anyhow::Result<BTreeMap<String, Told>> {
    let mut told = BTreeMap::new();
    for batch in shards::read::<Truth>(truth)? {
        for row in batch?.rows() {
            let Some(main_text) = row.main_text else { continue };
            let owned = |text: Option<&str>| text.map(str::to_owned);
            let page = Told {
                good: row.first_reason.is_none(),
                page_type: owned(row.page_type),
                layout: owned(row.layout),
                language: owned(row.language),
                main_text: main_text.to_owned(),
                spans: row.spans.iter().map(|span| (span.kind.to_owned(), span.value.to_owned())).collect(),
            };
            told.insert(row.id.to_owned(), page);
        }
    }
    Ok(told)
}

/// The documents of pages with private data in them, by id.
fn redacted(records: &Records, io: &Io) -> anyhow::Result<BTreeMap<String, String>> {
    let mut texts = BTreeMap::new();
    for batch in shards::read_all::<Documents>(io.input("documents")?) {
        for row in batch?.rows() {
            if records.by_id.get(row.id).is_some_and(|record| record.has_spans) {
                texts.insert(row.id.to_owned(), row.text.to_owned());
            }
        }
    }
    Ok(texts)
}

/// Shows all pages of an archive to `look`, on all threads, and what it saw to `take`, in order.
fn for_each_page<S: Send>(
    archive: &InputFile,
    look: impl Fn(warc::Page) -> Option<S> + Sync + Send,
    mut take: impl FnMut(S),
) -> anyhow::Result<()> {
    let path = archive.path()?;
    let file = File::open(&path).with_context(|| format!("cannot open {}", path.display()))?;
    let mut reader = Reader::new(BufReader::with_capacity(1 << 20, file));
    let next = || reader.by_ref().take(256).map(|event| event.context("cannot read the archive")).collect();
    let look = |(): &mut (), event| match event {
        Event::Record(record) => warc::page(&record, &Limits::default()).ok().and_then(&look),
        Event::Damage(_) => None,
    };
    shards::in_order(
        next,
        || (),
        look,
        |seen| {
            seen.into_iter().for_each(&mut take);
            Ok(())
        },
    )
}

/// What one page shows.
struct Seen {
    page_type: Option<String>,
    layout: Option<String>,
    /// Of pages that should be kept: how much of the text was found, and how much of what was found is text.
    overlap: Option<Overlap>,
    spoken: Option<String>,
    heard: Option<&'static str>,
    /// Kind of each span that stood in the text found, and whether the document lacks it.
    spans: Vec<(String, bool)>,
}

fn see(
    page: &warc::Page,
    told: &BTreeMap<String, Told>,
    redacted: &BTreeMap<String, String>,
    extractor: &dyn Extractor,
) -> Option<Seen> {
    let told = told.get(&page.id)?;
    let mut extract = Extract::default();
    extractor.extract(
        &Page { id: &page.id, url: &page.url, html: &page.html, headers: page.headers.as_pairs() },
        &mut extract,
    );
    let text = extract.text;
    let document = redacted.get(&page.id);
    let spans = told.spans.iter().filter(|(_, value)| text.contains(value.as_str()));
    let gone = |document: &String| -> Vec<(String, bool)> {
        spans.map(|(kind, value)| (kind.clone(), !document.contains(value.as_str()))).collect()
    };
    Some(Seen {
        page_type: told.page_type.clone(),
        layout: told.layout.clone(),
        overlap: told.good.then(|| Overlap::of(&text, &told.main_text)),
        // what is wrong with English pages that should go is often that they are hardly English
        spoken: told.language.clone().filter(|code| !text.is_empty() && (told.good || code != "en")),
        heard: language::detect(&text, LanguageSettings::default().prefix_bytes).map(|found| found.code),
        spans: document.map_or_else(Vec::new, gone),
    })
}

/// How far two bags of words agree, as WCXB measures it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Overlap {
    precision: f64,
    recall: f64,
    f1: f64,
}

impl Overlap {
    fn of(found: &str, expected: &str) -> Self {
        let (found, expected) = (bag(found), bag(expected));
        let size = |bag: &BTreeMap<String, u64>| bag.values().sum::<u64>() as f64;
        let common =
            found.iter().map(|(word, count)| count.min(expected.get(word).unwrap_or(&0))).sum::<u64>();
        if expected.is_empty() || common == 0 {
            let f1 = f64::from(u8::from(expected.is_empty() && found.is_empty()));
            return Self { precision: f1, recall: f1, f1 };
        }
        let (precision, recall) = (common as f64 / size(&found), common as f64 / size(&expected));
        Self { precision, recall, f1: 2.0 * precision * recall / (precision + recall) }
    }
}

/// Runs of letters, digits and underscores in lower case, counted.
fn bag(text: &str) -> BTreeMap<String, u64> {
    let mut bag = BTreeMap::new();
    let lower = text.to_lowercase();
    for word in lower.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty()) {
        *bag.entry(word.to_owned()).or_default() += 1;
    }
    bag
}

#[derive(Default)]
struct Tally {
    page_types: BTreeMap<String, Vec<Overlap>>,
    held_out: BTreeMap<String, Vec<Overlap>>,
    layouts: BTreeMap<String, Vec<Overlap>>,
    languages: BTreeMap<String, (u64, u64)>,
    confusion: BTreeMap<(String, &'static str), u64>,
    spans: BTreeMap<String, (u64, u64)>,
}

impl Tally {
    fn add(&mut self, seen: Seen) {
        if let Some(overlap) = seen.overlap {
            let layout = seen.layout.unwrap_or_else(|| "none".to_owned());
            let page_type = seen.page_type.unwrap_or_else(|| "none".to_owned());
            if fixtures::held_out(&layout) {
                self.held_out.entry(page_type.clone()).or_default().push(overlap);
            }
            self.page_types.entry(page_type).or_default().push(overlap);
            self.layouts.entry(layout).or_default().push(overlap);
        }
        if let Some(spoken) = seen.spoken {
            let heard = seen.heard.unwrap_or("none");
            let (right, of) = self.languages.entry(spoken.clone()).or_default();
            *right += u64::from(spoken == heard);
            *of += 1;
            if spoken != heard {
                *self.confusion.entry((spoken, heard)).or_default() += 1;
            }
        }
        for (kind, gone) in seen.spans {
            let (hits, of) = self.spans.entry(kind).or_default();
            *hits += u64::from(gone);
            *of += 1;
        }
    }

    fn score(&self, scores: &mut Sheet) {
        let groups = [
            ("extraction", &self.page_types),
            ("extraction_held_out", &self.held_out),
            ("extraction_layouts", &self.layouts),
        ];
        for (benchmark, groups) in groups {
            for (item, overlaps) in groups {
                type Part = fn(&Overlap) -> f64;
                let parts: [(_, Part); 3] =
                    [("f1", |o| o.f1), ("precision", |o| o.precision), ("recall", |o| o.recall)];
                for (metric, part) in parts {
                    let values: Vec<f64> = overlaps.iter().map(part).collect();
                    scores.between(benchmark, item, metric, interval::mean(&values));
                }
                scores.figure(benchmark, item, "pages", overlaps.len() as f64);
            }
        }
        for (language, (right, of)) in &self.languages {
            scores.share("language", language, "recall", *right, *of);
            scores.figure("language", language, "pages", *of as f64);
        }
        for ((spoken, heard), pages) in &self.confusion {
            scores.figure("language_confusion", &format!("{spoken} > {heard}"), "pages", *pages as f64);
        }
        for (kind, (hits, of)) in &self.spans {
            let metric = if kind == "decoy" { "false_alarms" } else { "recall" };
            scores.share("private_data", kind, metric, *hits, *of);
            scores.figure("private_data", kind, "spans", *of as f64);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Overlap;

    #[test]
    fn overlap_counts_words_as_often_as_they_stand() {
        let overlap = Overlap::of("A dog, a cat", "the dog and a CAT_2 a");
        assert_eq!((overlap.precision, overlap.recall), (0.75, 0.5));
        assert!((overlap.f1 - 0.6).abs() < 1e-12);
        let of = |found, expected| Overlap::of(found, expected).f1;
        assert_eq!((of("", ""), of("a", ""), of("", "a"), of("a", "b")), (1.0, 0.0, 0.0, 0.0));
    }
}
