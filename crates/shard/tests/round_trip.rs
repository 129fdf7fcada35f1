//! What is written is what is read, in every table; equal rows are equal bytes.
#![allow(clippy::unwrap_used)] // helpers of tests are tests

use std::fs::File;
use std::path::Path;

use parquet::file::reader::FileReader;
use parquet::file::serialized_reader::SerializedFileReader;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use shard::{
    Batch, Battles, Builder, Conversations, Documents, Dropped, Facts, Media, MediaKind, Message,
    MessagePart, Metrics, Pages, PartKind, Preferences, Problems, Reader, Rollouts, Samples, Scores, Table,
    Tokens, Truth, Writer, battles, conversations, documents, dropped, facts, media, metrics, pages,
    preferences, problems, rollouts, samples, scores, signals, tokens, truth,
};

/// Writes `rows` and hands the batches that come back to `see`, after the checks that hold for any table.
fn round_trip<T: Table>(rows: &[T::Row<'_>], make: impl Fn() -> T::Builder, see: impl FnOnce(&[Batch<T>])) {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str| {
        let mut writer = Writer::<T>::with_builder(dir.path(), name, "recipe", make()).unwrap();
        for row in rows {
            writer.push(row).unwrap();
        }
        writer.finish().unwrap()
    };
    let (part, again) = (write("a.parquet"), write("b.parquet"));
    assert_eq!((part.rows, &part.blake3), (rows.len() as u64, &again.blake3));

    let path = dir.path().join("a.parquet");
    let digest = shard::digest(&path).unwrap();
    assert_eq!((digest.bytes, digest.blake3), (part.bytes, part.blake3));
    assert_eq!(shard::check(&path, T::NAME).unwrap(), part.rows);
    assert_eq!(shard::preview(&path, 3).unwrap().len(), rows.len().min(3));

    let reader = Reader::<T>::open(&path).unwrap();
    assert_eq!(reader.rows(), part.rows);
    let batches: Vec<_> = reader.map(Result::unwrap).collect();
    see(&batches);
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), ".{0,40}", "(ab|\\n|ü|🦀){0,300}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn documents(made in vec((text(), text(), any::<f64>(), option::of(any::<i64>()), option::of(text())), 0..40)) {
        let rows: Vec<_> = made.iter().map(|(text, url, score, count, licence)| documents::Row {
            text,
            url,
            id: "<urn:uuid:1>",
            language_score: *score,
            token_count: *count,
            score: Some(*score),
            licence: licence.as_deref(),
            signals: count.map(|_| [*score; signals::NAMES.len()]),
            ..Default::default()
        }).collect();
        use documents::Optional;
        let make = || documents::Builder::with(&[Optional::Licence, Optional::Score, Optional::Signals]);
        round_trip::<Documents>(&rows, make, |batches| {
            assert!(batches.iter().flat_map(Batch::rows).map(|row| format!("{row:?}"))
                .eq(rows.iter().map(|row| format!("{row:?}"))), "NaN is not equal to itself, its text is");
        });
    }

    #[test]
    fn dropped(made in vec((option::of(text()), text(), any::<i64>(), any::<bool>(), option::of(text())), 0..40)) {
        let rows: Vec<_> = made.iter().map(|(id, reason, offset, damage, text)| dropped::Row {
            id: id.as_deref(),
            source: "web.warc.gz",
            offset: *offset,
            reason,
            kind: if *damage { dropped::Kind::Damage } else { dropped::Kind::Rule },
            text: text.as_deref(),
            signals: text.as_deref().map(|text| std::array::from_fn(|at| (text.len() + at) as f64 / 7.0)),
            ..Default::default()
        }).collect();
        round_trip::<Dropped>(&rows, dropped::Builder::with_signals, |batches| {
            assert!(batches.iter().flat_map(Batch::rows).eq(rows.iter().copied()));
        });
    }

    #[test]
    fn tokens(made in vec((text(), vec(0..65_536_u32, 0..200), any::<bool>()), 0..40), size in prop_oneof![Just(65_536_usize), Just(65_537)]) {
        let rows: Vec<_> = made.iter()
            .map(|(id, ids, validation)| tokens::Row { document_id: id, ids, validation: *validation })
            .collect();
        round_trip::<Tokens>(&rows, || tokens::Builder::for_vocabulary(size), |batches| {
            assert!(batches.iter().flat_map(Batch::rows).eq(rows.iter().copied()));
        });
    }

    #[test]
    fn pages(made in vec((text(), text(), any::<i32>(), option::of(text()), any::<i64>()), 0..40)) {
        let rows: Vec<_> = made.iter().map(|(html, url, http_status, content_type, offset)| pages::Row {
            html,
            url,
            http_status: *http_status,
            content_type: content_type.as_deref(),
            offset: *offset,
            charset: "utf-8",
            ..Default::default()
        }).collect();
        round_trip::<Pages>(&rows, Default::default, |batches| {
            assert!(batches.iter().flat_map(Batch::rows).eq(rows.iter().copied()));
        });
    }

    #[test]
    fn metrics(made in vec((any::<i64>(), text(), -1e300..1e300), 0..40)) {
        let rows: Vec<_> =
            made.iter().map(|(step, name, value)| metrics::Row { step: *step, name, value: *value }).collect();
        round_trip::<Metrics>(&rows, Default::default, |batches| {
            assert!(batches.iter().flat_map(Batch::rows).eq(rows.iter().copied()));
        });
    }

    #[test]
    fn samples(made in vec((any::<i64>(), text(), text(), any::<bool>()), 0..40)) {
        let rows: Vec<_> = made.iter().map(|(number, prompt, text, stopped)| samples::Row {
            step: *number,
            prompt,
            text,
            tokens: number / 2,
            ended_by: if *stopped { "stop" } else { "length" },
        }).collect();
        round_trip::<Samples>(&rows, Default::default, |batches| {
            assert!(batches.iter().flat_map(Batch::rows).eq(rows.iter().copied()));
        });
    }

    #[test]
    fn scores(made in vec((text(), text(), -1e300..1e300, option::of(-1e300..1e300)), 0..40)) {
        let rows: Vec<_> = made.iter().map(|(item, metric, value, low)| scores::Row {
            checkpoint: "filter",
            benchmark: "rules",
            item,
            metric,
            value: *value,
            low: *low,
            high: low.map(|low| low / 2.0),
        }).collect();
        round_trip::<Scores>(&rows, Default::default, |batches| {
            assert!(batches.iter().flat_map(Batch::rows).eq(rows.iter().copied()));
        });
    }

    #[test]
    fn facts(made in vec((any::<u64>(), text(), any::<i32>(), vec(text(), 0..4)), 0..40)) {
        let rows: Vec<_> = made.iter().map(|(id, subject, exposures, prompts)| facts::Row {
            id: *id,
            subject,
            relation: "birthplace",
            object: "Hallow",
            exposures: *exposures,
            prompts: prompts.iter().map(String::as_str).collect(),
        }).collect();
        round_trip::<Facts>(&rows, Default::default, |batches| {
            assert!(batches.iter().flat_map(Batch::rows).eq(rows.iter().cloned()));
        });
    }

    #[test]
    fn truth(made in vec((text(), option::of(text()), vec((text(), text()), 0..3), vec(any::<u64>(), 0..5)), 0..40)) {
        let rows: Vec<_> = made.iter().map(|(id, main_text, spans, mentions)| truth::Row {
            id,
            main_text: main_text.as_deref(),
            jaccard: main_text.as_ref().map(|text| text.len() as f64),
            spans: spans.iter().map(|(kind, value)| truth::Span { kind, value }).collect(),
            mentions,
            ..Default::default()
        }).collect();
        round_trip::<Truth>(&rows, Default::default, |batches| {
            assert!(batches.iter().flat_map(Batch::rows).eq(rows.iter().cloned()));
        });
    }

    #[test]
    fn conversations(made in vec((any::<u64>(), vec(message(), 0..4)), 0..40)) {
        let rows: Vec<_> = made.iter().map(|(id, messages)| conversations::Row {
            id: *id,
            source: "judge",
            messages: messages.iter().map(borrowed).collect(),
        }).collect();
        round_trip::<Conversations>(&rows, Default::default, |batches| {
            assert!(batches.iter().flat_map(Batch::rows).eq(rows.iter().cloned()));
        });
    }

    #[test]
    fn problems(made in vec((any::<u64>(), vec(message(), 0..2), text(), option::of(text())), 0..40)) {
        let rows: Vec<_> = made.iter().map(|(id, prompt, answer, meta)| problems::Row {
            id: *id,
            prompt: prompt.iter().map(borrowed).collect(),
            answer,
            meta: meta.as_deref(),
            ..Default::default()
        }).collect();
        round_trip::<Problems>(&rows, Default::default, |batches| {
            assert!(batches.iter().flat_map(Batch::rows).eq(rows.iter().cloned()));
        });
    }

    #[test]
    fn rollouts(made in vec((
        vec(any::<u32>(), 0..6), vec((text(), option::of(-1e30_f32..1e30)), 0..3), option::of(-9_f32..9.0), text(),
    ), 0..40)) {
        let rows: Vec<_> = made.iter().map(|(ids, rewards, reward, text)| rollouts::Row {
            step: ids.len() as i64,
            ids,
            log_probs: &[-0.5, -1.5],
            rewards: rewards.iter().map(|(name, value)| (name.as_str(), *value)).collect(),
            reward: *reward,
            truncated: reward.is_none(),
            text,
            ..Default::default()
        }).collect();
        round_trip::<Rollouts>(&rows, Default::default, |batches| {
            assert!(batches.iter().flat_map(Batch::rows).eq(rows.iter().cloned()));
        });
    }

    #[test]
    fn battles(made in vec((any::<u64>(), text(), text(), text()), 0..40)) {
        use battles::Outcome;
        let rows: Vec<_> = made.iter().map(|(id, asked, left_text, right_text)| battles::Row {
            prompt_id: *id,
            asked,
            left: "base",
            right: "chat",
            judge: "person",
            outcome: [Outcome::Left, Outcome::Right, Outcome::Tie][(id % 3) as usize],
            left_text,
            right_text,
        }).collect();
        round_trip::<Battles>(&rows, Default::default, |batches| {
            assert!(batches.iter().flat_map(Batch::rows).eq(rows.iter().copied()));
        });
    }

    #[test]
    fn media(made in vec((
        text(), vec(any::<u8>(), 0..200), option::of(text()), option::of(vec(any::<u32>(), 0..9)),
    ), 0..40)) {
        let rows: Vec<_> = made.iter().map(|(name, bytes, caption, ids)| media::Row {
            name,
            source: "shapes/shown",
            kind: if bytes.len() % 2 == 0 { MediaKind::Image } else { MediaKind::Audio },
            bytes,
            caption: caption.as_deref(),
            ids: ids.as_deref(),
        }).collect();
        round_trip::<Media>(&rows, Default::default, |batches| {
            assert!(batches.iter().flat_map(Batch::rows).eq(rows.iter().copied()));
        });
    }

    #[test]
    fn preferences(made in vec((
        vec(message(), 0..2), vec(text(), 0..4), vec(any::<i32>(), 0..4), option::of(vec(-1e30_f32..1e30, 0..4)),
    ), 0..40)) {
        let rows: Vec<_> = made.iter().map(|(prompt, responses, ranks, margin)| {
            let responses: Vec<_> = responses.iter().map(String::as_str).collect();
            preferences::Row {
                prompt: prompt.iter().map(borrowed).collect(),
                ranks,
                margin: margin.as_deref(),
                policies: margin.is_none().then(|| responses.clone()),
                responses,
                ..Default::default()
            }
        }).collect();
        round_trip::<Preferences>(&rows, Default::default, |batches| {
            assert!(batches.iter().flat_map(Batch::rows).eq(rows.iter().cloned()));
        });
    }
}

