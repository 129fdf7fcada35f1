//! Tokenizers beside their peers: training, encoding, decoding, counting, and texts made to be slow.
//!
//! The corpus is JSON lines of `{text}` (`bench/bpe/corpus.py` makes one), or else the miniature web's texts. Everything
//! runs on one thread. Training is measured in processes of its own, ours too, so that memory can be told apart. The
//! vocabulary of encoding is `cl100k_base` as tiktoken-rs brings it.

mod agreement;
mod hostile;
mod peer;
mod shards;
mod training;

use std::fs::File;
use std::hint::black_box;
use std::io::{BufRead, BufReader};
use std::path::Path;

use ::bpe::{Bpe, Pattern, Tokenizer};
use anyhow::{Context, ensure};
use fixtures::{Size, web};

use crate::peers::Scratch;
use crate::row::{Row, interleave, seconds_of};
pub use agreement::agreement;
use peer::{BpeOpenai, Fastokens};
pub use training::{encode, train};

pub fn rows(file: Option<&Path>) -> anyhow::Result<Vec<Row>> {
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global()?;
    let scratch = Scratch::new("bpe")?;
    let corpus = match file {
        Some(path) => path.to_owned(),
        None => generated(&scratch)?,
    };
    let mut rows = training::rows(&corpus)?;
    let texts = texts(&corpus)?.collect::<anyhow::Result<Vec<_>>>()?;
    ensure!(!texts.is_empty(), "no texts in {}", corpus.display());
    rows.extend(encoding(&texts, &corpus, &scratch)?);
    let chinese = corpus.with_file_name("chinese.jsonl");
    if chinese.is_file() {
        let texts = self::texts(&chinese)?.collect::<anyhow::Result<Vec<_>>>()?;
        rows.extend(speed("-chinese", &texts, &chinese, &scratch)?.1);
    }
    rows.extend(hostile::rows()?);
    Ok(rows)
}

/// The true texts of the miniature web, as a file that children can read too.
fn generated(scratch: &Scratch) -> anyhow::Result<std::path::PathBuf> {
    let path = scratch.join("corpus.jsonl");
    let lines = web(Size::Demo, 1337).filter_map(|page| page.truth.main_text);
    let lines = lines.map(|text| serde_json::json!({ "text": text }).to_string() + "\n");
    std::fs::write(&path, lines.collect::<String>())?;
    Ok(path)
}

/// The texts of a corpus, one at a time.
fn texts(corpus: &Path) -> anyhow::Result<impl Iterator<Item = anyhow::Result<String>>> {
    let file = File::open(corpus).with_context(|| format!("cannot read {}", corpus.display()))?;
    Ok(BufReader::new(file).lines().map(|line| {
        let row: serde_json::Value = serde_json::from_str(&line?)?;
        Ok(row["text"].as_str().context("a line without text")?.to_owned())
    }))
}

/// Ours, with tables and caches that nothing has touched.
fn ours() -> anyhow::Result<Bpe> {
    let specials = [("<|endoftext|>", 100_257), ("<|endofprompt|>", 100_276)];
    Ok(Bpe::from_tiktoken(peer::cl100k_file()?.as_bytes(), Pattern::Cl100k, &specials)?)
}

