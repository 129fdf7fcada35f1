//! A trained Llama from llama2.c: logits equal to those of an independent program in f64.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test stops at the first surprise")]

mod common;

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use candle_core::{Device, Tensor};
use model::{CausalLm, Config, Decoder, Greedy, Input, Limits, Params, Prompt, generate};

const DIRECTORY: &str = "../../../shared/data/weights/aidreams260k";

/// Reads llama2.c's version 0: seven sizes, then f32 weights, each kind for all layers.
fn llama2c(path: &Path) -> Decoder {
    let bytes = std::fs::read(path).unwrap();
    let (words, _) = bytes.as_chunks::<4>();
    let size = |at: usize| u32::from_le_bytes(words[at]) as usize;
    let [width, hidden, layers, heads, kv_heads, vocabulary, context] = [0, 1, 2, 3, 4, 5, 6].map(size);
    let config = Config {
        family: model::Family::Llama,
        softcap: 0.0,
        vocabulary,
        context,
        width,
        layers,
        heads,
        kv_heads,
        hidden,
        tied: true,
        ..Config::default()
    };
    let mut at = 7;
    let mut take = |shape: &[usize]| {
        let count = shape.iter().product::<usize>();
        let values: Vec<f32> = words[at..at + count].iter().map(|&word| f32::from_le_bytes(word)).collect();
        at += count;
        Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
    };
    let kv_width = kv_heads * width / heads;
    let mut tensors = BTreeMap::from([("model.embed_tokens.weight".to_owned(), take(&[vocabulary, width]))]);
    let kinds = [
        ("input_layernorm", vec![width]),
        ("self_attn.q_proj", vec![width, width]),
        ("self_attn.k_proj", vec![kv_width, width]),
        ("self_attn.v_proj", vec![kv_width, width]),
        ("self_attn.o_proj", vec![width, width]),
        ("post_attention_layernorm", vec![width]),
        ("mlp.gate_proj", vec![hidden, width]),
        ("mlp.down_proj", vec![width, hidden]),
        ("mlp.up_proj", vec![hidden, width]),
    ];
    for (kind, shape) in kinds {
        for layer in 0..layers {
            let tensor = take(&shape);
            let turned = kind.ends_with("q_proj") || kind.ends_with("k_proj");
            let tensor = if turned { halves_apart(&tensor, width / heads) } else { tensor };
            tensors.insert(format!("model.layers.{layer}.{kind}.weight"), tensor);
        }
    }
    tensors.insert("model.norm.weight".to_owned(), take(&[width]));
    let params = Params::from_tensors(tensors);
    let decoder = Decoder::new(&config, &params, "").unwrap();
    params.check_all_used().unwrap();
    decoder
}

/// llama2.c turns neighbours, Hugging Face turns halves: the same after an order of rows within each head.
fn halves_apart(weight: &Tensor, head_width: usize) -> Tensor {
    let (rows, width) = weight.dims2().unwrap();
    let pairs = weight.reshape((rows / head_width, head_width / 2, 2, width)).unwrap();
    pairs.transpose(1, 2).unwrap().reshape((rows, width)).unwrap()
}

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

#[test]
fn logits_and_greedy_text_equal_the_reference() {
    let directory = Path::new(DIRECTORY);
    if !directory.exists() {
        println!("skipped: shared data is absent");
        return;
    }
    let decoder = llama2c(&directory.join("aidreams260K.bin"));
    let logits = npz(&directory.join("logits.npz"));
    let json = std::fs::read(directory.join("reference.json")).unwrap();
    let reference: serde_json::Value = serde_json::from_slice(&json).unwrap();
    let list = |value: &serde_json::Value| -> Vec<u32> { serde_json::from_value(value.clone()).unwrap() };
    for prompt in reference["prompts"].as_array().unwrap() {
        let ids = list(&prompt["ids"]);
        let hidden = decoder.hidden(&Input::new(&common::ids(&[&ids])), None).unwrap().get(0).unwrap();
        let got = decoder.logits(&hidden).unwrap();
        let name = prompt["name"].as_str().unwrap();
        let expected =
            Tensor::from_slice(&logits[&format!("{name}.npy")], got.shape(), &Device::Cpu).unwrap();
        let difference = common::largest_difference(&got, &expected);
        assert!(difference < 1e-4, "{name}: {difference}");
        let greedy = list(&prompt["greedy_ids"]);
        let limits = Limits { new_tokens: greedy.len(), context: 128, stop: vec![2] };
        let completion = generate(&decoder, &[Prompt { ids, seed: 0 }], &Greedy, &limits).unwrap();
        let count = completion[0].ids.len();
        assert_eq!(completion[0].ids, greedy[..count], "{name}");
        assert!(count + 1 >= greedy.len(), "{name}: {count} of {}", greedy.len());
    }
}