/// Role, pieces, and whether it is learned.
type Said = (String, Vec<(usize, Option<String>, Option<Vec<u32>>)>, Option<bool>);

fn message() -> impl Strategy<Value = Said> {
    let part = (0..KINDS.len(), option::of(text()), option::of(vec(any::<u32>(), 0..9)));
    (text(), vec(part, 0..3), option::of(any::<bool>()))
}

fn borrowed((role, parts, train): &Said) -> Message<'_> {
    let content = parts.iter().map(|(kind, text, ids)| MessagePart {
        kind: KINDS[*kind],
        text: text.as_deref(),
        ids: ids.as_deref(),
    });
    Message { role, content: content.collect(), train: *train }
}

const KINDS: [PartKind; 6] = [
    PartKind::Text,
    PartKind::Thought,
    PartKind::ToolCall,
    PartKind::ToolOutput,
    PartKind::Image,
    PartKind::Audio,
];

/// Row groups of a file, in rows; no page of it is empty, which pyarrow cannot read.
fn groups(path: &Path) -> Vec<i64> {
    let file = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    let group = |at: usize| {
        let group = file.get_row_group(at).unwrap();
        for column in 0..group.num_columns() {
            let pages = group.get_column_page_reader(column).unwrap();
            assert!(pages.map(Result::unwrap).all(|page| page.num_values() > 0), "column {column}");
        }
        group.metadata().num_rows()
    };
    (0..file.num_row_groups()).map(group).collect()
}

