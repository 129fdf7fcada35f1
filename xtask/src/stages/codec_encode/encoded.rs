//! Media as ids, by their names.

use std::collections::HashMap;

use codec::{Codec, Codecs};
use pipeline::Io;
use rayon::prelude::*;
use shard::{MediaKind, Message, MessagePart, media};

use super::{CodecEncode, is_medium};
use crate::stages::{medium, shards};

/// A picture or a sound as ids.
pub(super) struct Medium {
    pub(super) name: String,
    pub(super) kind: MediaKind,
    pub(super) caption: Option<String>,
    /// Whether it is there to be learned from.
    pub(super) learned: bool,
    /// Its ids as it is, then those of its other versions.
    pub(super) versions: Vec<Vec<u32>>,
}

/// All that could be encoded.
#[derive(Default)]
pub(super) struct Encoded {
    media: Vec<Medium>,
    by_name: HashMap<String, usize>,
}

impl Encoded {
    /// In the order of the table.
    pub(super) fn all(&self) -> &[Medium] {
        &self.media
    }

    pub(super) fn get(&self, name: &str) -> Option<&Medium> {
        self.by_name.get(name).map(|at| &self.media[*at])
    }

    /// How many versions messages have: as many as what they name, 1 where that is nothing.
    pub(super) fn versions(&self, messages: &[Message<'_>]) -> Result<usize, String> {
        let mut versions = 1;
        for part in messages.iter().flat_map(|message| &message.content) {
            let Some(name) = name(part) else { continue };
            let medium =
                self.get(name).ok_or_else(|| format!("no picture and no sound is called `{name}`"))?;
            versions = versions.max(medium.versions.len());
        }
        Ok(versions)
    }
}

/// What a part that is not encoded yet names.
pub(super) fn name<'a>(part: &MessagePart<'a>) -> Option<&'a str> {
    part.text.filter(|_| is_medium(part) && part.ids.is_none())
}

/// Encodes all media, and tells `leave` what cannot be.
pub(super) fn read(
    settings: &CodecEncode,
    io: &Io,
    codecs: &Codecs,
    leave: &mut dyn FnMut(&str, i64, &codec::Error) -> anyhow::Result<()>,
) -> anyhow::Result<Encoded> {
    let mut encoded = Encoded::default();
    let input = io.input("media")?;
    io.progress().length(input.rows());
    let mut offset = 0;
    for batch in shards::read_all::<shard::Media>(input) {
        let batch = batch?;
        let rows: Vec<media::Row<'_>> = batch.rows().collect();
        let seeds: Vec<u64> = rows.iter().map(|row| io.seed(row.name)).collect();
        let tried = rows.par_iter().zip(seeds).map(|(row, seed)| one(settings, codecs, row, seed));
        let tried: Vec<codec::Result<Medium>> = tried.collect();
        for (row, tried) in rows.iter().zip(tried) {
            io.count("in", 1);
            match tried {
                Ok(medium) => {
                    io.count("kept", 1);
                    io.count("media", 1);
                    io.count("versions", medium.versions.len() as u64);
                    if encoded.by_name.insert(medium.name.clone(), encoded.media.len()).is_some() {
                        anyhow::bail!("two pictures or sounds are called `{}`", medium.name);
                    }
                    encoded.media.push(medium);
                }
                Err(error) => leave(row.name, offset, &error)?,
            }
            offset += 1;
        }
        io.progress().advance(rows.len() as u64);
    }
    Ok(encoded)
}

fn one(settings: &CodecEncode, codecs: &Codecs, row: &media::Row<'_>, seed: u64) -> codec::Result<Medium> {
    let original = medium::read(row)?;
    let mut ids = vec![];
    codecs.encode(&original.media(), &mut ids)?;
    let mut versions = vec![ids];
    let learned = settings.sources.iter().any(|end| row.source.ends_with(end.as_str()));
    if learned {
        for nth in 1..settings.versions as u64 {
            let varied = settings.vary.version(&original.media(), seed.wrapping_add(nth));
            let mut ids = vec![];
            // a slower sound may be longer than the codec takes: then there is one version less
            if codecs.encode(&varied.media(), &mut ids).is_ok() {
                versions.push(ids);
            }
        }
    }
    Ok(Medium {
        name: row.name.to_owned(),
        kind: row.kind,
        caption: row.caption.map(str::to_owned),
        learned,
        versions,
    })
}
