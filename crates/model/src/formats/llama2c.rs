//! llama2.c's models and tokenizers (`legacy_export` in its `export.py`, `export` in its `tokenizer.py`).
//!
//! Version 0 has no magic and no names: seven sizes, then f32 weights, each kind for all layers. A negative
//! vocabulary says that the head is a matrix of its own. All is little-endian.

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::{Device, Tensor};

use super::bytes::Bytes;
use super::{Imported, halves_apart};
use crate::{Config, Error, Family, Result, checkpoint};

/// A token of a llama2.c tokenizer; its id is its place in the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// Its text, which need not be whole characters.
    pub bytes: Vec<u8>,
    /// Of two merges that are possible, the one into the piece of higher score comes first.
    pub score: f32,
}

/// Reads a model file.
pub fn read(path: &Path) -> Result<Imported> {
    parse(path, &checkpoint::read(path)?)
}

/// Reads the bytes of a model file; `path` is for errors only.
pub fn parse(path: &Path, bytes: &[u8]) -> Result<Imported> {
    let mut bytes = Bytes::new(path, bytes);
    let config = config(&mut bytes)?;
    let Config { width, hidden, vocabulary, .. } = config;
    let head_width = config.head_width();
    let kv_width = config.kv_heads * head_width;
    let mut tensors = BTreeMap::new();
    let mut read = |bytes: &mut Bytes<'_>, name: &str, shape: &[usize]| -> Result<()> {
        let weight = weight(bytes, name, shape)?;
        let turned = name.ends_with("q_proj.weight") || name.ends_with("k_proj.weight");
        let weight = if turned { halves_apart(&weight, head_width)? } else { weight };
        tensors.insert(name.to_owned(), weight);
        Ok(())
    };
    read(&mut bytes, "model.embed_tokens.weight", &[vocabulary, width])?;
    let kinds: [(&str, &[usize]); 9] = [
        ("input_layernorm", &[width]),
        ("self_attn.q_proj", &[width, width]),
        ("self_attn.k_proj", &[kv_width, width]),
        ("self_attn.v_proj", &[kv_width, width]),
        ("self_attn.o_proj", &[width, width]),
        ("post_attention_layernorm", &[width]),
        ("mlp.gate_proj", &[hidden, width]),
        ("mlp.down_proj", &[width, hidden]),
        ("mlp.up_proj", &[hidden, width]),
    ];
    for (kind, shape) in kinds {
        for layer in 0..config.layers {
            read(&mut bytes, &format!("model.layers.{layer}.{kind}.weight"), shape)?;
        }
    }
    read(&mut bytes, "model.norm.weight", &[width])?;
    // cosines and sines of every position, which we compute
    weight_bytes(&mut bytes, "freq_cis", &[config.context, head_width])?;
    if !config.tied {
        read(&mut bytes, "lm_head.weight", &[vocabulary, width])?;
    }
    if !bytes.rest.is_empty() {
        let expected = format!("the end of the file at byte {}", bytes.at);
        return Err(bytes.wrong("weights", expected, format!("{} bytes more", bytes.rest.len())));
    }
    Ok(Imported { config, tensors })
}

/// Reads a tokenizer file, such as `tok512.bin`, to its end: how many pieces there are stands in the model.
pub fn read_pieces(path: &Path) -> Result<Vec<Piece>> {
    parse_pieces(path, &checkpoint::read(path)?)
}

/// Reads the bytes of a tokenizer file; `path` is for errors only.
pub fn parse_pieces(path: &Path, bytes: &[u8]) -> Result<Vec<Piece>> {
    let mut bytes = Bytes::new(path, bytes);
    let longest = bytes.u32("max_token_length")?;
    let mut pieces = Vec::new();
    while !bytes.rest.is_empty() {
        let what = format!("piece {}", pieces.len());
        let score = bytes.array(&what).map(f32::from_le_bytes)?;
        let length = bytes.u32(&what)?;
        if length > longest {
            return Err(bytes.wrong(&what, format!("at most {longest} bytes"), length.to_string()));
        }
        pieces.push(Piece { bytes: bytes.take(length.into(), &what)?.to_vec(), score });
    }
    Ok(pieces)
}

/// The seven sizes. What is not among them is the same for every model of llama2.c.
fn config(bytes: &mut Bytes<'_>) -> Result<Config> {
    let mut size = |name| {
        let size = bytes.i32(name)?;
        usize::try_from(size).map_err(|_| bytes.wrong(name, "a positive number", size.to_string()))
    };
    let (width, hidden, layers) = (size("dim")?, size("hidden_dim")?, size("n_layers")?);
    let (heads, kv_heads) = (size("n_heads")?, size("n_kv_heads")?);
    let signed_vocabulary = bytes.i32("vocab_size")?;
    let context = bytes.u32("max_seq_len")? as usize;
    let config = Config {
        family: Family::Llama,
        softcap: 0.0,
        vocabulary: signed_vocabulary.unsigned_abs() as usize,
        context,
        width,
        layers,
        heads,
        kv_heads,
        hidden,
        norm_epsilon: 1e-5,
        tied: signed_vocabulary > 0,
        ..Config::default() // whose angles are llama2.c's
    };
    config.check().map_err(|problem| Error::format(bytes.path, problem.to_string()))?;
    Ok(config)
}

fn weight(bytes: &mut Bytes<'_>, name: &str, shape: &[usize]) -> Result<Tensor> {
    let (words, _) = weight_bytes(bytes, name, shape)?.as_chunks::<4>();
    let values: Vec<f32> = words.iter().map(|&word| f32::from_le_bytes(word)).collect();
    Ok(Tensor::from_vec(values, shape, &Device::Cpu)?)
}

fn weight_bytes<'a>(bytes: &mut Bytes<'a>, name: &str, shape: &[usize]) -> Result<&'a [u8]> {
    // two sizes that the config has checked: no product of theirs leaves 64 bits
    let count: u64 = shape.iter().map(|&size| size as u64).product();
    bytes.take(4 * count, &format!("tensor {name}"))
}