#[test]
fn no_page_is_empty() {
    let dir = tempfile::tempdir().unwrap();
    let mut state = 1_u64;
    let mut noise = |length: usize| -> String {
        let letter = |_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(b'a' + (state >> 40) as u8 % 26)
        };
        (0..length).map(letter).collect()
    };
    let lengths = [10, 300_000, 3_000_000, 0, 1 << 20, 262_144, 700_000];
    let texts: Vec<_> = (0..28).map(|at| noise(lengths[at % lengths.len()])).collect();
    let mut writer = Writer::<Documents>::create(dir.path(), "d.parquet", "").unwrap();
    for text in texts.iter().chain(&texts) {
        writer.push(&documents::Row { text, id: text, language: "en", ..Default::default() }).unwrap();
    }
    writer.finish().unwrap();
    assert_eq!(groups(&dir.path().join("d.parquet")).iter().sum::<i64>(), 56);

    let ids: Vec<u32> = (0..400_000).map(|at| at * 7 % 50_000).collect();
    let narrow = tokens::Builder::for_vocabulary(50_000);
    let mut writer = Writer::<Tokens>::with_builder(dir.path(), "t.parquet", "", narrow).unwrap();
    for length in [400_000, 0, 1, 262_144, 65_536, 131_072] {
        writer.push(&tokens::Row { document_id: "a", ids: &ids[..length], validation: false }).unwrap();
    }
    writer.finish().unwrap();
    assert_eq!(groups(&dir.path().join("t.parquet")), [6]);
}

