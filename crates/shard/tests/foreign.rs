//! Shards of other programs: what is read, what is refused, and what is said.
#![allow(clippy::unwrap_used)] // helpers of tests are tests

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, DictionaryArray, Float32Array, Float64Array, Int64Array, LargeListArray,
    LargeStringArray, ListArray, NullArray, RecordBatch, StringArray, StringViewArray, StructArray,
};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, Field};
use parquet::arrow::ArrowWriter;
use parquet::basic::{BrotliLevel, Compression, GzipLevel};
use parquet::file::properties::WriterProperties;
use proptest::prelude::*;
use shard::{Documents, Dropped, Error, Metrics, Reader, Table, Tokens, Truth, Writer, documents, metrics};

type Columns = Vec<(&'static str, ArrayRef)>;

fn write(dir: &Path, columns: Columns, compression: Compression) -> PathBuf {
    let path = dir.join("foreign.parquet");
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    );
    let batch = batch.unwrap();
    let properties = WriterProperties::builder().set_compression(compression).build();
    let mut writer =
        ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    path
}

/// Two documents, in the odd types that other programs choose.
fn foreign() -> Columns {
    let text: DictionaryArray<Int32Type> = vec!["b", "a"].into_iter().collect();
    vec![
        ("unknown", Arc::new(Int64Array::from(vec![1, 2])) as ArrayRef),
        ("url", Arc::new(LargeStringArray::from(vec!["u0", "u1"]))),
        ("text", Arc::new(text)),
        ("id", Arc::new(StringViewArray::from(vec!["an id longer than twelve bytes", "i1"]))),
        ("dump", Arc::new(StringArray::from(vec!["d", "d"]))),
        ("date", Arc::new(StringArray::from(vec!["t", "t"]))),
        ("file_path", Arc::new(StringArray::from(vec!["f", "f"]))),
        ("language", Arc::new(StringArray::from(vec!["en", "en"]))),
        ("language_score", Arc::new(Float32Array::from(vec![0.5, 0.25]))),
        ("int_score", Arc::new(arrow_array::UInt8Array::from(vec![Some(3), None]))),
        ("licence", Arc::new(NullArray::new(2))),
    ]
}

fn replace(mut columns: Columns, name: &str, array: impl Array + 'static) -> Columns {
    let at = columns.iter().position(|column| column.0 == name).unwrap();
    columns[at].1 = Arc::new(array);
    columns
}

/// The message of the first error, without the directory.
fn refusal<T: Table>(path: &Path) -> String {
    let error = match Reader::<T>::open(path) {
        Err(error) => error,
        Ok(batches) => batches.map(|batch| batch.map(|_| ())).find_map(Result::err).expect("an error"),
    };
    error.to_string().replace(path.parent().unwrap().to_str().unwrap(), "")
}

#[test]
fn odd_types_and_any_codec() {
    let dir = tempfile::tempdir().unwrap();
    for codec in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::BROTLI(BrotliLevel::default()),
        Compression::LZ4,
        Compression::LZ4_RAW,
    ] {
        let path = write(dir.path(), foreign(), codec);
        assert_eq!(shard::check(&path, "documents/1").unwrap(), 2);
        let batch = Reader::<Documents>::open(&path).unwrap().next().unwrap().unwrap();
        let first = documents::Row {
            text: "b",
            id: "an id longer than twelve bytes",
            dump: "d",
            url: "u0",
            date: "t",
            file_path: "f",
            language: "en",
            language_score: 0.5,
            int_score: Some(3),
            ..Default::default()
        };
        assert_eq!(batch.row(0), first, "{codec}");
        assert_eq!((batch.row(1).text, batch.row(1).int_score), ("a", None));
    }
}

