//! Clusters made-up signatures with planted copies on disk, and compares the clusters with what was planted.
//!
//!     cargo run --release -p fineweb-filter --example ten_million [DOCUMENTS] [MEMORY_MB] [FOLDER]
//!
//! Every fourth document copies an earlier one: it shares one to fourteen of its bands, so that chains arise. What was
//! planted is known by arithmetic; a union-find in memory over the planted pairs is the truth for all documents, and
//! `cluster` in memory for a sample of them.
#![allow(clippy::print_stdout, reason = "what it is for")]

use std::error::Error;
use std::path::{Path, PathBuf};

use fineweb_filter::dedup::disk::{Channel, Grouping, PartWriter, Parts, Places, Signed, group, resolve};
use fineweb_filter::dedup::{Member, Signature, cluster};
use fineweb_filter::xxh64;

const BANDS: usize = 14;
/// Parts that the documents come in.
const PARTS: u32 = 10;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: usize| arguments.next().map_or(Ok(default), |text| text.parse());
    let (documents, memory_mb) = (number(10_000_000)? as u32, number(512)?);
    let folder = arguments.next().map_or_else(|| std::env::temp_dir().join("ten-million"), PathBuf::from);
    let folders = sign(documents, memory_mb << 20, &folder)?;
    report("sign");
    let parts = Parts::open(folders)?;
    let grouping = Grouping { memory: memory_mb << 20, min_jaccard: 0.0, gone: None };
    let (mut groups, mut pairs) = (vec![], 0);
    for (at, channel) in Channel::of_texts(BANDS).into_iter().enumerate() {
        groups.push(folder.join(format!("pairs-{at}")));
        pairs += group(&parts, channel, &grouping, &groups[at])?;
    }
    report("group");
    let sizes = resolve(&parts, &groups, &folder.join("places"))?;
    report("resolve");
    let clusters: u64 = sizes.values().sum();
    println!(
        "{documents} documents, {pairs} pairs, {clusters} clusters, the largest of {:?}",
        sizes.keys().last()
    );
    let places = Places::open(&folder.join("places"))?.of(0..documents)?;
    drop(parts);
    std::fs::remove_dir_all(&folder)?;
    let mut found: Vec<u32> = (0..documents).collect();
    for place in &places {
        found[place.document as usize] = place.keeper;
    }
    let wrong = found.iter().zip(planted(documents)).filter(|(found, planted)| *found != planted).count();
    println!("{wrong} documents are elsewhere than planted");
    println!(
        "{} of {} documents of a sample are elsewhere than in memory",
        sample(&found),
        found.len().min(SAMPLE)
    );
    Ok(())
}

fn sign(documents: u32, memory: usize, folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let (mut folders, mut next) = (vec![], 0);
    for part in 0..PARTS {
        let path = folder.join(format!("part-{part}"));
        let mut writer = PartWriter::create(&path, next, BANDS, memory)?;
        let end = (u64::from(documents) * (u64::from(part) + 1) / u64::from(PARTS)) as u32;
        for document in next..end {
            let (id, text_key, signature) = (id(document), text_key(document), signature(document));
            writer.push(&Signed {
                id: &id,
                length: length(document),
                text_key,
                address_key: None,
                signature: Some(&signature),
                shingles: &[],
            })?;
        }
        writer.finish()?;
        folders.push(path);
        next = end;
    }
    Ok(folders)
}

fn draw(document: u32, purpose: u64) -> u64 {
    xxh64(&document.to_le_bytes(), purpose)
}

/// The document that this one copies, and in how many bands.
fn original(document: u32) -> Option<(u32, usize)> {
    if document < 4 || document % 4 != 3 {
        return None;
    }
    let shared = 1 + draw(document, 1) as usize % BANDS;
    Some(((draw(document, 2) % u64::from(document)) as u32, shared))
}

fn signature(document: u32) -> Signature {
    let mut bands: Vec<u64> = (0..BANDS).map(|band| draw(document, 100 + band as u64)).collect();
    if let Some((original, shared)) = original(document) {
        let first = draw(document, 3) as usize % BANDS;
        let theirs = signature(original).0;
        for band in (first..first + shared).map(|band| band % BANDS) {
            bands[band] = theirs[band];
        }
    }
    Signature(bands.into())
}

fn id(document: u32) -> String {
    format!("<urn:uuid:{:016x}{document:016x}>", draw(document, 4))
}

fn text_key(document: u32) -> u128 {
    u128::from(draw(document, 5)) << 64 | u128::from(document)
}

fn length(document: u32) -> u64 {
    500 + draw(document, 6) % 5_000
}

/// The document kept for each, by the pairs that were planted.
fn planted(documents: u32) -> Vec<u32> {
    // originals come earlier, so one look back finds the first of a chain
    let mut root: Vec<u32> = (0..documents).collect();
    for document in 0..documents {
        if let Some((original, _)) = original(document) {
            root[document as usize] = root[original as usize];
        }
    }
    let mut keeper = root.clone();
    for document in 0..documents {
        let best = &mut keeper[root[document as usize] as usize];
        let rank = |document: u32| (length(document), std::cmp::Reverse(id(document)));
        if *best != document && rank(document) > rank(*best) {
            *best = document;
        }
    }
    root.iter().map(|&root| keeper[root as usize]).collect()
}

const SAMPLE: usize = 20_000;

/// How many of the first documents are clustered by [`cluster`] otherwise than on disk, as far as they can be compared.
fn sample(found: &[u32]) -> usize {
    let count = found.len().min(SAMPLE) as u32;
    let owned: Vec<_> = (0..count).map(|at| (id(at), signature(at))).collect();
    let members: Vec<_> = owned
        .iter()
        .zip(0..)
        .map(|((id, signature), at)| Member {
            id,
            length: length(at),
            text_key: text_key(at),
            signature: Some(signature),
        })
        .collect();
    let places = cluster(&members);
    // later documents may take the place of a keeper, but never tear a cluster apart
    let torn = |at: usize| found[at] != found[places[at].keeper];
    (0..count as usize).filter(|&at| torn(at)).count()
}

/// Prints what this process took so far.
fn report(step: &str) {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let status = read("/proc/self/status");
    let peak =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("unknown").trim().to_owned();
    let stat = read("/proc/self/stat");
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    // fields 14 and 15 of proc(5), in clock ticks of a hundredth of a second
    let ticks: f64 = fields.iter().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
    println!("{step:8} {:8.1} CPU s so far, peak {peak}", ticks / 100.0);
}
