//! `fineweb-filter`: archives to documents; what falls is written down with its reason.

use std::fs::File;
use std::io::BufReader;
use std::sync::Arc;

use anyhow::Context;
use fineweb_filter::rights::{OptOut, Rights};
use fineweb_filter::{
    C4Quality, CompiledLists, ExtractSettings, Filter, FinewebQuality, GopherQuality, GopherRepetition,
    LanguageBackend, LanguageSettings, Outcome, PiiSettings, Preset, RightsSettings, Scratch, Settings,
    Signals, UrlSettings,
};
use pipeline::{Fault, Input, Io, Output, Outside, Signature, Slot, Stage, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shard::documents::Optional;
use shard::{Documents, Dropped, Table, Writer, documents, dropped};
use warc::{Event, Format, Limits, Reader};

use super::outliers::{Effort, Outliers};
use super::shared::Shared;
use super::{block_lists, brought, shards};

/// WARC to documents by FineWeb's rules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FinewebFilter {
    /// Name of the crawl, for the column `dump`.
    pub dump: String,
    /// Which texts of dropped pages are kept beside their reason.
    pub dropped_text: DroppedText,
    /// Whether all that rules measure is kept in the column `signals`, of dropped pages too, so that
    /// `show RUN STAGE --what-if RULE=VALUE` can count again. Then no page leaves at its first broken rule.
    pub signals: bool,
    /// Block lists: files or directories in datatrove's or UT1's layout, relative to the pipeline file, and
    /// `takedown.txt`: addresses, hosts and ids of documents that must go. The input `lists` adds to them.
    #[schemars(extend("source" = "UT1, datatrove"))]
    pub lists: Vec<String>,
    /// Whose reading of the rules.
    pub preset: Preset,
    /// Block lists and words in addresses.
    pub url: UrlSettings,
    /// Finding the main text.
    pub extract: ExtractSettings,
    /// What pages say about their use; what they say is in the columns `opt_out` and `licence` in any case.
    pub rights: RightsSettings,
    /// Languages to keep.
    pub language: LanguageSettings,
    /// Repeated paragraphs, lines and n-grams.
    pub gopher_repetition: GopherRepetition,
    /// Words, symbols and lines.
    pub gopher_quality: GopherQuality,
    /// Line by line cleaning.
    pub c4: C4Quality,
    /// Ends and lengths of lines.
    pub fineweb: FinewebQuality,
    /// Private data.
    pub pii: PiiSettings,
}

impl Default for FinewebFilter {
    fn default() -> Self {
        let Settings {
            preset,
            url,
            extract,
            rights,
            language,
            gopher_repetition,
            gopher_quality,
            c4,
            fineweb,
            pii,
        } = Settings::default();
        Self {
            dump: "local".to_owned(),
            dropped_text: DroppedText::Sample,
            signals: false,
            lists: vec![],
            preset,
            url,
            extract,
            rights,
            language,
            gopher_repetition,
            gopher_quality,
            c4,
            fineweb,
            pii,
        }
    }
}

/// Which texts of dropped pages are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DroppedText {
    /// None.
    None,
    /// The beginnings of the first few of each reason and archive: enough to see why.
    Sample,
    /// All of them whole: for retuning rules.
    All,
}

impl FinewebFilter {
    /// What the filter itself is set to.
    pub(crate) fn rules(&self) -> Settings {
        Settings {
            preset: self.preset,
            url: self.url.clone(),
            extract: self.extract.clone(),
            rights: self.rights.clone(),
            language: self.language.clone(),
            gopher_repetition: self.gopher_repetition.clone(),
            gopher_quality: self.gopher_quality.clone(),
            c4: self.c4.clone(),
            fineweb: self.fineweb.clone(),
            pii: self.pii.clone(),
        }
    }

    fn read_lists(&self, io: &Io) -> anyhow::Result<Arc<CompiledLists>> {
        let settings: Vec<String> = (0..self.lists.len()).map(|at| format!("/lists/{at}")).collect();
        block_lists::read(io, &settings, io.optional("lists").map_or(&[][..], Input::files))
    }

    /// The filter of this recipe: lists and models are large, so all tasks of the process share one.
    fn filter(&self, io: &Io) -> anyhow::Result<Arc<Filter>> {
        static FILTER: Shared<Filter> = Shared::new();
        FILTER.of(io, || {
            let mut rules = self.rules();
            if let Some(model) = io.outside_files("/language/model").pop() {
                rules.language.model = model.to_string_lossy().into_owned();
            }
            Ok(Filter::new(&rules, self.read_lists(io)?)?)
        })
    }
}

