//! `deepdive sql`: what it answers, refuses and fetches. The program is started; nothing of DataFusion is in this binary.
#![allow(clippy::unwrap_used)] // helpers of tests are tests

mod common;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::Ordering;

use common::House;
use common::server::{Mood, Server, serve};
use insta::assert_snapshot;

/// The data stages of `tiny`, made once and kept from test to test: what is in a store is right.
static RUNS: LazyLock<String> = LazyLock::new(|| {
    let runs = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sql").to_string_lossy().into_owned();
    House::new().done(&["reproduce", "tiny", "--until", "tokens", "--runs", &runs]);
    runs
});

/// The answer to a query over `tiny`.
fn answer(house: &House, query: &str) -> String {
    house.done(&["sql", query, "--runs", &RUNS])
}

/// What the program says to a query that it refuses, with its exit code.
fn refused(house: &House, arguments: &[&str]) -> String {
    let output = house.run(&[&["sql"], arguments].concat());
    let [out, err] =
        [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    assert!(out.is_empty(), "{arguments:?} has an answer:\n{out}");
    let err = err.replace(&*RUNS, "RUNS");
    format!("$ deepdive sql {:?}\nexit code {}\n{err}", arguments[0], output.status.code().unwrap_or(-1))
}

#[test]
fn answers() {
    let house = House::new();
    let mut told = String::new();
    for query in [
        "show tables",
        "describe tiny.filter.dropped",
        "select reason, kind, count(*) as pages from tiny.filter.dropped group by reason, kind order by pages desc, reason limit 5",
        // one stage beside another, and a name that is a word of SQL's own
        "select d.language, count(*) as kept, count(f.id) as told from tiny.dedup.documents d \
         join tiny.\"filter\".documents f on f.id = d.id group by d.language order by kept desc",
        "with long as (select text from tiny.dedup.documents order by id limit 2) select text, length(text) as characters from long",
        "select document_id is not null as has_id, ids[1:3] as ids, validation from tiny.tokens.tokens order by document_id limit 2",
        "select 'a\u{1b}[31m\tb\nc' as hostile, null as nothing, '' as empty, 1.5 as number, [1, null] as list",
        "select count(*) from (select * from tiny.web.facts) where false",
        "select value from generate_series(1, 0)",
    ] {
        told.extend([format!("$ deepdive sql {query:?}\n{}\n", answer(&house, query))]);
    }
    assert_snapshot!(told);
    let long = answer(&house, "select value from generate_series(1, 2345)");
    assert_eq!(long.lines().count(), 2 + 1_000 + 1);
    assert!(long.ends_with("1,000 rows, and 1,345 more; --out FILE writes all\n"), "{long}");
    let plan = answer(&house, "explain select reason from tiny.filter.dropped where reason = 'language'");
    assert!(plan.contains("DataSourceExec") && plan.contains("part-00000.parquet"), "{plan}");
}

#[test]
fn wrong_queries_are_told_where_and_what_would_be_right() {
    let house = House::new();
    house.write("notes.txt", "no table");
    house.write("broken.parquet", "PAR1 this is none PAR1");
    let mut told = String::new();
    for query in [
        "",
        "selct 1",
        "select reason,\n  count(*\nfrom tiny.filter.dropped",
        "select reasn from tiny.filter.dropped",
        "select reason, cout(*) from tiny.filter.dropped group by reason",
        "select reason from tiny.filter.droped",
        "select reason from tiny.filtr.dropped",
        "select reason from tiy.filter.dropped",
        "select reason from filter.dropped",
        "select reason from dropped",
        "select * from tiny.tokenizer.tokenizer",
        "select * from tiny.web.warc",
        "select * from 'pages.parquet'",
        "select * from 'notes.txt'",
        "select * from '*.parquet'",
        "select * from 'broken.parquet'",
        "select 1; select 2",
        "select 1 / 0",
        "select cast('a' as int)",
        "select * from cc_index('yesterday')",
        "select * from cc_index()",
        "select * from cc_index(2024)",
    ] {
        told.push_str(&refused(&house, &[query, "--runs", &RUNS]));
        told.push('\n');
    }
    told.push_str(&refused(&house, &["select * from tiny.filter.dropped"]));
    told.push_str(&refused(&house, &["select 1", "--out", "answer.txt"]));
    assert_snapshot!(told);
}

#[test]
fn nothing_is_changed() {
    let house = House::new();
    let mut told = String::new();
    for query in [
        "create table t as select 1",
        "create view v as select 1",
        "create external table t stored as parquet location 'x.parquet'",
        "drop table tiny.filter.dropped",
        "insert into tiny.filter.dropped select * from tiny.filter.dropped",
        "delete from tiny.filter.dropped",
        "copy (select 1) to 'x.parquet'",
        "copy tiny.filter.dropped to 'x' stored as csv",
        "set datafusion.execution.batch_size = 1",
        "explain analyze copy (select 1) to 'x.parquet'",
        "prepare p as select 1",
        "begin transaction",
    ] {
        told.push_str(&refused(&house, &[query, "--runs", &RUNS]));
        told.push('\n');
    }
    assert_snapshot!(told);
    // where there are no runs none are made
    assert_eq!(house.done(&["sql", "select 1 as one"]).lines().next(), Some("one"));
    let there: Vec<_> =
        std::fs::read_dir(house.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(there, ["pipelines"]);
}

/// A run's table is the files of its manifest: what else lies there is not read, and what is missing is an error.
#[test]
fn only_what_the_manifest_lists_is_read() {
    let house = House::new();
    house.done(&["reproduce", "tiny", "--until", "filter"]);
    let count = |house: &House| house.done(&["sql", "select count(*) as pages from tiny.filter.dropped"]);
    let before = count(&house);
    let output = house.path().join("runs/tiny/filter/dropped").canonicalize().unwrap();
    std::fs::copy(output.join("part-00000.parquet"), output.join("part-99999.parquet")).unwrap();
    assert_eq!(count(&house), before);
    std::fs::remove_file(output.join("part-00000.parquet")).unwrap();
    let output = house.run(&["sql", "select count(*) from tiny.filter.dropped"]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(6), "{told}");
    assert!(told.contains("missing or has another length") && told.contains("part-00000.parquet"), "{told}");
}

#[test]
fn answers_as_files() {
    let house = House::new();
    let query = "select reason, count(*) as pages, array_agg(distinct kind) as kinds from tiny.filter.dropped group by reason order by reason";
    let plain = query.replace(", array_agg(distinct kind) as kinds", "");
    assert_eq!(
        house.done(&["sql", query, "--runs", &RUNS, "--out", "a.parquet"]).lines().next().unwrap(),
        format!("a.parquet  {} rows", answer(&house, query).lines().count() - 3)
    );
    assert_eq!(answer(&house, "select * from 'a.parquet'"), answer(&house, query));
    house.done(&["sql", query, "--runs", &RUNS, "--out", "a.jsonl"]);
    let lines = std::fs::read_to_string(house.path().join("a.jsonl")).unwrap();
    let first: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert!(first["reason"].is_string() && first["pages"].is_u64() && first["kinds"].is_array(), "{first}");
    house.done(&["sql", &plain, "--runs", &RUNS, "--out", "a.csv"]);
    let csv = std::fs::read_to_string(house.path().join("a.csv")).unwrap();
    assert!(csv.starts_with("reason,pages\n") && csv.lines().count() == lines.lines().count() + 1, "{csv}");
    house.done(&["sql", "select value from generate_series(1, 0)", "--out", "none.csv"]);
    assert_eq!(std::fs::read_to_string(house.path().join("none.csv")).unwrap(), "value\n");
    // a file may be made from itself
    house.done(&["sql", "select reason from 'a.parquet' order by reason limit 2", "--out", "a.parquet"]);
    assert!(answer(&house, "select * from 'a.parquet'").ends_with("2 rows\n"));
    // what cannot be written leaves what was there, and nothing beside it
    assert_snapshot!(refused(&house, &[query, "--runs", &RUNS, "--out", "a.csv"]));
    assert_eq!(std::fs::read_to_string(house.path().join("a.csv")).unwrap(), csv);
    let mut there: Vec<String> = std::fs::read_dir(house.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    there.sort();
    assert_eq!(there, ["a.csv", "a.jsonl", "a.parquet", "none.csv", "pipelines"]);
}

const TABLE: &str = "cc-index/table/cc-main/warc/crawl=TEST";
/// Two of three row groups of each file hold other domains than the one asked for.
const ROWS: usize = 3 * 65_536;

/// The index of a crawl in four files, and its list; the texts do not pack well.
fn index(house: &House) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut list = String::new();
    for (part, subset) in ["robotstxt", "warc", "warc", "warc"].into_iter().enumerate() {
        let query = format!(
            "select 'https://' || md5(cast(value as string)) || md5(cast(value + {part} as string)) as url, \
             case when {part} = 2 and value / 65536 = 1 then 'at' else 'b' || cast(value / 65536 as string) end as url_host_tld, \
             case when value % 5 = 0 then 'deu' else 'eng,deu' end as content_languages, \
             'crawl-data/TEST/{part}.warc.gz' as warc_filename, \
             cast(value * 100 as int) as warc_record_offset, cast(100 as int) as warc_record_length \
             from generate_series(0, {}) order by value",
            ROWS - 1
        );
        house.done(&["sql", &query, "--out", "index.parquet"]);
        let path = format!("{TABLE}/subset={subset}/part-{part}.parquet");
        list.extend([&path, "\n"]);
        files.insert(format!("/{path}"), std::fs::read(house.path().join("index.parquet")).unwrap());
    }
    let mut packed = flate2::write::GzEncoder::new(vec![], flate2::Compression::default());
    packed.write_all(list.as_bytes()).unwrap();
    files.insert("/crawl-data/TEST/cc-index-table.paths.gz".to_owned(), packed.finish().unwrap());
    std::fs::remove_file(house.path().join("index.parquet")).unwrap();
    files
}

const ASKED: &str = "where content_languages = 'deu' and url_host_tld = 'at'";

fn pages(server: &Server, rest: &str) -> String {
    format!(
        "select url, warc_filename, warc_record_offset, warc_record_length \
         from cc_index('{}/crawl-data/TEST/cc-index-table.paths.gz') {rest}",
        server.address
    )
}

fn keep(files: &BTreeMap<String, Vec<u8>>, below: &Path) {
    for (path, bytes) in files {
        let path: PathBuf = below.join(path.trim_start_matches('/'));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

#[test]
fn an_index_is_asked_without_fetching_it() {
    let house = House::new();
    let files = index(&house);
    let size: usize = files.values().map(Vec::len).sum();
    let first = format!("/{TABLE}/subset=warc/part-1.parquet");
    let server = serve(files.clone(), &[(&first, &[Mood::Busy(503), Mood::Busy(429)])]);

    let few = house.done(&["sql", &pages(&server, &format!("{ASKED} limit 100"))]);
    assert!(few.ends_with("100 rows\n") && few.contains("crawl-data/TEST/2.warc.gz"), "{few}");
    let sent = server.sent.swap(0, Ordering::SeqCst) as usize;
    assert!(sent * 4 < size, "{sent} of {size} bytes for 100 rows");
    let most = server.most_at_once.load(Ordering::SeqCst);
    assert!(most <= 4, "{most} connections at once");

    let all = pages(&server, &format!("{ASKED} order by warc_record_offset"));
    house.done(&["sql", &all, "--out", "pages.parquet"]);
    let sent = server.sent.load(Ordering::SeqCst) as usize;
    assert!(sent * 4 < size, "{sent} of {size} bytes for one row group of nine");
    let told = answer(
        &house,
        "select warc_filename, count(*) as pages, min(warc_record_offset) as first, max(warc_record_offset) as last \
         from 'pages.parquet' group by warc_filename",
    );
    assert_snapshot!(told);

    // the same from a mirror, and from a directory, without a request
    let requests = server.requests.load(Ordering::SeqCst);
    keep(&files, &house.path().join("mirror/127.0.0.1"));
    house.done(&["sql", &all, "--out", "mirrored.parquet", "--mirror", "mirror"]);
    let query = format!(
        "select url, warc_filename, warc_record_offset, warc_record_length from cc_index('mirror/127.0.0.1/{TABLE}') {ASKED} order by 3"
    );
    house.done(&["sql", &query, "--out", "local.parquet"]);
    for other in ["mirrored", "local"] {
        let query = format!("(select * from 'pages.parquet' except select * from '{other}.parquet')");
        assert!(answer(&house, &query).ends_with("\n0 rows\n"));
    }
    assert_eq!(server.requests.load(Ordering::SeqCst), requests);
}

/// From a query to archives: what one writes the other reads.
#[test]
fn pages_of_an_index_are_fetched() {
    let house = House::new();
    let files = index(&house);
    let server = serve(files, &[]);
    house.done(&["sql", &pages(&server, &format!("{ASKED} order by url limit 3")), "--out", "pages.parquet"]);
    let host = &server.address;
    let with = format!("{{ pages = \"pages.parquet\", host = \"{host}\", per_second = 100 }}");
    house.write("at.toml", &format!("[[stage]]\nname = \"web\"\nuse = \"cc-pages\"\nwith = {with}\n"));
    // there are no archives behind this index, which is told page by page
    house.done(&["reproduce", "at.toml"]);
    assert_snapshot!(house.done(&[
        "sql",
        "select source, stage, reason, detail, count(*) from at.web.dropped group by 1, 2, 3, 4"
    ]));
}

#[test]
fn an_index_that_cannot_be_read_is_told_so() {
    let house = House::new();
    let list = "/crawl-data/TEST/cc-index-table.paths.gz";
    let first = format!("/{TABLE}/subset=warc/part-1.parquet");
    let files = BTreeMap::from([
        (list.to_owned(), format!("{}\n", first.trim_start_matches('/')).into_bytes()),
        (first.clone(), b"no Parquet at all".to_vec()),
        ("/empty.paths".to_owned(), b"a/subset=robotstxt/a.parquet\n".to_vec()),
    ]);
    let server = serve(files, &[(&first, &[Mood::Busy(403)])]);
    let mut told = String::new();
    let query = pages(&server, "limit 1");
    for query in [
        &query,
        &query,
        &query.replace("TEST/cc-index", "NONE/cc-index"),
        &query.replace("crawl-data/TEST/cc-index-table.paths.gz", "empty.paths"),
    ] {
        told.push_str(&refused(&house, &[query]).replace(&server.address, "http://HOST"));
        told.push('\n');
    }
    assert_snapshot!(told);
}

#[test]
fn the_command_line_does_not_grow() {
    let help = House::new().done(&["sql", "--help"]);
    let mut found: Vec<&str> = help.split(|c: char| c.is_whitespace() || ",[]<>".contains(c)).collect();
    found.retain(|word| word.starts_with("--") && !["--help", "--log"].contains(word));
    found.sort_unstable();
    found.dedup();
    assert_eq!(found, ["--mirror", "--out", "--runs"]);
}
