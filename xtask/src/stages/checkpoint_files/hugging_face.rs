//! A Hugging Face folder.

use std::fs;
use std::path::Path;

use bpe::Bpe;
use model::checkpoint::{self, Special};
use serde_json::Value;

use super::{Found, refused};

pub(super) fn read(folder: &Path) -> anyhow::Result<Found> {
    for name in ["model.safetensors", "tokenizer.json"] {
        if !folder.join(name).is_file() {
            let cure = "take a folder whose weights are one file, or join them";
            return Err(refused(&folder.join(name), "nothing", "a file", cure));
        }
    }
    let (params, decoder) = checkpoint::load(folder).map_err(|error| {
        let expected = "LlamaForCausalLM, GPT2LMHeadModel or NanoChatForCausalLM with exactly its tensors";
        refused(&folder.join("config.json"), error, expected, "take a model of these kinds")
    })?;
    let tokenizer = Bpe::load(folder).map_err(|error| {
        let expected = "byte-level BPE, cut by GPT-2's pattern or one regular expression";
        refused(
            &folder.join("tokenizer.json"),
            error,
            expected,
            "take a model with such a tokenizer, or its GGUF file",
        )
    })?;
    let template = fs::read_to_string(folder.join("chat_template.jinja")).ok();
    let chat_template =
        template.or_else(|| text(&json(&folder.join("tokenizer_config.json"))?["chat_template"]));
    Ok(Found { params, decoder, special: special(folder), tokenizer, chat_template })
}

/// What the folder says of begins and ends of texts, which may be nothing.
fn special(folder: &Path) -> Special {
    let said =
        ["generation_config.json", "config.json"].into_iter().filter_map(|name| json(&folder.join(name)));
    let id = |value: &Value| value.as_u64().and_then(|id| u32::try_from(id).ok());
    let mut special = Special::default();
    for said in said {
        special.begin = special.begin.or_else(|| id(&said["bos_token_id"]));
        if special.end.is_empty() {
            let end = &said["eos_token_id"];
            special.end =
                id(end).into_iter().chain(end.as_array().into_iter().flatten().filter_map(id)).collect();
        }
    }
    special
}

fn json(path: &Path) -> Option<Value> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}