impl Stage for FinewebFilter {
    fn signature(&self) -> Signature {
        let lists = brought::outside("lists", &self.lists);
        let model = (self.language.backend == LanguageBackend::Fasttext)
            .then(|| Outside::new("/language/model", &self.language.model));
        Signature {
            reads: vec![Slot::new("warc", "warc/1"), Slot::new("lists", "lists/1").optional()],
            writes: vec![Output::new("documents", Documents::NAME), Output::new("dropped", Dropped::NAME)],
            outside: lists.into_iter().chain(model).collect(),
            sources: &["fineweb-filter", "warc"],
            ..Signature::exact(5)
        }
    }

    fn check(&self) -> Result<(), Fault> {
        let fault = |what: &str| Fault::new(what.to_owned()).on("/language/model");
        match (self.language.backend, self.language.model.as_str()) {
            (LanguageBackend::Fasttext, "") => {
                Err(fault("the backend `fasttext` has no model").expected("a file such as \"lid.176.ftz\""))
            }
            (LanguageBackend::Whatlang, model) if !model.is_empty() => {
                Err(fault("a model is named that nothing reads").cure("`backend = \"fasttext\"` reads it"))
            }
            _ => Ok(()),
        }
    }

    fn phases(&self, io: &Io) -> anyhow::Result<Vec<usize>> {
        Ok(vec![io.input("warc")?.files().len()])
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let filter = self.filter(io)?;
        let archive = &io.input("warc")?.files()[task.part];
        let path = archive.path()?;
        let file = File::open(&path).with_context(|| format!("cannot open {}", path.display()))?;
        let mut reader = Reader::new(BufReader::with_capacity(1 << 20, file));
        let mut columns = vec![Optional::Licence, Optional::OptOut];
        let mut dropped = dropped::Builder::default();
        if self.signals {
            columns.push(Optional::Signals);
            dropped = dropped::Builder::with_signals();
        }
        let mut sink = Sink {
            io,
            dump: &self.dump,
            source: &archive.name,
            documents: shards::create_documents(io, &task.shard(), &columns)?,
            dropped: Writer::with_builder(&io.output("dropped")?, &task.shard(), io.recipe(), dropped)?,
            keep_text: KeepText::new(self.dropped_text),
        };
        io.progress().length(archive.bytes);
        let mut outliers = Outliers::default();
        let mut read_to = 0;
        shards::in_order(
            || {
                let batch = next_batch(&mut reader)?;
                if let Some(Event::Record(warc::Record { offset, .. })) = batch.last() {
                    io.progress().advance(offset.saturating_sub(read_to));
                    read_to = *offset;
                }
                Ok(batch)
            },
            if self.signals { Scratch::measuring } else { Scratch::default },
            |scratch, event| {
                let (offset, bytes) = match &event {
                    Event::Record(record) => (record.offset, record.block.len() as u64),
                    Event::Damage(damage) => (damage.offset, 0),
                };
                Effort::of(offset, bytes, || judge(&filter, scratch, event))
            },
            |(judged, effort)| {
                outliers.take(&effort);
                sink.take(judged)
            },
        )?;
        outliers.note(io);
        shards::finish(io, "documents", sink.documents)?;
        shards::finish(io, "dropped", sink.dropped)
    }
}

/// Enough records to keep all threads busy, few enough to stay small.
fn next_batch<R: std::io::Read>(reader: &mut Reader<R>) -> anyhow::Result<Vec<Event>> {
    let (mut batch, mut bytes) = (vec![], 0);
    while batch.len() < 256 && bytes < 16 << 20 {
        let Some(event) = reader.next() else { break };
        let event = event.context("cannot read the archive")?;
        if let Event::Record(record) = &event {
            bytes += record.block.len();
        }
        batch.push(event);
    }
    Ok(batch)
}

