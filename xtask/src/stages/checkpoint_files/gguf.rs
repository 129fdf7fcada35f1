//! A GGUF file, weights and tokenizer.

use std::path::Path;

use bpe::{Bpe, Pattern, Tokenizer};
use model::checkpoint::Special;
use model::formats::gguf::{self, GgufTokenizer};
use serde_json::{Map, Value};

use super::{Found, refused};

/// GPT-2's pattern behind a cut around every digit, as one expression: a digit is a chunk of its own, and white space
/// before one is whole.
const SMOLLM: &str = r"'s|'t|'re|'ve|'m|'ll|'d|\p{N}| ?\p{L}+| ?[^\s\p{L}\p{N}]+|\s+(?=\p{N})|\s+(?!\S)|\s+";

/// GGUF's kinds of tokens that stand for no text.
const CONTROL: i32 = 3;
/// Words that are cut out of a text before all else.
const USER_DEFINED: i32 = 4;

pub(super) fn read(path: &Path) -> anyhow::Result<Found> {
    let wrong = |error: model::Error| {
        let expected = "a plain Llama in GGUF version 2 or 3, in F32, F16, BF16, Q4_0, Q4_1 or Q8_0";
        refused(path, error, expected, "take a file of that kind")
    };
    let file = gguf::read(path).map_err(wrong)?;
    let told = gguf::tokenizer(&file).map_err(wrong)?;
    let (params, decoder) = gguf::llama(&file).and_then(model::formats::Imported::model).map_err(wrong)?;
    let tokenizer = tokenizer(path, &told)?;
    let size = decoder.config().vocabulary;
    if tokenizer.vocabulary().size() > size {
        let got = format!("{} tokens", tokenizer.vocabulary().size());
        return Err(refused(
            path,
            got,
            &format!("at most {size}, the rows of the embedding"),
            "take a whole file",
        ));
    }
    let special = Special { begin: told.bos, end: told.eos.into_iter().collect() };
    Ok(Found { params, decoder, special, tokenizer, chat_template: told.chat_template })
}

/// Byte-level BPE from a file's lists.
pub(super) fn tokenizer(path: &Path, told: &GgufTokenizer) -> anyhow::Result<Bpe> {
    let cure = "take a model with a byte-level tokenizer of these, or its Hugging Face folder";
    if told.model != "gpt2" {
        let got = format!("tokenizer.ggml.model {:?}", told.model);
        return Err(refused(path, got, "\"gpt2\": byte-level BPE", cure));
    }
    let pattern = match told.pre.as_deref() {
        Some("smollm") => Pattern::from_regex(SMOLLM),
        Some("gpt-2") => Pattern::Gpt2,
        other => {
            let got = format!("tokenizer.ggml.pre {:?}", other.unwrap_or("none"));
            return Err(refused(path, got, "\"smollm\" or \"gpt-2\"", cure));
        }
    };
    let kind = |id: usize| told.kinds.get(id).copied().unwrap_or(1);
    let named = told.tokens.iter().enumerate().filter(|(id, _)| [CONTROL, USER_DEFINED].contains(&kind(*id)));
    let specials: Vec<&str> = named.map(|(_, token)| token.as_str()).collect();
    let ids: Map<String, Value> =
        told.tokens.iter().enumerate().map(|(id, token)| (token.clone(), id.into())).collect();
    // the first line is never a merge: one may look like it
    let lines = told.merges.iter().map(|(left, right)| format!("{left} {right}\n"));
    let merges: String = std::iter::once("#version: 0.2\n".to_owned()).chain(lines).collect();
    Bpe::from_vocab_and_merges(&Value::Object(ids).to_string(), &merges, pattern, &specials)
        .map_err(|error| refused(path, error, "a whole byte-level vocabulary with its merges", cure))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use bpe::{Permitted, Tokenizer};
    use model::formats::gguf;
    use serde_json::Value;

    /// Ids of prompts, chats among them, that the model's own program gave.
    const REFERENCE: &str = "../../shared/data/weights/smollm2-135m-instruct-q4_1/reference.json";

    #[test]
    fn the_ids_of_smollm2_are_those_of_its_own_tokenizer() {
        #[allow(clippy::disallowed_methods, reason = "a model of 98 MB is in no repository")]
        let file = std::env::var_os("DEEPDIVE_SMOLLM2");
        let Some((file, reference)) = file.zip(std::fs::read(REFERENCE).ok()) else {
            println!("skipped: DEEPDIVE_SMOLLM2 or shared data is absent");
            return;
        };
        let path = Path::new(&file);
        let told = gguf::read(path).and_then(|file| gguf::tokenizer(&file)).unwrap();
        let bpe = super::tokenizer(path, &told).unwrap();
        let permitted = Permitted::all(bpe.vocabulary()).unwrap();
        let reference: Value = serde_json::from_slice(&reference).unwrap();
        for prompt in reference.as_array().unwrap() {
            let mut ids = vec![];
            bpe.encode_permitting(prompt["prompt"].as_str().unwrap(), &permitted, &mut ids);
            assert_eq!(serde_json::json!(ids), prompt["ids"], "{}", prompt["name"]);
        }
    }
}
