//! Trained models of other programs: logits and texts are those of independent implementations.
//!
//! The one from llama2.c is compared with a program in f64. The one in GGUF, SmolLM2-135M-Instruct in Q4_1, is
//! looked for at the path in the environment variable `DEEPDIVE_SMOLLM2`.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test stops at the first surprise")]

mod common;

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use candle_core::{Device, Tensor};
use model::formats::{gguf, llama2c};
use model::{CausalLm, Decoder, Greedy, Input, Limits, Prompt, generate};

const WEIGHTS: &str = "../../../shared/data/weights";

/// The f32 arrays of a compressed npz file: zip members one after the other, each a header and numbers.
fn npz(path: &Path) -> BTreeMap<String, Vec<f32>> {
    let file = std::fs::read(path).unwrap();
    let mut arrays = BTreeMap::new();
    let mut rest = &file[..];
    while rest.starts_with(b"PK\x03\x04") {
        let half = |at: usize, bytes: &[u8]| usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
        let (name, extra) = (half(26, rest), half(28, rest));
        let mut inflated = Vec::new();
        let mut decoder = flate2::bufread::DeflateDecoder::new(&rest[30 + name + extra..]);
        decoder.read_to_end(&mut inflated).unwrap();
        let (words, _) = inflated[10 + half(8, &inflated)..].as_chunks::<4>();
        let name_text = String::from_utf8(rest[30..30 + name].to_vec()).unwrap();
        arrays.insert(name_text, words.iter().map(|&word| f32::from_le_bytes(word)).collect());
        rest = &rest[30 + name + extra + decoder.total_in() as usize..];
    }
    arrays
}

fn reference(directory: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(directory.join("reference.json")).unwrap()).unwrap()
}

fn list(value: &serde_json::Value) -> Vec<u32> {
    serde_json::from_value(value.clone()).unwrap()
}

/// The last hidden state of every position, `[T, D]`.
fn hidden(decoder: &Decoder, ids: &[u32]) -> Tensor {
    decoder.hidden(&Input::new(&common::ids(&[ids])), None).unwrap().get(0).unwrap()
}

#[test]
fn logits_and_greedy_text_equal_the_reference() {
    let directory = Path::new(WEIGHTS).join("aidreams260k");
    if !directory.exists() {
        println!("skipped: shared data is absent");
        return;
    }
    let (_, decoder) = llama2c::read(&directory.join("aidreams260K.bin")).unwrap().model().unwrap();
    let logits = npz(&directory.join("logits.npz"));
    for prompt in reference(&directory)["prompts"].as_array().unwrap() {
        let ids = list(&prompt["ids"]);
        let got = decoder.logits(&hidden(&decoder, &ids)).unwrap();
        let name = prompt["name"].as_str().unwrap();
        let expected =
            Tensor::from_slice(&logits[&format!("{name}.npy")], got.shape(), &Device::Cpu).unwrap();
        let difference = common::largest_difference(&got, &expected);
        assert!(difference < 1e-4, "{name}: {difference}");
        let greedy = list(&prompt["greedy_ids"]);
        let limits = Limits { new_tokens: greedy.len(), context: 128, stop: vec![2], ..Limits::default() };
        let completion = generate(&decoder, &[Prompt { ids, seed: 0 }], &Greedy, &limits).unwrap();
        let count = completion[0].ids.len();
        assert_eq!(completion[0].ids, greedy[..count], "{name}");
        assert!(count + 1 >= greedy.len(), "{name}: {count} of {}", greedy.len());
    }
}

/// The mean surprise of all ids but the first, in nats.
fn mean_nll(decoder: &Decoder, hidden: &Tensor, ids: &[u32]) -> f64 {
    let before = hidden.narrow(0, 0, ids.len() - 1).unwrap();
    let log_probs = decoder.log_probs(&before, &ids[1..]).unwrap().to_vec1::<f32>().unwrap();
    -log_probs.iter().map(|&log_prob| f64::from(log_prob)).sum::<f64>() / log_probs.len() as f64
}

/// Ids of the ten largest, the largest first.
fn top_ten(logits: &[f32]) -> Vec<u32> {
    let mut ids: Vec<u32> = (0..logits.len() as u32).collect();
    ids.sort_by(|&a, &b| logits[b as usize].total_cmp(&logits[a as usize]));
    ids.truncate(10);
    ids
}

#[test]
fn a_quantised_instruct_model_answers_as_the_reference_does() {
    #[allow(clippy::disallowed_methods, reason = "a model of 98 MB is in no repository")]
    let file = std::env::var_os("DEEPDIVE_SMOLLM2");
    let directory = Path::new(WEIGHTS).join("smollm2-135m-instruct-q4_1");
    let Some(file) = file.filter(|_| directory.exists()) else {
        println!("skipped: DEEPDIVE_SMOLLM2 or shared data is absent");
        return;
    };
    let file = gguf::read(Path::new(&file)).unwrap();
    let tokenizer = gguf::tokenizer(&file).unwrap();
    let mut imported = gguf::llama(&file).unwrap();
    assert_eq!(tokenizer.tokens.len(), imported.config.vocabulary);
    imported.config.context = 256; // the cache has room for all of it
    let (_, decoder) = imported.model().unwrap();
    let decoder = decoder.detached();
    let last_logits = npz(&directory.join("last-logits.npz"));
    let reference = reference(&directory);
    let prompts = reference.as_array().unwrap();
    for prompt in prompts {
        let (name, ids) = (prompt["name"].as_str().unwrap(), list(&prompt["ids"]));
        let hidden = hidden(&decoder, &ids);
        let nll = mean_nll(&decoder, &hidden, &ids);
        let last = hidden.narrow(0, ids.len() - 1, 1).unwrap();
        let got = decoder.logits(&last).unwrap().get(0).unwrap();
        let expected = Tensor::new(&last_logits[&format!("{name}.npy")][..], &Device::Cpu).unwrap();
        let difference = common::largest_difference(&got, &expected);
        let off = nll - prompt["mean_nll"].as_f64().unwrap();
        println!("{name}: NLL {nll:.5}, {off:+.1e} off; last logits within {difference:.1e}");
        assert!(off.abs() < 1e-2, "{name}: {off}");
        let top = prompt["last_top10"].as_array().unwrap();
        let top: Vec<u32> = top.iter().map(|entry| entry[0].as_u64().unwrap() as u32).collect();
        assert_eq!(top_ten(&got.to_vec1::<f32>().unwrap()), top, "{name}");
    }
    let row = |prompt: &serde_json::Value| Prompt { ids: list(&prompt["ids"]), seed: 0 };
    let rows: Vec<Prompt> = prompts.iter().map(row).collect();
    let limits =
        Limits { new_tokens: 48, context: 256, stop: vec![tokenizer.eos.unwrap()], ..Limits::default() };
    let completions = generate(&decoder, &rows, &Greedy, &limits).unwrap();
    for (prompt, completion) in prompts.iter().zip(completions) {
        let ids = [completion.ids, completion.stopped_by.into_iter().collect()].concat();
        assert_eq!(ids, list(&prompt["greedy_ids"]), "{}", prompt["name"]);
    }
}