/// What became of one event of an archive.
enum Judged {
    /// A record that never was a page: a request, metadata, the archive's own head.
    NotAPage(&'static str),
    Kept {
        page: Origin,
        text: String,
        language: &'static str,
        score: f64,
        rights: Rights,
        signals: Option<Signals>,
    },
    Dropped {
        page: Option<Origin>,
        offset: u64,
        reason: &'static str,
        detail: Option<String>,
        kind: dropped::Kind,
        text: String,
        signals: Option<Signals>,
    },
}

struct Origin {
    id: String,
    url: String,
    date: String,
}

fn judge(filter: &Filter, scratch: &mut Scratch, event: Event) -> Judged {
    let record = match event {
        Event::Record(record) => record,
        Event::Damage(damage) if damage.kind.loses_record() => {
            let (reason, detail) = (damage.kind.name(), Some(damage.detail));
            let kind = dropped::Kind::Damage;
            return Judged::Dropped {
                page: None,
                offset: damage.offset,
                reason,
                detail,
                kind,
                text: String::new(),
                signals: None,
            };
        }
        // the record follows, saved
        Event::Damage(_) => return Judged::NotAPage("damaged_but_saved"),
    };
    match record.kind {
        warc::Kind::Response | warc::Kind::Conversion | warc::Kind::Revisit => {}
        _ => return Judged::NotAPage("other_records"),
    }
    let page = match warc::page(&record, &Limits::default()) {
        Ok(page) => page,
        Err(rejection) => {
            let owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
            let origin = Origin {
                id: owned(record.id()),
                url: owned(record.target_uri()),
                date: owned(record.date()),
            };
            return Judged::Dropped {
                page: Some(origin),
                offset: record.offset,
                reason: rejection.reason,
                detail: Some(rejection.detail),
                kind: dropped::Kind::Rule,
                text: String::new(),
                signals: None,
            };
        }
    };
    let view = fineweb_filter::Page {
        id: &page.id,
        url: &page.url,
        html: &page.html,
        headers: page.headers.as_pairs(),
    };
    let outcome = match page.format {
        Format::Html => filter.judge(&view, scratch),
        Format::Text => filter.judge_plain(&view, scratch),
    };
    match outcome {
        Outcome::Kept { text, language, language_score, rights, signals } => {
            let (text, rights) = (text.to_owned(), rights.clone());
            let page = Origin { id: page.id, url: page.url, date: page.date };
            Judged::Kept { page, text, language, score: language_score, rights, signals: signals.copied() }
        }
        Outcome::Dropped { reason, detail, text, signals } => {
            let text = text.to_owned();
            let origin = Origin { id: page.id, url: page.url, date: page.date };
            let kind = dropped::Kind::Rule;
            let (offset, reason, signals) = (page.offset, reason.0, signals.copied());
            Judged::Dropped { page: Some(origin), offset, reason, detail, kind, text, signals }
        }
    }
}

/// The two shards of a task, and its counters.
struct Sink<'a> {
    io: &'a Io<'a>,
    dump: &'a str,
    source: &'a str,
    documents: Writer<Documents>,
    dropped: Writer<Dropped>,
    keep_text: KeepText,
}

impl Sink<'_> {
    fn take(&mut self, judged: Judged) -> anyhow::Result<()> {
        match judged {
            Judged::NotAPage(what) => self.io.count(what, 1),
            Judged::Kept { page, text, language, score, rights, signals } => {
                self.io.count("in", 1);
                self.io.count("kept", 1);
                self.documents.push(&documents::Row {
                    text: &text,
                    id: &page.id,
                    dump: self.dump,
                    url: &page.url,
                    date: &page.date,
                    file_path: self.source,
                    language,
                    language_score: score,
                    licence: rights.licence.as_deref(),
                    opt_out: rights.opt_out.map(OptOut::name),
                    signals: signals.map(|Signals(values)| values),
                    ..documents::Row::default()
                })?;
            }
            Judged::Dropped { page, offset, reason, detail, kind, text, signals } => {
                self.io.count("in", 1);
                self.io.count(&format!("dropped.{reason}"), 1);
                self.dropped.push(&dropped::Row {
                    id: page.as_ref().map(|page| page.id.as_str()).filter(|id| !id.is_empty()),
                    url: page.as_ref().map(|page| page.url.as_str()).filter(|url| !url.is_empty()),
                    source: self.source,
                    offset: offset as i64,
                    stage: self.io.stage(),
                    reason,
                    detail: detail.as_deref(),
                    kind,
                    text: self.keep_text.of(reason, &text),
                    signals: signals.map(|Signals(values)| values),
                })?;
            }
        }
        Ok(())
    }
}

/// Decides how much of a dropped text is kept; depends on the order in the archive alone.
struct KeepText {
    which: DroppedText,
    seen: std::collections::BTreeMap<&'static str, usize>,
}

impl KeepText {
    const EXAMPLES: usize = 8;
    const BYTES: usize = 2_000;

    fn new(which: DroppedText) -> Self {
        Self { which, seen: std::collections::BTreeMap::new() }
    }

    fn of<'t>(&mut self, reason: &'static str, text: &'t str) -> Option<&'t str> {
        let seen = self.seen.entry(reason).or_default();
        *seen += 1;
        match self.which {
            DroppedText::All => Some(text),
            DroppedText::Sample if *seen <= Self::EXAMPLES => {
                Some(&text[..text.floor_char_boundary(Self::BYTES)])
            }
            DroppedText::Sample | DroppedText::None => None,
        }
        .filter(|text| !text.is_empty())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_column_has_the_filters_names() {
        assert_eq!(shard::signals::NAMES, fineweb_filter::Signal::NAMES);
    }
}