/// More rows than a row group, and a row group closed by its bytes.
#[test]
fn row_groups() {
    let long = "x".repeat(9 << 20);
    let row =
        |at: usize| metrics::Row { step: at as i64, name: if at < 16 { &long } else { "loss" }, value: 0.5 };
    let rows: Vec<_> = (0..3_000).map(row).collect();
    round_trip::<Metrics>(&rows, Default::default, |batches| {
        assert!(batches.iter().flat_map(Batch::rows).eq(rows.iter().copied()));
    });
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::<Metrics>::create(dir.path(), "m.parquet", "").unwrap();
    for row in &rows {
        writer.push(row).unwrap();
    }
    writer.finish().unwrap();
    assert_eq!(groups(&dir.path().join("m.parquet")), [8, 8, 1_024, 1_024, 936]);
}

#[test]
fn a_row_that_does_not_fit_is_refused_and_the_writer_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let narrow = tokens::Builder::for_vocabulary(50_304);
    let mut writer = Writer::<Tokens>::with_builder(dir.path(), "a.parquet", "", narrow).unwrap();
    let refused = writer.push(&tokens::Row { document_id: "a", ids: &[1, 65_536], validation: false });
    assert_eq!(
        refused.unwrap_err().to_string(),
        "tokens/1: a row does not fit: column `ids`: expected ids below 65,536 in a file of 16-bit ids, got 65536"
    );
    writer.push(&tokens::Row { document_id: "b", ids: &[2, 65_535], validation: false }).unwrap();
    assert_eq!(writer.finish().unwrap().rows, 1);

    let mut documents = Writer::<Documents>::create(dir.path(), "b.parquet", "").unwrap();
    let refused = documents.push(&documents::Row { int_score: Some(3), ..Default::default() });
    assert!(refused.unwrap_err().to_string().contains("column `int_score`"));
}

