//! A GGUF file of architecture `llama` as our decoder.
//!
//! Whatever changes the computation (scaled angles, biases, experts) and is not a plain Llama's is an error:
//! a model that ignores a part of itself still talks, only worse.

use std::collections::BTreeMap;

use super::super::bytes::wrong;
use super::super::{Imported, halves_apart};
use super::{Gguf, Value};
use crate::{Config, Error, Family, Result};

/// Size and weights of a Llama.
///
/// The vocabulary is what the embedding has rows for. The head is the embedding where the file has no other.
pub fn llama(file: &Gguf) -> Result<Imported> {
    let config = config(file)?;
    let mut tensors = BTreeMap::new();
    for (name, description) in &file.tensors {
        let Some(ours) = hugging_face_name(name) else {
            let what = format!("tensor {name}");
            return Err(wrong(&file.path, &what, "a weight of a plain Llama", "another"));
        };
        let turned = name.ends_with("attn_q.weight") || name.ends_with("attn_k.weight");
        let tensor = if turned {
            check_heads(file, name, &description.shape, config.head_width())?;
            halves_apart(&file.tensor(name)?, config.head_width())?
        } else {
            file.tensor(name)?
        };
        tensors.insert(ours, tensor);
    }
    Ok(Imported { config, tensors })
}

fn config(file: &Gguf) -> Result<Config> {
    let metadata = &file.metadata;
    let architecture = metadata.need("general.architecture", "llama", Value::as_text)?;
    if architecture != "llama" {
        return Err(wrong(&file.path, "general.architecture", "llama", architecture));
    }
    let size = |key| metadata.need(key, "a whole number", Value::as_whole);
    let number = |key| metadata.find(key, "a number", Value::as_number);
    let heads = size("llama.attention.head_count")?;
    let kv_heads = metadata.find("llama.attention.head_count_kv", "a whole number", Value::as_whole)?;
    let mut config = Config {
        family: Family::Llama,
        softcap: 0.0,
        vocabulary: vocabulary(file)?,
        context: size("llama.context_length")?,
        width: size("llama.embedding_length")?,
        layers: size("llama.block_count")?,
        heads,
        kv_heads: kv_heads.unwrap_or(heads),
        hidden: size("llama.feed_forward_length")?,
        norm_epsilon: metadata.need(
            "llama.attention.layer_norm_rms_epsilon",
            "a number",
            Value::as_number,
        )?,
        tied: !file.tensors.contains_key("output.weight"),
        ..Config::default()
    };
    config.rope_theta = number("llama.rope.freq_base")?.unwrap_or(10_000.0);
    config.check().map_err(|problem| Error::format(&file.path, problem.to_string()))?;
    check_plain(file, &config)?;
    Ok(config)
}

fn vocabulary(file: &Gguf) -> Result<usize> {
    let shape = file.tensors.get("token_embd.weight").map(|description| &description.shape[..]);
    match shape {
        Some(&[vocabulary, _]) => Ok(vocabulary),
        Some(shape) => {
            Err(wrong(&file.path, "tensor token_embd.weight", "two dimensions", format!("{shape:?}")))
        }
        None => Err(wrong(&file.path, "tensor token_embd.weight", "a tensor", "nothing")),
    }
}

/// Settings that a file may leave out: where one is there, it must be what a plain Llama does anyway.
fn check_plain(file: &Gguf, config: &Config) -> Result<()> {
    let head_width = config.head_width() as f64;
    let numbers = [
        ("llama.vocab_size", config.vocabulary as f64),
        ("llama.rope.dimension_count", head_width),
        ("llama.attention.key_length", head_width),
        ("llama.attention.value_length", head_width),
        ("llama.rope.scaling.factor", 1.0),
        ("llama.rope.scale_linear", 1.0),
        ("llama.expert_count", 0.0),
    ];
    for (key, expected) in numbers {
        let found = file.metadata.find(key, "a number", Value::as_number)?;
        if let Some(got) = found.filter(|&got| got != expected) {
            return Err(wrong(&file.path, key, expected.to_string(), got.to_string()));
        }
    }
    let key = "llama.rope.scaling.type";
    let found = file.metadata.find(key, "a text", Value::as_text)?;
    match found.filter(|&got| got != "none") {
        Some(got) => Err(wrong(&file.path, key, "none", got)),
        None => Ok(()),
    }
}

/// `blk.3.attn_q.weight` is `model.layers.3.self_attn.q_proj.weight`.
fn hugging_face_name(name: &str) -> Option<String> {
    let whole = match name {
        "token_embd.weight" => Some("model.embed_tokens.weight"),
        "output_norm.weight" => Some("model.norm.weight"),
        "output.weight" => Some("lm_head.weight"),
        _ => None,
    };
    if let Some(whole) = whole {
        return Some(whole.to_owned());
    }
    let (layer, kind) = name.strip_prefix("blk.")?.strip_suffix(".weight")?.split_once('.')?;
    let kind = match kind {
        "attn_norm" => "input_layernorm",
        "attn_q" => "self_attn.q_proj",
        "attn_k" => "self_attn.k_proj",
        "attn_v" => "self_attn.v_proj",
        "attn_output" => "self_attn.o_proj",
        "ffn_norm" => "post_attention_layernorm",
        "ffn_gate" => "mlp.gate_proj",
        "ffn_up" => "mlp.up_proj",
        "ffn_down" => "mlp.down_proj",
        _ => return None,
    };
    Some(format!("model.layers.{layer}.{kind}.weight"))
}

/// Only rows of whole heads can be put in another order.
fn check_heads(file: &Gguf, name: &str, shape: &[usize], head_width: usize) -> Result<()> {
    if matches!(shape, [rows, _] if rows.is_multiple_of(head_width)) {
        return Ok(());
    }
    let expected = format!("a matrix of whole heads of {head_width} rows");
    Err(wrong(&file.path, &format!("tensor {name}"), expected, format!("{shape:?}")))
}