#[test]
fn lists_of_every_layout() {
    let dir = tempfile::tempdir().unwrap();
    let lists = || [vec![1_i64, 70_000], vec![], vec![3]].map(|row| Some(row.into_iter().map(Some)));
    let large = LargeListArray::from_iter_primitive::<Int64Type, _, _>(lists());
    let small = ListArray::from_iter_primitive::<Int64Type, _, _>(lists());
    let sliced = ListArray::from_iter_primitive::<Int64Type, _, _>(
        [vec![9]].map(|row| Some(row.into_iter().map(Some))).into_iter().chain(lists()),
    )
    .slice(1, 3);
    for ids in [Arc::new(large) as ArrayRef, Arc::new(small), Arc::new(sliced)] {
        let columns: Columns = vec![
            ("document_id", Arc::new(StringArray::from(vec!["a", "b", "c"]))),
            ("ids", ids),
            ("validation", Arc::new(BooleanArray::from(vec![true, false, false]))),
        ];
        let path = write(dir.path(), columns, Compression::SNAPPY);
        let batch = Reader::<Tokens>::open(&path).unwrap().next().unwrap().unwrap();
        let rows: Vec<_> = batch.rows().map(|row| (row.ids.to_vec(), row.validation)).collect();
        assert_eq!(rows, [(vec![1, 70_000], true), (vec![], false), (vec![3], false)]);
    }
}

#[test]
fn what_is_wrong_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let written = |columns| write(dir.path(), columns, Compression::SNAPPY);

    let without: Columns = foreign().into_iter().filter(|(name, _)| *name != "language").collect();
    let message = refusal::<Documents>(&written(without));
    assert!(
        message.starts_with(
            "/foreign.parquet: documents/1 needs column `language` (Utf8); the file has unknown, url"
        ),
        "{message}"
    );

    let path = written(replace(foreign(), "text", Int64Array::from(vec![1, 2])));
    assert_eq!(refusal::<Documents>(&path), "/foreign.parquet: column `text`: expected Utf8, got Int64");
    assert!(
        shard::check(&path, "documents/1").unwrap_err().to_string().ends_with("expected Utf8, got Int64")
    );

    let path = written(replace(foreign(), "url", StringArray::from(vec![Some("u"), None])));
    assert_eq!(
        refusal::<Documents>(&path),
        "/foreign.parquet: column `url`: expected a value in each row, got 1 nulls among 2 rows"
    );

    for ids in [vec![Some(-1)], vec![Some(1 << 32)], vec![None]] {
        let columns: Columns = vec![
            ("document_id", Arc::new(StringArray::from(vec!["a"]))),
            ("ids", Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>([Some(ids)]))),
            ("validation", Arc::new(BooleanArray::from(vec![true]))),
        ];
        let message = refusal::<Tokens>(&written(columns));
        assert!(message.starts_with("/foreign.parquet: column `ids`: expected List("), "{message}");
    }

    let columns: Columns = vec![
        ("source", Arc::new(StringArray::from(vec!["s"]))),
        ("offset", Arc::new(Int64Array::from(vec![1]))),
        ("stage", Arc::new(StringArray::from(vec!["s"]))),
        ("reason", Arc::new(StringArray::from(vec!["r"]))),
        ("kind", Arc::new(StringArray::from(vec!["whim"]))),
    ];
    assert_eq!(
        refusal::<Dropped>(&written(columns)),
        "/foreign.parquet: column `kind`: expected rule or damage, got `whim`"
    );
}

#[test]
fn other_tables_and_other_files_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    Writer::<Metrics>::create(dir.path(), "m.parquet", "").unwrap().finish().unwrap();
    let path = dir.path().join("m.parquet");
    let message = refusal::<Documents>(&path);
    assert!(message.starts_with("/m.parquet: expected a shard of documents/1, got metrics/1;"), "{message}");
    assert!(matches!(shard::check(&path, "documents/1"), Err(Error::WrongTable { .. })));
    let message = shard::check(&path, "document/1").unwrap_err().to_string();
    assert!(
        message.starts_with("no table `document/1`; there are pages/1, documents/1, dropped/1"),
        "{message}"
    );
    assert!(matches!(shard::check(&dir.path().join("absent"), "metrics/1"), Err(Error::Io { .. })));
    assert!(matches!(shard::check(dir.path(), "metrics/1"), Err(Error::Io { .. } | Error::Corrupt { .. })));
    for junk in [&b""[..], b"PAR1", b"PAR1\0\0\0\0PAR1", b"text,id\na,b\n", &[0xFF; 4_096]] {
        std::fs::write(&path, junk).unwrap();
        assert!(matches!(shard::check(&path, "metrics/1"), Err(Error::Corrupt { .. })), "{junk:?}");
    }
}

fn metrics_shard() -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::<Metrics>::create(dir.path(), "m.parquet", "recipe").unwrap();
    for step in 0..3_000 {
        writer.push(&metrics::Row { step, name: "loss", value: 1.0 / (step + 1) as f64 }).unwrap();
    }
    writer.finish().unwrap();
    std::fs::read(dir.path().join("m.parquet")).unwrap()
}