/// A plain shard has FineWeb's columns, in its order and with its types.
#[test]
fn fineweb_columns() {
    let names = |schema: arrow_schema::SchemaRef| -> Vec<String> {
        schema.fields().iter().map(|field| format!("{} {}", field.name(), field.data_type())).collect()
    };
    let plain = names(documents::Builder::default().schema());
    assert_eq!(
        plain.join(", "),
        "text Utf8, id Utf8, dump Utf8, url Utf8, date Utf8, file_path Utf8, language Utf8, \
         language_score Float64, token_count Int64"
    );
    assert_eq!(names(shard::schema("documents/1").unwrap())[..9], plain[..]);
}

#[test]
fn a_preview_is_text() {
    let dir = tempfile::tempdir().unwrap();
    let mut tokens = Writer::<Tokens>::create(dir.path(), "t.parquet", "").unwrap();
    tokens.push(&tokens::Row { document_id: "a \"b\"", ids: &[1, 4_000_000_000], validation: true }).unwrap();
    tokens.push(&tokens::Row::default()).unwrap();
    tokens.finish().unwrap();
    let shown = shard::preview(&dir.path().join("t.parquet"), 9).unwrap();
    let line = |at: usize| shown[at].iter().map(|(name, text)| format!("{name}={text}")).collect::<Vec<_>>();
    assert_eq!(line(0), ["document_id=a \"b\"", "ids=[1, 4000000000]", "validation=true"]);
    assert_eq!(line(1), ["document_id=", "ids=[]", "validation=false"]);

    let mut dropped = Writer::<Dropped>::create(dir.path(), "d.parquet", "").unwrap();
    dropped.push(&dropped::Row { reason: "c4_lorem", offset: -1, ..Default::default() }).unwrap();
    dropped.finish().unwrap();
    let shown = shard::preview(&dir.path().join("d.parquet"), 9).unwrap();
    let names: Vec<_> = shown[0].iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["source", "offset", "stage", "reason", "kind"], "nulls are left out");
    assert_eq!(shown[0][1].1, "-1");
}

#[test]
fn a_reader_begins_at_any_row() {
    let dir = tempfile::tempdir().unwrap();
    let texts: Vec<String> = (0..2_500).map(|row| format!("row {row}")).collect();
    let mut writer = Writer::<Documents>::create(dir.path(), "a.parquet", "recipe").unwrap();
    for text in &texts {
        writer.push(&documents::Row { text, ..Default::default() }).unwrap();
    }
    writer.finish().unwrap();
    // within a row group, at its ends, behind the last row
    for first in [0, 1, 1_023, 1_024, 1_025, 2_047, 2_048, 2_499, 2_500, 9_999, u64::MAX] {
        let reader = Reader::<Documents>::open_at(&dir.path().join("a.parquet"), first).unwrap();
        assert_eq!(reader.rows(), 2_500);
        let batches: Vec<_> = reader.map(Result::unwrap).collect();
        let read: Vec<&str> = batches.iter().flat_map(Batch::rows).map(|row| row.text).collect();
        let skipped = texts.len().min(usize::try_from(first).unwrap());
        assert_eq!(read, texts[skipped..], "from row {first}");
    }
}