/// Rows of encoding cold and warm, whose names end with `of`; and the warm tokenizer.
fn speed(of: &str, texts: &[String], corpus: &Path, scratch: &Scratch) -> anyhow::Result<(Bpe, Vec<Row>)> {
    let name = |row: &str| format!("bpe/{row}{of}");
    let megabytes = texts.iter().map(String::len).sum::<usize>() as f64 / 1e6;
    let json = peer::spelled_as_published(&ours()?.to_json()?)?;
    let path = scratch.join("tokenizer.json");
    std::fs::write(&path, &json)?;

    // cold: a new tokenizer for each round, which is made off the clock
    let mut cold = [Vec::new(), Vec::new()];
    for _ in 0..5 {
        let (bpe, fastokens) = (ours()?, Fastokens::new(&json)?);
        let [our_ids, their_ids] = &mut [vec![], vec![]];
        cold[0].push(seconds_of(|| texts.iter().for_each(|text| bpe.encode(text, our_ids))));
        cold[1].push(seconds_of(|| texts.iter().for_each(|text| fastokens.encode(text, their_ids))));
        told_difference(our_ids.len(), their_ids.len(), &Fastokens::name());
    }
    let [our_cold, fastokens_cold] = cold.map(|mut seconds| crate::row::median(&mut seconds));

    let bpe = ours()?;
    let fastokens = Fastokens::new(&json)?;
    let mut ids = Vec::new();
    let warm = interleave(&mut [
        &mut || {
            ids.clear();
            texts.iter().for_each(|text| bpe.encode(text, &mut ids));
            Ok(())
        },
        &mut || {
            let mut ids = Vec::new();
            texts.iter().for_each(|text| fastokens.encode(text, &mut ids));
            Ok(())
        },
    ])?;
    let mut rows = vec![
        Row::speed(
            &name("encode-cold"),
            "MB/s",
            megabytes,
            our_cold,
            Some((fastokens_cold, Fastokens::name())),
        ),
        Row::speed(&name("encode-warm"), "MB/s", megabytes, warm[0], Some((warm[1], Fastokens::name()))),
    ];
    if let Some(said) = peer::gigatoken(corpus, &path)? {
        told_difference(ids.len(), said.ids, &said.version);
        let peer = |seconds| Some((seconds, said.version.clone()));
        rows.push(Row::speed(&name("encode-cold"), "MB/s", megabytes, our_cold, peer(said.cold)));
        rows.push(Row::speed(&name("encode-warm"), "MB/s", megabytes, warm[0], peer(said.warm)));
    }
    Ok((bpe, rows))
}

fn encoding(texts: &[String], corpus: &Path, scratch: &Scratch) -> anyhow::Result<Vec<Row>> {
    let (bpe, mut rows) = speed("", texts, corpus, scratch)?;
    rows.push(Row::amount(
        "bpe/memory",
        "MiB of tables and caches",
        bpe.memory() as f64 / f64::from(1 << 20),
        None,
    ));
    rows.push(shards::row(&bpe, texts, scratch)?);

    let openai = BpeOpenai::new();
    // a tenth is enough for the slow side
    let few = &texts[..texts.len().div_ceil(10)];
    let few_megabytes = few.iter().map(String::len).sum::<usize>() as f64 / 1e6;
    let count = interleave(&mut [
        &mut || {
            black_box(few.iter().map(|text| bpe.count(text)).sum::<usize>());
            Ok(())
        },
        &mut || {
            black_box(few.iter().map(|text| openai.count(text)).sum::<usize>());
            Ok(())
        },
    ])?;
    rows.push(Row::speed("bpe/count", "MB/s", few_megabytes, count[0], Some((count[1], BpeOpenai::name()))));

    let rows_of_ids: Vec<Vec<u32>> = few
        .iter()
        .map(|text| {
            let mut ids = Vec::new();
            bpe.encode(text, &mut ids);
            ids
        })
        .collect();
    let mut bytes = Vec::new();
    let decode = interleave(&mut [
        &mut || {
            for ids in &rows_of_ids {
                bytes.clear();
                bpe.decode(ids, &mut bytes);
                black_box(&bytes);
            }
            Ok(())
        },
        &mut || {
            rows_of_ids.iter().for_each(|ids| drop(black_box(openai.decode(ids))));
            Ok(())
        },
    ])?;
    rows.push(Row::speed(
        "bpe/decode",
        "MB/s",
        few_megabytes,
        decode[0],
        Some((decode[1], BpeOpenai::name())),
    ));

    let json = peer::spelled_as_published(&bpe.to_json()?)?;
    let path = scratch.join("tokenizer.json");
    std::fs::write(&path, &json)?;
    let file = bpe.to_bytes()?;
    let load = interleave(&mut [
        &mut || {
            black_box(Bpe::from_json(&json)?);
            Ok(())
        },
        &mut || {
            black_box(Bpe::from_bytes(&file)?);
            Ok(())
        },
        &mut || {
            black_box(Fastokens::new(&json)?);
            Ok(())
        },
    ])?;
    let hugging_face = peer::loaded(&path)?.map(|said| (said.seconds, said.version));
    rows.push(Row::speed("bpe/load-json", "loads/s", 1.0, load[0], hugging_face.clone()));
    rows.push(Row::speed("bpe/load-json", "loads/s", 1.0, load[0], Some((load[2], Fastokens::name()))));
    rows.push(Row::speed("bpe/load-own", "loads/s", 1.0, load[1], hugging_face));
    Ok(rows)
}

/// The published spelling of the pattern cuts white space before the end of a text where tiktoken does not.
fn told_difference(ours: usize, theirs: usize, peer: &str) {
    if ours != theirs {
        eprintln!("{peer} gives {theirs} ids, we {ours}");
    }
}