/// Reads everything; an error is as good as rows, a panic is not.
fn survive(path: &Path) {
    if let Ok(batches) = Reader::<Metrics>::open(path) {
        batches
            .filter_map(Result::ok)
            .for_each(|batch| batch.rows().for_each(|row| drop(row.name.to_owned())));
    }
    let _ = shard::check(path, "metrics/1");
    let _ = shard::preview(path, 5);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn damage_is_an_error_or_rows(cut in 0.0..1.0_f64, flips in proptest::collection::vec((0.0..1.0_f64, 1..=255_u8), 0..4), tail in any::<bool>()) {
        static SOUND: LazyLock<Vec<u8>> = LazyLock::new(metrics_shard);
        let dir = tempfile::tempdir().unwrap();
        let mut bytes = SOUND.clone();
        let length = bytes.len() as f64;
        for (at, with) in &flips {
            // every other time near the end, where the footer is
            let at = if tail { 1.0 - at / 20.0 } else { *at };
            let at = ((at * length) as usize).min(bytes.len() - 1);
            bytes[at] ^= with;
        }
        if flips.is_empty() {
            bytes.truncate((cut * length) as usize);
        }
        let path = dir.path().join("m.parquet");
        std::fs::write(&path, &bytes).unwrap();
        survive(&path);
    }
}

/// A column that has the right type passes through to the bit.
#[test]
fn float_scores_stay_exact() {
    let dir = tempfile::tempdir().unwrap();
    let score = Float64Array::from(vec![0.1, f64::MIN_POSITIVE]);
    let path = write(dir.path(), replace(foreign(), "language_score", score), Compression::SNAPPY);
    let batch = Reader::<Documents>::open(&path).unwrap().next().unwrap().unwrap();
    assert_eq!(batch.row(0).language_score.to_bits(), 0.1_f64.to_bits());
    assert_eq!(batch.row(1).language_score, f64::MIN_POSITIVE);
}

/// A group of another program: fields that may be null, in another order, one more and one less.
#[test]
fn groups_are_brought_to_their_type() {
    let dir = tempfile::tempdir().unwrap();
    let nullable = |name: &str, kind: DataType| Arc::new(Field::new(name, kind, true));
    let spans = |kinds: Vec<Option<&str>>| {
        let group = StructArray::from(vec![
            (
                nullable("value", DataType::Utf8),
                Arc::new(StringArray::from(vec!["a@b.c", "1.2.3.4"])) as ArrayRef,
            ),
            (nullable("more", DataType::Int64), Arc::new(Int64Array::from(vec![1, 2]))),
            (nullable("kind", DataType::Utf8), Arc::new(StringArray::from(kinds))),
        ]);
        let element = nullable("item", group.data_type().clone());
        ListArray::new(element, OffsetBuffer::from_lengths([2, 0]), Arc::new(group), None)
    };
    let mentions = ListArray::from_iter_primitive::<Int64Type, _, _>([Some([Some(7)]), Some([Some(8)])]);
    let ids = StringArray::from(vec!["r0", "r1"]);
    let columns = |kinds| -> Columns {
        let text = Arc::new(ids.clone()) as ArrayRef;
        vec![
            ("id", Arc::clone(&text)),
            ("url", Arc::clone(&text)),
            ("kind", text),
            ("spans", Arc::new(spans(kinds))),
            ("mentions", Arc::new(mentions.clone())),
        ]
    };
    let path = write(dir.path(), columns(vec![Some("email"), Some("ipv4")]), Compression::SNAPPY);
    let batch = Reader::<Truth>::open(&path).unwrap().next().unwrap().unwrap();
    let row = batch.row(0);
    let found: Vec<_> = row.spans.iter().map(|span| (span.kind, span.value)).collect();
    assert_eq!((found, row.mentions), (vec![("email", "a@b.c"), ("ipv4", "1.2.3.4")], &[7_u64][..]));
    assert!(batch.row(1).spans.is_empty());

    let path = write(dir.path(), columns(vec![Some("email"), None]), Compression::SNAPPY);
    assert!(refusal::<Truth>(&path).contains("column `spans`"), "{}", refusal::<Truth>(&path));
}
