//! Documents to tokens as the stage `bpe-encode` does it, Parquet to Parquet, beside encoding alone.

use std::fs::File;
use std::path::{Path, PathBuf};

use ::bpe::{Bpe, Tokenizer};
use parquet::file::reader::{FileReader, SerializedFileReader};
use shard::{Documents, Reader, Tokens, Writer, documents, tokens};

use crate::peers::Scratch;
use crate::row::{Row, interleave};

/// The row: what share of the speed is left, once compression of pages is taken off.
pub fn row(bpe: &Bpe, texts: &[String], scratch: &Scratch) -> anyhow::Result<Row> {
    let directory = scratch.join("shards");
    std::fs::create_dir_all(&directory)?;
    let documents = documents(texts, &directory)?;
    let (mut ids, mut ends) = (Vec::new(), Vec::new());
    let mut written = None;
    let seconds = interleave(&mut [
        &mut || {
            // the stage's batches
            for texts in texts.chunks(1024) {
                let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
                ids.clear();
                ends.clear();
                bpe.encode_all(&texts, &mut ids, &mut ends);
            }
            Ok(())
        },
        &mut || {
            written = Some(stage(bpe, &documents, &directory)?);
            Ok(())
        },
    ])?;
    let written = written.expect("it ran");
    let mut compression = 0.0;
    for (path, again) in [(&documents, false), (&written, true)] {
        compression += compression_of(path, again)?;
    }
    let share = seconds[0] / (seconds[1] - compression);
    Ok(Row::amount("bpe/encode-shards", "of the speed of encoding", share, None))
}

fn documents(texts: &[String], directory: &Path) -> anyhow::Result<PathBuf> {
    let mut writer = Writer::<Documents>::create(directory, "documents.parquet", "")?;
    for (at, text) in texts.iter().enumerate() {
        writer.push(&documents::Row { text, id: &format!("<urn:uuid:{at}>"), ..Default::default() })?;
    }
    Ok(directory.join(writer.finish()?.name))
}

fn stage(bpe: &Bpe, documents: &Path, directory: &Path) -> anyhow::Result<PathBuf> {
    let builder = tokens::Builder::for_vocabulary(bpe.vocabulary().size());
    let mut writer = Writer::<Tokens>::with_builder(directory, "tokens.parquet", "", builder)?;
    let (mut ids, mut ends) = (Vec::new(), Vec::new());
    for batch in Reader::<Documents>::open(documents)? {
        let batch = batch?;
        let texts: Vec<&str> = batch.rows().map(|row| row.text).collect();
        ids.clear();
        ends.clear();
        bpe.encode_all(&texts, &mut ids, &mut ends);
        let mut start = 0;
        for (row, &end) in batch.rows().zip(&ends) {
            writer.push(&tokens::Row { document_id: row.id, ids: &ids[start..end], validation: false })?;
            start = end;
        }
    }
    Ok(directory.join(writer.finish()?.name))
}

/// CPU seconds of unpacking the pages of a shard; or of packing them `again`, as its writer did.
fn compression_of(shard: &Path, again: bool) -> anyhow::Result<f64> {
    let mut packing = 0.0;
    let start = cpu_time::ProcessTime::now();
    let reader = SerializedFileReader::new(File::open(shard)?)?;
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group)?;
        for column in 0..group.num_columns() {
            let mut pages = group.get_column_page_reader(column)?;
            while let Some(page) = pages.get_next_page()? {
                let start = cpu_time::ProcessTime::now();
                if again {
                    zstd::bulk::compress(page.buffer(), 3)?;
                }
                packing += start.elapsed().as_secs_f64();
            }
        }
    }
    Ok(if again { packing } else { start.elapsed().as_secs_f64() })
}
